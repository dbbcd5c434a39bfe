//! A desktop against the machine that it records.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::ids::InstanceId;
use crate::instance::{Instance, InstanceStatus};
use crate::vm::{Vm, VmId, VmState};

/// What the comparison needs of a desktop: small, because all of a provider's are held at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The desktop.
    pub instance: InstanceId,
    /// Its machine.
    pub vm: VmId,
    /// Where it stands.
    pub status: InstanceStatus,
    /// Its address.
    pub address: Option<IpAddr>,
    /// When it was delivered.
    pub ready_at: Option<Timestamp>,
}

impl Recorded {
    /// A desktop's record; `None` while it records no machine that is rented.
    pub fn of(instance: &Instance) -> Option<Self> {
        let vm = instance.vm.clone().filter(|_| instance.rents())?;
        let Instance { id, status, address, ready_at, .. } = *instance;
        Some(Self { instance: id, vm, status, address, ready_at })
    }

    /// Whether nobody is at work on it: a desktop that is being made, or busy, is changed by others.
    const fn rests(&self) -> bool {
        matches!(self.status, InstanceStatus::Active | InstanceStatus::Stopped)
    }
}

/// How a machine's state fits its desktop's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateSays {
    /// It fits, or says nothing: it passes, or is a word that we do not know.
    Fits,
    /// The desktop should be called this; believed when it is seen again.
    Is(InstanceStatus),
    /// A person has to look at the provider; as a sentence.
    Odd(String),
}

/// What a listing says of a recorded machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The address that it has now, where the record says another.
    pub address: Option<IpAddr>,
    /// How its state fits.
    pub state: StateSays,
}

/// Compares a desktop with its machine.
///
/// A desktop that its owner shut down from inside is called stopped, or they could not start it; one that somebody
/// started at the provider is called active again.
pub fn compare(recorded: &Recorded, vm: &Vm) -> Comparison {
    if !recorded.rests() {
        return Comparison { address: None, state: StateSays::Fits };
    }
    let address = vm.address.filter(|address| recorded.address != Some(*address));
    let state = match (&vm.state, recorded.status) {
        _ if vm.ends_on.is_some() => {
            let day = vm.ends_on.map(|day| day.to_string()).unwrap_or_default();
            StateSays::Odd(format!("was cancelled at the provider and ends on {day}"))
        }
        (VmState::Stopped, InstanceStatus::Active) => StateSays::Is(InstanceStatus::Stopped),
        (VmState::Running, InstanceStatus::Stopped) => StateSays::Is(InstanceStatus::Active),
        (VmState::Suspended, _) => StateSays::Odd("is suspended by the provider".to_owned()),
        (VmState::Held(word), _) => StateSays::Odd(format!("is held by the provider: {word}")),
        (VmState::Failed(word), _) => StateSays::Odd(format!("has failed: {word}")),
        (VmState::Pending | VmState::Running | VmState::Stopped | VmState::Unknown(_), _) => StateSays::Fits,
    };
    Comparison { address, state }
}

/// What the absence of a desktop's machine from a whole listing means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// Nothing: it was not to be in it yet, or somebody is at work on it.
    None,
    /// It may be lost: look again at the next listing.
    First,
    /// It was not in an earlier one either: ask for it by its id.
    Again,
}

/// Judges a desktop whose machine was in no page of a listing that began at `began_at`.
///
/// `missed_since`: when a whole listing was first without it. A list may be older than its answer, by the
/// `quarantine` at most.
pub fn suspicion(
    recorded: &Recorded,
    began_at: Timestamp,
    missed_since: Option<Timestamp>,
    quarantine: SignedDuration,
) -> Suspicion {
    let long_there = recorded.ready_at.is_some_and(|at| began_at.duration_since(at) >= quarantine);
    match missed_since {
        _ if !recorded.rests() || !long_there => Suspicion::None,
        Some(since) if began_at.duration_since(since) >= quarantine => Suspicion::Again,
        _ => Suspicion::First,
    }
}
