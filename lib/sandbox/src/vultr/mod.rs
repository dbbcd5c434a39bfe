//! Vultr's API v2: instances that are desktops, and what goes with them.

mod actions;
mod boot;
mod catalogue;
mod create;
mod firewalls;
mod guests;
mod instances;
mod inventory;
mod limiter;
mod listings;
mod paging;
mod scripts;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;

use crate::config::Config;
use crate::desktops::DesktopHost;
use crate::operation::Service;
use crate::paystack::bearer;
use crate::server::Caller;
use crate::world::{Shared, World, locked};

use guests::Guests;
use inventory::Inventory;
use limiter::Limiter;

/// The account: its key, its machines, and the desktops behind them.
pub(crate) struct Vultr {
    api_key: String,
    allow_list: Mutex<Vec<IpAddr>>,
    limiter: Limiter,
    inventory: Mutex<Inventory>,
    guests: Guests,
}

impl Vultr {
    pub(crate) fn new(config: &Config, desktops: DesktopHost) -> Self {
        Self {
            api_key: config.vultr_api_key.clone(),
            allow_list: Mutex::new(config.vultr_allow_list.clone()),
            limiter: Limiter::new(config.vultr_requests_per_second),
            inventory: Mutex::new(Inventory::new()),
            guests: Guests::new(desktops),
        }
    }

    pub(crate) fn set_allow_list(&self, addresses: Vec<IpAddr>) {
        *locked(&self.allow_list) = addresses;
    }

    /// Destroys every machine and forgets everything except which addresses were used.
    pub(crate) async fn reset(&self) {
        let machines = locked(&self.inventory).clear();
        for (id, turn) in machines {
            self.guests.destroy(&id, &turn).await;
        }
    }

    /// Destroys every machine, then ends the desktop host.
    pub(crate) async fn close(&self) {
        self.reset().await;
        self.guests.close().await;
    }

    /// For the control API: machines alive (oldest first) and destroyed (newest first, bounded).
    pub(crate) fn state(&self, world: &World) -> (Vec<Value>, Vec<Value>) {
        let now = world.clock.now_ms();
        let inventory = locked(&self.inventory);
        let alive = inventory.machines().map(|m| m.summary(world.clock, now)).collect();
        (alive, inventory.destroyed())
    }

    /// For the control API: one machine.
    pub(crate) fn machine(&self, world: &World, id: &str) -> Option<Value> {
        let inventory = locked(&self.inventory);
        inventory.find(id).map(|m| m.summary(world.clock, world.clock.now_ms()))
    }

    /// Whether the desktop would let this user in; outer `None` = no such machine.
    pub(crate) async fn accepts(&self, id: &str, user: &str, password: &str) -> Option<Option<bool>> {
        locked(&self.inventory).find(id)?;
        Some(self.guests.accepts(id, user, password).await)
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
        .route("/firewalls/{id}", get(firewalls::fetch).delete(firewalls::delete))
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
    let vultr = &world.vultr;
    if !vultr.limiter.admit(caller.ip, world.clock.now_ms()) {
        world.counts.add("vultr.rate_limited");
        return Service::Vultr.too_many_requests();
    }
    if request.uri().path() == "/regions" {
        return next.run(request).await;
    }
    if bearer(request.headers()) != Some(vultr.api_key.as_str()) {
        world.counts.add("vultr.unauthorized");
        return error(StatusCode::UNAUTHORIZED, "Invalid API token.");
    }
    let listed = {
        let allowed = locked(&vultr.allow_list);
        allowed.is_empty() || allowed.contains(&caller.ip)
    };
    if !listed {
        world.counts.add("vultr.unauthorized");
        return error(StatusCode::UNAUTHORIZED, &format!("Unauthorized IP address: {}", caller.ip));
    }
    next.run(request).await
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
