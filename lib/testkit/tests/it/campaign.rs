//! The fault campaign over a few seeds, and the known bugs that it must catch.

use std::sync::Arc;

use testkit::Machine;
use testkit::campaign::{Bug, lifetimes};

/// Seeds that every test run goes through; `cargo xtask faults` goes through as many as one likes.
const SEEDS: u64 = 300;
/// Seeds within which every known bug must show.
const SEEDS_FOR_A_BUG: u64 = 4_000;

#[test]
fn whatever_goes_wrong_every_promise_is_kept() {
    let machine = Arc::new(Machine::provision_desktop());
    for seed in 0..SEEDS {
        // Every tenth shop keeps its log, in which no secret may stand.
        let outcome = lifetimes(seed, &machine, None, seed % 10 == 0);
        assert!(
            outcome.broken.is_empty(),
            "seed {seed}: {}\n{}",
            outcome.broken.join("\n"),
            outcome.trace.join("\n")
        );
    }
}

#[test]
fn every_known_bug_is_caught() {
    let machine = Arc::new(Machine::provision_desktop());
    let missed: Vec<Bug> = Bug::ALL
        .into_iter()
        .filter(|bug| {
            (0..SEEDS_FOR_A_BUG).all(|seed| lifetimes(seed, &machine, Some(*bug), false).broken.is_empty())
        })
        .collect();
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

#[test]
fn a_seed_is_the_same_run_every_time() {
    let machine = Arc::new(Machine::provision_desktop());
    for seed in 0..20 {
        let (first, second) = (lifetimes(seed, &machine, None, false), lifetimes(seed, &machine, None, true));
        assert_eq!(
            (first.orders, first.delivered, first.refunded, first.calls),
            (second.orders, second.delivered, second.refunded, second.calls),
            "seed {seed}"
        );
    }
}
