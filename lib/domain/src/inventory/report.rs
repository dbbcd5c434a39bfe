//! What is remembered between two looks at a provider, and what the last whole one found.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::judge::Why;
use crate::catalogue::{Os, Plan, Provider};
use crate::ids::{InstanceId, OrderId};
use crate::money::Money;
use crate::vm::VmId;

/// How many of each kind a report names; the counts are whole.
pub const LISTED_MAX: usize = 100;

/// A machine of a listing, in eight bytes: the beginning of the SHA-256 of its id. That two of a provider's machines
/// share one is a matter of one in many millions, and hides a missing one at worst.
pub fn seen_mark(vm: &VmId) -> u64 {
    let digest = Sha256::digest(vm.0.as_bytes());
    digest.iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte))
}

/// The same of a machine's name, for machines that no desktop records.
pub fn name_mark(name: &str) -> u64 {
    seen_mark(&VmId(format!("name {name}")))
}

/// The machines that one run saw of a listing that goes on in the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whose listing.
    pub provider: Provider,
    /// Which listing.
    pub listing: u64,
    /// Which run of it, from 0.
    pub run: u16,
    /// See [`seen_mark`].
    pub marks: Vec<u64>,
    /// Worthless after that.
    pub expires_at: Timestamp,
}

/// How far the present listing of a provider's machines has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Counts the listings.
    pub number: u64,
    /// When it began; `None` before the first page.
    pub began_at: Option<Timestamp>,
    /// Where the next page begins.
    pub cursor: Option<String>,
    /// How many runs have stored what they saw of it.
    pub runs: u16,
    /// What was found so far.
    pub tally: Tally,
    /// What the next listing has to know of this one.
    pub memory: Memory,
}

impl Listing {
    /// One that has not begun.
    pub fn fresh(number: u64) -> Self {
        Self {
            number,
            began_at: None,
            cursor: None,
            runs: 0,
            tally: Tally::default(),
            memory: Memory::default(),
        }
    }
}

/// What one listing leaves for the next; at most a few hundred of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Machines that nobody records.
    pub strangers: Vec<Sighting>,
    /// Desktops whose machine was off though they are active, or the other way round.
    pub turned: Vec<InstanceId>,
    /// Desktops whose machine was missing, and since when.
    pub missing: Vec<(InstanceId, Timestamp)>,
}

/// A machine that was found to be nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The machine.
    pub vm: VmId,
    /// When for the first time.
    pub since: Timestamp,
}

impl Memory {
    /// What it keeps of each kind.
    pub const MAX: usize = 300;

    /// When a machine was first found to be nobody's.
    pub fn first_seen(&self, vm: &VmId) -> Option<Timestamp> {
        self.strangers.iter().find(|seen| seen.vm == *vm).map(|seen| seen.since)
    }

    /// When a desktop's machine was first missing.
    pub fn missing_since(&self, instance: InstanceId) -> Option<Timestamp> {
        self.missing.iter().find(|(missing, _)| *missing == instance).map(|(_, since)| *since)
    }
}

/// What a listing has found, as numbers and as examples.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Pages asked for.
    pub pages: u32,
    /// Calls to the provider, pages among them.
    pub calls: u32,
    /// Machines of ours that were listed.
    pub machines: u32,
    /// Machines that are not ours and were left alone.
    pub foreign: u32,
    /// Machines of ours that are cancelled, off, and end by themselves.
    pub ending: u32,
    /// Desktops whose record was put right.
    pub repaired: u32,
    /// Machines that were deleted.
    pub deleted: u32,
    /// Orders of which another machine is made.
    pub rebuilt: u32,
    /// Machines that nobody will ever use.
    pub ghosts: u32,
    /// Second machines of delivered orders.
    pub doubles: u32,
    /// Desktops without their machine.
    pub missing: u32,
    /// Machines and desktops at odds in a way that only a person can judge.
    pub odd: u32,
    /// Machines that carry a name of ours and that nothing recorded explains.
    pub strangers: u32,
    /// Some of the ghosts.
    pub ghosts_found: Vec<GhostFound>,
    /// Some of the doubles.
    pub doubles_found: Vec<DoubleFound>,
    /// Some of the missing.
    pub missing_found: Vec<MissingFound>,
    /// Some of what is odd.
    pub odd_found: Vec<OddFound>,
}

