//! What a new machine shows and when: the states are not monotonic, and Windows takes minutes.
//!
//! Linux as published for a vc2-1c-2gb (June 2026): address and `active/stopped/locked` after 23 s,
//! `active/running/ok` after 58 s. Windows answers, reboots once, and answers again under its own name.

use std::time::Duration;

use crate::desktops::Os;
use crate::machines::Timeline;

/// When the API shows what, counted from the start of an installation.
pub(super) struct States {
    address: Duration,
    installing: Duration,
    ok: Duration,
}

const LINUX: States = States {
    address: Duration::from_secs(23),
    installing: Duration::from_secs(40),
    ok: Duration::from_secs(58),
};

const LINUX_GUEST: Timeline =
    Timeline { answers: Duration::from_secs(60), reboots: None, power_on: Duration::from_secs(20) };

const WINDOWS: States = States {
    address: Duration::from_secs(30),
    installing: Duration::from_secs(60),
    ok: Duration::from_secs(240),
};

const WINDOWS_GUEST: Timeline = Timeline {
    answers: Duration::from_secs(200),
    reboots: Some((Duration::from_secs(250), Duration::from_secs(290))),
    power_on: Duration::from_secs(45),
};

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
        Os::Windows => &WINDOWS_GUEST,
        Os::Linux => &LINUX_GUEST,
    }
}

pub(super) fn states(os: Os) -> &'static States {
    match os {
        Os::Windows => &WINDOWS,
        Os::Linux => &LINUX,
    }
}

impl States {
    /// The state `elapsed` (the provider's time) after the installation began. A reinstalled machine keeps its
    /// address and stays `active`; one that never boots stays in `installingbooting`.
    pub(super) fn at(&self, elapsed: Duration, reinstalled: bool, never_boots: bool) -> Shown {
        let reached = |moment: Duration| elapsed >= moment;
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
        let at = |seconds: u64| LINUX.at(Duration::from_secs(seconds), false, false);
        assert_eq!(at(0), Shown::new("pending", "running", "none", false));
        assert_eq!(at(23), Shown::new("active", "stopped", "locked", true));
        assert_eq!(at(45), Shown::new("active", "running", "installingbooting", true));
        assert_eq!(at(58), Shown::new("active", "running", "ok", true));
    }

    #[test]
    fn a_machine_that_never_boots_stays_in_installation() {
        let shown = WINDOWS.at(Duration::from_secs(3_600), false, true);
        assert_eq!(shown, Shown::new("active", "running", "installingbooting", true));
    }
}
