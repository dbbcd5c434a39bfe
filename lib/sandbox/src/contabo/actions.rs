//! Power actions, another password, and reinstallation. A machine that is still being installed refuses them.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::machine::{acted_shape, changed_shape, link, system};
use super::order::{self, Order};
use super::{Contabo, audits, bad_request, error, object, one, request_id};
use crate::machines::{self, Machine, Power, on_machine, set_password, switch};
use crate::world::Shared;

const REINSTALL_FIELDS: &[&str] =
    &["imageId", "sshKeys", "rootPassword", "userData", "defaultUser", "applicationId"];
const RESET_FIELDS: &[&str] = &["sshKeys", "rootPassword", "userData"];

/// `POST …/actions/start`
pub(super) async fn start(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    power(&world, "contabo.start", &id, &body, Power::On, "start").await
}

/// `POST …/actions/stop`: the power is cut.
pub(super) async fn stop(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    power(&world, "contabo.stop", &id, &body, Power::Off, "stop").await
}

/// `POST …/actions/shutdown`: the system is asked to, and here it always obeys.
pub(super) async fn shut_down(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    power(&world, "contabo.stop", &id, &body, Power::Off, "shutdown").await
}

/// `POST …/actions/restart`
pub(super) async fn restart(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    power(&world, "contabo.reboot", &id, &body, Power::Reboot, "restart").await
}

async fn power(
    world: &Shared,
    target: &'static str,
    id: &str,
    body: &Bytes,
    power: Power,
    action: &str,
) -> Response {
    if let Err(text) = object(body, &[]) {
        return bad_request(&text);
    }
    on_machine::<Contabo>(world, target, id, |machine| {
        if let Some(refused) = unsettled(machine) {
            return refused;
        }
        switch(world, machine, power);
        one(StatusCode::CREATED, acted_shape(machine, action), &link(machine))
    })
    .await
}

/// The refusal of a machine to which nothing can be done yet.
fn unsettled(machine: &Machine<Contabo>) -> Option<Response> {
    if machine.held {
        return Some(error(StatusCode::BAD_REQUEST, "The payment of this instance is pending"));
    }
    (!machine.settled()).then(|| error(StatusCode::CONFLICT, "The instance is being installed"))
}

/// `POST …/actions/resetPassword` with `{"rootPassword": secretId}`, while the machine runs.
pub(super) async fn reset_password(
    State(world): State<Shared>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let fields = match object(&body, RESET_FIELDS) {
        Ok(fields) => fields,
        Err(text) => return bad_request(&text),
    };
    on_machine::<Contabo>(&world, "contabo.reset_password", &id, |machine| {
        if let Some(refused) = unsettled(machine) {
            return refused;
        }
        if machine.halted {
            return error(StatusCode::CONFLICT, "The instance is not running");
        }
        if let Err(text) = order::keys(&fields, machine.os) {
            return bad_request(&text);
        }
        match order::password(&world.contabo, &fields) {
            Ok(Some(password)) => {
                machine.own.reset_at_ms = Some(world.clock.now_ms());
                set_password(&world, machine, password);
                one(StatusCode::CREATED, acted_shape(machine, "resetPassword"), &link(machine))
            }
            Ok(None) => bad_request("rootPassword or sshKeys should not be empty"),
            Err(text) => bad_request(&text),
        }
    })
    .await
}

/// `PUT /v1/compute/instances/{id}`: a new installation on the same address.
pub(super) async fn reinstall(
    State(world): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = match object(&body, REINSTALL_FIELDS) {
        Ok(fields) => fields,
        Err(text) => return bad_request(&text),
    };
    on_machine::<Contabo>(&world, "contabo.reinstall", &id, |machine| {
        if let Some(refused) = unsettled(machine) {
            return refused;
        }
        let order = match Order::read(&world.contabo, &fields, None) {
            Ok(order) if machine.own.product.takes(order.image) => order,
            Ok(_) => return bad_request("You cannot use this image with selected product"),
            Err(text) => return bad_request(&text),
        };
        machine.os = system(order.image, order.user_data.as_deref());
        machine.own.image = order.image;
        machine.own.default_user = order.default_user;
        machine.own.reset_at_ms = None;
        machine.password = Some(order.password);
        machine.user_data = order.user_data;
        machines::reinstall(&world, "contabo.reinstall", machine);
        audits::note(&world, machine, audits::UPDATED, request_id(&headers).unwrap_or_default());
        one(StatusCode::OK, changed_shape(machine), &link(machine))
    })
    .await
}
