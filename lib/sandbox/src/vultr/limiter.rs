//! Requests per second and source address. Real time: a faster world has no faster network.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Mutex;

use crate::world::locked;

const WINDOW_MS: i64 = 1_000;
/// Source addresses remembered; all are forgotten when there are more.
const SOURCES_MAX: usize = 1_000;

/// A sliding window of one second.
pub(super) struct Limiter {
    per_second: usize,
    seen: Mutex<HashMap<IpAddr, VecDeque<i64>>>,
}

impl Limiter {
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: usize::try_from(per_second).unwrap_or(usize::MAX), seen: Mutex::default() }
    }

    /// Whether this request is within the limit; a refused one does not count.
    pub(super) fn admit(&self, from: IpAddr, now_ms: i64) -> bool {
        let mut seen = locked(&self.seen);
        if seen.len() >= SOURCES_MAX && !seen.contains_key(&from) {
            seen.clear();
        }
        let times = seen.entry(from).or_default();
        while times.front().is_some_and(|at| *at <= now_ms - WINDOW_MS) {
            times.pop_front();
        }
        if times.len() >= self.per_second {
            return false;
        }
        times.push_back(now_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_pass_the_next_waits_and_other_addresses_are_not_held_up() {
        let limiter = Limiter::new(30);
        let (ada, bob) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert!((0..30).all(|n| limiter.admit(ada, n)));
        assert!(!limiter.admit(ada, 500));
        assert!(limiter.admit(bob, 500));
        assert!(limiter.admit(ada, 1_000));
        assert!(!limiter.admit(ada, 1_000));
    }
}
