//! The order's states: what leads where, and that everything may come twice.

use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Plan, Provider};
use domain::customer::{CustomerId, Email};
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::mail::MailKind;
use domain::money::{Currency, Money};
use domain::order::{
    ATTEMPTS_MAX, Applied, EXECUTIONS_MAX, Effect, Failure, Order, OrderEvent as E, OrderStatus as S,
    PaymentMethod, StaffVps, Step, TIMELINE_MAX,
};
use domain::trading::{self, NewVps};
use jiff::SignedDuration;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn placed() -> Order {
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
        status: S::AwaitingPayment,
        timeline: Vec::new(),
        created_at: at(0),
        paid_at: None,
        deadline: None,
        offering: 0,
        attempt: 0,
        failure: None,
        executions: 0,
        restarted_at: None,
        version: 1,
    }
}

fn claim() -> E {
    E::Claimed { allowed: SignedDuration::from_mins(30) }
}

fn after(events: &[E]) -> (Order, Vec<Effect>) {
    let mut order = placed();
    let mut effects = Vec::new();
    for (second, event) in events.iter().enumerate() {
        match order.apply(event, at(second as i64)).unwrap_or_else(|error| panic!("{error}")) {
            Applied::Changed(next, more) => {
                order = *next;
                effects.extend(more);
            }
            Applied::Already => {}
        }
    }
    (order, effects)
}

#[test]
fn a_paid_order_starts_its_workflow_and_owes_a_receipt() {
    let (order, effects) = after(&[E::PaymentConfirmed]);
    assert_eq!(order.status, S::Paid);
    assert_eq!(effects, [Effect::StartWorkflow, Effect::Mail(MailKind::Receipt)]);
}

#[test]
fn money_that_comes_after_the_time_is_over_still_buys_the_desktop() {
    let (order, _) = after(&[E::PaymentWindowClosed, E::PaymentConfirmed]);
    assert_eq!(order.status, S::Paid);
}

#[test]
fn the_deadline_counts_from_the_claim() {
    let (order, _) = after(&[E::PaymentConfirmed, claim()]);
    assert!(!order.is_late(at(30 * 60)));
    assert!(order.is_late(at(30 * 60 + 1)));
}

#[test]
fn an_order_that_is_given_up_ends_refunded_and_nowhere_else() {
    let undone =
        [E::PaymentConfirmed, claim(), E::GaveUp(Failure::DeadlinePassed), E::MachinesGone, E::MoneyReturned];
    let (order, _) = after(&undone);
    assert_eq!((order.status, order.failure), (S::Refunded, Some(Failure::DeadlinePassed)));
    assert!(order.apply(&E::Delivered, at(99)).is_err());
    assert!(order.apply(&claim(), at(99)).is_err());
}

#[test]
fn a_delivered_order_cannot_be_given_up() {
    let (order, _) = after(&[E::PaymentConfirmed, claim(), E::Delivered]);
    assert!(order.apply(&E::GaveUp(Failure::Internal), at(99)).is_err());
    assert!(order.apply(&E::MachinesGone, at(99)).is_err());
}

#[test]
fn nothing_is_provisioned_or_refunded_that_was_not_paid() {
    for event in [claim(), E::Delivered, E::GaveUp(Failure::Internal), E::MachinesGone, E::MoneyReturned] {
        assert!(placed().apply(&event, at(1)).is_err(), "{event:?}");
    }
}

#[test]
fn a_lost_machine_takes_a_delivered_order_back_and_its_mails_are_new_ones() {
    let lost = || E::MachineLost { allowed: SignedDuration::from_mins(30) };
    assert!(after(&[E::PaymentConfirmed, claim()]).0.apply(&lost(), at(9)) == Ok(Applied::Already));
    let mut events = vec![E::PaymentConfirmed, claim()];
    for time in 1..=19 {
        let made = [E::Progress(Step::MachineCreated), E::Progress(Step::CredentialsStored), E::Delivered];
        events.extend(made.into_iter().chain([lost()]));
        let (order, effects) = after(&events);
        assert_eq!((order.status, order.losses()), (S::Provisioning, time));
        assert_eq!(order.lost_at(), Some(at(events.len() as i64 - 1)));
        assert_eq!(order.wanted_at(), order.lost_at());
        assert!(!order.has_done(Step::CredentialsStored) && order.timeline.len() < TIMELINE_MAX);
        assert!(effects.ends_with(&[Effect::Mail(MailKind::Rebuilding), Effect::StartWorkflow]));
        assert_eq!(order.mail(MailKind::Ready, at(0)).id, format!("{}.ready.{time}", order.id));
        assert_eq!(order.execution_name(), format!("{}-{}", order.id, time + 1));
    }
}

