//! Exactly one machine: every state of an attempt against everything that a provider can list.

use domain::Timestamp;
use domain::catalogue::{Image, Offering, Provider};
use domain::create::{Absence, Attempt, AttemptState, NextStep, Setback, judge_absence, next_step};
use domain::ids::{InstanceId, OrderId};
use domain::vm::{Vm, VmId, VmState, vm_name};
use jiff::SignedDuration;
use proptest::prelude::*;

const QUARANTINE: SignedDuration = SignedDuration::from_secs(90);
const PAUSE: SignedDuration = SignedDuration::from_secs(20);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn attempt(state: AttemptState, called: Option<i64>) -> Attempt {
    Attempt {
        order: OrderId::new(at(0), 1),
        instance: InstanceId::new(at(0), 2),
        number: 1,
        offering: Offering {
            provider: Provider::Vultr,
            plan: "vc2-2c-4gb".to_owned(),
            region: "us-east".to_owned(),
            provider_region: "ewr".to_owned(),
            image: Image { name_prefix: "Ubuntu 24.04".to_owned(), fallback_id: "2284".to_owned() },
        },
        state,
        request_id: "5f3c1d0e-0000-4000-8000-000000000001".to_owned(),
        called_at: called.map(at),
        left_at: None,
        setback: None,
        vm: (state == AttemptState::Created).then(|| VmId("vm-1".to_owned())),
        password_hash: None,
        password_ciphertext: None,
        absent_since: None,
        version: 1,
    }
}

fn listed(number: u16) -> Vm {
    Vm {
        provider: Provider::Vultr,
        id: VmId("vm-1".to_owned()),
        name: vm_name(OrderId::new(at(0), 1), number),
        tags: Vec::new(),
        state: VmState::Pending,
        address: None,
        region: "ewr".to_owned(),
        plan: "vc2-2c-4gb".to_owned(),
        created_at: None,
        ends_on: None,
    }
}

fn step(attempt: &Attempt, listed: &[Vm], now: i64) -> NextStep {
    next_step(attempt, listed, QUARANTINE, at(now))
}

#[test]
fn a_machine_that_turns_up_when_nobody_wants_it_is_none_that_an_order_lost() {
    let vm = Some(VmId("vm-9".to_owned()));
    for (known, setback, after) in [
        (None, Some(Setback::Lost), Some(Setback::Unavailable)),
        (Some("vm-9"), Some(Setback::Lost), Some(Setback::Lost)),
        (None, Some(Setback::Unavailable), Some(Setback::Unavailable)),
        (None, None, None),
    ] {
        let mut unwanted = attempt(AttemptState::Absent, Some(0));
        (unwanted.vm, unwanted.setback) = (known.map(|id| VmId(id.to_owned())), setback);
        unwanted.absent_since = Some(at(5));
        let seen = unwanted.clone().turned_up(vm.clone());
        assert_eq!((&seen.vm, seen.setback, seen.absent_since), (&vm, after, None), "{known:?} {setback:?}");
        assert_eq!((seen.state, seen.left_at), (unwanted.state, unwanted.left_at));
    }
}

#[test]
fn a_fresh_attempt_creates() {
    assert_eq!(step(&attempt(AttemptState::Planned, None), &[], 0), NextStep::Create);
}

#[test]
fn what_an_unclear_call_made_is_adopted() {
    let unclear = attempt(AttemptState::Unknown, Some(0));
    assert_eq!(step(&unclear, &[listed(1)], 1), NextStep::Adopt(VmId("vm-1".to_owned())));
}

#[test]
fn a_machine_of_another_attempt_is_not_adopted() {
    let unclear = attempt(AttemptState::Unknown, Some(0));
    assert_eq!(step(&unclear, &[listed(2)], 1), NextStep::AskAgain);
}

#[test]
fn an_unclear_call_is_written_off_only_when_nothing_can_turn_up_any_more() {
    let unclear = attempt(AttemptState::Unknown, Some(0));
    assert_eq!(step(&unclear, &[], 89), NextStep::AskAgain);
    assert_eq!(step(&unclear, &[], 90), NextStep::WriteOff);
}

#[test]
fn a_recorded_machine_is_done_whatever_a_lagging_list_says() {
    let made = attempt(AttemptState::Created, Some(0));
    assert_eq!(step(&made, &[], 600), NextStep::Done(VmId("vm-1".to_owned())));
}

#[test]
fn a_tombstone_never_creates_again() {
    let gone = attempt(AttemptState::Absent, Some(0));
    assert_eq!(step(&gone, &[], 600), NextStep::WriteOff);
    assert_eq!(step(&gone, &[listed(1)], 600), NextStep::WriteOff);
}

proptest! {
    #[test]
    fn only_an_attempt_without_an_open_call_ever_creates(
        state in prop::sample::select(AttemptState::ALL),
        called in prop::option::of(0i64..200),
        there: bool,
        now in 0i64..400,
    ) {
        let attempt = attempt(state, called);
        let list = if there { vec![listed(1)] } else { vec![] };
        if step(&attempt, &list, now) == NextStep::Create {
            prop_assert_eq!(state, AttemptState::Planned);
            prop_assert!(!there);
        }
    }
}

