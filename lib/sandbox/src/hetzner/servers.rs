//! `/servers`: get, list, update, delete, metrics.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::begin;
use super::create::is_host_name;
use super::machine::{shape, tags};
use super::{Hetzner, invalid, labels, object, paging};
use crate::machines::{Machine, Play, destroy, listed, on_machine, subject, unknown_status};
use crate::world::{Shared, World, locked};

/// How long the action of a delete runs.
const DELETING: Duration = Duration::from_secs(3);

/// `GET /servers/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Hetzner>(&world, "hetzner.get", &id, |machine| {
        Json(json!({"server": seen(&world, "hetzner.get", machine)})).into_response()
    })
    .await
}

fn seen(world: &World, target: &str, machine: &Machine<Hetzner>) -> Value {
    let mut server = shape(machine, world.clock, world.clock.now_ms());
    if unknown_status(world, target, machine) {
        server["status"] = json!("hibernating");
    }
    server
}

#[derive(Deserialize)]
pub(super) struct Filter {
    name: Option<String>,
    label_selector: Option<String>,
    status: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

/// `GET /servers`: the name exactly, labels by selector.
pub(super) async fn list(
    State(world): State<Shared>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return invalid("invalid query parameter") };
    let (name, selector) = (filter.name.unwrap_or_default(), filter.label_selector.unwrap_or_default());
    let subject = format!("{name} {selector}");
    let call = Hetzner::call("hetzner.list", &subject);
    call.run(&world, async {
        let inventory = locked(&world.hetzner.inventory);
        let rows = listed(&world, &call, &inventory)
            .into_iter()
            .filter(|machine| name.is_empty() || machine.label == name)
            .filter(|machine| labels::fit(&machine.own.labels, &selector))
            .map(|machine| seen(&world, call.target, machine))
            .filter(|row| filter.status.as_deref().is_none_or(|status| row["status"] == status))
            .collect();
        paging::answer("servers", rows, filter.page, filter.per_page)
    })
    .await
}

/// `PUT /servers/{id}` with `{"name"?, "labels"?}`
pub(super) async fn update(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return invalid("invalid JSON") };
    on_machine::<Hetzner>(&world, "hetzner.update", &id, |machine| match change(machine, &fields) {
        Ok(()) => Json(json!({"server": shape(machine, world.clock, world.clock.now_ms())})).into_response(),
        Err(text) => invalid(&text),
    })
    .await
}

fn change(machine: &mut Machine<Hetzner>, fields: &Value) -> Result<(), String> {
    let labels = labels::of(fields)?;
    let name = fields.get("name").and_then(Value::as_str);
    if name.is_some_and(|name| !is_host_name(name)) {
        return Err("invalid input in field 'name': no valid hostname".into());
    }
    if let Some(labels) = labels {
        machine.tags = tags(&labels);
        machine.own.labels = labels;
    }
    if let Some(name) = name {
        name.clone_into(&mut machine.label);
    }
    Ok(())
}

/// `DELETE /servers/{id}`: at once, also while something is being done to it.
pub(super) async fn delete(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    let subject = subject::<Hetzner>(&world, &id);
    Hetzner::call("hetzner.delete", &subject)
        .run(&world, async {
            if !destroy::<Hetzner>(&world, &id).await {
                return Hetzner::no_such_machine(&id);
            }
            Json(json!({"action": begin(&world, "delete_server", &id, DELETING)})).into_response()
        })
        .await
}

/// `GET /servers/{id}/metrics`: no points, which is what a young server has.
pub(super) async fn metrics(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Hetzner>(&world, "hetzner.traffic", &id, |_| {
        Json(json!({"metrics": {"start": null, "end": null, "step": 60, "time_series": {}}})).into_response()
    })
    .await
}
