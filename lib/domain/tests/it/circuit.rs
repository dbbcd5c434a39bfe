//! When a provider is left alone, and by whom it is tried again.

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::circuit::{
    Circuit, FAILURES_MAX, Gate, OPEN_FIRST, OPEN_MAX, Operation, PROBE_LASTS, Trouble, gate, of,
};
use jiff::SignedDuration;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn fresh() -> Circuit {
    Circuit::new(Provider::Vultr, "ewr".to_owned(), Operation::Create, at(0))
}

fn failing(times: u16) -> Circuit {
    (0..times).fold(fresh(), |circuit, _| circuit.failed(Trouble::Failed, at(0)))
}

#[test]
fn it_opens_at_the_last_of_several_failures_in_a_row_and_not_before() {
    assert_eq!(gate(None, at(0)), Gate::Pass);
    assert_eq!(gate(Some(&failing(FAILURES_MAX - 1)), at(0)), Gate::Pass);
    let open = failing(FAILURES_MAX);
    let until = at(OPEN_FIRST.as_secs());
    assert_eq!(gate(Some(&open), at(0)), Gate::Open { until });
    assert_eq!(gate(Some(&open), at(OPEN_FIRST.as_secs() - 1)), Gate::Open { until });
    assert_eq!(gate(Some(&open), until), Gate::Probe);
}

#[test]
fn a_success_in_between_begins_the_count_anew() {
    let nearly = failing(FAILURES_MAX - 1).recovered().failed(Trouble::Failed, at(1));
    assert_eq!(gate(Some(&nearly), at(1)), Gate::Pass);
    assert!(failing(FAILURES_MAX).recovered().is_healthy());
    assert!(!nearly.is_healthy());
}

#[test]
fn one_probes_and_the_others_wait_for_it() {
    let open = failing(FAILURES_MAX);
    let later = at(OPEN_FIRST.as_secs());
    let probing = open.probed(later);
    let until = later.checked_add(PROBE_LASTS).unwrap();
    assert_eq!(gate(Some(&probing), later), Gate::Open { until });
    // The one that probed died: another may.
    assert_eq!(gate(Some(&probing), until), Gate::Probe);
}

#[test]
fn a_probe_that_says_nothing_lets_the_next_call_probe() {
    let open = failing(FAILURES_MAX);
    let later = at(OPEN_FIRST.as_secs());
    assert_eq!(open.probed(later).unprobed(), open);
    assert_eq!(gate(Some(&open.probed(later).unprobed()), later), Gate::Probe);
}

#[test]
fn each_probe_that_fails_doubles_the_wait_up_to_the_longest() {
    let mut circuit = failing(FAILURES_MAX);
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..8 {
        let Gate::Open { until } = gate(Some(&circuit), now) else { panic!("open after a failed probe") };
        waits.push(until.duration_since(now).as_secs());
        now = until;
        circuit = circuit.probed(now).failed(Trouble::Failed, now);
    }
    let longest = OPEN_MAX.as_secs();
    assert_eq!(waits, [30, 60, 120, 240, 480, longest, longest, longest]);
}

#[test]
fn a_provider_that_asks_for_a_pause_gets_it_at_once_and_no_longer_than_the_longest() {
    let asked = |seconds| fresh().failed(Trouble::Asked { seconds }, at(0)).open_until;
    assert_eq!(asked(7), Some(at(7)));
    assert_eq!(asked(0), Some(at(1)), "never nothing");
    assert_eq!(asked(u32::MAX), at(0).checked_add(OPEN_MAX).ok());
}

#[test]
fn a_refused_key_opens_it_at_once() {
    assert_eq!(fresh().failed(Trouble::Refused, at(0)).open_until, at(0).checked_add(OPEN_FIRST).ok());
}

#[test]
fn calls_that_were_under_way_when_it_opened_lengthen_nothing_by_failing() {
    let open = failing(FAILURES_MAX);
    assert!(open.has_opened() && !failing(FAILURES_MAX - 1).has_opened());
    for trouble in [Trouble::Failed, Trouble::Refused] {
        assert_eq!(open.failed_late(trouble, at(10)), None);
        // Nor while somebody probes, whose answer is still to come.
        assert_eq!(open.probed(at(30)).failed_late(trouble, at(31)), None);
    }
}

#[test]
fn a_late_answer_can_ask_for_a_longer_pause_and_never_shortens_what_was_agreed() {
    let open = failing(FAILURES_MAX);
    assert_eq!(open.failed_late(Trouble::Asked { seconds: 20 }, at(10)), None, "as long as it is");
    let longer = open.failed_late(Trouble::Asked { seconds: 21 }, at(10)).unwrap();
    assert_eq!((longer.open_until, longer.opened, longer.failures), (Some(at(31)), 1, FAILURES_MAX));
    assert_eq!(longer.failed_at, at(10));
    let longest = open.failed_late(Trouble::Asked { seconds: u32::MAX }, at(10)).unwrap();
    assert_eq!(longest.open_until, at(10).checked_add(OPEN_MAX).ok());
    let probing = open.probed(at(30)).failed_late(Trouble::Asked { seconds: 5 }, at(31)).unwrap();
    assert_eq!(probing.probing_until, open.probed(at(30)).probing_until);
    // The probe itself is no exception.
    assert_eq!(longest.failed(Trouble::Asked { seconds: 1 }, at(20)).open_until, longest.open_until);
}

#[test]
fn circuits_are_told_apart_by_region_and_operation() {
    let elsewhere = Circuit { region: "ord".to_owned(), ..fresh() };
    let all = [fresh(), elsewhere.clone()];
    assert_eq!(of(&all, "ord", Operation::Create), Some(&elsewhere));
    assert_eq!(of(&all, "ord", Operation::Read), None);
}

proptest! {
    /// Whatever happens, an open circuit says until when, that time lies ahead, and never beyond the longest wait.
    #[test]
    fn an_open_circuit_always_ends(events in prop::collection::vec((0_u8..4, 0_u32..2000, 0_i64..100), 1..40)) {
        let mut circuit = fresh();
        let mut now = at(0);
        for (event, seconds, passed) in events {
            now = now.checked_add(SignedDuration::from_secs(passed)).unwrap();
            circuit = match event {
                0 => circuit.failed(Trouble::Failed, now),
                1 => circuit.failed(Trouble::Asked { seconds }, now),
                2 => circuit.failed(Trouble::Refused, now),
                _ => circuit.recovered(),
            };
            if let Gate::Open { until } = gate(Some(&circuit), now) {
                prop_assert!(until > now);
                prop_assert!(until.duration_since(now) <= OPEN_MAX);
            }
        }
    }
}

#[test]
fn a_failure_ends_the_probe_and_is_dated_and_a_success_forgets_everything() {
    let probing = failing(FAILURES_MAX).probed(at(30));
    let failed = probing.failed(Trouble::Failed, at(31));
    assert_eq!((failed.probing_until, failed.failed_at), (None, at(31)));
    let recovered = failed.probed(at(200)).recovered();
    assert_eq!((recovered.opened, recovered.probing_until, recovered.failed_at), (0, None, at(31)));
    // As after the first failures: the wait is the first one again.
    let anew = (0..FAILURES_MAX).fold(recovered, |circuit, _| circuit.failed(Trouble::Failed, at(300)));
    assert_eq!(anew.open_until, at(300).checked_add(OPEN_FIRST).ok());
}
