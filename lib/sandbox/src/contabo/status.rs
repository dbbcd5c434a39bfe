//! What a machine shows and when, in Contabo's words.
//!
//! From create to a machine that can be reached 110 s have been seen (July 2026, V153). Windows takes longer; how much
//! is not published.

use std::time::Duration;

use super::Contabo;
use crate::clock::Clock;
use crate::desktops::Os;
use crate::machines::{Last, Machine, Timeline};

/// Until then there is no address.
const PROVISIONED: Duration = Duration::from_secs(30);
const RESETTING: Duration = Duration::from_secs(10);

const LINUX_INSTALLED: Duration = Duration::from_secs(100);
const WINDOWS_INSTALLED: Duration = Duration::from_secs(210);

const LINUX_GUEST: Timeline =
    Timeline { answers: Duration::from_secs(110), reboots: None, power_on: Duration::from_secs(20) };

const WINDOWS_GUEST: Timeline = Timeline {
    answers: Duration::from_secs(220),
    reboots: Some((Duration::from_secs(260), Duration::from_secs(300))),
    power_on: Duration::from_secs(45),
};

pub(super) fn timeline(os: Os) -> &'static Timeline {
    match os {
        Os::Windows => &WINDOWS_GUEST,
        Os::Linux => &LINUX_GUEST,
    }
}

/// The word, and whether the address is known.
pub(super) fn shown(machine: &Machine<Contabo>, clock: Clock, now_ms: i64) -> (&'static str, bool) {
    let age = machine.age(clock, now_ms);
    let installed = match machine.os {
        Os::Windows => WINDOWS_INSTALLED,
        Os::Linux => LINUX_INSTALLED,
    };
    let is_new = !machine.reinstalled;
    match machine.last {
        _ if machine.held => ("pending_payment", false),
        Last::Install if is_new && age < PROVISIONED => ("provisioning", false),
        Last::Install if age < installed || machine.never_boots => ("installing", true),
        _ if machine.halted => ("stopped", true),
        _ if machine.own.reset_at_ms.is_some_and(|at| clock.stretched(now_ms - at) < RESETTING) => {
            ("reset_password", true)
        }
        _ => ("running", true),
    }
}
