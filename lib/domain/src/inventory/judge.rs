//! A machine that no desktop records.

use jiff::{SignedDuration, Timestamp};

use super::{RETURNED_GRACE, STRANGERS_GRACE};
use crate::catalogue::{Provider, word_enum};
use crate::create::{Attempt, AttemptState, Setback};
use crate::instance::Instance;
use crate::order::{Order, OrderStatus};
use crate::vm::{Vm, VmId, parse_vm_name};

word_enum! {
    /// Why nobody will ever use a machine.
    Why {
        /// Its order went on elsewhere while nobody knew what had become of its create call.
        LeftBehind = "left_behind",
        /// Its attempt had been written off, or destroyed, when it turned up.
        WrittenOff = "written_off",
        /// Its order was undone.
        Undone = "undone",
        /// Its desktop was terminated.
        Terminated = "terminated",
        /// It was lost after it was delivered, and is there again beside the one that was made instead.
        Returned = "returned",
        /// It carries a name of ours, and no attempt of that name was ever stored.
        Stranger = "stranger",
    }
}

/// What is stored about the order and attempt that a machine's name speaks of, read after it was listed.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The order.
    pub order: Option<&'a Order>,
    /// The attempt.
    pub attempt: Option<&'a Attempt>,
    /// The order's desktop.
    pub instance: Option<&'a Instance>,
}

/// What a machine is that no desktop was known to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Its desktop records it: the list of what is rented lags.
    Recorded,
    /// The order's workflow is at it.
    InHand,
    /// Cancelled and off: it ends by itself.
    Over,
    /// Nobody's as it seems, but it was not there for long enough to be sure.
    TooYoung(Why),
    /// Nobody's: it is paid for until it is deleted.
    Ghost(Why),
    /// The second machine of a delivered order; the one that its desktop records is kept.
    Double {
        /// The one to keep.
        keep: VmId,
    },
}

/// Whether a listed machine carries our name and, where the provider has tags, our tag. Nothing else is ever touched.
pub fn is_ours(vm: &Vm) -> bool {
    // A tag cannot be named in Contabo's create call.
    let tagged = vm.provider == Provider::Contabo || vm.tags.iter().any(|tag| tag == "nemordp");
    tagged && parse_vm_name(&vm.name).is_some()
}

/// Whether a machine is one that an order lost after it was delivered: its customer's data is on it. One whose attempt
/// came to nothing before such a loss may pass for it.
pub fn was_lost(vm: &Vm, order: &Order, attempt: &Attempt) -> bool {
    let given_up = attempt.state == AttemptState::Absent || attempt.is_left_behind();
    given_up
        && order.losses() > 0
        && attempt.setback == Some(Setback::Lost)
        && attempt.vm.as_ref() == Some(&vm.id)
}

/// Judges a machine of ours that no desktop was known to record.
///
/// `first_seen`: when it was first found to be nobody's, now or at an earlier listing. An attempt that may still be
/// adopted is never a ghost; what is none can never become one, so what was read may be old.
pub fn judge(
    vm: &Vm,
    known: Known<'_>,
    first_seen: Timestamp,
    quarantine: SignedDuration,
    now: Timestamp,
) -> Verdict {
    use OrderStatus as S;
    let seen_for = now.duration_since(first_seen);
    // The provider's clock is not ours: what we have seen ourselves counts at least.
    let age = vm.created_at.map_or(seen_for, |made| now.duration_since(made).max(seen_for));
    let ghost = |why: Why, waited: SignedDuration, enough: SignedDuration| {
        if waited >= enough { Verdict::Ghost(why) } else { Verdict::TooYoung(why) }
    };
    let stranger = || ghost(Why::Stranger, seen_for, STRANGERS_GRACE);
    if vm.is_over() {
        return Verdict::Over;
    }
    let Some(order) = known.order else { return stranger() };
    let rented = known.instance.filter(|desktop| desktop.rents()).and_then(|desktop| desktop.vm.as_ref());
    if rented == Some(&vm.id) {
        return Verdict::Recorded;
    }
    let Some(attempt) = known.attempt else { return stranger() };
    match order.status {
        S::AwaitingPayment | S::Expired => stranger(),
        S::Undoing => Verdict::InHand,
        _ if was_lost(vm, order, attempt) => ghost(Why::Returned, seen_for, RETURNED_GRACE),
        S::Paid | S::Provisioning | S::Active if attempt.is_left_behind() => Verdict::Ghost(Why::LeftBehind),
        S::Refunding | S::Refunded => ghost(Why::Undone, age, quarantine),
        S::Paid | S::Provisioning | S::Active if attempt.state == AttemptState::Absent => {
            ghost(Why::WrittenOff, age, quarantine)
        }
        S::Paid | S::Provisioning if attempt.number >= order.attempt => Verdict::InHand,
        S::Paid | S::Provisioning => ghost(Why::WrittenOff, age, quarantine),
        S::Active => match rented {
            Some(keep) if age >= quarantine => Verdict::Double { keep: keep.clone() },
            Some(_) => Verdict::TooYoung(Why::WrittenOff),
            // A list that lags shows it for a while after it was deleted: seen again, it is there.
            None => ghost(Why::Terminated, seen_for, quarantine.max(SignedDuration::from_secs(1))),
        },
    }
}
