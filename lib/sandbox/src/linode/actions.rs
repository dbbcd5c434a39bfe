//! What is done to an instance. While something is, nothing else can be: `Linode busy.`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::create::{Installation, root_pass};
use super::machine::{is_busy, shape, status};
use super::{Linode, bad_request, object};
use crate::machines;
use crate::machines::{Machine, Power, on_machine, set_password, switch};
use crate::world::Shared;

/// `POST /v4/linode/instances/{id}/boot`
pub(super) async fn boot(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    power(&world, "linode.start", &id, Power::On).await
}

/// `POST /v4/linode/instances/{id}/reboot`
pub(super) async fn reboot(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    power(&world, "linode.reboot", &id, Power::Reboot).await
}

/// `POST /v4/linode/instances/{id}/shutdown`
pub(super) async fn shut_down(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    power(&world, "linode.stop", &id, Power::Off).await
}

async fn power(world: &Shared, target: &'static str, id: &str, power: Power) -> Response {
    unless_busy(world, target, id, |machine| {
        switch(world, machine, power);
        Json(json!({})).into_response()
    })
    .await
}

async fn unless_busy(
    world: &Shared,
    target: &'static str,
    id: &str,
    act: impl FnOnce(&mut Machine<Linode>) -> Response + Send,
) -> Response {
    on_machine::<Linode>(world, target, id, |machine| {
        if is_busy(machine, world.clock, world.clock.now_ms()) {
            return bad_request("Linode busy.");
        }
        act(machine)
    })
    .await
}

/// `POST /v4/linode/instances/{id}/rebuild` with `{"image", "root_pass", "metadata"?}`: without user data it has none.
pub(super) async fn rebuild(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON") };
    unless_busy(&world, "linode.reinstall", &id, |machine| {
        let install = match Installation::read(&fields) {
            Ok(install) => install,
            Err(wrong) => return wrong.into_response(),
        };
        let reaches_guest = machine.own.region.has_metadata() && install.image.runs_user_data();
        machine.own.image = install.image;
        machine.password = Some(install.root_pass);
        machine.user_data = install.user_data.filter(|_| reaches_guest);
        machines::reinstall(&world, "linode.reinstall", machine);
        Json(shape(machine, world.clock, world.clock.now_ms())).into_response()
    })
    .await
}

/// `POST /v4/linode/instances/{id}/password` with `{"root_pass"}`: only while it is off.
pub(super) async fn reset_password(
    State(world): State<Shared>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON") };
    unless_busy(&world, "linode.reset_password", &id, |machine| match root_pass(&fields) {
        Err(wrong) => wrong.into_response(),
        Ok(_) if status(machine, world.clock, world.clock.now_ms()) != "offline" => {
            bad_request("Linode must be powered off to reset the root password.")
        }
        Ok(password) => {
            set_password(&world, machine, password);
            Json(json!({})).into_response()
        }
    })
    .await
}
