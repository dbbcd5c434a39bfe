//! What happens to a machine from its creation to its end.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;

use super::guests::Action;
use super::{Inventory, Last, Machine, New, Play};
use crate::faults::Kind;
use crate::operation::Call;
use crate::world::{Shared, World, locked};

/// How long `late_create` hides the machine when the fault names no `delay_ms`.
const LATE_DEFAULT: Duration = Duration::from_secs(2);
/// How long an answer waits for the desktop to be gone.
const GUEST_WAIT: Duration = Duration::from_secs(3);

/// What a fault's `match` looks into: label and tags; the id alone for an unknown machine.
pub(crate) fn subject<P: Play>(world: &World, id: &str) -> String {
    locked(P::of(world).inventory()).find(id).map_or_else(|| id.to_owned(), Machine::subject)
}

/// Runs `act` on one visible machine under the faults for `target`; the play's "not there" for any other.
pub(crate) async fn on_machine<P: Play>(
    world: &Shared,
    target: &'static str,
    id: &str,
    act: impl FnOnce(&mut Machine<P>) -> Response + Send,
) -> Response {
    let subject = subject::<P>(world, id);
    P::call(target, &subject)
        .run(world, async {
            let now = world.clock.now_ms();
            match locked(P::of(world).inventory()).find_mut(id).filter(|m| m.visible_at_ms <= now) {
                Some(machine) => act(machine),
                None => P::no_such_machine(id),
            }
        })
        .await
}

/// Puts a machine in and lets it boot; what its creator reads is `answer`, or a gateway timeout where `late_create`
/// strikes. Refused in the provider's words when there are too many machines.
pub(crate) fn open<P: Play>(
    world: &Shared,
    call: &Call<'_>,
    inventory: &mut Inventory<P>,
    new: New<P>,
    answer: impl FnOnce(&Machine<P>) -> Response,
) -> Response {
    let Some(seat) = world.machines.seat(true) else { return P::SERVICE.quota() };
    let Some(address) = locked(&world.machines.addresses).next_free() else { return P::SERVICE.quota() };
    let strikes = |wanted: Kind| world.faults.take(call.target, call.subject, |kind| kind == wanted);
    let now = world.clock.now_ms();
    let mut machine = Machine::new(new, inventory.next_place(), address, seat, now);
    let late = strikes(Kind::LateCreate).map(|strike| strike.delay.unwrap_or(LATE_DEFAULT));
    let hidden_for = late.unwrap_or_default();
    machine.visible_at_ms = now + i64::try_from(hidden_for.as_millis()).unwrap_or(0);
    machine.installed_at_ms = machine.visible_at_ms;
    machine.held = strikes(Kind::Held).is_some();
    machine.creation_fails = strikes(Kind::ActionFails).is_some();
    machine.never_boots = strikes(Kind::NeverBoot).is_some() || machine.held || machine.creation_fails;
    machine.calls_home = strikes(Kind::BootSilent).is_none();
    let answer = answer(&machine);
    tokio::spawn(Action::begin(world, &mut machine, Last::Install).install(hidden_for));
    inventory.add(machine);
    match late {
        Some(_) => P::SERVICE.error(StatusCode::GATEWAY_TIMEOUT, "Gateway timeout"),
        None => answer,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    On,
    Off,
    /// Off and on, also from off.
    Reboot,
}

/// A power action, done in the background. Nothing happens to a machine that is on or off already. Whether it may be
/// done now is the play's to say: see [`Machine::settled`].
pub(crate) fn switch<P: Play>(world: &Shared, machine: &mut Machine<P>, power: Power) {
    match power {
        Power::Off if machine.halted => {}
        Power::Off => {
            machine.halted = true;
            tokio::spawn(Action::begin(world, machine, Last::PowerOff).power_off());
        }
        Power::On if !machine.halted => {}
        Power::On => {
            machine.halted = false;
            if !P::KEEPS_ADDRESS {
                let free = locked(&world.machines.addresses).next_free();
                machine.address = free.unwrap_or(machine.address);
            }
            tokio::spawn(Action::begin(world, machine, Last::PowerOn).power_on());
        }
        Power::Reboot => {
            machine.halted = false;
            tokio::spawn(Action::begin(world, machine, Last::Reboot).reboot());
        }
    }
}

/// A new installation on the same address. The play has set what changes: system, password, user data, script.
/// `target`: whose faults strike, `<p>.reinstall`.
pub(crate) fn reinstall<P: Play>(world: &Shared, target: &'static str, machine: &mut Machine<P>) {
    let subject = machine.subject();
    let strikes = |wanted: Kind| world.faults.take(target, &subject, |kind| kind == wanted).is_some();
    machine.never_boots = strikes(Kind::NeverBoot);
    machine.calls_home = !strikes(Kind::BootSilent);
    machine.reinstalled = true;
    machine.halted = false;
    machine.installed_at_ms = world.clock.now_ms();
    machine.first_answer_at_ms = None;
    machine.booted_at_ms = None;
    machine.guest_error = None;
    tokio::spawn(Action::begin(world, machine, Last::Install).reinstall());
}

/// Another password for the administrator of what is installed, at once; a machine that is still being installed
/// comes up with it. A real Linux desktop does not learn of it: its users come from the user data.
pub(crate) fn set_password<P: Play>(world: &Shared, machine: &mut Machine<P>, password: String) {
    machine.password = Some(password.clone());
    if !machine.has_desktop {
        return;
    }
    let (world, id, turn) = (Arc::clone(world), machine.id.clone(), Arc::clone(&machine.turn));
    tokio::spawn(async move {
        let _turn = turn.lock().await;
        if let Err(error) = world.machines.guests.set_password(&id, &password).await {
            tracing::warn!(machine = %id, error = %format!("{error:#}"), "the password could not be set");
        }
    });
}

/// Takes a visible machine out for good; false when there is none. Returns when its desktop is gone, or soon.
pub(crate) async fn destroy<P: Play>(world: &Shared, id: &str) -> bool {
    let now = world.clock.now_ms();
    let removed = {
        let mut inventory = locked(P::of(world).inventory());
        let visible = inventory.find(id).is_some_and(|m| m.visible_at_ms <= now);
        if visible { inventory.remove(id, now) } else { None }
    };
    let Some(machine) = removed else { return false };
    let host = Arc::clone(world);
    // On its own, so that a caller who hangs up does not leave the desktop running.
    let ending = tokio::spawn(async move { host.machines.guests.destroy(&machine.id, &machine.turn).await });
    drop(tokio::time::timeout(GUEST_WAIT, ending).await);
    true
}
