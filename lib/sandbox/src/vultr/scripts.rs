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
use super::{bad_request, no_such, object};
use crate::clock::iso_seconds;
use crate::operation::{Call, Service};
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
}

impl Script {
    /// As the list has it: without the script.
    fn shape(&self) -> Value {
        json!({
            "id": self.id,
            "date_created": iso_seconds(self.created_at_ms),
            "date_modified": iso_seconds(self.created_at_ms),
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
    Call { service: Service::Vultr, target: "vultr.startup_scripts", subject }
}

/// `POST /startup-scripts`: 201.
pub(super) async fn create(State(world): State<Shared>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    let subject = fields["name"].as_str().unwrap_or_default().to_owned();
    call(&subject).run(&world, async { open(&world, &fields) }).await
}

fn open(world: &World, fields: &Value) -> Response {
    let Some(name) = fields["name"].as_str().filter(|name| !name.is_empty() && name.len() <= NAME_MAX) else {
        return bad_request("name is required");
    };
    let kind = match fields.get("type").and_then(Value::as_str) {
        None | Some("boot") => "boot",
        Some("pxe") => "pxe",
        Some(_) => return bad_request("Invalid type"),
    };
    let script = fields["script"].as_str().filter(|script| !script.is_empty());
    let Some(bytes) = script.and_then(|script| STANDARD.decode(script).ok()) else {
        return bad_request("script is required and must be base64 encoded");
    };
    let mut inventory = locked(&world.vultr.inventory);
    if inventory.scripts.len() >= SCRIPTS_MAX {
        return bad_request("You have reached the maximum number of startup scripts");
    }
    let place = inventory.next_place();
    let script = Script {
        id: random::uuid(),
        name: name.to_owned(),
        kind,
        bytes,
        created_at_ms: world.clock.now_ms(),
    };
    let answer = (StatusCode::CREATED, Json(json!({"startup_script": script.full_shape()}))).into_response();
    inventory.scripts.insert(place, script);
    answer
}

/// `GET /startup-scripts`
pub(super) async fn list(
    State(world): State<Shared>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter") };
    call("")
        .run(&world, async {
            let inventory = locked(&world.vultr.inventory);
            let rows = inventory.scripts.iter().map(|(place, script)| (*place, script.shape())).collect();
            paging.answer("startup_scripts", rows)
        })
        .await
}

/// `GET /startup-scripts/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    call(&id)
        .run(&world, async {
            match locked(&world.vultr.inventory).scripts.values().find(|script| script.id == id) {
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
            let mut inventory = locked(&world.vultr.inventory);
            let before = inventory.scripts.len();
            inventory.scripts.retain(|_, script| script.id != id);
            if inventory.scripts.len() < before {
                StatusCode::NO_CONTENT.into_response()
            } else {
                no_such("startup script")
            }
        })
        .await
}
