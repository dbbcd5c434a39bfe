//! The inventory's decisions: what is nobody's, what is missing, what is put right.

use std::net::IpAddr;

use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Plan, Provider};
use domain::create::{Attempt, AttemptState, Setback};
use domain::customer::{CustomerId, Email};
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::instance::{Instance, InstanceStatus};
use domain::inventory::{
    Known, RETURNED_GRACE, Recorded, STRANGERS_GRACE, StateSays, Suspicion, Verdict, Why, compare, is_ours,
    judge, suspicion, too_many,
};
use domain::money::{Currency, Money};
use domain::order::{Order, OrderStatus, PaymentMethod, Step, StepDone};
use domain::vm::{Vm, VmId, VmState, vm_name};
use jiff::SignedDuration;
use proptest::prelude::*;

const QUARANTINE: SignedDuration = SignedDuration::from_secs(120);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn offering() -> Offering {
    Offering {
        provider: Provider::Vultr,
        plan: "small".to_owned(),
        region: "us-east".to_owned(),
        provider_region: "ewr".to_owned(),
        image: Image { name_prefix: "Ubuntu".to_owned(), fallback_id: "1".to_owned() },
    }
}

fn order(status: OrderStatus) -> Order {
    Order {
        id: OrderId::new(at(0), 1),
        customer: CustomerId::parse("ada").unwrap(),
        email: Email::parse("ada@example.com").unwrap(),
        plan: Plan::Basic,
        os: Os::Linux,
        region: None,
        staff: None,
        price: Money::new(2900, Currency::Usd),
        method: PaymentMethod::Paystack,
        payment: PaymentId::new(at(0), 2),
        instance: InstanceId::new(at(0), 3),
        status,
        timeline: Vec::new(),
        created_at: at(0),
        paid_at: Some(at(0)),
        deadline: None,
        offering: 0,
        attempt: 2,
        failure: None,
        executions: 1,
        restarted_at: None,
        version: 1,
    }
}

fn attempt(number: u16, state: AttemptState) -> Attempt {
    let order = order(OrderStatus::Active);
    Attempt {
        order: order.id,
        instance: order.instance,
        number,
        offering: offering(),
        state,
        request_id: String::new(),
        called_at: Some(at(0)),
        left_at: None,
        setback: None,
        vm: None,
        password_hash: None,
        password_ciphertext: None,
        absent_since: None,
        version: 1,
    }
}

fn left_behind() -> Attempt {
    let setback = Some(Setback::Unavailable);
    Attempt { left_at: Some(at(1)), setback, ..attempt(1, AttemptState::Unknown) }
}

fn desktop(status: InstanceStatus, vm: Option<&str>) -> Instance {
    let order = order(OrderStatus::Active);
    Instance {
        id: order.instance,
        order: order.id,
        customer: order.customer,
        plan: order.plan,
        os: order.os,
        status,
        attempt: 2,
        offering: offering(),
        price: Some(order.price),
        vm: vm.map(|id| VmId(id.to_owned())),
        address: Some(address(1)),
        username: String::new(),
        certificate: None,
        command: None,
        last_error: None,
        boot: 1,
        created_at: at(0),
        ready_at: Some(at(100)),
        setup_seconds: None,
        version: 1,
    }
}

fn address(last: u8) -> IpAddr {
    IpAddr::from([198, 51, 100, last])
}

fn machine(number: u16, made: i64) -> Vm {
    let order = OrderId::new(at(0), 1);
    Vm {
        provider: Provider::Vultr,
        id: VmId("other".to_owned()),
        name: vm_name(order, number),
        tags: vec![order.to_string(), "nemordp".to_owned()],
        state: VmState::Running,
        address: Some(address(1)),
        region: "ewr".to_owned(),
        plan: "small".to_owned(),
        created_at: Some(at(made)),
        ends_on: None,
    }
}

/// Judges a machine made at second 0, ten minutes later and seen now for the first time.
fn verdict(order: Option<&Order>, attempt: Option<&Attempt>, instance: Option<&Instance>) -> Verdict {
    let number = attempt.map_or(1, |a| a.number);
    judge(&machine(number, 0), Known { order, attempt, instance }, at(600), QUARANTINE, at(600))
}

