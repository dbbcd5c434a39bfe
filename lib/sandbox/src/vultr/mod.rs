//! Vultr's API v2: instances that are desktops, and what goes with them.

mod actions;
mod boot;
mod catalogue;
mod create;
mod firewalls;
mod instances;
mod limiter;
mod listings;
mod machine;
mod paging;
mod scripts;
mod upgrades;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;

use crate::access::{bearer, refusal};
use crate::config::Config;
use crate::machines::Inventory;
use crate::operation::Service;
use crate::server::Caller;
use crate::world::Shared;

use firewalls::Group;
use limiter::Limiter;
use scripts::Script;
use upgrades::Job;

/// The account: its key, its machines, and what goes with them. Of the two locks that of the inventory is taken first.
pub(crate) struct Vultr {
    api_key: String,
    limiter: Limiter,
    things: Mutex<Things>,
    inventory: Mutex<Inventory<Self>>,
}

impl Vultr {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            api_key: config.vultr_api_key.clone(),
            limiter: Limiter::new(config.vultr_requests_per_second),
            things: Mutex::default(),
            inventory: Mutex::default(),
        }
    }
}

const RDP_PORT: u16 = 3_389;

/// Startup scripts and firewall groups by their place in the order of creation, and jobs, oldest first.
#[derive(Default)]
struct Things {
    scripts: BTreeMap<u64, Script>,
    groups: BTreeMap<u64, Group>,
    jobs: VecDeque<Job>,
    last_place: u64,
}

impl Things {
    fn next_place(&mut self) -> u64 {
        self.last_place += 1;
        self.last_place
    }

    /// The present content of a startup script.
    fn script(&self, id: &str) -> Option<Vec<u8>> {
        self.scripts.values().find(|script| script.id == id).map(|script| script.bytes.clone())
    }

    /// The subnets that a group lets in on the RDP port; `None` without a group.
    fn rdp_from(&self, group_id: &str) -> Option<Vec<String>> {
        self.groups.values().find(|group| group.id == group_id).map(|group| group.lets_in(RDP_PORT))
    }

    fn has_group(&self, id: &str) -> bool {
        self.groups.values().any(|group| group.id == id)
    }
}

/// Routes under `/vultr/v2`, the counterpart of `https://api.vultr.com/v2`.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    Router::new()
        .route("/instances", get(instances::list).post(create::create))
        .route("/instances/start", post(actions::start_many))
        .route("/instances/halt", post(actions::halt_many))
        .route("/instances/reboot", post(actions::reboot_many))
        .route("/instances/{id}", get(instances::fetch).patch(instances::update).delete(instances::delete))
        .route("/instances/{id}/start", post(actions::start))
        .route("/instances/{id}/halt", post(actions::halt))
        .route("/instances/{id}/reboot", post(actions::reboot))
        .route("/instances/{id}/reinstall", post(actions::reinstall))
        .route("/instances/{id}/upgrades", get(upgrades::list))
        .route("/instances/jobs/{id}", get(upgrades::job))
        .route("/instances/{id}/user-data", get(instances::user_data))
        .route("/instances/{id}/bandwidth", get(listings::bandwidth))
        .route("/account", get(listings::account))
        .route("/regions", get(listings::regions))
        .route("/regions/{id}/availability", get(listings::availability))
        .route("/plans", get(listings::plans))
        .route("/os", get(listings::os))
        .route("/startup-scripts", get(scripts::list).post(scripts::create))
        .route("/startup-scripts/{id}", get(scripts::fetch).patch(scripts::update).delete(scripts::delete))
        .route("/firewalls", get(firewalls::list).post(firewalls::create))
        .route("/firewalls/{id}", get(firewalls::fetch).put(firewalls::update).delete(firewalls::delete))
        .route("/firewalls/{id}/rules", get(firewalls::list_rules).post(firewalls::create_rule))
        .route("/firewalls/{id}/rules/{rule}", axum::routing::delete(firewalls::delete_rule))
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(Arc::clone(world), gate))
}

/// Rate limit, then key, then the key's allow-list. The regions need no key.
async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let now = world.clock.now_ms();
    if !world.vultr.limiter.admit(caller.ip, now) {
        world.counts.add(Service::Vultr.rate_limited_count());
        return Service::Vultr.too_many_requests(now, 1);
    }
    if request.uri().path() == "/regions" {
        return next.run(request).await;
    }
    let key_is_right = bearer(request.headers()) == Some(world.vultr.api_key.as_str());
    match refusal(&world, Service::Vultr, key_is_right, caller.ip) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

async fn unknown_path() -> Response {
    error(StatusCode::NOT_FOUND, "Invalid resource")
}

/// `{"error": text, "status": 400}`
fn error(status: StatusCode, text: &str) -> Response {
    Service::Vultr.error(status, text)
}

fn bad_request(text: &str) -> Response {
    error(StatusCode::BAD_REQUEST, text)
}

fn no_such(what: &str) -> Response {
    error(StatusCode::NOT_FOUND, &format!("Invalid {what}."))
}

/// A body that must be a JSON object; an empty one counts as `{}`.
fn object(body: &Bytes) -> Option<Value> {
    if body.is_empty() {
        return Some(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice::<Value>(body).ok().filter(Value::is_object)
}