#[test]
fn money_goes_back_only_between_the_last_machine_and_the_gateways_word() {
    let (order, alert) = after(&[E::PaymentConfirmed, claim(), E::GaveUp(Failure::NoOfferingLeft)]);
    assert_eq!((order.status, order.needs_work()), (S::Undoing, true));
    let told = Effect::AlertOperator("could not be delivered: no_offering_left".to_owned());
    assert_eq!(alert.last(), Some(&told));
    let (order, effects) = changed(&order, &E::MachinesGone, 4);
    assert_eq!((order.status, order.needs_work(), effects), (S::Refunding, true, Vec::new()));
    let (asked, _) = changed(&order, &E::Progress(Step::RefundRequested), 5);
    assert_eq!((asked.status, asked.needs_work()), (S::Refunding, false));
    let (back, _) = changed(&asked, &E::MoneyReturned, 6);
    assert_eq!((back.status, back.needs_work()), (S::Refunded, false));
}

#[test]
fn only_what_is_paid_and_not_at_rest_needs_work() {
    let with = |has: fn(S) -> bool| -> Vec<S> { S::ALL.iter().copied().filter(|s| has(*s)).collect() };
    assert_eq!(with(S::needs_work), [S::Paid, S::Provisioning, S::Undoing, S::Refunding]);
    assert_eq!(
        with(S::was_paid),
        [S::Paid, S::Provisioning, S::Active, S::Undoing, S::Refunding, S::Refunded]
    );
}

#[test]
fn machines_are_counted_and_the_customer_sees_when_the_offering_changes() {
    let (mut order, _) = after(&[E::PaymentConfirmed, claim()]);
    for number in 1..=ATTEMPTS_MAX {
        let before = order.timeline.len();
        order = changed(&order, &E::AttemptBegun { offering: number / 10 }, 5).0;
        assert_eq!((order.attempt, order.offering), (number, number / 10));
        let skipped = order.timeline[before..].iter().any(|done| done.step == Step::OfferingSkipped);
        assert_eq!(skipped, number % 10 == 0, "{number}");
    }
    assert!(order.apply(&E::AttemptBegun { offering: 2 }, at(6)).is_err());
    // A machine that is lost after its delivery is made anew as often as the first.
    let (delivered, _) = changed(&order, &E::Delivered, 7);
    let (lost, _) = changed(&delivered, &E::MachineLost { allowed: SignedDuration::from_mins(30) }, 8);
    assert_eq!(changed(&lost, &E::AttemptBegun { offering: 0 }, 9).0.attempt, ATTEMPTS_MAX + 1);
    let spent = Order { attempt: 2 * ATTEMPTS_MAX, ..lost };
    assert!(spent.apply(&E::AttemptBegun { offering: 0 }, at(9)).is_err());
}

#[test]
fn waiting_for_a_provider_is_told_once() {
    let (order, _) = after(&[E::PaymentConfirmed, claim()]);
    let (order, told) = changed(&order, &E::Progress(Step::WaitingForProvider), 3);
    assert_eq!(told, [Effect::Mail(MailKind::Delayed)]);
    assert_eq!(order.apply(&E::Progress(Step::WaitingForProvider), at(4)), Ok(Applied::Already));
    let (_, silent) = changed(&order, &E::Progress(Step::MachineCreated), 5);
    assert_eq!(silent, []);
}

#[test]
fn an_event_that_cannot_happen_says_where_and_what() {
    let (active, _) = after(&[E::PaymentConfirmed, claim(), E::Delivered]);
    let lost = || E::MachineLost { allowed: SignedDuration::from_mins(30) };
    for (order, event, sentence) in [
        (placed(), claim(), "order is awaiting_payment: claimed does not apply"),
        (
            placed(),
            E::AttemptBegun { offering: 0 },
            "order is awaiting_payment: attempt_begun does not apply",
        ),
        (placed(), E::Delivered, "order is awaiting_payment: delivered does not apply"),
        (placed(), lost(), "order is awaiting_payment: machine_lost does not apply"),
        (placed(), E::MoneyReturned, "order is awaiting_payment: money_returned does not apply"),
        (active.clone(), E::GaveUp(Failure::Internal), "order is active: gave_up does not apply"),
        (active.clone(), E::MachinesGone, "order is active: machines_gone does not apply"),
        (active, E::Restarted, "order is active: restarted does not apply"),
    ] {
        assert_eq!(order.apply(&event, at(9)).unwrap_err().to_string(), sentence);
    }
}

