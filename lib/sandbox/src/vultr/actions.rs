//! Power actions and reinstallation. A machine that is still being installed refuses power actions.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::create::optional;
use super::machine::{decoded, shape, shape_with_password};
use super::{Vultr, bad_request, no_such, object};
use crate::desktops::Os;
use crate::machines::{self, Machine, Play as _, Power, on_machine, password_later, switch};
use crate::random;
use crate::world::{Shared, locked};

const MANY_MAX: usize = 100;
/// How long a password is shown that was not in the answer, in the provider's time.
const PASSWORD_SHOWN_FOR: Duration = Duration::from_mins(10);

fn target(power: Power) -> &'static str {
    match power {
        Power::On => "vultr.start",
        Power::Off => "vultr.halt",
        Power::Reboot => "vultr.reboot",
    }
}

/// `POST /instances/{id}/start`
pub(super) async fn start(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    one(&world, Power::On, &id).await
}

/// `POST /instances/{id}/halt`: the power is cut.
pub(super) async fn halt(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    one(&world, Power::Off, &id).await
}

/// `POST /instances/{id}/reboot`: hard.
pub(super) async fn reboot(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    one(&world, Power::Reboot, &id).await
}

async fn one(world: &Shared, power: Power, id: &str) -> Response {
    on_machine::<Vultr>(world, target(power), id, |machine| {
        if !machine.settled() {
            return bad_request("Unable to change the power state: the server is currently locked");
        }
        switch(world, machine, power);
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

/// `POST /instances/start` with `{"instance_ids": […]}`
pub(super) async fn start_many(State(world): State<Shared>, body: Bytes) -> Response {
    many(&world, Power::On, &body).await
}

/// `POST /instances/halt`
pub(super) async fn halt_many(State(world): State<Shared>, body: Bytes) -> Response {
    many(&world, Power::Off, &body).await
}

/// `POST /instances/reboot`
pub(super) async fn reboot_many(State(world): State<Shared>, body: Bytes) -> Response {
    many(&world, Power::Reboot, &body).await
}

async fn many(world: &Shared, power: Power, body: &Bytes) -> Response {
    let ids: Option<Vec<String>> = object(body).and_then(|fields| {
        let ids = fields.get("instance_ids")?.as_array()?.iter();
        ids.map(|id| id.as_str().map(str::to_owned)).collect()
    });
    let Some(ids) = ids.filter(|ids| !ids.is_empty() && ids.len() <= MANY_MAX) else {
        return bad_request("instance_ids must be an array of instance ids");
    };
    let subject = ids.join(" ");
    let call = Vultr::call(target(power), &subject);
    call.run(world, async {
        let mut inventory = locked(&world.vultr.inventory);
        if !ids.iter().all(|id| inventory.find(id).is_some()) {
            return no_such("instance");
        }
        if !ids.iter().all(|id| inventory.find(id).is_some_and(Machine::settled)) {
            return bad_request("Unable to change the power state: the server is currently locked");
        }
        for id in &ids {
            if let Some(machine) = inventory.find_mut(id) {
                switch(world, machine, power);
            }
        }
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

/// `POST /instances/{id}/reinstall`: the same system afresh, 202 with a new `default_password`.
pub(super) async fn reinstall(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    on_machine::<Vultr>(&world, "vultr.reinstall", &id, |machine| match new_hostname(&fields, machine.os) {
        Err(text) => bad_request(&text),
        Ok(hostname) => {
            if let Some(hostname) = hostname {
                machine.hostname = hostname;
            }
            begin_reinstall(&world, machine);
            let now = world.clock.now_ms();
            let instance = if password_later(&world, "vultr.reinstall", machine) {
                let shown_for = world.clock.compressed(PASSWORD_SHOWN_FOR);
                machine.own.password_until_ms = Some(now + i64::try_from(shown_for.as_millis()).unwrap_or(0));
                shape(machine, world.clock, now)
            } else {
                shape_with_password(machine, world.clock, now)
            };
            (StatusCode::ACCEPTED, Json(json!({"instance": instance}))).into_response()
        }
    })
    .await
}

fn new_hostname(fields: &Value, os: Os) -> Result<Option<String>, String> {
    let hostname = optional(fields, "hostname")?;
    if hostname.is_empty() {
        return Ok(None);
    }
    super::create::hostname(fields, os).map(Some)
}

/// A new password and a new installation, on the same address. The startup script is the present one; a machine
/// whose script was deleted runs the one it was made with.
pub(super) fn begin_reinstall(world: &Shared, machine: &mut Machine<Vultr>) {
    if let Some(script) = locked(&world.vultr.things).script(&machine.own.script_id) {
        machine.script = Some(script);
    }
    machine.user_data = decoded(&machine.own.user_data);
    machine.os = machine.own.os.desktop();
    machine.password = Some(random::password());
    machine.own.password_until_ms = None;
    machines::reinstall(world, "vultr.reinstall", machine);
}
