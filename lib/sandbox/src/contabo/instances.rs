//! `/v1/compute/instances`: get, list, rename.

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::machine::{changed_shape, link, shape};
use super::order::text;
use super::paging::Paging;
use super::{Contabo, audits, bad_request, object, one, request_id, status};
use crate::machines::{Machine, Play as _, listed, on_machine, unknown_status};
use crate::world::{Shared, World, locked};

/// `GET /v1/compute/instances/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Contabo>(&world, "contabo.get", &id, |machine| {
        one(StatusCode::OK, seen(&world, "contabo.get", machine), &link(machine))
    })
    .await
}

/// An instance as get and list show it.
fn seen(world: &World, target: &str, machine: &Machine<Contabo>) -> Value {
    let mut instance = shape(machine, world.clock, world.clock.now_ms());
    if unknown_status(world, target, machine) {
        instance["status"] = json!("migrating");
    }
    instance
}

/// Names match by part, so that callers compare for themselves.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    page: Option<usize>,
    size: Option<usize>,
    name: Option<String>,
    display_name: Option<String>,
    region: Option<String>,
    instance_id: Option<String>,
    /// Ids, separated by commas.
    instance_ids: Option<String>,
    status: Option<String>,
    /// Product ids, separated by commas.
    product_ids: Option<String>,
    search: Option<String>,
}

impl Filter {
    fn admits(&self, world: &World, m: &Machine<Contabo>) -> bool {
        let part =
            |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| is.contains(wanted));
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let among = |wanted: &Option<String>, is: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted.split(',').any(|one| one.trim() == is))
        };
        let word = || status::shown(m, world.clock, world.clock.now_ms()).0;
        part(&self.display_name, &m.label)
            && part(&self.name, &m.hostname)
            && same(&self.region, m.own.region.id)
            && same(&self.instance_id, &m.id)
            && among(&self.instance_ids, &m.id)
            && among(&self.product_ids, m.own.product.id)
            && (self.status.is_none() || same(&self.status, word()))
            && (part(&self.search, &m.label) || part(&self.search, &m.hostname))
    }
}

/// `GET /v1/compute/instances`
pub(super) async fn list(
    State(world): State<Shared>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter") };
    let subject = filter.display_name.clone().unwrap_or_default();
    let call = Contabo::call("contabo.list", &subject);
    call.run(&world, async {
        let inventory = locked(&world.contabo.inventory);
        let machines = listed(&world, &call, &inventory);
        let rows = machines.into_iter().filter(|machine| filter.admits(&world, machine)).collect();
        Paging::new(filter.page, filter.size)
            .answer("/v1/compute/instances", rows, |machine| seen(&world, "contabo.list", machine))
    })
    .await
}

/// `PATCH /v1/compute/instances/{id}` with `{"displayName"}`
pub(super) async fn rename(
    State(world): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = match object(&body, &["displayName"]) {
        Ok(fields) => fields,
        Err(text) => return bad_request(&text),
    };
    let name = match text(&fields, "displayName") {
        Ok(name) => name.unwrap_or_default().to_owned(),
        Err(text) => return bad_request(&text),
    };
    on_machine::<Contabo>(&world, "contabo.update", &id, |machine| {
        machine.label = name;
        audits::note(&world, machine, audits::UPDATED, request_id(&headers).unwrap_or_default());
        one(StatusCode::OK, changed_shape(machine), &link(machine))
    })
    .await
}
