//! The order's states: what leads where, and that everything may come twice.

use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Plan, Provider};
use domain::customer::{CustomerId, Email};
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::mail::MailKind;
use domain::money::{Currency, Money};
use domain::order::{
    Applied, Effect, Failure, Order, OrderEvent as E, OrderStatus as S, PaymentMethod, StaffVps, Step,
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
        assert!(
            !order.has_done(Step::CredentialsStored) && order.timeline.len() < domain::order::TIMELINE_MAX
        );
        assert!(effects.ends_with(&[Effect::Mail(MailKind::Rebuilding), Effect::StartWorkflow]));
        assert_eq!(order.mail(MailKind::Ready, at(0)).id, format!("{}.ready.{time}", order.id));
        assert_eq!(order.execution_name(), format!("{}-{}", order.id, time + 1));
    }
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
        prop_assert!(order.timeline.len() <= domain::order::TIMELINE_MAX);
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
