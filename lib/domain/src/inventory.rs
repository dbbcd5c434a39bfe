//! What a provider lists against what is recorded: which machines are right, which are nobody's, which are missing.
//!
//! The workflow that makes an order's machine, and the one that undoes it, work at the same time as the comparison.
//! So a machine is nobody's only where nothing that is recorded can ever come to use it, and a desktop's machine is
//! missing only after two whole listings without it, each of which began when it had long been there.

mod compare;
mod judge;
mod report;

pub use compare::{Comparison, Recorded, StateSays, Suspicion, compare, suspicion};
pub use judge::{Known, Verdict, Why, is_ours, judge, was_lost};
pub use report::{
    DoubleFound, GhostFound, Inventory, LISTED_MAX, Listing, Margin, Memory, MissingFound, OddFound, Report,
    Seen, Sighting, Tally, UnknownFound, name_mark, seen_mark,
};

use jiff::SignedDuration;

/// How long a machine is left alone that carries a name of ours and that nothing recorded explains: its order may be
/// in a table that is being restored, or belong to another installation.
pub const STRANGERS_GRACE: SignedDuration = SignedDuration::from_hours(24);

/// How long a machine is left alone that was lost after it was delivered and is there again: its provider was wrong,
/// what its customer left is on it, and a person may want to give it back. It is paid for meanwhile.
pub const RETURNED_GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether so many of the machines of one provider are at odds with the records at once that it is rather the records,
/// or the key we ask with, that are wrong. Then a person decides.
///
/// `found` of `all` that were compared; one lost desktop of a small shop is a lost desktop.
pub const fn too_many(found: usize, all: usize) -> bool {
    (found > 1 && found >= all) || (found > 3 && found.saturating_mul(5) > all)
}
