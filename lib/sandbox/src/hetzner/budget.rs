//! The hourly limit of one project. Real time: a faster world has no faster network.

use std::sync::Mutex;

use crate::world::locked;

/// Requests an hour; they come back one a second.
pub(super) const PER_HOUR: i64 = 3_600;
const REFILL_MS: i64 = 1_000;

#[derive(Default)]
pub(super) struct Budget(Mutex<Spent>);

#[derive(Default)]
struct Spent {
    requests: i64,
    counted_at_ms: i64,
}

impl Budget {
    /// Takes one request; how many are left then, `None` when there is none to take.
    pub(super) fn spend(&self, now_ms: i64) -> Option<i64> {
        let mut spent = locked(&self.0);
        let refilled = ((now_ms - spent.counted_at_ms) / REFILL_MS).max(0);
        spent.counted_at_ms += refilled * REFILL_MS;
        spent.requests = (spent.requests - refilled).max(0);
        if spent.requests >= PER_HOUR {
            return None;
        }
        spent.requests += 1;
        Some(PER_HOUR - spent.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_hour_comes_back_by_the_second() {
        let (budget, now) = (Budget::default(), 1_795_000_000_000);
        assert_eq!(budget.spend(now), Some(PER_HOUR - 1));
        assert!((1..PER_HOUR).all(|_| budget.spend(now).is_some()));
        assert_eq!(budget.spend(now + 999), None);
        assert_eq!(budget.spend(now + 1_000), Some(0));
        assert_eq!(budget.spend(now + 1_000), None);
    }
}
