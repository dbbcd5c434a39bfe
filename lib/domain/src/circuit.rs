//! The circuit breaker: when a provider is left alone for a while, and how it is tried again.
//!
//! One circuit stands for one operation in one region of one provider and is shared by all processes. A
//! circuit that nothing has gone wrong with is not stored at all, so the healthy path writes nothing.

use jiff::{SignedDuration, Timestamp};

use crate::catalogue::{Provider, word_enum};

word_enum! {
    /// What a circuit guards.
    Operation {
        /// Making machines; per region.
        Create = "create",
        /// Asking about machines; the whole provider.
        Read = "read",
        /// Changing machines that exist: power, reinstall, delete; the whole provider.
        Change = "change",
    }
}

/// The region of circuits that guard a whole provider.
pub const EVERYWHERE: &str = "*";

/// Failures in a row after which a circuit opens.
pub const FAILURES_MAX: u16 = 3;

/// How long a circuit is open the first time; doubled with every probe that fails.
pub const OPEN_FIRST: SignedDuration = SignedDuration::from_secs(30);

/// The longest time a circuit is open at once, whatever the provider asks for.
pub const OPEN_MAX: SignedDuration = SignedDuration::from_mins(15);

/// How long the one that probes has before another may: longer than any call takes, and than its process has.
pub const PROBE_LASTS: SignedDuration = SignedDuration::from_secs(120);

/// What a circuit remembers, once something has gone wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// Whose.
    pub provider: Provider,
    /// The provider's region id, or [`EVERYWHERE`].
    pub region: String,
    /// Which operation.
    pub operation: Operation,
    /// Failures since the last success.
    pub failures: u16,
    /// How often it has opened since the last success.
    pub opened: u16,
    /// Closed to calls until then; `None` while it has not opened.
    pub open_until: Option<Timestamp>,
    /// Somebody is probing, and has until then.
    pub probing_until: Option<Timestamp>,
    /// When the last failure was recorded.
    pub failed_at: Timestamp,
    /// Counts the writes; of two that want to probe, one loses here.
    pub version: u64,
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Pass,
    /// Yes, as the only one, once the circuit's row says so: store [`Circuit::probed`] first.
    Probe,
    /// No, not before then.
    Open {
        /// When it is worth asking again.
        until: Timestamp,
    },
}

/// What kind of failure was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No answer, no connection, or an answer that nobody can read: counts towards opening.
    Failed,
    /// The provider asks for a pause; it gets it at once.
    Asked {
        /// Its `Retry-After`, in seconds.
        seconds: u32,
    },
    /// It refuses us whatever we ask (key, address, quota): opens at once.
    Refused,
}

/// Whether a call may be made now.
pub fn gate(circuit: Option<&Circuit>, now: Timestamp) -> Gate {
    let Some((circuit, until)) = circuit.and_then(|c| Some((c, c.open_until?))) else { return Gate::Pass };
    if now < until {
        return Gate::Open { until };
    }
    match circuit.probing_until {
        Some(until) if now < until => Gate::Open { until },
        _ => Gate::Probe,
    }
}

impl Circuit {
    /// A circuit in which nothing has gone wrong yet.
    pub const fn new(provider: Provider, region: String, operation: Operation, now: Timestamp) -> Self {
        Self {
            provider,
            region,
            operation,
            failures: 0,
            opened: 0,
            open_until: None,
            probing_until: None,
            failed_at: now,
            version: 0,
        }
    }

    /// As it is while one probe is under way.
    #[must_use]
    pub fn probed(&self, now: Timestamp) -> Self {
        Self { probing_until: now.checked_add(PROBE_LASTS).ok(), ..self.clone() }
    }

    /// After a probe that said neither: the next call probes.
    #[must_use]
    pub fn unprobed(&self) -> Self {
        Self { probing_until: None, ..self.clone() }
    }

    /// After a call that failed: one that the circuit let through while it was closed and still is, or the probe.
    #[must_use]
    pub fn failed(&self, trouble: Trouble, now: Timestamp) -> Self {
        let mut next = Self {
            failures: self.failures.saturating_add(1),
            failed_at: now,
            probing_until: None,
            ..self.clone()
        };
        let half_open = self.open_until.is_some();
        let pause = match trouble {
            Trouble::Asked { seconds } => Some(asked(seconds)),
            Trouble::Refused => Some(self.next_pause()),
            Trouble::Failed if half_open || next.failures >= FAILURES_MAX => Some(self.next_pause()),
            Trouble::Failed => None,
        };
        if let Some(pause) = pause {
            next.opened = self.opened.saturating_add(1);
            let until = now.checked_add(pause.min(OPEN_MAX)).ok();
            // A probe that took long must not shorten what was agreed meanwhile.
            next.open_until = until.max(self.open_until.filter(|open| *open > now));
        }
        next
    }

    /// After the failure of a call that was under way when the circuit opened: that is no news, and no probe that
    /// failed. `None` unless the provider asks for a longer pause than is agreed; then with that one.
    #[must_use]
    pub fn failed_late(&self, trouble: Trouble, now: Timestamp) -> Option<Self> {
        let Trouble::Asked { seconds } = trouble else { return None };
        let until = now.checked_add(asked(seconds).min(OPEN_MAX)).ok();
        (until > self.open_until).then(|| Self { open_until: until, failed_at: now, ..self.clone() })
    }

    /// After a call that went well: as if nothing had ever been wrong.
    #[must_use]
    pub fn recovered(&self) -> Self {
        Self { failures: 0, opened: 0, open_until: None, probing_until: None, ..self.clone() }
    }

    /// Whether it has opened since the last success: only the probe's failure counts then.
    pub const fn has_opened(&self) -> bool {
        self.open_until.is_some()
    }

    /// Whether there is anything to recover from.
    pub const fn is_healthy(&self) -> bool {
        self.failures == 0 && self.open_until.is_none()
    }

    fn next_pause(&self) -> SignedDuration {
        let doubled = 1_i32.checked_shl(u32::from(self.opened).min(16)).unwrap_or(i32::MAX);
        OPEN_FIRST.checked_mul(doubled).unwrap_or(OPEN_MAX)
    }
}

/// The pause that a provider asks for; never none.
fn asked(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds.max(1)))
}

/// The circuit of one operation among all of a provider's: the region's own, or the one for everywhere.
pub fn of<'a>(circuits: &'a [Circuit], region: &str, operation: Operation) -> Option<&'a Circuit> {
    circuits.iter().find(|c| c.operation == operation && c.region == region)
}
