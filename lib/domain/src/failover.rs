//! Which offering is tried next for an order: first choice first, never one that was refused for good, and
//! round a provider that is down.

use jiff::{SignedDuration, Timestamp};

use crate::catalogue::Offering;
use crate::create::{Attempt, Setback};
use crate::order::ATTEMPTS_MAX;

/// An offering whose circuit opens again within this time is worth waiting for: a provider that asks for a
/// second's pause is not down.
pub const WORTH_WAITING: SignedDuration = SignedDuration::from_secs(20);

/// After so many machines that got lost by accident the other offerings come first.
const LOST_MAX: usize = 2;

/// What is known of an offering's provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// A create may be tried.
    Open,
    /// Its circuit is open until then.
    ClosedUntil(Timestamp),
    /// No key of ours is set up there.
    NotSetUp,
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Index of the offering to try now.
    Take(u16),
    /// Nothing can be tried now, and something can be then: the order waits.
    Wait {
        /// When to look again.
        until: Timestamp,
    },
    /// The only ones that are not spent are at providers where an attempt was left behind: what these attempts may have
    /// made has to be settled first.
    Unsettled,
    /// Every offering is spent.
    NoneLeft,
}

/// Chooses among an order's offerings, given its attempts so far.
///
/// Spent for this order is an offering that refused (out of stock, quota, key, request) or whose machine broke. A
/// provider with an attempt whose outcome nobody knows is not asked for another machine while that is so. Among the
/// rest the one that failed to answer, or lost machines, least often comes first, then the order of the catalogue;
/// the order's deadline ends the going round.
pub fn choose(
    offerings: &[Offering],
    attempts: &[Attempt],
    outlook: impl Fn(&Offering) -> Outlook,
    now: Timestamp,
) -> Choice {
    if attempts.len() >= usize::from(ATTEMPTS_MAX) {
        return Choice::NoneLeft;
    }
    let mut left: Vec<(usize, u16, Outlook)> = Vec::new();
    let mut unsettled = false;
    for (index, offering) in (0_u16..).zip(offerings) {
        let made_here = || attempts.iter().filter(|a| a.offering == *offering);
        let unknown = attempts.iter().any(|a| a.is_left_behind() && a.offering.provider == offering.provider);
        let lost = made_here().filter(|a| a.setback == Some(Setback::Lost)).count();
        let refused = made_here().any(|a| a.setback.is_some_and(Setback::is_final));
        let outlook = outlook(offering);
        if refused || outlook == Outlook::NotSetUp {
            continue;
        }
        if unknown {
            unsettled = true;
        } else {
            let silent = made_here().filter(|a| a.setback == Some(Setback::Unavailable)).count();
            left.push((silent + lost / LOST_MAX, index, outlook));
        }
    }
    left.sort_by_key(|(silent, index, _)| (*silent, *index));
    let soon = now.checked_add(WORTH_WAITING).unwrap_or(now);
    for (_, index, outlook) in &left {
        match outlook {
            Outlook::Open => return Choice::Take(*index),
            Outlook::ClosedUntil(until) if *until <= soon => return Choice::Wait { until: *until },
            Outlook::ClosedUntil(_) | Outlook::NotSetUp => {}
        }
    }
    let first = left.iter().filter_map(|(_, _, outlook)| match outlook {
        Outlook::ClosedUntil(until) => Some(*until),
        Outlook::Open | Outlook::NotSetUp => None,
    });
    match first.min() {
        Some(until) => Choice::Wait { until },
        None if unsettled => Choice::Unsettled,
        None => Choice::NoneLeft,
    }
}

impl Setback {
    /// Whether the same offering is not tried again for the same order.
    pub const fn is_final(self) -> bool {
        match self {
            Self::OutOfStock | Self::Quota | Self::Unauthorized | Self::Refused | Self::Broken => true,
            Self::Unavailable | Self::Lost => false,
        }
    }
}