#[test]
fn what_an_unrecorded_machine_is_follows_from_its_order_and_attempt() {
    use AttemptState as A;
    use OrderStatus as S;
    let young = |why| Verdict::TooYoung(why);
    let ghost = |why| Verdict::Ghost(why);
    let elsewhere = desktop(InstanceStatus::Active, Some("kept"));
    let gone = desktop(InstanceStatus::Terminated, Some("kept"));
    let unknown = attempt(2, A::Unknown);
    let created = attempt(2, A::Created);
    let planned = attempt(2, A::Planned);
    let absent = attempt(1, A::Absent);
    let behind = left_behind();
    let earlier = attempt(1, A::Created);
    let keep = || Verdict::Double { keep: VmId("kept".to_owned()) };
    let cases = [
        (None, None, None, young(Why::Stranger)),
        (Some(S::Provisioning), None, None, young(Why::Stranger)),
        (Some(S::Expired), Some(&created), None, young(Why::Stranger)),
        (Some(S::Paid), Some(&planned), None, Verdict::InHand),
        (Some(S::Provisioning), Some(&planned), None, Verdict::InHand),
        (Some(S::Provisioning), Some(&unknown), None, Verdict::InHand),
        (Some(S::Provisioning), Some(&created), None, Verdict::InHand),
        (Some(S::Provisioning), Some(&earlier), None, ghost(Why::WrittenOff)),
        (Some(S::Provisioning), Some(&absent), None, ghost(Why::WrittenOff)),
        (Some(S::Provisioning), Some(&behind), None, ghost(Why::LeftBehind)),
        (Some(S::Undoing), Some(&created), None, Verdict::InHand),
        (Some(S::Undoing), Some(&behind), None, Verdict::InHand),
        (Some(S::Refunding), Some(&created), None, ghost(Why::Undone)),
        (Some(S::Refunded), Some(&absent), None, ghost(Why::Undone)),
        (Some(S::Active), Some(&created), Some(&elsewhere), keep()),
        (Some(S::Active), Some(&unknown), Some(&elsewhere), keep()),
        (Some(S::Active), Some(&absent), Some(&elsewhere), ghost(Why::WrittenOff)),
        (Some(S::Active), Some(&behind), Some(&elsewhere), ghost(Why::LeftBehind)),
        (Some(S::Active), Some(&created), Some(&gone), young(Why::Terminated)),
    ];
    for (status, attempt, instance, expected) in cases {
        let order = status.map(order);
        let place = format!("{status:?} {:?}", attempt.map(|a| a.state));
        assert_eq!(verdict(order.as_ref(), attempt, instance), expected, "{place}");
    }
}

#[test]
fn a_machine_that_its_desktop_records_is_right_whatever_was_read_before() {
    let recorded = desktop(InstanceStatus::Provisioning, Some("other"));
    for status in OrderStatus::ALL {
        let found = verdict(Some(&order(*status)), Some(&attempt(2, AttemptState::Created)), Some(&recorded));
        assert_eq!(found, Verdict::Recorded, "{status}");
    }
}

#[test]
fn a_ghost_has_to_be_as_old_as_the_quarantine_and_a_stranger_to_be_seen_for_a_day() {
    let refunded = order(OrderStatus::Refunded);
    let attempt = attempt(1, AttemptState::Absent);
    let known = Known { order: Some(&refunded), attempt: Some(&attempt), instance: None };
    let judged = |made, seen, now| judge(&machine(1, made), known, at(seen), QUARANTINE, at(now));
    assert_eq!(judged(500, 600, 600), Verdict::TooYoung(Why::Undone));
    assert_eq!(judged(480, 600, 600), Verdict::Ghost(Why::Undone));
    // A provider whose clock is ahead makes machines in the future.
    assert_eq!(judged(9_000, 600, 719), Verdict::TooYoung(Why::Undone));
    assert_eq!(judged(9_000, 600, 720), Verdict::Ghost(Why::Undone));

    let nothing = Known { order: None, attempt: None, instance: None };
    let day = STRANGERS_GRACE.as_secs();
    let stranger = |now| judge(&machine(1, -900_000), nothing, at(0), QUARANTINE, at(now));
    assert_eq!(stranger(day - 1), Verdict::TooYoung(Why::Stranger));
    assert_eq!(stranger(day), Verdict::Ghost(Why::Stranger));
}

#[test]
fn a_second_machine_is_one_only_when_it_is_as_old_as_the_quarantine() {
    let active = order(OrderStatus::Active);
    let (attempt, desktop) =
        (attempt(2, AttemptState::Created), desktop(InstanceStatus::Active, Some("kept")));
    let known = Known { order: Some(&active), attempt: Some(&attempt), instance: Some(&desktop) };
    let judged = |made| judge(&machine(2, made), known, at(600), QUARANTINE, at(600));
    assert_eq!(judged(481), Verdict::TooYoung(Why::WrittenOff));
    assert_eq!(judged(480), Verdict::Double { keep: VmId("kept".to_owned()) });
}

