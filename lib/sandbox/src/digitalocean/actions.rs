//! What is done to a droplet, and the actions that tell how far it is.

use std::collections::VecDeque;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::catalogue::{self, Region};
use super::machine::{ACTIVE, SWITCHING, is_locked, zulu};
use super::paging::Paging;
use super::{DigitalOcean, bad_request, no_such_thing, object, unprocessable};
use crate::clock::Clock;
use crate::machines::{Machine, Play, Power, on_machine, reinstall, switch};
use crate::world::{Shared, World, locked};

/// Actions remembered; the oldest is forgotten.
const ACTIONS_MAX: usize = 20_000;

/// Oldest first.
#[derive(Default)]
pub(super) struct Actions(VecDeque<Action>);

struct Action {
    id: u64,
    kind: &'static str,
    droplet: String,
    region: &'static Region,
    started_ms: i64,
    takes: Duration,
    /// It ends in error.
    fails: bool,
}

impl Actions {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Action {
    fn shape(&self, clock: Clock, now_ms: i64) -> Value {
        let takes_ms = i64::try_from(clock.compressed(self.takes).as_millis()).unwrap_or(i64::MAX);
        let ends_ms = self.started_ms.saturating_add(takes_ms);
        // As the droplet reckons: an action is not over a millisecond before its droplet is free.
        let is_over = clock.stretched(now_ms - self.started_ms) >= self.takes;
        let status = match (is_over, self.fails) {
            (false, _) => "in-progress",
            (true, false) => "completed",
            (true, true) => "errored",
        };
        json!({
            "id": self.id,
            "status": status,
            "type": self.kind,
            "started_at": zulu(self.started_ms),
            "completed_at": is_over.then(|| zulu(ends_ms)),
            "resource_id": self.droplet.parse::<u64>().unwrap_or_default(),
            "resource_type": "droplet",
            "region": self.region.shape(),
            "region_slug": self.region.slug,
        })
    }
}

/// An action that takes so long, in the provider's time; a create's ends as the droplet's creation does.
pub(super) fn begin(
    world: &World,
    kind: &'static str,
    droplet: &Machine<DigitalOcean>,
    takes: Duration,
) -> Value {
    let now = world.clock.now_ms();
    let (id, region) = (world.machines.number(), droplet.own.region);
    let fails = kind == "create" && droplet.creation_fails;
    let action = Action { id, kind, droplet: droplet.id.clone(), region, started_ms: now, takes, fails };
    let shape = action.shape(world.clock, now);
    let mut actions = locked(&world.digitalocean.actions);
    if actions.0.len() >= ACTIONS_MAX {
        actions.0.pop_front();
    }
    actions.0.push_back(action);
    shape
}

/// `GET /v2/actions/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    DigitalOcean::call("digitalocean.actions", &id)
        .run(&world, async {
            let now = world.clock.now_ms();
            let actions = locked(&world.digitalocean.actions);
            match actions.0.iter().rev().find(|action| action.id.to_string() == id) {
                Some(action) => Json(json!({"action": action.shape(world.clock, now)})).into_response(),
                None => no_such_thing(),
            }
        })
        .await
}

/// `GET /v2/droplets/{id}/actions`, newest first.
pub(super) async fn of_droplet(
    State(world): State<Shared>,
    Path(id): Path<String>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter.") };
    on_machine::<DigitalOcean>(&world, "digitalocean.actions", &id, |machine| {
        let now = world.clock.now_ms();
        let actions = locked(&world.digitalocean.actions);
        let rows = actions.0.iter().rev().filter(|action| action.droplet == machine.id).collect();
        let url = format!("{}/digitalocean/v2/droplets/{}/actions", world.base_url, machine.id);
        paging.answer("actions", &url, rows, |action| action.shape(world.clock, now))
    })
    .await
}

/// What can be asked for: its type, the operation that it counts as, and what it does.
const KINDS: &[(&str, &str, Deed)] = &[
    ("reboot", "digitalocean.reboot", Deed::Switch(Power::Reboot)),
    ("power_cycle", "digitalocean.reboot", Deed::Switch(Power::Reboot)),
    ("power_on", "digitalocean.start", Deed::Switch(Power::On)),
    ("power_off", "digitalocean.stop", Deed::Switch(Power::Off)),
    ("shutdown", "digitalocean.stop", Deed::Switch(Power::Off)),
    ("rebuild", "digitalocean.reinstall", Deed::Rebuild),
    ("password_reset", "digitalocean.reset_password", Deed::Mail),
];

#[derive(Clone, Copy)]
enum Deed {
    Switch(Power),
    Rebuild,
    /// A new password goes to the account's address, and nobody here sees it.
    Mail,
}

/// `POST /v2/droplets/{id}/actions`: 201 with an action that has begun. One at a time.
pub(super) async fn act(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("The request body is not valid JSON.") };
    let kind = fields["type"].as_str().unwrap_or_default();
    let Some((kind, target, deed)) = KINDS.iter().copied().find(|(known, ..)| *known == kind) else {
        return unprocessable("The action type is not valid.");
    };
    on_machine::<DigitalOcean>(&world, target, &id, |machine| {
        if is_locked(machine, world.clock, world.clock.now_ms()) {
            return unprocessable("Droplet already has a pending event.");
        }
        let takes = match deed {
            Deed::Switch(power) => {
                switch(&world, machine, power);
                SWITCHING
            }
            Deed::Mail => SWITCHING,
            Deed::Rebuild => {
                let Some(image) = fields.get("image").and_then(catalogue::find_image) else {
                    return unprocessable("You specified an invalid image for Droplet creation.");
                };
                machine.own.image = image;
                reinstall(&world, target, machine);
                ACTIVE
            }
        };
        (StatusCode::CREATED, Json(json!({"action": begin(&world, kind, machine, takes)}))).into_response()
    })
    .await
}