/// A machine that nobody will ever use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GhostFound {
    /// The machine.
    pub vm: VmId,
    /// Its name.
    pub name: String,
    /// Why it is nobody's.
    pub why: Why,
    /// Since when it is known to be.
    pub since: Timestamp,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// The second machine of a delivered order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubleFound {
    /// The order.
    pub order: OrderId,
    /// The recorded machine.
    pub kept: VmId,
    /// The other one.
    pub vm: VmId,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// A desktop without its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingFound {
    /// The desktop.
    pub instance: InstanceId,
    /// The machine that it records.
    pub vm: VmId,
    /// Since when a whole listing is without it.
    pub since: Timestamp,
    /// Whether another one is made.
    pub rebuilt: bool,
}

/// Something that only a person can judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddFound {
    /// The desktop or machine.
    pub subject: String,
    /// What is odd about it, as a sentence.
    pub what: String,
}

/// An attempt whose outcome nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownFound {
    /// Its order.
    pub order: OrderId,
    /// Its number.
    pub number: u16,
    /// Since when the order has gone on without it.
    pub since: Timestamp,
}

/// What desktops of one kind cost and bring, each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Margin {
    /// The size that was sold.
    pub plan: Plan,
    /// The system.
    pub os: Os,
    /// The provider's size.
    pub provider_plan: String,
    /// The provider's region.
    pub provider_region: String,
    /// What the provider asks for one a month with its system, in US cents; `None` where that is not known.
    pub cost_usd_cents: Option<i64>,
    /// What a customer pays for one a month; `None` where it was not recorded. Nothing is converted.
    pub revenue: Option<Money>,
    /// How many.
    pub desktops: u32,
}

/// What the last whole listing of a provider's machines found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When the listing began.
    pub began_at: Timestamp,
    /// When it was whole.
    pub complete_at: Timestamp,
    /// Desktops that record a machine there.
    pub recorded: u32,
    /// What it found.
    pub tally: Tally,
    /// Attempts there whose outcome is not known, oldest first.
    pub unknown: Vec<UnknownFound>,
    /// Cost and revenue.
    pub margins: Vec<Margin>,
}

impl Report {
    /// How long the oldest attempt of unknown outcome has been waiting.
    pub fn unknown_age(&self, now: Timestamp) -> SignedDuration {
        let ages = self.unknown.iter().map(|unknown| now.duration_since(unknown.since));
        ages.max().unwrap_or_default()
    }
}

/// All that is remembered of a provider's inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Whose.
    pub provider: Provider,
    /// How far the present listing has come.
    pub listing: Listing,
    /// What the last whole listing left.
    pub before: Memory,
    /// What it found; `None` before the first.
    pub report: Option<Report>,
    /// When it was first looked at.
    pub since: Option<Timestamp>,
    /// When it was last looked at.
    pub looked_at: Option<Timestamp>,
    /// Why the last look did not get on, as a sentence.
    pub trouble: Option<String>,
    /// One run is at it until then; others keep off.
    pub held_until: Option<Timestamp>,
    /// Counts the writes; of two runs at once one loses here.
    pub version: u64,
}

impl Inventory {
    /// Of a provider that was never looked at.
    pub fn new(provider: Provider) -> Self {
        Self {
            provider,
            listing: Listing::fresh(1),
            before: Memory::default(),
            report: None,
            since: None,
            looked_at: None,
            trouble: None,
            held_until: None,
            version: 0,
        }
    }

    /// How long ago the last whole listing was whole; where there was none yet, how long one has been wanted.
    pub fn age(&self, now: Timestamp) -> SignedDuration {
        let whole = self.report.as_ref().map(|report| report.complete_at);
        whole.or(self.since).map_or(SignedDuration::ZERO, |at| now.duration_since(at))
    }
}