#[test]
fn a_machine_that_was_lost_and_is_there_again_keeps_what_its_customer_left_for_a_week() {
    let lost = |vm: &str| Attempt {
        setback: Some(Setback::Lost),
        vm: Some(VmId(vm.to_owned())),
        ..attempt(1, AttemptState::Absent)
    };
    let order = |status| {
        let timeline = vec![StepDone { step: Step::MachineLost, at: at(500) }];
        Order { timeline, ..order(status) }
    };
    let anew = desktop(InstanceStatus::Active, Some("kept"));
    let judged = |order: &Order, attempt: &Attempt, now| {
        let known = Known { order: Some(order), attempt: Some(attempt), instance: Some(&anew) };
        judge(&machine(1, 0), known, at(600), QUARANTINE, at(now))
    };
    let week = 600 + RETURNED_GRACE.as_secs();
    for status in
        [OrderStatus::Provisioning, OrderStatus::Active, OrderStatus::Refunding, OrderStatus::Refunded]
    {
        let order = order(status);
        assert_eq!(judged(&order, &lost("other"), 600), Verdict::TooYoung(Why::Returned), "{status}");
        assert_eq!(judged(&order, &lost("other"), week - 1), Verdict::TooYoung(Why::Returned), "{status}");
        assert_eq!(judged(&order, &lost("other"), week), Verdict::Ghost(Why::Returned), "{status}");
    }
    let active = order(OrderStatus::Active);
    let behind = Attempt { left_at: Some(at(550)), state: AttemptState::Unknown, ..lost("other") };
    assert_eq!(judged(&active, &behind, 600), Verdict::TooYoung(Why::Returned), "its provider was down");
    // Whoever undoes an order deletes all that it has, and sees that it is gone.
    assert_eq!(judged(&order(OrderStatus::Undoing), &lost("other"), 600), Verdict::InHand);
    // No machine of that attempt was ever delivered.
    assert_eq!(judged(&active, &lost("a third"), 600), Verdict::Ghost(Why::WrittenOff));
    let never_lost = Order { timeline: Vec::new(), ..active };
    assert_eq!(judged(&never_lost, &lost("other"), 600), Verdict::Ghost(Why::WrittenOff));
}

#[test]
fn a_cancelled_machine_that_is_off_is_over() {
    let over = Vm { state: VmState::Stopped, ends_on: Some("2026-12-01".parse().unwrap()), ..machine(1, 0) };
    let nothing = Known { order: None, attempt: None, instance: None };
    assert_eq!(judge(&over, nothing, at(0), QUARANTINE, at(900_000)), Verdict::Over);
}

#[test]
fn only_our_name_together_with_our_tag_is_ours_and_the_name_alone_where_there_are_no_tags() {
    let ours = machine(1, 0);
    assert!(is_ours(&ours));
    assert!(!is_ours(&Vm { name: "web-1".to_owned(), ..ours.clone() }));
    assert!(!is_ours(&Vm { tags: vec!["web".to_owned()], ..ours.clone() }));
    let tagless = Vm { tags: Vec::new(), provider: Provider::Contabo, ..ours };
    assert!(is_ours(&tagless));
    assert!(!is_ours(&Vm { name: "vmd12345".to_owned(), ..tagless }));
}

#[test]
fn a_record_is_put_right_only_while_nobody_is_at_work_on_the_desktop() {
    use InstanceStatus as I;
    let recorded = |status| Recorded::of(&desktop(status, Some("other"))).unwrap();
    let off = Vm { state: VmState::Stopped, address: Some(address(9)), ..machine(2, 0) };
    for (status, vm, moved, state) in [
        (I::Active, off.clone(), true, StateSays::Is(I::Stopped)),
        (I::Stopped, off.clone(), true, StateSays::Fits),
        (I::Stopped, machine(2, 0), false, StateSays::Is(I::Active)),
        (I::Active, machine(2, 0), false, StateSays::Fits),
        (I::Busy, off.clone(), false, StateSays::Fits),
        (I::Provisioning, off.clone(), false, StateSays::Fits),
        (I::Active, Vm { state: VmState::Pending, ..machine(2, 0) }, false, StateSays::Fits),
        (
            I::Active,
            Vm { state: VmState::Unknown("odd".to_owned()), ..machine(2, 0) },
            false,
            StateSays::Fits,
        ),
        (I::Stopped, Vm { address: None, ..off }, false, StateSays::Fits),
    ] {
        let says = compare(&recorded(status), &vm);
        assert_eq!((says.address.is_some(), &says.state), (moved, &state), "{status} {:?}", vm.state);
    }
    for vm in [
        Vm { state: VmState::Suspended, ..machine(2, 0) },
        Vm { state: VmState::Held("pay".to_owned()), ..machine(2, 0) },
        Vm { ends_on: Some("2026-12-01".parse().unwrap()), ..machine(2, 0) },
    ] {
        assert!(matches!(compare(&recorded(I::Active), &vm).state, StateSays::Odd(_)), "{vm:?}");
    }
}

