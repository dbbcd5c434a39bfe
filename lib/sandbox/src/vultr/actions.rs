//! Power actions and reinstallation. A machine that is still being installed refuses power actions.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::create::optional;
use super::guests::Action;
use super::instances::on_machine;
use super::inventory::Machine;
use super::{bad_request, no_such, object};
use crate::desktops::Os;
use crate::faults::Kind;
use crate::operation::{Call, Service};
use crate::random;
use crate::world::{Shared, locked};

/// How long an answer waits for the desktop to be gone.
pub(super) const GUEST_WAIT: Duration = Duration::from_secs(3);
const MANY_MAX: usize = 100;

#[derive(Clone, Copy)]
enum Power {
    Start,
    Halt,
    Reboot,
}

impl Power {
    fn target(self) -> &'static str {
        match self {
            Self::Start => "vultr.start",
            Self::Halt => "vultr.halt",
            Self::Reboot => "vultr.reboot",
        }
    }
}

/// `POST /instances/{id}/start`
pub(super) async fn start(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    one(&world, Power::Start, &id).await
}

/// `POST /instances/{id}/halt`: the power is cut.
pub(super) async fn halt(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    one(&world, Power::Halt, &id).await
}

/// `POST /instances/{id}/reboot`: hard.
pub(super) async fn reboot(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    one(&world, Power::Reboot, &id).await
}

async fn one(world: &Shared, power: Power, id: &str) -> Response {
    on_machine(world, power.target(), id, |machine| {
        if !machine.settled() {
            return bad_request("Unable to change the power state: the server is currently locked");
        }
        switch(world, power, machine);
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

fn switch(world: &Shared, power: Power, machine: &mut Machine) {
    let os = machine.desktop();
    match power {
        Power::Halt if machine.halted => {}
        Power::Halt => {
            machine.halted = true;
            tokio::spawn(Action::begin(world, machine).power_off());
        }
        Power::Start if !machine.halted => {}
        Power::Start => {
            machine.halted = false;
            tokio::spawn(Action::begin(world, machine).power_on(os));
        }
        Power::Reboot => {
            machine.halted = false;
            tokio::spawn(Action::begin(world, machine).reboot(os));
        }
    }
}

/// `POST /instances/start` with `{"instance_ids": […]}`
pub(super) async fn start_many(State(world): State<Shared>, body: Bytes) -> Response {
    many(&world, Power::Start, &body).await
}

/// `POST /instances/halt`
pub(super) async fn halt_many(State(world): State<Shared>, body: Bytes) -> Response {
    many(&world, Power::Halt, &body).await
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
    let call = Call { service: Service::Vultr, target: power.target(), subject: &subject };
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
                switch(world, power, machine);
            }
        }
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

/// `POST /instances/{id}/reinstall`: the same system afresh, 202 with a new `default_password`.
pub(super) async fn reinstall(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    let script = locked(&world.vultr.inventory).script_of(&id);
    on_machine(&world, "vultr.reinstall", &id, |machine| match new_hostname(&fields, machine.desktop()) {
        Err(text) => bad_request(&text),
        Ok(hostname) => {
            if let Some(hostname) = hostname {
                machine.hostname = hostname;
            }
            begin_reinstall(&world, machine, script);
            let mut instance = machine.shape(world.clock, world.clock.now_ms());
            instance["default_password"] = json!(machine.password);
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

/// A new password and a new installation, on the same address. `script`: the startup script as it is now; a machine
/// whose script was deleted runs the one it was made with.
pub(super) fn begin_reinstall(world: &Shared, machine: &mut Machine, script: Option<Vec<u8>>) {
    let subject = format!("{} {}", machine.label, machine.tags.join(" "));
    let strikes =
        |wanted: Kind| world.faults.take("vultr.reinstall", &subject, |kind| kind == wanted).is_some();
    machine.never_boots = strikes(Kind::NeverBoot);
    machine.calls_home = !strikes(Kind::BootSilent);
    machine.script = script.or_else(|| machine.script.take());
    machine.password = random::password();
    machine.reinstalled = true;
    machine.halted = false;
    machine.installed_at_ms = world.clock.now_ms();
    machine.first_answer_at_ms = None;
    machine.booted_at_ms = None;
    machine.guest_error = None;
    tokio::spawn(Action::begin(world, machine).reinstall());
}
