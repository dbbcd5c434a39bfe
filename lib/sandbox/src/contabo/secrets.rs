//! `/v1/secrets`: passwords that machines are given.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::order::text;
use super::paging::Paging;
use super::{CUSTOMER, Contabo, TENANT, bad_request, error, object, one};
use crate::clock::iso_millis;
use crate::machines::Play as _;
use crate::world::{Shared, World, locked};

const SECRETS_MAX: usize = 20_000;
const NAME_MAX: usize = 255;
const SPECIAL: &str = "!@#$^&*?_~";
const PATH: &str = "/v1/secrets";

struct Secret {
    id: u64,
    name: String,
    kind: String,
    value: String,
    created_at_ms: i64,
}

/// By their ids.
#[derive(Default)]
pub(super) struct Secrets(BTreeMap<u64, Secret>);

impl Secrets {
    /// The password that an id stands for.
    pub(super) fn password(&self, id: u64) -> Option<String> {
        self.0.get(&id).filter(|secret| secret.kind == "password").map(|secret| secret.value.clone())
    }
}

/// At least 8 characters, both cases, and 1 digit with 2 special characters or 3 digits with 1.
fn is_password(value: &str) -> bool {
    let count = |kind: &dyn Fn(char) -> bool| value.chars().filter(|c| kind(*c)).count();
    let digits = count(&|c| c.is_ascii_digit());
    let specials = count(&|c| SPECIAL.contains(c));
    value.chars().all(|c| c.is_ascii_alphanumeric() || SPECIAL.contains(c))
        && value.len() >= 8
        && count(&|c| c.is_ascii_uppercase()) > 0
        && count(&|c| c.is_ascii_lowercase()) > 0
        && ((digits >= 1 && specials >= 2) || (digits >= 3 && specials >= 1))
}

/// `POST /v1/secrets`: 201. Of one name there is one secret.
pub(super) async fn create(State(world): State<Shared>, body: Bytes) -> Response {
    let fields = match object(&body, &["name", "value", "type"]) {
        Ok(fields) => fields,
        Err(text) => return bad_request(&text),
    };
    let subject = fields["name"].as_str().unwrap_or_default().to_owned();
    Contabo::call("contabo.secrets", &subject).run(&world, async { made(&world, &fields) }).await
}

fn made(world: &World, fields: &Value) -> Response {
    let secret = match checked(world, fields) {
        Ok(secret) => secret,
        Err(text) => return bad_request(&text),
    };
    let mut secrets = locked(&world.contabo.secrets);
    if secrets.0.values().any(|other| other.name == secret.name && other.kind == secret.kind) {
        return error(StatusCode::CONFLICT, "Entry Secret already exists with this name");
    }
    if secrets.0.len() >= SECRETS_MAX {
        return bad_request("The maximum number of secrets has been reached");
    }
    let answer = one(StatusCode::CREATED, shape(&secret), &format!("{PATH}/{}", secret.id));
    secrets.0.insert(secret.id, secret);
    answer
}

fn checked(world: &World, fields: &Value) -> Result<Secret, String> {
    let required = |name: &str| {
        let given = text(fields, name)?.filter(|given| !given.is_empty());
        given.map(str::to_owned).ok_or_else(|| format!("{name} should not be empty"))
    };
    let (name, value, kind) = (required("name")?, required("value")?, required("type")?);
    if name.len() > NAME_MAX {
        return Err(format!("name must be shorter than or equal to {NAME_MAX} characters"));
    }
    match kind.as_str() {
        "password" if !is_password(&value) => Err("value does not match the password rules".into()),
        "password" | "ssh" => {
            Ok(Secret { id: world.machines.number(), name, kind, value, created_at_ms: world.clock.now_ms() })
        }
        _ => Err("type must be one of the following values: password, ssh".into()),
    }
}

#[derive(Deserialize)]
pub(super) struct Filter {
    page: Option<usize>,
    size: Option<usize>,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// `GET /v1/secrets`; the name matches by part.
pub(super) async fn list(
    State(world): State<Shared>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter") };
    Contabo::call("contabo.secrets", filter.name.as_deref().unwrap_or_default())
        .run(&world, async {
            let secrets = locked(&world.contabo.secrets);
            let fits = |secret: &&Secret| {
                filter.name.as_deref().is_none_or(|part| secret.name.contains(part))
                    && filter.kind.as_deref().is_none_or(|kind| secret.kind == kind)
            };
            let rows = secrets.0.values().filter(fits).collect();
            Paging::new(filter.page, filter.size).answer(PATH, rows, shape)
        })
        .await
}

/// `GET /v1/secrets/{id}`: with its value.
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    Contabo::call("contabo.secrets", &id)
        .run(&world, async {
            let secrets = locked(&world.contabo.secrets);
            match id.parse().ok().and_then(|id: u64| secrets.0.get(&id)) {
                Some(secret) => one(StatusCode::OK, shape(secret), &format!("{PATH}/{}", secret.id)),
                None => no_such_secret(),
            }
        })
        .await
}

/// `DELETE /v1/secrets/{id}`: 204. What was made with it keeps its password.
pub(super) async fn delete(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    Contabo::call("contabo.secrets", &id)
        .run(&world, async {
            let removed = id.parse().ok().and_then(|id: u64| locked(&world.contabo.secrets).0.remove(&id));
            match removed {
                Some(_) => StatusCode::NO_CONTENT.into_response(),
                None => no_such_secret(),
            }
        })
        .await
}

fn no_such_secret() -> Response {
    error(StatusCode::NOT_FOUND, "Entry Secret not found")
}

fn shape(secret: &Secret) -> Value {
    json!({
        "tenantId": TENANT,
        "customerId": CUSTOMER,
        "secretId": secret.id,
        "name": secret.name,
        "type": secret.kind,
        "value": secret.value,
        "createdAt": iso_millis(secret.created_at_ms),
        "updatedAt": iso_millis(secret.created_at_ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_taken_by_the_documented_rule() {
        for (password, taken) in [
            ("PwdA?2092w#", true),
            ("Abcdef123_", true),
            ("Abcdefg1_~", true),
            ("Abcdefg12_", false),
            ("abcdef123_", false),
            ("Ab123_!", false),
            ("Abcdef123_%", false),
        ] {
            assert_eq!(is_password(password), taken, "{password}");
        }
    }
}