#[test]
fn gone_means_absent_twice_with_a_pause_between() {
    let mut made = attempt(AttemptState::Created, Some(0));
    let judge = |a: &Attempt, list: &[Vm], now| judge_absence(a, list, PAUSE, QUARANTINE, at(now));
    assert_eq!(judge(&made, &[listed(1)], 100), Absence::Present);
    assert_eq!(judge(&made, &[], 100), Absence::LookAgain { since: at(100) });
    made.absent_since = Some(at(100));
    assert_eq!(judge(&made, &[], 119), Absence::LookAgain { since: at(100) });
    assert_eq!(judge(&made, &[], 120), Absence::Confirmed);
}

#[test]
fn an_open_call_is_not_gone_before_its_quarantine_is_over() {
    let unclear =
        |since| Attempt { absent_since: Some(at(since)), ..attempt(AttemptState::Unknown, Some(0)) };
    let judge = |since, now| judge_absence(&unclear(since), &[], PAUSE, QUARANTINE, at(now));
    assert_eq!(judge(10, 60), Absence::LookAgain { since: at(10) });
    assert_eq!(
        judge(10, 90),
        Absence::LookAgain { since: at(90) },
        "a list that is read too early proves nothing"
    );
    assert_eq!(judge(90, 109), Absence::LookAgain { since: at(90) });
    assert_eq!(judge(90, 110), Absence::Confirmed);
}

/// A machine that was cancelled where machines are rented by the month, and is off until its day comes.
fn over(number: u16) -> Vm {
    Vm { state: VmState::Stopped, ends_on: Some(jiff::civil::date(2026, 12, 1)), ..listed(number) }
}

#[test]
fn a_cancelled_machine_counts_as_gone_once_it_is_off_and_is_never_adopted() {
    let mut made = attempt(AttemptState::Created, Some(0));
    made.absent_since = Some(at(100));
    let judge = |vm: Vm| judge_absence(&made, &[vm], PAUSE, QUARANTINE, at(200));
    assert_eq!(judge(over(1)), Absence::Confirmed);
    assert_eq!(judge(Vm { state: VmState::Running, ..over(1) }), Absence::Present);
    assert_eq!(judge(Vm { ends_on: None, ..over(1) }), Absence::Present);
    assert_eq!(judge(listed(2)), Absence::Confirmed, "another attempt's");
    let held = VmState::Held("pending_payment".to_owned());
    for state in [VmState::Pending, held, VmState::Failed("error".to_owned())] {
        assert_eq!(judge(Vm { state, ..over(1) }), Absence::Confirmed);
    }
    let unclear = attempt(AttemptState::Unknown, Some(0));
    assert_eq!(step(&unclear, &[over(1)], 1), NextStep::AskAgain);
}

#[test]
fn a_created_attempt_without_its_machines_id_takes_the_machine_that_is_listed() {
    let mut made = attempt(AttemptState::Created, Some(0));
    made.vm = None;
    assert_eq!(step(&made, &[listed(1)], 1), NextStep::Adopt(VmId("vm-1".to_owned())));
    assert_eq!(step(&made, &[], 1), NextStep::AskAgain);
    assert_eq!(step(&made, &[], 90), NextStep::WriteOff);
}

#[test]
fn nothing_was_made_only_where_no_call_could_have_made_anything() {
    use AttemptState as A;
    let with = |state: A, setback: Option<Setback>, vm: bool| Attempt {
        setback,
        vm: vm.then(|| VmId("vm-1".to_owned())),
        ..attempt(state, Some(0))
    };
    assert!(with(A::Planned, None, false).made_nothing());
    assert!(!with(A::Unknown, Some(Setback::Unavailable), false).made_nothing());
    assert!(!with(A::Created, None, true).made_nothing());
    assert!(!with(A::Absent, None, false).made_nothing());
    for setback in Setback::ALL {
        let refused = !matches!(setback, Setback::Lost | Setback::Broken);
        assert_eq!(with(A::Absent, Some(*setback), false).made_nothing(), refused, "{setback}");
        assert!(!with(A::Absent, Some(*setback), true).made_nothing(), "{setback}");
        let settled = Attempt { left_at: Some(at(5)), ..with(A::Absent, Some(*setback), false) };
        assert!(!settled.made_nothing(), "{setback}: nobody knew for a while");
    }
}

#[test]
fn an_attempt_is_left_behind_while_its_outcome_is_unknown_and_the_order_has_gone_on() {
    let mut unclear = attempt(AttemptState::Unknown, Some(0));
    assert!(!unclear.is_left_behind());
    unclear.absent_since = Some(at(4));
    unclear = unclear.left_behind(at(5));
    assert!(unclear.is_left_behind());
    assert_eq!((unclear.left_at, unclear.absent_since), (Some(at(5)), None));
    let made = Attempt { vm: Some(VmId("vm-1".to_owned())), ..attempt(AttemptState::Created, Some(0)) };
    assert!(made.clone().left_behind(at(5)).is_left_behind() && made.left_behind(at(5)).vm.is_some());
    unclear.state = AttemptState::Absent;
    assert!(!unclear.is_left_behind());
}
