//! Contabo's API v1: instances that are desktops, paid by the month.
//!
//! Official: the token, the request id, the envelopes and shapes, the password rule, the periods, regions and users. As
//! reported by others: the content-type rule, cancellation to the end of a period with a month more when the notice is
//! late, the sentences about offers, regions, keys and editions, Windows that Linux user data turned into Ubuntu,
//! 110 s from create to a machine that answers. Guesses, each on the stricter side: fields that are not documented are
//! refused, of one name there is one secret, power and passwords wait for the installation (409), a
//! second cancellation is refused (409), notice is 24 hours, and names are filtered by part.
//!
//! Not played: tags, snapshots, private networks, rescue, images of one's own.

mod actions;
mod audits;
mod cancel;
mod catalogue;
mod create;
mod instances;
mod listings;
mod machine;
mod order;
mod paging;
mod secrets;
mod status;
mod token;

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::access::{bearer, refusal};
use crate::config::Config;
use crate::machines::Inventory;
use crate::operation::Service;
use crate::server::Caller;
use crate::world::Shared;

use audits::Audits;
use secrets::Secrets;
use token::Tokens;

const TENANT: &str = "INT";
const CUSTOMER: &str = "54321";

/// The account: its credentials, its machines, its secrets, and what was done. Of the locks that of the inventory is
/// taken first.
pub(crate) struct Contabo {
    tokens: Tokens,
    inventory: Mutex<Inventory<Self>>,
    secrets: Mutex<Secrets>,
    audits: Mutex<Audits>,
}

impl Contabo {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            tokens: Tokens::new(config),
            inventory: Mutex::default(),
            secrets: Mutex::default(),
            audits: Mutex::default(),
        }
    }
}

/// Routes under `/contabo`, the counterpart of `https://api.contabo.com`; their paths begin with `/v1`.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    let instance = get(instances::fetch).patch(instances::rename).put(actions::reinstall);
    Router::new()
        .route("/v1/compute/instances", get(instances::list).post(create::create))
        .route("/v1/compute/instances/audits", get(audits::list))
        .route("/v1/compute/instances/{id}", instance)
        .route("/v1/compute/instances/{id}/cancel", post(cancel::cancel))
        .route("/v1/compute/instances/{id}/actions/start", post(actions::start))
        .route("/v1/compute/instances/{id}/actions/stop", post(actions::stop))
        .route("/v1/compute/instances/{id}/actions/shutdown", post(actions::shut_down))
        .route("/v1/compute/instances/{id}/actions/restart", post(actions::restart))
        .route("/v1/compute/instances/{id}/actions/resetPassword", post(actions::reset_password))
        .route("/v1/compute/images", get(listings::images))
        .route("/v1/data-centers", get(listings::data_centers))
        .route("/v1/secrets", get(secrets::list).post(secrets::create))
        .route("/v1/secrets/{id}", get(secrets::fetch).delete(secrets::delete))
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_path)
        .layer(middleware::from_fn_with_state(Arc::clone(world), gate))
}

/// Routes under `/contabo-auth`, the counterpart of `https://auth.contabo.com`.
pub(crate) fn auth_router() -> Router<Shared> {
    Router::new().route("/auth/realms/contabo/protocol/openid-connect/token", post(token::grant))
}

/// Token, then request id, then the rule that a content type needs a body.
async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let now = world.clock.now_ms();
    let key_is_right = bearer(request.headers()).is_some_and(|token| world.contabo.tokens.admit(token, now));
    if let Some(refused) = refusal(&world, Service::Contabo, key_is_right, caller.ip) {
        return refused;
    }
    if !request_id(request.headers()).is_some_and(is_request_id) {
        return bad_request("x-request-id header must be a valid UUID");
    }
    if request.headers().contains_key(header::CONTENT_TYPE) && request.body().is_end_stream() {
        return bad_request("Body cannot be empty when content-type is set to 'application/json'");
    }
    next.run(request).await
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-request-id")?.to_str().ok()
}

/// A UUID of version 0 to 5; one of version 7 is none.
///
/// Source: the header's pattern in the OpenAPI file.
fn is_request_id(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            14 => ('0'..='5').contains(&c),
            19 => "089abAB".contains(c),
            _ => c.is_ascii_hexdigit(),
        })
}

async fn unknown_path(request: Request) -> Response {
    error(StatusCode::NOT_FOUND, &format!("Cannot {} {}", request.method(), request.uri().path()))
}

/// `{"statusCode": 400, "message": text}`
fn error(status: StatusCode, text: &str) -> Response {
    Service::Contabo.error(status, text)
}

fn bad_request(text: &str) -> Response {
    error(StatusCode::BAD_REQUEST, text)
}

/// An answer about one thing: still a list.
fn one(status: StatusCode, object: Value, link: &str) -> Response {
    (status, Json(json!({"data": [object], "_links": {"self": link}}))).into_response()
}

/// A body that must be a JSON object with these fields at most. An empty one is refused, also for actions.
fn object(body: &Bytes, known: &[&str]) -> Result<Value, String> {
    let fields = serde_json::from_slice::<Value>(body).ok();
    let fields = fields.filter(Value::is_object).ok_or("Body must be a JSON object")?;
    let unknown = fields.as_object().into_iter().flatten().find(|(name, _)| !known.contains(&name.as_str()));
    match unknown {
        Some((name, _)) => Err(format!("property {name} should not exist")),
        None => Ok(fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_uuids_up_to_version_5() {
        for (id, is_one) in [
            ("04e0f898-37b4-48bc-a794-1a57abe6aa31", true),
            ("04E0F898-37B4-48BC-A794-1A57ABE6AA31", true),
            ("04e0f898-37b4-78bc-a794-1a57abe6aa31", false),
            ("04e0f898-37b4-48bc-c794-1a57abe6aa31", false),
            ("04e0f89837b448bca7941a57abe6aa31", false),
            ("", false),
        ] {
            assert_eq!(is_request_id(id), is_one, "{id}");
        }
    }

    #[test]
    fn a_body_is_an_object_of_known_fields() {
        for (body, is_one) in [
            ("{}", true),
            (r#"{"a":1}"#, true),
            (r#"{"b":1}"#, false),
            ("", false),
            ("[]", false),
            ("{", false),
        ] {
            assert_eq!(object(&Bytes::from(body), &["a"]).is_ok(), is_one, "{body}");
        }
    }
}
