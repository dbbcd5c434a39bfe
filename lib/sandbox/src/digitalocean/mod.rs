//! DigitalOcean's API v2: droplets that are Linux desktops.
//!
//! Names may repeat and hold no `_`. A droplet has no address at first, then a private one, then the public one. What
//! is done to it is an action that runs for a while, and one at a time. Droplets with a graphics card are in a list of
//! their own. A rebuilt droplet runs the user data that it was made with.

mod actions;
mod catalogue;
mod create;
mod droplets;
mod listings;
mod machine;
mod paging;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value};

use crate::access::{bearer, refusal};
use crate::config::Config;
use crate::machines::Inventory;
use crate::operation::Service;
use crate::server::Caller;
use crate::world::Shared;

use actions::Actions;

/// The account: its key, its machines, and what is being done to them. Of the two locks that of the inventory is taken
/// first.
pub(crate) struct DigitalOcean {
    token: String,
    inventory: Mutex<Inventory<Self>>,
    actions: Mutex<Actions>,
}

impl DigitalOcean {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            token: config.digitalocean_token.clone(),
            inventory: Mutex::default(),
            actions: Mutex::default(),
        }
    }
}

/// Routes under `/digitalocean`, the counterpart of `https://api.digitalocean.com`; their paths begin with `/v2`.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    let droplets = get(droplets::list).post(create::create).delete(droplets::delete_tagged);
    Router::new()
        .route("/v2/droplets", droplets)
        .route("/v2/droplets/{id}", get(droplets::fetch).delete(droplets::delete))
        .route("/v2/droplets/{id}/actions", get(actions::of_droplet).post(actions::act))
        .route("/v2/actions/{id}", get(actions::fetch))
        .route("/v2/monitoring/metrics/droplet/bandwidth", get(listings::bandwidth))
        .route("/v2/account", get(listings::account))
        .route("/v2/customers/my/balance", get(listings::balance))
        .route("/v2/regions", get(listings::regions))
        .route("/v2/sizes", get(listings::sizes))
        .route("/v2/images", get(listings::images))
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(Arc::clone(world), gate))
}

async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let key_is_right = bearer(request.headers()) == Some(world.digitalocean.token.as_str());
    match refusal(&world, Service::DigitalOcean, key_is_right, caller.ip) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

async fn not_found() -> Response {
    no_such_thing()
}

fn no_such_thing() -> Response {
    error(StatusCode::NOT_FOUND, "The resource you requested could not be found.")
}

fn bad_request(text: &str) -> Response {
    error(StatusCode::BAD_REQUEST, text)
}

/// What is understood and not done.
fn unprocessable(text: &str) -> Response {
    error(StatusCode::UNPROCESSABLE_ENTITY, text)
}

fn error(status: StatusCode, text: &str) -> Response {
    Service::DigitalOcean.error(status, text)
}

/// A body that must be a JSON object; an empty one counts as `{}`.
fn object(body: &Bytes) -> Option<Value> {
    if body.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    serde_json::from_slice::<Value>(body).ok().filter(Value::is_object)
}
