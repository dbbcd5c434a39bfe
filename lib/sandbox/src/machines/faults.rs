//! Faults that change what an operation does, rather than its answer on the wire.

use super::{Inventory, Machine, Play};
use crate::faults::Kind;
use crate::operation::Call;
use crate::world::World;

/// How young a machine must be for `stale_list` to leave it out when the fault names no `delay_ms`.
const STALE_DEFAULT_MS: i64 = 60_000;

/// The machines that a list shows, oldest first: the visible ones, without the young where `stale_list` strikes.
pub(crate) fn listed<'a, P: Play>(
    world: &World,
    call: &Call<'_>,
    inventory: &'a Inventory<P>,
) -> Vec<&'a Machine<P>> {
    let now = world.clock.now_ms();
    let stale_ms = world
        .faults
        .take(call.target, call.subject, |kind| kind == Kind::StaleList)
        .map(|s| s.delay.and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or(STALE_DEFAULT_MS));
    inventory
        .machines()
        .filter(|m| m.visible_at_ms <= now)
        .filter(|m| stale_ms.is_none_or(|young| m.created_at_ms + young <= now))
        .collect()
}

/// Whether this sight of the machine shall have a status that nobody has documented. `target`: `<p>.get` or `<p>.list`.
pub(crate) fn unknown_status<P: Play>(world: &World, target: &str, machine: &Machine<P>) -> bool {
    world.faults.take(target, &machine.subject(), |kind| kind == Kind::UnknownStatus).is_some()
}

/// Whether this reinstall shall be answered without the password that it made. `target`: `<p>.reinstall`.
pub(crate) fn password_later<P: Play>(world: &World, target: &str, machine: &Machine<P>) -> bool {
    world.faults.take(target, &machine.subject(), |kind| kind == Kind::PasswordLater).is_some()
}

/// Whether the catalogue shall show nothing in stock. `target`: `<p>.availability`.
pub(crate) fn sold_out(world: &World, target: &str, subject: &str) -> bool {
    world.faults.take(target, subject, |kind| kind == Kind::OutOfStock).is_some()
}