#[test]
fn a_desktop_is_missed_only_by_the_second_listing_that_began_long_after_it_was_there() {
    use Suspicion as X;
    let active = Recorded::of(&desktop(InstanceStatus::Active, Some("m"))).unwrap();
    let missed = |recorded: &Recorded, began, since: Option<i64>| {
        suspicion(recorded, at(began), since.map(at), QUARANTINE)
    };
    assert_eq!(missed(&active, 219, None), X::None, "delivered at 100");
    assert_eq!(missed(&active, 220, None), X::First);
    assert_eq!(missed(&active, 339, Some(220)), X::First);
    assert_eq!(missed(&active, 340, Some(220)), X::Again);
    for status in [InstanceStatus::Busy, InstanceStatus::Provisioning] {
        let busy = Recorded::of(&desktop(status, Some("m"))).unwrap();
        assert_eq!(missed(&busy, 9_000, Some(220)), X::None, "{status}");
    }
    let never = Recorded { ready_at: None, ..active };
    assert_eq!(missed(&never, 9_000, Some(220)), X::None);
}

#[test]
fn where_much_is_at_odds_at_once_it_is_not_the_machines() {
    for (found, all, expected) in [
        (0, 0, false),
        (1, 1, false),
        (2, 2, true),
        (2, 3, false),
        (3, 10, false),
        (3, 3, true),
        (4, 20, false),
        (5, 20, true),
        (2_000, 10_000, false),
        (2_001, 10_000, true),
    ] {
        assert_eq!(too_many(found, all), expected, "{found} of {all}");
    }
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    (1u16..4, prop::sample::select(AttemptState::ALL), any::<bool>()).prop_map(|(number, state, left)| {
        let left_at = (left && state == AttemptState::Unknown).then(|| at(1));
        Attempt { left_at, ..attempt(number, state) }
    })
}

proptest! {
    /// What may still come to be a desktop is never given up: an attempt that the workflow may adopt, and the machine
    /// that a desktop records.
    #[test]
    fn what_may_still_be_used_is_never_a_ghost(
        status in prop::sample::select(OrderStatus::ALL),
        attempt in any_attempt(),
        desktop_status in prop::sample::select(InstanceStatus::ALL),
        recorded in prop::option::of(prop::sample::select(vec!["other", "kept"])),
        made in -1_000i64..1_000,
        seen in 0i64..1_000,
        later in 0i64..1_000_000,
    ) {
        let (order, instance) = (order(status), desktop(desktop_status, recorded));
        let known = Known { order: Some(&order), attempt: Some(&attempt), instance: Some(&instance) };
        let vm = machine(attempt.number, made);
        let found = judge(&vm, known, at(seen), QUARANTINE, at(seen + later));
        let given_up = matches!(found, Verdict::Ghost(_) | Verdict::Double { .. });
        let adoptable = matches!(status, OrderStatus::Paid | OrderStatus::Provisioning)
            && attempt.number == order.attempt
            && attempt.state != AttemptState::Absent
            && !attempt.is_left_behind();
        prop_assert!(!(given_up && adoptable), "{:?}", found);
        let used = instance.rents() && instance.vm.as_ref() == Some(&vm.id);
        prop_assert!(!(given_up && used), "{:?}", found);
        if let Verdict::Double { keep } = &found {
            prop_assert!(keep != &vm.id && instance.vm.as_ref() == Some(keep));
        }
        // The longer it is there, the surer it is: nothing that was nobody's becomes somebody's by waiting.
        if given_up {
            let after = judge(&vm, known, at(seen), QUARANTINE, at(seen + later + 1));
            prop_assert_eq!(after, found);
        }
    }
}
