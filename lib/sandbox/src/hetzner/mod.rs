//! The Hetzner Cloud API v1: servers that are Linux desktops.
//!
//! Names are unique, answers that change something carry an action that runs for a while, and every answer tells
//! what is left of the hourly limit.

mod actions;
mod catalogue;
mod create;
mod labels;
mod listings;
mod machine;
mod paging;
mod servers;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value};

use crate::access::{bearer, refusal};
use crate::config::Config;
use crate::machines::Inventory;
use crate::operation::Service;
use crate::server::Caller;
use crate::world::Shared;

use actions::Actions;

/// The project: its token, its machines, and what is being done to them. Of the two locks that of the inventory is taken
/// first.
pub(crate) struct Hetzner {
    token: String,
    inventory: Mutex<Inventory<Self>>,
    actions: Mutex<Actions>,
}

impl Hetzner {
    pub(crate) fn new(config: &Config) -> Self {
        Self { token: config.hetzner_token.clone(), inventory: Mutex::default(), actions: Mutex::default() }
    }
}

/// Routes under `/hetzner/v1`, the counterpart of `https://api.hetzner.cloud/v1`.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    Router::new()
        .route("/servers", get(servers::list).post(create::create))
        .route("/servers/{id}", get(servers::fetch).put(servers::update).delete(servers::delete))
        .route("/servers/{id}/metrics", get(servers::metrics))
        .route("/servers/{id}/actions", get(actions::of_server))
        .route("/servers/{id}/actions/poweron", post(actions::power_on))
        .route("/servers/{id}/actions/poweroff", post(actions::power_off))
        .route("/servers/{id}/actions/shutdown", post(actions::shut_down))
        .route("/servers/{id}/actions/reboot", post(actions::reboot))
        .route("/servers/{id}/actions/reset", post(actions::reset))
        .route("/servers/{id}/actions/rebuild", post(actions::rebuild))
        .route("/servers/{id}/actions/reset_password", post(actions::reset_password))
        .route("/actions/{id}", get(actions::fetch))
        .route("/locations", get(listings::locations))
        .route("/datacenters", get(listings::data_centers))
        .route("/datacenters/{id}", get(listings::data_centers))
        .route("/server_types", get(listings::server_types))
        .route("/images", get(listings::images))
        .route("/pricing", get(listings::pricing))
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(Arc::clone(world), gate))
}

async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let key_is_right = bearer(request.headers()) == Some(world.hetzner.token.as_str());
    match refusal(&world, Service::Hetzner, key_is_right, caller.ip) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

async fn unknown_path() -> Response {
    error(StatusCode::NOT_FOUND, "not found")
}

fn error(status: StatusCode, text: &str) -> Response {
    Service::Hetzner.error(status, text)
}

fn invalid(text: &str) -> Response {
    error(StatusCode::UNPROCESSABLE_ENTITY, text)
}

/// What `locked` servers answer to everything but a look and a delete.
fn locked_server() -> Response {
    error(StatusCode::LOCKED, "server is locked")
}

/// A body that must be a JSON object; an empty one counts as `{}`.
fn object(body: &Bytes) -> Option<Value> {
    if body.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    serde_json::from_slice::<Value>(body).ok().filter(Value::is_object)
}
