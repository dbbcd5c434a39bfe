//! Linode's API v4: instances that are Linux desktops.
//!
//! A label is unique. The address is there at once, long before the machine is. Lists are narrowed by the header
//! `X-Filter`. What is being done to an instance keeps everything else away: `Linode busy.`. User data reaches the guest
//! only in regions that have `Metadata`.

mod actions;
mod catalogue;
mod create;
mod filter;
mod instances;
mod listings;
mod machine;
mod paging;

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use crate::access::{bearer, refusal};
use crate::config::Config;
use crate::machines::Inventory;
use crate::operation::Service;
use crate::server::Caller;
use crate::world::Shared;

/// The account: its key and its machines.
pub(crate) struct Linode {
    token: String,
    inventory: Mutex<Inventory<Self>>,
}

impl Linode {
    pub(crate) fn new(config: &Config) -> Self {
        Self { token: config.linode_token.clone(), inventory: Mutex::default() }
    }
}

/// Routes under `/linode`, the counterpart of `https://api.linode.com`; their paths begin with `/v4`.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    let instance = get(instances::fetch).put(instances::update).delete(instances::delete);
    Router::new()
        .route("/v4/linode/instances", get(instances::list).post(create::create))
        .route("/v4/linode/instances/{id}", instance)
        .route("/v4/linode/instances/{id}/boot", post(actions::boot))
        .route("/v4/linode/instances/{id}/reboot", post(actions::reboot))
        .route("/v4/linode/instances/{id}/shutdown", post(actions::shut_down))
        .route("/v4/linode/instances/{id}/rebuild", post(actions::rebuild))
        .route("/v4/linode/instances/{id}/password", post(actions::reset_password))
        .route("/v4/linode/instances/{id}/transfer", get(listings::transfer))
        .route("/v4/linode/instances/{id}/stats", get(listings::stats))
        .route("/v4/linode/types", get(listings::types))
        .route("/v4/images", get(listings::images))
        .route("/v4/regions", get(listings::regions))
        .route("/v4/regions/availability", get(listings::availabilities))
        .route("/v4/regions/{id}", get(listings::region))
        .route("/v4/regions/{id}/availability", get(listings::availability))
        .route("/v4/account", get(listings::account))
        .fallback(unknown_path)
        .layer(middleware::from_fn_with_state(Arc::clone(world), gate))
}

async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let key_is_right = bearer(request.headers()) == Some(world.linode.token.as_str());
    match refusal(&world, Service::Linode, key_is_right, caller.ip) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

async fn unknown_path() -> Response {
    not_found()
}

fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "Not found")
}

fn bad_request(text: &str) -> Response {
    error(StatusCode::BAD_REQUEST, text)
}

/// What is wrong with a request, and with which field of it.
struct Wrong {
    field: &'static str,
    reason: String,
}

impl Wrong {
    fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let body = json!({"errors": [{"field": self.field, "reason": self.reason}]});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}

fn error(status: StatusCode, text: &str) -> Response {
    Service::Linode.error(status, text)
}

/// A body that must be a JSON object; an empty one counts as `{}`.
fn object(body: &Bytes) -> Option<Value> {
    if body.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    serde_json::from_slice::<Value>(body).ok().filter(Value::is_object)
}