#[test]
fn a_workflow_that_dies_again_is_started_at_once_then_after_doubled_waits_and_in_the_end_daily() {
    let patience = SignedDuration::from_mins(2);
    let (order, _) = after(&[E::PaymentConfirmed, claim()]);
    assert!(order.may_restart(patience, at(0)), "the first time");
    let day = 24 * 60;
    let waits = [(1, 4), (2, 8), (3, 16), (4, 32), (5, 60), (16, 60), (49, 60), (50, day), (u16::MAX, day)];
    for (executions, minutes) in waits {
        let order = Order { executions, restarted_at: Some(at(0)), ..order.clone() };
        assert!(!order.may_restart(patience, at(minutes * 60 - 1)), "{executions}");
        assert!(order.may_restart(patience, at(minutes * 60)), "{executions}");
    }
}

#[test]
fn the_workflow_of_each_lost_machine_may_die_as_often_as_the_first_ones() {
    let patience = SignedDuration::from_mins(2);
    let mut order = after(&[E::PaymentConfirmed, claim(), E::Delivered]).0;
    for loss in 1..=4 {
        order = changed(&order, &E::MachineLost { allowed: SignedDuration::from_mins(30) }, 10).0;
        assert_eq!(order.executions, 1 + loss);
        assert!(order.may_restart(patience, at(10)), "the first time after loss {loss}");
        let again = changed(&order, &E::Restarted, 20).0;
        assert!(!again.may_restart(patience, at(20 + 8 * 60 - 1)), "{loss}");
        assert!(again.may_restart(patience, at(20 + 8 * 60)), "{loss}");
        order = changed(&order, &E::Delivered, 30).0;
    }
    let often = Order { executions: EXECUTIONS_MAX + 3, ..order };
    assert!(!often.is_hopeless() && Order { executions: EXECUTIONS_MAX + 4, ..often.clone() }.is_hopeless());
}

#[test]
fn a_full_timeline_keeps_its_beginning_and_shows_the_latest() {
    let (mut order, _) = after(&[E::PaymentConfirmed, claim()]);
    for offering in 1..=60 {
        order.attempt = 0;
        order = changed(&order, &E::AttemptBegun { offering }, 5).0;
    }
    assert_eq!(order.timeline.len(), TIMELINE_MAX);
    assert_eq!(order.timeline[0].step, Step::Paid);
    let (full, _) = changed(&order, &E::Delivered, 99);
    assert_eq!(full.timeline.len(), TIMELINE_MAX);
    assert_eq!(full.timeline.last().map(|done| (done.step, done.at)), Some((Step::Active, at(99))));
}

#[test]
fn the_story_of_a_lost_machine_is_shortened_only_when_it_is_long() {
    let lost = || E::MachineLost { allowed: SignedDuration::from_mins(30) };
    for (skipped, kept) in [(TIMELINE_MAX / 2 - 3, true), (TIMELINE_MAX / 2 - 2, false)] {
        let (mut order, _) = after(&[E::PaymentConfirmed, claim()]);
        for offering in (1..).take(skipped) {
            order.attempt = 0;
            order = changed(&order, &E::AttemptBegun { offering }, 5).0;
        }
        order = changed(&order, &E::Delivered, 6).0;
        assert_eq!(order.timeline.len(), skipped + 3);
        let (order, _) = changed(&order, &lost(), 7);
        assert_eq!(order.timeline.iter().any(|done| done.step == Step::OfferingSkipped), kept, "{skipped}");
        assert_eq!(order.timeline.first().map(|done| done.step), Some(Step::Paid));
    }
}

#[test]
fn an_order_moved_last_when_something_last_happened_to_it() {
    let (order, _) = after(&[E::PaymentConfirmed, claim(), E::Progress(Step::MachineCreated)]);
    assert_eq!(placed().last_moved_at(), at(0));
    assert_eq!(order.last_moved_at(), at(2));
    assert_eq!(changed(&order, &E::Restarted, 9).0.last_moved_at(), at(9));
    assert_eq!(Order { paid_at: Some(at(4)), ..placed() }.last_moved_at(), at(4));
}

#[test]
fn a_second_execution_has_a_name_of_its_own() {
    let (order, _) = after(&[E::PaymentConfirmed]);
    assert_eq!(order.execution_name(), order.id.to_string());
    let restarted = Order { executions: 2, ..order };
    assert_eq!(restarted.execution_name(), format!("{}-2", restarted.id));
}

