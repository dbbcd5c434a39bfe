//! Exactly one machine per order: the protocol around a call that may act without answering.
//!
//! A provider's create call that times out, breaks off or answers 500 is neither done nor failed. So the
//! intent is stored first, the machine carries a name made from order and attempt, and after any unclear
//! answer the provider is asked by that name, for as long as a machine could still turn up, before the
//! attempt is written off. A written-off attempt keeps its tombstone, and only the next attempt, under
//! another name, may create again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Offering, word_enum};
use crate::ids::{InstanceId, OrderId};
use crate::vm::{Vm, VmId, vm_name};

word_enum! {
    /// What is known of an attempt.
    AttemptState {
        /// No call that could create anything is under way.
        Planned = "planned",
        /// A create call was begun and its outcome is not known: a machine may exist, or still appear.
        Unknown = "unknown",
        /// The machine exists and its id is recorded.
        Created = "created",
        /// No machine of this name exists, and none is to be made: the tombstone.
        Absent = "absent",
    }
}

word_enum! {
    /// Why an attempt came to nothing; decides whether its offering is tried once more for the same order.
    Setback {
        /// This size cannot be had in this region.
        OutOfStock = "out_of_stock",
        /// Our account's limit there.
        Quota = "quota",
        /// The provider refuses our key or our address.
        Unauthorized = "unauthorized",
        /// The provider refuses the request.
        Refused = "refused",
        /// The provider is down, too busy, or its circuit is open.
        Unavailable = "unavailable",
        /// The call was unclear and no machine turned up, or the machine's password was lost.
        Lost = "lost",
        /// The machine came and did not become a desktop.
        Broken = "broken",
    }
}

/// One attempt to make the machine of an order; the intent row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Whose machine.
    pub order: OrderId,
    /// For which desktop.
    pub instance: InstanceId,
    /// From 1; part of the machine's name.
    pub number: u16,
    /// Where it is made.
    pub offering: Offering,
    /// What is known.
    pub state: AttemptState,
    /// The id that the create call carries to the provider (a random UUID v4), where it can be looked up by it.
    pub request_id: String,
    /// When the last create call was begun.
    pub called_at: Option<Timestamp>,
    /// When the order went on without knowing what became of this attempt's machine, because the provider could not
    /// be asked. Until the provider has been seen to list nothing of its name twice, the attempt is looked after.
    pub left_at: Option<Timestamp>,
    /// Why it came to nothing.
    pub setback: Option<Setback>,
    /// The machine.
    pub vm: Option<VmId>,
    /// Hash (sha512-crypt) of the password that first boot sets; `None` where the provider makes it.
    pub password_hash: Option<String>,
    /// KMS ciphertext of the password; absent until it is known.
    pub password_ciphertext: Option<Vec<u8>>,
    /// While it is being destroyed: when the provider was first seen to list nothing of this name.
    pub absent_since: Option<Timestamp>,
    /// Counts the writes.
    pub version: u64,
}

impl Attempt {
    /// The machine's name.
    pub fn vm_name(&self) -> String {
        vm_name(self.order, self.number)
    }

    /// Whether a machine of this attempt can no longer turn up by itself: its last call is a `quarantine` old.
    pub fn is_cold(&self, quarantine: SignedDuration, now: Timestamp) -> bool {
        self.called_at.is_none_or(|called| now.duration_since(called) >= quarantine)
    }

    /// The attempt after its order went on without it: what became of its machine is not known.
    #[must_use]
    pub fn left_behind(self, now: Timestamp) -> Self {
        Self { state: AttemptState::Unknown, left_at: Some(now), absent_since: None, ..self }
    }

    /// The attempt after a machine of its name was seen that nobody is going to use. Where none was known before, it was
    /// never anybody's desktop: the order has not lost it.
    #[must_use]
    pub fn turned_up(self, vm: Option<VmId>) -> Self {
        let never_had = self.vm.is_none() && self.setback == Some(Setback::Lost);
        let setback = if never_had { Some(Setback::Unavailable) } else { self.setback };
        Self { vm, setback, absent_since: None, ..self }
    }

    /// Whether no machine of its name was ever made: no call was begun, or every call was refused in words.
    pub fn made_nothing(&self) -> bool {
        match self.state {
            AttemptState::Planned => true,
            AttemptState::Unknown | AttemptState::Created => false,
            AttemptState::Absent => {
                matches!(
                    self.setback,
                    Some(
                        Setback::OutOfStock
                            | Setback::Quota
                            | Setback::Unauthorized
                            | Setback::Refused
                            | Setback::Unavailable
                    )
                ) && self.vm.is_none()
                    && self.left_at.is_none()
            }
        }
    }

    /// Whether the order went on without knowing what became of this call, and nobody has found out since.
    pub fn is_left_behind(&self) -> bool {
        self.state == AttemptState::Unknown && self.left_at.is_some()
    }
}

/// What to do next about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// Record the call, then make it.
    Create,
    /// This is the machine that an unclear call made: record it.
    Adopt(VmId),
    /// It may still turn up: ask again later.
    AskAgain,
    /// It did not turn up in time: write the attempt off and go on with the next.
    WriteOff,
    /// The machine is recorded already.
    Done(VmId),
}

/// Decides what to do about an attempt.
///
/// `listed`: what the provider lists under the attempt's name, asked after any earlier call ended. The
/// `quarantine` is longer than the provider's slowest create plus the lag of its list.
pub fn next_step(attempt: &Attempt, listed: &[Vm], quarantine: SignedDuration, now: Timestamp) -> NextStep {
    let ours = listed.iter().find(|vm| vm.name == attempt.vm_name() && !vm.is_over());
    match (attempt.state, ours) {
        (AttemptState::Created, _) if attempt.vm.is_some() => {
            attempt.vm.clone().map_or(NextStep::AskAgain, NextStep::Done)
        }
        (AttemptState::Absent, _) => NextStep::WriteOff,
        (_, Some(vm)) => NextStep::Adopt(vm.id.clone()),
        (AttemptState::Planned, None) => NextStep::Create,
        (AttemptState::Unknown | AttemptState::Created, None) => {
            if attempt.is_cold(quarantine, now) {
                NextStep::WriteOff
            } else {
                NextStep::AskAgain
            }
        }
    }
}

/// The progress of making sure that nothing is left of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Absence {
    /// Something is listed: delete it and look again.
    Present,
    /// Nothing is listed for the first time, or not for long enough: look again after the pause.
    LookAgain {
        /// Since when nothing was listed.
        since: Timestamp,
    },
    /// Seen absent twice, far enough apart, and no call can bring it back.
    Confirmed,
}

/// Judges whether an attempt's machine is gone for good: absent in two looks at least `pause` apart, both
/// after the quarantine of the last create call when its outcome was never known.
pub fn judge_absence(
    attempt: &Attempt,
    listed: &[Vm],
    pause: SignedDuration,
    quarantine: SignedDuration,
    now: Timestamp,
) -> Absence {
    if listed.iter().any(|vm| vm.name == attempt.vm_name() && !vm.is_over()) {
        return Absence::Present;
    }
    // A look before the last moment at which it could turn up is none.
    let counts = |at: Timestamp| attempt.state != AttemptState::Unknown || attempt.is_cold(quarantine, at);
    match attempt.absent_since {
        Some(since) if counts(since) && now.duration_since(since) >= pause => Absence::Confirmed,
        Some(since) if counts(since) || !counts(now) => Absence::LookAgain { since },
        _ => Absence::LookAgain { since: now },
    }
}
