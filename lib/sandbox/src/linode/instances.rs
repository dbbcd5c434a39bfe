//! `/v4/linode/instances`: get, list, update, delete.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::create::{checked_label, checked_tags, unique};
use super::filter::Filter;
use super::machine::shape;
use super::paging::Paging;
use super::{Linode, Wrong, bad_request, object};
use crate::machines::{Inventory, Machine, Play, destroy, listed, on_machine, subject, unknown_status};
use crate::world::{Shared, World, locked};

/// `GET /v4/linode/instances/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Linode>(&world, "linode.get", &id, |machine| {
        Json(seen(&world, "linode.get", machine)).into_response()
    })
    .await
}

fn seen(world: &World, target: &str, machine: &Machine<Linode>) -> Value {
    let mut instance = shape(machine, world.clock, world.clock.now_ms());
    if unknown_status(world, target, machine) {
        instance["status"] = json!("hibernating");
    }
    instance
}

/// `GET /v4/linode/instances`, narrowed by `X-Filter`.
pub(super) async fn list(
    State(world): State<Shared>,
    paging: Result<Query<Paging>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter") };
    let filter = match Filter::read(&headers) {
        Ok(filter) => filter,
        Err(text) => return bad_request(&text),
    };
    let subject = filter.subject();
    let call = Linode::call("linode.list", &subject);
    call.run(&world, async {
        let inventory = locked(&world.linode.inventory);
        let rows = listed(&world, &call, &inventory).into_iter().filter(|machine| filter.admits(machine));
        paging.answer(rows.collect(), |machine| seen(&world, call.target, machine))
    })
    .await
}

/// `PUT /v4/linode/instances/{id}` with `{"label"?, "tags"?}`
pub(super) async fn update(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON") };
    let subject = subject::<Linode>(&world, &id);
    Linode::call("linode.update", &subject)
        .run(&world, async {
            let now = world.clock.now_ms();
            let mut inventory = locked(&world.linode.inventory);
            if inventory.find(&id).is_none_or(|machine| machine.visible_at_ms > now) {
                return Linode::no_such_machine(&id);
            }
            match change(&mut inventory, &id, &fields) {
                Err(wrong) => wrong.into_response(),
                Ok(()) => {
                    let shape = inventory.find(&id).map(|machine| shape(machine, world.clock, now));
                    Json(shape).into_response()
                }
            }
        })
        .await
}

/// Checks everything before it changes anything.
fn change(inventory: &mut Inventory<Linode>, id: &str, fields: &Value) -> Result<(), Wrong> {
    let tags = checked_tags(fields)?;
    let label = fields.get("label").filter(|label| !label.is_null()).map(checked_label).transpose()?;
    if let Some(label) = &label {
        let others = inventory.machines().filter(|machine| machine.id != id);
        unique(others.map(|machine| machine.label.as_str()), label)?;
    }
    let Some(machine) = inventory.find_mut(id) else { return Ok(()) };
    if let Some(tags) = tags {
        machine.tags = tags;
    }
    if let Some(label) = label {
        machine.label = label;
    }
    Ok(())
}

/// `DELETE /v4/linode/instances/{id}`: at once, also while something is being done to it.
pub(super) async fn delete(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    let subject = subject::<Linode>(&world, &id);
    Linode::call("linode.delete", &subject)
        .run(&world, async {
            if !destroy::<Linode>(&world, &id).await {
                return Linode::no_such_machine(&id);
            }
            Json(json!({})).into_response()
        })
        .await
}
