//! What is done to a server, and the actions that tell how far it is.

use std::collections::VecDeque;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::create::{required, user_data};
use super::machine::{STARTED, SWITCHING, is_locked, status};
use super::{Hetzner, catalogue, error, invalid, locked_server, object, paging};
use crate::clock::{Clock, iso_seconds};
use crate::machines::{Machine, Play, Power, on_machine, reinstall, set_password, switch};
use crate::random;
use crate::world::{Shared, World, locked};

/// Actions remembered; the oldest is forgotten.
const ACTIONS_MAX: usize = 20_000;

/// Oldest first.
#[derive(Default)]
pub(super) struct Actions(VecDeque<Action>);

struct Action {
    id: u64,
    command: &'static str,
    server: String,
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
    fn status(&self, is_over: bool) -> &'static str {
        match (is_over, self.fails) {
            (false, _) => "running",
            (true, false) => "success",
            (true, true) => "error",
        }
    }

    /// An error stands there whatever the status is, as in the documentation's examples.
    fn shape(&self, clock: Clock, now_ms: i64) -> Value {
        let takes_ms = i64::try_from(clock.compressed(self.takes).as_millis()).unwrap_or(i64::MAX);
        let ends_ms = self.started_ms.saturating_add(takes_ms);
        // As the server reckons: an action is not over a millisecond before its server is free.
        let is_over = clock.stretched(now_ms - self.started_ms) >= self.takes;
        json!({
            "id": self.id,
            "command": self.command,
            "status": self.status(is_over),
            "progress": if is_over { 100 } else { 0 },
            "started": iso_seconds(self.started_ms),
            "finished": is_over.then(|| iso_seconds(ends_ms)),
            "resources": [{"id": self.server.parse::<u64>().unwrap_or_default(), "type": "server"}],
            "error": {"code": "action_failed", "message": "Action failed"},
        })
    }
}

/// An action that takes so long, in the provider's time.
pub(super) fn begin(world: &World, command: &'static str, server: &str, takes: Duration) -> Value {
    begun(world, command, server, takes, false)
}

/// The same with one that ends in error.
pub(super) fn begin_failing(world: &World, command: &'static str, server: &str, takes: Duration) -> Value {
    begun(world, command, server, takes, true)
}

fn begun(world: &World, command: &'static str, server: &str, takes: Duration, fails: bool) -> Value {
    let now = world.clock.now_ms();
    let (id, server) = (world.machines.number(), server.to_owned());
    let action = Action { id, command, server, started_ms: now, takes, fails };
    let shape = action.shape(world.clock, now);
    let mut actions = locked(&world.hetzner.actions);
    if actions.0.len() >= ACTIONS_MAX {
        actions.0.pop_front();
    }
    actions.0.push_back(action);
    shape
}

/// `GET /actions/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    Hetzner::call("hetzner.actions", &id)
        .run(&world, async {
            let now = world.clock.now_ms();
            let actions = locked(&world.hetzner.actions);
            match actions.0.iter().rev().find(|action| action.id.to_string() == id) {
                Some(action) => Json(json!({"action": action.shape(world.clock, now)})).into_response(),
                None => error(StatusCode::NOT_FOUND, "action not found"),
            }
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Filter {
    status: Option<String>,
    sort: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

/// `GET /servers/{id}/actions`: oldest first, unless `sort=id:desc`.
pub(super) async fn of_server(
    State(world): State<Shared>,
    Path(id): Path<String>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return invalid("invalid query parameter") };
    on_machine::<Hetzner>(&world, "hetzner.actions", &id, |machine| {
        let now = world.clock.now_ms();
        let actions = locked(&world.hetzner.actions);
        let own = actions.0.iter().filter(|action| action.server == machine.id);
        let shapes = own.map(|action| action.shape(world.clock, now));
        let fits = |row: &Value| filter.status.as_deref().is_none_or(|status| row["status"] == status);
        let mut rows: Vec<Value> = shapes.filter(fits).collect();
        if filter.sort.as_deref() == Some("id:desc") {
            rows.reverse();
        }
        paging::answer("actions", rows, filter.page, filter.per_page)
    })
    .await
}

/// `POST /servers/{id}/actions/poweron`
pub(super) async fn power_on(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    power(&world, "hetzner.start", "start_server", &id, Power::On).await
}

/// `POST /servers/{id}/actions/poweroff`: hard.
pub(super) async fn power_off(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    power(&world, "hetzner.stop", "stop_server", &id, Power::Off).await
}

/// `POST /servers/{id}/actions/shutdown`: by ACPI, which a guest here always obeys.
pub(super) async fn shut_down(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    power(&world, "hetzner.stop", "shutdown_server", &id, Power::Off).await
}

/// `POST /servers/{id}/actions/reboot`: by ACPI.
pub(super) async fn reboot(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    power(&world, "hetzner.reboot", "reboot_server", &id, Power::Reboot).await
}

/// `POST /servers/{id}/actions/reset`: hard.
pub(super) async fn reset(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    power(&world, "hetzner.reboot", "reset_server", &id, Power::Reboot).await
}

async fn power(
    world: &Shared,
    target: &'static str,
    command: &'static str,
    id: &str,
    power: Power,
) -> Response {
    on_machine::<Hetzner>(world, target, id, |machine| {
        if is_locked(machine, world.clock, world.clock.now_ms()) {
            return locked_server();
        }
        switch(world, machine, power);
        created(json!({"action": begin(world, command, &machine.id, SWITCHING)}))
    })
    .await
}

/// `POST /servers/{id}/actions/rebuild` with `{"image", "user_data"?}`
pub(super) async fn rebuild(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return invalid("invalid JSON") };
    on_machine::<Hetzner>(&world, "hetzner.reinstall", &id, |machine| match change(machine, &fields) {
        Err(text) => invalid(&text),
        Ok(()) if is_locked(machine, world.clock, world.clock.now_ms()) => locked_server(),
        Ok(()) => {
            machine.password = Some(random::password());
            reinstall(&world, "hetzner.reinstall", machine);
            let action = begin(&world, "rebuild_server", &machine.id, STARTED);
            created(json!({"action": action, "root_password": machine.password}))
        }
    })
    .await
}

/// Checks everything before it changes anything.
fn change(machine: &mut Machine<Hetzner>, fields: &Value) -> Result<(), String> {
    let image = required(fields, "image")?;
    let image = catalogue::find_image(image, machine.own.server_type).ok_or("image not found")?;
    let user_data = user_data(fields)?;
    machine.own.image = image;
    // Without any the rebuilt server keeps what it was made with.
    machine.user_data = user_data.or_else(|| machine.user_data.take());
    Ok(())
}

/// `POST /servers/{id}/actions/reset_password`: only while it runs; another one is made up.
pub(super) async fn reset_password(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Hetzner>(&world, "hetzner.reset_password", &id, |machine| {
        let now = world.clock.now_ms();
        if is_locked(machine, world.clock, now) {
            return locked_server();
        }
        if status(machine, world.clock, now) != "running" {
            return invalid("server must be running");
        }
        let password = random::password();
        set_password(&world, machine, password.clone());
        let action = begin(&world, "reset_password", &machine.id, SWITCHING);
        created(json!({"action": action, "root_password": password}))
    })
    .await
}

fn created(answer: Value) -> Response {
    (StatusCode::CREATED, Json(answer)).into_response()
}
