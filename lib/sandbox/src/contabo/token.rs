//! The token endpoint: the password grant of a Keycloak server.

use std::collections::VecDeque;
use std::sync::Mutex;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Contabo;
use crate::config::Config;
use crate::machines::Play as _;
use crate::random;
use crate::world::{Shared, World, locked};

/// Tokens remembered; the oldest are forgotten.
const TOKENS_MAX: usize = 1_000;
const TOKEN_LENGTH: usize = 64;

/// The four credentials, and the tokens given out for them.
pub(super) struct Tokens {
    client_id: String,
    client_secret: String,
    user: String,
    password: String,
    lifetime_s: u32,
    /// With the moment at which each ends.
    issued: Mutex<VecDeque<(String, i64)>>,
}

impl Tokens {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            client_id: config.contabo_client_id.clone(),
            client_secret: config.contabo_client_secret.clone(),
            user: config.contabo_user.clone(),
            password: config.contabo_api_password.clone(),
            lifetime_s: config.contabo_token_seconds,
            issued: Mutex::default(),
        }
    }

    pub(super) fn admit(&self, token: &str, now_ms: i64) -> bool {
        locked(&self.issued).iter().any(|(issued, ends_at_ms)| issued == token && *ends_at_ms > now_ms)
    }

    pub(super) fn clear(&self) {
        locked(&self.issued).clear();
    }

    fn issue(&self, now_ms: i64) -> String {
        let token = random::code(TOKEN_LENGTH);
        let mut issued = locked(&self.issued);
        if issued.len() >= TOKENS_MAX {
            issued.pop_front();
        }
        issued.push_back((token.clone(), now_ms + i64::from(self.lifetime_s) * 1_000));
        token
    }
}

/// `POST /auth/realms/contabo/protocol/openid-connect/token`, a form of `grant_type=password` and the credentials.
pub(super) async fn grant(State(world): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    Contabo::call("contabo.token", "").run(&world, async { answer(&world, &headers, &body) }).await
}

fn answer(world: &World, headers: &HeaderMap, body: &Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return refused(StatusCode::BAD_REQUEST, "invalid_request", "Missing form parameter: grant_type");
    }
    let tokens = &world.contabo.tokens;
    let given = |wanted: &str| {
        url::form_urlencoded::parse(body)
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let is = |name: &str, right: &str| given(name).as_deref() == Some(right);
    if !is("grant_type", "password") {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant_type");
    }
    if !is("client_id", &tokens.client_id) || !is("client_secret", &tokens.client_secret) {
        let text = "Invalid client or Invalid client credentials";
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", text);
    }
    if !is("username", &tokens.user) || !is("password", &tokens.password) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_grant", "Invalid user credentials");
    }
    Json(json!({
        "access_token": tokens.issue(world.clock.now_ms()),
        "expires_in": tokens.lifetime_s,
        "refresh_expires_in": 1_800,
        "refresh_token": random::code(TOKEN_LENGTH),
        "token_type": "Bearer",
        "not-before-policy": 0,
        "session_state": random::uuid(),
        "scope": "email profile",
    }))
    .into_response()
}

fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({"error": error, "error_description": description}))).into_response()
}
