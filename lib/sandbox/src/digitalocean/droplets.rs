//! `/v2/droplets`: get, list, delete.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::machine::shape;
use super::paging::Paging;
use super::{DigitalOcean, bad_request};
use crate::machines::{Machine, Play, destroy, listed, on_machine, subject, unknown_status};
use crate::world::{Shared, World, locked};

/// `GET /v2/droplets/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<DigitalOcean>(&world, "digitalocean.get", &id, |machine| {
        Json(json!({"droplet": seen(&world, "digitalocean.get", machine)})).into_response()
    })
    .await
}

fn seen(world: &World, target: &str, machine: &Machine<DigitalOcean>) -> Value {
    let mut droplet = shape(machine, world.clock, world.clock.now_ms());
    if unknown_status(world, target, machine) {
        droplet["status"] = json!("hibernating");
    }
    droplet
}

#[derive(Deserialize)]
pub(super) struct Filter {
    tag_name: Option<String>,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    // Not flattened: form data has no types, and `flatten` would read numbers as strings.
    page: Option<usize>,
    per_page: Option<usize>,
}

impl Filter {
    fn fault(&self) -> Option<&'static str> {
        if self.tag_name.is_some() && (self.name.is_some() || self.kind.is_some()) {
            return Some("tag_name cannot be combined with name or type");
        }
        let known = self.kind.as_deref().is_none_or(|kind| matches!(kind, "droplets" | "gpus"));
        (!known).then_some("type must be droplets or gpus")
    }

    /// A tag finds both kinds; otherwise those with a graphics card are seen only by those who ask for them.
    fn admits(&self, machine: &Machine<DigitalOcean>) -> bool {
        if let Some(tag) = &self.tag_name {
            return machine.tags.contains(tag);
        }
        let named = self.name.as_deref().is_none_or(|name| machine.label.eq_ignore_ascii_case(name));
        named && machine.own.size.is_gpu() == (self.kind.as_deref() == Some("gpus"))
    }
}

/// `GET /v2/droplets?tag_name=`, or `?name=&type=`
pub(super) async fn list(
    State(world): State<Shared>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter.") };
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let subject = format!("{} {}", text(&filter.name), text(&filter.tag_name));
    let call = DigitalOcean::call("digitalocean.list", &subject);
    call.run(&world, async {
        if let Some(fault) = filter.fault() {
            return bad_request(fault);
        }
        let inventory = locked(&world.digitalocean.inventory);
        let rows = listed(&world, &call, &inventory).into_iter().filter(|machine| filter.admits(machine));
        let url = format!("{}/digitalocean/v2/droplets", world.base_url);
        let paging = Paging { page: filter.page, per_page: filter.per_page };
        paging.answer("droplets", &url, rows.collect(), |machine| seen(&world, call.target, machine))
    })
    .await
}

/// `DELETE /v2/droplets/{id}`: at once, also while something is being done to it.
pub(super) async fn delete(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    let subject = subject::<DigitalOcean>(&world, &id);
    DigitalOcean::call("digitalocean.delete", &subject)
        .run(&world, async {
            if !destroy::<DigitalOcean>(&world, &id).await {
                return DigitalOcean::no_such_machine(&id);
            }
            StatusCode::NO_CONTENT.into_response()
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Tagged {
    tag_name: String,
}

/// `DELETE /v2/droplets?tag_name=`: every droplet that carries the tag.
pub(super) async fn delete_tagged(
    State(world): State<Shared>,
    tagged: Result<Query<Tagged>, QueryRejection>,
) -> Response {
    let Ok(Query(Tagged { tag_name })) = tagged else { return bad_request("tag_name is required") };
    DigitalOcean::call("digitalocean.delete", &tag_name)
        .run(&world, async {
            let ids: Vec<String> = locked(&world.digitalocean.inventory)
                .machines()
                .filter(|machine| machine.tags.contains(&tag_name))
                .map(|machine| machine.id.clone())
                .collect();
            for id in &ids {
                destroy::<DigitalOcean>(&world, id).await;
            }
            StatusCode::NO_CONTENT.into_response()
        })
        .await
}
