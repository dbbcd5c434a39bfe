//! What a machine shows and when.
//!
//! The codes are documented; how long each state takes is not, and differs: these are usual times of small types.

use std::time::Duration;

use super::Ec2;
use crate::clock::Clock;
use crate::desktops::Os;
use crate::machines::{Last, Machine};

/// From its creation to `running`.
const PENDING: Duration = Duration::from_secs(12);
const STOPPING: Duration = Duration::from_secs(20);
/// From a start to `running`, and to checks that have passed again.
const STARTING: Duration = Duration::from_secs(8);
const RECHECKED: Duration = Duration::from_secs(60);
/// From the creation to checks that have passed.
const CHECKED_LINUX: Duration = Duration::from_secs(75);
const CHECKED_WINDOWS: Duration = Duration::from_secs(150);
/// From the creation to a password that can be asked for; AWS says to wait up to 15 minutes.
const PASSWORD: Duration = Duration::from_secs(220);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
    /// One that nobody has documented.
    Unheard,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Unheard => "hovering",
        }
    }

    pub(super) fn code(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
            Self::Unheard => 96,
        }
    }
}

/// What is seen of a machine at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shown {
    pub(super) state: State,
    /// The status checks, `initializing` and so on.
    pub(super) checks: &'static str,
}

pub(super) fn of(machine: &Machine<Ec2>, clock: Clock, now_ms: i64) -> Shown {
    let (age, since) = (machine.age(clock, now_ms), machine.since_action(clock, now_ms));
    let checked = match machine.os {
        Os::Windows => CHECKED_WINDOWS,
        Os::Linux => CHECKED_LINUX,
    };
    let (state, checks) = match machine.last {
        Last::Install if age < PENDING => (State::Pending, "not-applicable"),
        Last::Install if age < checked => (State::Running, "initializing"),
        Last::PowerOff if since < STOPPING => (State::Stopping, "not-applicable"),
        Last::PowerOff => (State::Stopped, "not-applicable"),
        Last::PowerOn if since < STARTING => (State::Pending, "not-applicable"),
        Last::PowerOn if since < RECHECKED => (State::Running, "initializing"),
        _ if machine.never_boots => (State::Running, "impaired"),
        _ => (State::Running, "ok"),
    };
    Shown { state, checks }
}

/// Whether Windows has told EC2 its password.
pub(super) fn has_password(machine: &Machine<Ec2>, clock: Clock, now_ms: i64) -> bool {
    machine.os == Os::Windows && !machine.never_boots && machine.age(clock, now_ms) >= PASSWORD
}
