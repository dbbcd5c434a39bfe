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
        /// A create call was begun and its outcome is not recorded: a machine may exist, or still appear.
        Calling = "calling",
        /// The machine exists and its id is recorded.
        Created = "created",
        /// No machine of this name exists, and none is to be made: the tombstone.
        Absent = "absent",
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
    /// When the last create call was begun.
    pub called_at: Option<Timestamp>,
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
    let ours = listed.iter().find(|vm| vm.name == attempt.vm_name());
    match (attempt.state, ours) {
        (AttemptState::Created, _) if attempt.vm.is_some() => {
            attempt.vm.clone().map_or(NextStep::AskAgain, NextStep::Done)
        }
        (AttemptState::Absent, _) => NextStep::WriteOff,
        (_, Some(vm)) => NextStep::Adopt(vm.id.clone()),
        (AttemptState::Planned, None) => NextStep::Create,
        (AttemptState::Calling | AttemptState::Created, None) => {
            if turned_cold(attempt, quarantine, now) {
                NextStep::WriteOff
            } else {
                NextStep::AskAgain
            }
        }
    }
}

/// Whether a machine of this attempt can no longer turn up by itself.
fn turned_cold(attempt: &Attempt, quarantine: SignedDuration, now: Timestamp) -> bool {
    attempt.called_at.is_none_or(|called| now.duration_since(called) >= quarantine)
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
    if listed.iter().any(|vm| vm.name == attempt.vm_name()) {
        return Absence::Present;
    }
    let cold = attempt.state != AttemptState::Calling || turned_cold(attempt, quarantine, now);
    match attempt.absent_since {
        Some(since) if cold && now.duration_since(since) >= pause => Absence::Confirmed,
        Some(since) => Absence::LookAgain { since },
        None => Absence::LookAgain { since: now },
    }
}
