//! When a desktop counts as ready.

use domain::Timestamp;
use domain::first_boot::{Fingerprints, Report};
use domain::readiness::{Pass, Probe, Verdict, judge};
use domain::vm::VmState;
use jiff::SignedDuration;

const PAUSE: SignedDuration = SignedDuration::from_secs(30);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn certificate(name: &str) -> Fingerprints {
    Fingerprints { sha256: Some(name.repeat(32)), sha1: Some(name.repeat(20)) }
}

fn answers(name: &str) -> Probe {
    Probe::Answers(certificate(name))
}

fn report(succeeded: bool, certificate: Fingerprints) -> Report {
    Report { succeeded, certificate, at: at(0) }
}

fn look(probe: &Probe, report: Option<&Report>, first: Option<&Pass>, second: i64) -> Verdict {
    judge(&VmState::Running, probe, report, first, PAUSE, at(second))
}

#[test]
fn one_look_is_enough_with_the_machines_word_and_its_certificate() {
    let word = report(true, certificate("ab"));
    assert_eq!(look(&answers("ab"), Some(&word), None, 1), Verdict::Ready(certificate("ab")));
}

#[test]
fn one_digest_in_common_is_enough() {
    let windows = report(true, Fingerprints { sha1: certificate("ab").sha1, sha256: None });
    assert!(matches!(look(&answers("ab"), Some(&windows), None, 1), Verdict::Ready(_)));
}

#[test]
fn an_address_with_another_certificate_is_never_delivered() {
    let word = report(true, certificate("ab"));
    let seen_before = Pass { at: at(0), certificate: certificate("cd") };
    assert!(matches!(look(&answers("cd"), Some(&word), Some(&seen_before), 600), Verdict::NotYet(_)));
}

#[test]
fn without_a_word_two_looks_that_agree_are_needed_and_a_pause_between_them() {
    let Verdict::LookAgain(first) = look(&answers("ab"), None, None, 0) else { panic!("not once more") };
    assert_eq!(look(&answers("ab"), None, Some(&first), 29), Verdict::LookAgain(first.clone()));
    assert_eq!(look(&answers("ab"), None, Some(&first), 30), Verdict::Ready(certificate("ab")));
}

#[test]
fn another_certificate_at_the_second_look_begins_anew() {
    let first = Pass { at: at(0), certificate: certificate("ab") };
    let fresh = Pass { at: at(40), certificate: certificate("cd") };
    assert_eq!(look(&answers("cd"), None, Some(&first), 40), Verdict::LookAgain(fresh));
}

#[test]
fn a_word_that_names_no_certificate_leaves_two_looks() {
    let word = report(true, Fingerprints::default());
    assert!(matches!(look(&answers("ab"), Some(&word), None, 1), Verdict::LookAgain(_)));
}

#[test]
fn a_failed_set_up_is_not_delivered_however_well_it_answers() {
    let word = report(false, certificate("ab"));
    assert_eq!(look(&answers("ab"), Some(&word), None, 1), Verdict::SetupFailed);
}

#[test]
fn what_is_silent_or_not_encrypted_is_not_ready() {
    let first = Pass { at: at(0), certificate: certificate("ab") };
    for probe in [Probe::NotYet("no service".to_owned()), Probe::Insecure] {
        assert!(matches!(look(&probe, None, Some(&first), 600), Verdict::NotYet(_)), "{probe:?}");
    }
}

#[test]
fn a_handshake_outweighs_a_provider_that_still_says_installing_but_not_one_that_says_off() {
    let first = Pass { at: at(0), certificate: certificate("ab") };
    for state in [VmState::Pending, VmState::Running, VmState::Unknown("isomounting".to_owned())] {
        let verdict = judge(&state, &answers("ab"), None, Some(&first), PAUSE, at(60));
        assert!(matches!(verdict, Verdict::Ready(_)), "{state:?}");
    }
    for state in [VmState::Stopped, VmState::Suspended] {
        let verdict = judge(&state, &answers("ab"), None, Some(&first), PAUSE, at(60));
        assert!(matches!(verdict, Verdict::NotYet(_)), "{state:?}");
    }
}
