//! One machine, as its provider knows it.

use std::net::{IpAddr, Ipv4Addr};

use domain::Timestamp;
use domain::catalogue::{Os, Provider};
use domain::create::{Attempt, Setback};
use domain::first_boot::Fingerprints;
use domain::vm::{Vm, VmId, VmState};
use jiff::SignedDuration;
use jiff::civil::Date;

use super::BootPlan;
use crate::sim::Chance;
use crate::world::Work;

/// From create to an address, and from create (or reinstall, or start) to a desktop that answers.
const ADDRESS_TAKES: SignedDuration = SignedDuration::from_secs(12);
const LINUX_BOOT_TAKES: SignedDuration = SignedDuration::from_secs(110);
const WINDOWS_BOOT_TAKES: SignedDuration = SignedDuration::from_secs(240);
const RESTART_TAKES: SignedDuration = SignedDuration::from_secs(30);

/// One machine.
#[derive(Clone)]
pub struct Machine {
    /// Who makes it.
    pub provider: Provider,
    /// The provider's id.
    pub id: VmId,
    /// Our name for it.
    pub name: String,
    /// Our tags.
    pub tags: Vec<String>,
    /// The provider's id of its size.
    pub plan: String,
    /// The provider's id of its region.
    pub region: String,
    /// Its system.
    pub os: Os,
    /// Its address.
    pub address: IpAddr,
    /// The provider's password (Windows), or the hash from its user data (Linux).
    pub password: String,
    /// The address that it calls home to.
    pub report_url: String,
    /// Whether it is turned on.
    pub on: bool,
    /// How often it was made as new.
    pub installs: u32,
    /// The day on which it ends, once it was cancelled where machines are rented by the month.
    pub ends_on: Option<Date>,
    /// How long after its create it was listed for the first time.
    pub(super) late_by: SignedDuration,
    /// When it is listed at the earliest: a late create lies in the future.
    pub(super) exists_from: Timestamp,
    pub(super) deleted_at: Option<Timestamp>,
    /// When it was there again after it had disappeared.
    pub(super) back_since: Option<Timestamp>,
    /// Whether we deleted it within a week after that.
    pub(super) taken_early: bool,
    /// Until when it is shown with its password.
    pub(super) told_until: Option<Timestamp>,
    /// When its desktop answers; `None` for never.
    pub(super) answers_from: Option<Timestamp>,
}

impl Machine {
    /// How long after its create it was listed for the first time.
    pub const fn late_by(&self) -> SignedDuration {
        self.late_by
    }

    /// Whether it disappeared and was there again, and an order gave it up for lost meanwhile.
    pub(crate) fn came_back_to(&self, attempts: &[Attempt]) -> bool {
        let lost = |a: &Attempt| a.vm.as_ref() == Some(&self.id) && a.setback == Some(Setback::Lost);
        self.back_since.is_some() && attempts.iter().any(lost)
    }

    /// Whether it was deleted within the week after it had come back.
    pub(crate) const fn was_taken_early(&self) -> bool {
        self.taken_early
    }

    /// Whether it is gone, or cancelled and off.
    pub(super) const fn is_over(&self) -> bool {
        self.deleted_at.is_some() || (self.ends_on.is_some() && !self.on)
    }

    /// Whether it exists at `now`.
    pub(super) fn exists(&self, now: Timestamp) -> bool {
        self.exists_from <= now && !self.is_over()
    }

    /// Whether a list as old as `seen_at` has it.
    pub(super) fn was_listed(&self, seen_at: Timestamp) -> bool {
        self.exists_from <= seen_at && self.deleted_at.is_none_or(|at| at > seen_at)
    }

    /// Whether its desktop has come up by `now`.
    pub(super) fn has_answered(&self, now: Timestamp) -> bool {
        self.answers_from.is_some_and(|at| at <= now)
    }

    /// The certificate that its present system answers with.
    pub fn certificate(&self) -> Fingerprints {
        let mut stream = Chance::new(7, &format!("{}#{}", self.id.0, self.installs));
        let mut digits = |sixteens: usize| -> String {
            (0..sixteens).map(|_| format!("{:016x}", stream.next())).collect()
        };
        let (sha256, mut sha1) = (digits(4), digits(3));
        sha1.truncate(40);
        Fingerprints { sha256: Some(sha256), sha1: Some(sha1) }
    }

    /// What it says of itself: Windows knows SHA-1, Ubuntu SHA-256.
    pub fn own_word(&self) -> Fingerprints {
        let all = self.certificate();
        match self.os {
            Os::Windows => Fingerprints { sha256: None, ..all },
            Os::Linux => Fingerprints { sha1: None, ..all },
        }
    }

    /// As the provider shows it.
    pub(super) fn shown(&self, now: Timestamp) -> Vm {
        let age = now.duration_since(self.exists_from);
        let state = match (self.on, self.answers_from) {
            (false, _) => VmState::Stopped,
            (true, Some(at)) if at <= now => VmState::Running,
            // Providers say "running" while the system is still being installed, and take it back.
            (true, Some(_)) if age.as_secs() % 60 > 40 => VmState::Running,
            (true, Some(_)) if age.as_secs() % 60 > 30 => VmState::Unknown("rebuilding".to_owned()),
            (true, _) => VmState::Pending,
        };
        Vm {
            provider: self.provider,
            id: self.id.clone(),
            name: self.name.clone(),
            tags: self.tags.clone(),
            state,
            address: (age >= ADDRESS_TAKES && (self.on || self.keeps_address())).then_some(self.address),
            region: self.region.clone(),
            plan: self.plan.clone(),
            created_at: Some(self.exists_from),
            ends_on: self.ends_on,
        }
    }

    /// Begins to boot at `from`.
    pub(super) fn boots(&mut self, plan: BootPlan, from: Timestamp) {
        let takes = match self.os {
            Os::Windows => WINDOWS_BOOT_TAKES,
            Os::Linux => LINUX_BOOT_TAKES,
        };
        self.answers_from = if plan == BootPlan::Never { None } else { from.checked_add(takes).ok() };
    }

    /// Begins to start again, with the system that it has.
    pub(super) fn restarts(&mut self, now: Timestamp) {
        self.answers_from = self.answers_from.and(now.checked_add(RESTART_TAKES).ok());
    }

    /// Is turned on.
    pub(super) fn starts(&mut self, now: Timestamp) {
        if let IpAddr::V4(old) = self.address
            && !(self.on || self.keeps_address())
        {
            self.address = IpAddr::V4(Ipv4Addr::from(u32::from(old).wrapping_add(1 << 16)));
        }
        self.on = true;
        self.restarts(now);
    }

    /// Whether its address is its own. EC2 lends one to a machine for as long as it is on.
    fn keeps_address(&self) -> bool {
        self.provider != Provider::Ec2
    }

    /// Its call home, if it makes one: how long after `now`, and what.
    pub(super) fn call_home(&self, plan: BootPlan, now: Timestamp) -> Option<(SignedDuration, Work)> {
        let answers = self.answers_from.filter(|_| plan != BootPlan::Silent)?;
        let certificate = match plan {
            BootPlan::WrongCertificate => {
                Fingerprints { sha256: Some("0".repeat(64)), sha1: Some("0".repeat(40)) }
            }
            _ => self.own_word(),
        };
        let call = Work::CallHome {
            vm: self.id.clone(),
            installs: self.installs,
            url: self.report_url.clone(),
            succeeded: plan != BootPlan::SetupFails,
            certificate,
            tries: 0,
        };
        Some((answers.duration_since(now), call))
    }
}
