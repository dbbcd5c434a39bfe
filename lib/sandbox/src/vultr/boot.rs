//! What a new machine shows and when: the states are not monotonic, and Windows takes minutes.
//!
//! Linux as published for a vc2-1c-2gb (June 2026): address and `active/stopped/locked` after 23 s,
//! `active/running/ok` after 58 s. Windows answers, reboots once, and answers again under its own name.

use std::time::Duration;

use crate::clock::Clock;
use crate::desktops::Os;

/// Moments after the start of an installation, in the provider's time.
pub(super) struct Timeline {
    address: Duration,
    installing: Duration,
    ok: Duration,
    /// The guest first answers RDP.
    pub(super) answers: Duration,
    /// Windows only: gone from the first, back at the second.
    pub(super) reboots: Option<(Duration, Duration)>,
}

const LINUX: Timeline = Timeline {
    address: Duration::from_secs(23),
    installing: Duration::from_secs(40),
    ok: Duration::from_secs(58),
    answers: Duration::from_secs(60),
    reboots: None,
};

const WINDOWS: Timeline = Timeline {
    address: Duration::from_secs(30),
    installing: Duration::from_secs(60),
    ok: Duration::from_secs(240),
    answers: Duration::from_secs(200),
    reboots: Some((Duration::from_secs(250), Duration::from_secs(290))),
};

/// How long a guest is away when it is started or rebooted.
pub(super) fn power_on_time(os: Os) -> Duration {
    match os {
        Os::Windows => Duration::from_secs(45),
        Os::Linux => Duration::from_secs(20),
    }
}

/// The three state fields, and whether the address is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shown {
    pub(super) status: &'static str,
    pub(super) power: &'static str,
    pub(super) server: &'static str,
    pub(super) address: bool,
}

impl Shown {
    const fn new(status: &'static str, power: &'static str, server: &'static str, address: bool) -> Self {
        Self { status, power, server, address }
    }
}

pub(super) fn timeline(os: Os) -> &'static Timeline {
    match os {
        Os::Windows => &WINDOWS,
        Os::Linux => &LINUX,
    }
}

impl Timeline {
    /// The state `elapsed_ms` (our time) after the installation began. A reinstalled machine keeps its address
    /// and stays `active`; one that never boots stays in `installingbooting`.
    pub(super) fn at(&self, elapsed_ms: i64, clock: Clock, reinstalled: bool, never_boots: bool) -> Shown {
        let elapsed = Duration::from_millis(u64::try_from(elapsed_ms).unwrap_or(0));
        let reached = |moment: Duration| elapsed >= clock.compressed(moment);
        if reached(self.ok) && !never_boots {
            Shown::new("active", "running", "ok", true)
        } else if reached(self.installing) {
            Shown::new("active", "running", "installingbooting", true)
        } else if reached(self.address) || reinstalled {
            Shown::new("active", "stopped", "locked", true)
        } else {
            Shown::new("pending", "running", "none", false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_goes_on_off_and_on_again() {
        let clock = Clock::new(1);
        let at = |seconds: i64| LINUX.at(seconds * 1_000, clock, false, false);
        assert_eq!(at(0), Shown::new("pending", "running", "none", false));
        assert_eq!(at(23), Shown::new("active", "stopped", "locked", true));
        assert_eq!(at(45), Shown::new("active", "running", "installingbooting", true));
        assert_eq!(at(58), Shown::new("active", "running", "ok", true));
    }

    #[test]
    fn a_machine_that_never_boots_stays_in_installation() {
        let shown = WINDOWS.at(3_600_000, Clock::new(1), false, true);
        assert_eq!(shown, Shown::new("active", "running", "installingbooting", true));
    }

    #[test]
    fn the_time_factor_compresses_the_boot() {
        assert_eq!(WINDOWS.at(4_000, Clock::new(60), false, false).server, "ok");
        assert_eq!(WINDOWS.at(3_900, Clock::new(60), false, false).server, "installingbooting");
    }
}
