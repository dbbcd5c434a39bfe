//! `/startup-scripts`

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::paging::Paging;
use super::{Vultr, bad_request, no_such, object};
use crate::clock::iso_seconds;
use crate::machines::Play as _;
use crate::operation::Call;
use crate::random;
use crate::world::{Shared, World, locked};

const SCRIPTS_MAX: usize = 5_000;
const NAME_MAX: usize = 255;

pub(super) struct Script {
    pub(super) id: String,
    name: String,
    kind: &'static str,
    pub(super) bytes: Vec<u8>,
    created_at_ms: i64,
    modified_at_ms: i64,
}

impl Script {
    /// As the list has it: without the script.
    fn shape(&self) -> Value {
        json!({
            "id": self.id,
            "date_created": iso_seconds(self.created_at_ms),
            "date_modified": iso_seconds(self.modified_at_ms),
            "name": self.name,
            "type": self.kind,
        })
    }

    fn full_shape(&self) -> Value {
        let mut shape = self.shape();
        shape["script"] = json!(STANDARD.encode(&self.bytes));
        shape
    }
}

fn call(subject: &str) -> Call<'_> {
    Vultr::call("vultr.startup_scripts", subject)
}

/// `POST /startup-scripts`: 201.
pub(super) async fn create(State(world): State<Shared>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    let subject = fields["name"].as_str().unwrap_or_default().to_owned();
    call(&subject).run(&world, async { open(&world, &fields) }).await
}

fn open(world: &World, fields: &Value) -> Response {
    let (name, kind, bytes) = match checked(fields) {
        Ok((Some(name), kind, Some(bytes))) => (name, kind.unwrap_or("boot"), bytes),
        Ok(_) => return bad_request("name and script are required"),
        Err(text) => return bad_request(text),
    };
    let mut things = locked(&world.vultr.things);
    if things.scripts.len() >= SCRIPTS_MAX {
        return bad_request("You have reached the maximum number of startup scripts");
    }
    let place = things.next_place();
    let now = world.clock.now_ms();
    let script = Script { id: random::uuid(), name, kind, bytes, created_at_ms: now, modified_at_ms: now };
    let answer = (StatusCode::CREATED, Json(json!({"startup_script": script.full_shape()}))).into_response();
    things.scripts.insert(place, script);
    answer
}

type Fields = (Option<String>, Option<&'static str>, Option<Vec<u8>>);

/// Name, type and decoded script, each if given.
fn checked(fields: &Value) -> Result<Fields, &'static str> {
    let name = match fields.get("name") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) if !name.is_empty() && name.len() <= NAME_MAX => Some(name.clone()),
        Some(_) => return Err("Invalid name"),
    };
    let kind = match fields.get("type").and_then(Value::as_str) {
        None => None,
        Some("boot") => Some("boot"),
        Some("pxe") => Some("pxe"),
        Some(_) => return Err("Invalid type"),
    };
    let bytes = match fields.get("script") {
        None | Some(Value::Null) => None,
        Some(script) => match script.as_str().map(|text| STANDARD.decode(text)) {
            Some(Ok(bytes)) if !bytes.is_empty() => Some(bytes),
            _ => return Err("script must be base64 encoded"),
        },
    };
    Ok((name, kind, bytes))
}

/// `PATCH /startup-scripts/{id}`: 204; what is not given stays.
pub(super) async fn update(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    call(&id)
        .run(&world, async {
            let (name, kind, bytes) = match checked(&fields) {
                Ok(fields) => fields,
                Err(text) => return bad_request(text),
            };
            let mut things = locked(&world.vultr.things);
            let Some(script) = things.scripts.values_mut().find(|script| script.id == id) else {
                return no_such("startup script");
            };
            script.name = name.unwrap_or_else(|| script.name.clone());
            script.kind = kind.unwrap_or(script.kind);
            script.bytes = bytes.unwrap_or_else(|| script.bytes.clone());
            script.modified_at_ms = world.clock.now_ms();
            StatusCode::NO_CONTENT.into_response()
        })
        .await
}

/// `GET /startup-scripts`
pub(super) async fn list(
    State(world): State<Shared>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter") };
    call("")
        .run(&world, async {
            let things = locked(&world.vultr.things);
            let rows = things.scripts.iter().map(|(place, script)| (*place, script.shape())).collect();
            paging.answer("startup_scripts", rows)
        })
        .await
}

/// `GET /startup-scripts/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    call(&id)
        .run(&world, async {
            match locked(&world.vultr.things).scripts.values().find(|script| script.id == id) {
                Some(script) => Json(json!({"startup_script": script.full_shape()})).into_response(),
                None => no_such("startup script"),
            }
        })
        .await
}

/// `DELETE /startup-scripts/{id}`: 204. Machines that were made with it keep it.
pub(super) async fn delete(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    call(&id)
        .run(&world, async {
            let mut things = locked(&world.vultr.things);
            let before = things.scripts.len();
            things.scripts.retain(|_, script| script.id != id);
            if things.scripts.len() < before {
                StatusCode::NO_CONTENT.into_response()
            } else {
                no_such("startup script")
            }
        })
        .await
}