fn any_event() -> impl Strategy<Value = E> {
    prop_oneof![
        Just(E::PaymentConfirmed),
        Just(E::PaymentWindowClosed),
        Just(claim()),
        (0u16..4).prop_map(|offering| E::AttemptBegun { offering }),
        prop::sample::select(Step::ALL).prop_map(E::Progress),
        Just(E::Delivered),
        Just(E::MachineLost { allowed: SignedDuration::from_mins(30) }),
        prop::sample::select(Failure::ALL).prop_map(E::GaveUp),
        Just(E::MachinesGone),
        Just(E::MoneyReturned),
        Just(E::Restarted),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_in_whatever_order_the_rules_hold(events in prop::collection::vec(any_event(), 0..60)) {
        let mut order = placed();
        let mut mails = Vec::new();
        for (second, event) in events.iter().enumerate() {
            let now = at(second as i64);
            let Ok(Applied::Changed(next, effects)) = order.apply(event, now) else { continue };
            mails.extend(effects.into_iter().filter_map(|e| match e {
                Effect::Mail(kind) => Some(next.mail(kind, now).id),
                _ => None,
            }));
            // At rest is at rest.
            let lost = matches!(event, E::MachineLost { .. });
            if order.status == S::Refunded || (order.status == S::Active && !lost) {
                prop_assert_eq!(next.status, order.status);
            }
            // Nothing beyond an unpaid order without money.
            let beyond = !matches!(next.status, S::AwaitingPayment | S::Expired);
            prop_assert!(!beyond || next.paid_at.is_some());
            // A step or a change of state that came twice changes nothing.
            if !matches!(event, E::AttemptBegun { .. } | E::Restarted) {
                prop_assert!(matches!(next.apply(event, now), Ok(Applied::Already)), "{:?}", event);
            }
            order = *next;
        }
        prop_assert!(order.timeline.len() <= TIMELINE_MAX);
        for id in &mails {
            prop_assert!(mails.iter().filter(|m| *m == id).count() <= 1, "{} twice", id);
        }
    }
}

/// What staff order, from its beginning.
fn ordered_by_staff() -> Order {
    let customers = placed();
    let offering = Offering {
        provider: Provider::Vultr,
        plan: "vc2-2c-4gb".to_owned(),
        region: "uk".to_owned(),
        provider_region: "lhr".to_owned(),
        image: Image { name_prefix: "Windows 2022 Standard".to_owned(), fallback_id: "501".to_owned() },
    };
    let vps = StaffVps { mt5_account_id: "51234567".to_owned(), vps_name: None, offering };
    let new = NewVps { staff: customers.customer, email: customers.email, plan: Plan::Basic, vps };
    trading::place(new, (customers.id, customers.payment, customers.instance), at(0)).0
}

fn changed(order: &Order, event: &E, second: i64) -> (Order, Vec<Effect>) {
    match order.apply(event, at(second)).unwrap() {
        Applied::Changed(next, effects) => (*next, effects),
        Applied::Already => panic!("{event:?} had happened before"),
    }
}

#[test]
fn what_staff_order_counts_as_paid_and_no_payment_ever_touches_it() {
    let order = ordered_by_staff();
    assert_eq!((order.status, order.price.minor, order.wanted_at()), (S::Paid, 0, Some(at(0))));
    assert!(order.needs_work());
    assert_eq!(order.apply(&E::PaymentConfirmed, at(1)), Ok(Applied::Already));
    assert_eq!(order.apply(&E::PaymentWindowClosed, at(1)), Ok(Applied::Already));
}

#[test]
fn what_staff_order_and_cannot_be_made_ends_without_money_and_without_a_word_of_it() {
    let (order, started) = changed(&ordered_by_staff(), &claim(), 1);
    assert_eq!(started, [Effect::Mail(MailKind::Started)]);
    let (order, waiting) = changed(&order, &E::Progress(Step::WaitingForProvider), 2);
    assert_eq!(waiting, []);
    let (order, alert) = changed(&order, &E::GaveUp(Failure::DeadlinePassed), 3);
    assert!(matches!(alert.as_slice(), [Effect::AlertOperator(_)]));
    let (order, told) = changed(&order, &E::MachinesGone, 4);
    assert_eq!(told, [Effect::Mail(MailKind::NotDelivered)]);
    assert_eq!(order.status, S::Refunded);
    assert!(!order.needs_work());
    assert!(!order.has_done(Step::RefundRequested) && !order.has_done(Step::Refunded));
    assert_eq!(order.apply(&E::MachinesGone, at(5)), Ok(Applied::Already));
    assert_eq!(order.apply(&E::MoneyReturned, at(5)), Ok(Applied::Already));
}
