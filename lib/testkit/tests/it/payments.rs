//! Money comes in: early, late, twice, too little, in the wrong mode.

use domain::catalogue::Os;
use domain::ledger::EntryKind;
use domain::order::OrderStatus;
use domain::payment::PaymentStatus;
use jiff::SignedDuration;
use testkit::ports::GatewayFault;
use testkit::{Fault, Shop, Trigger};

fn one_charge(shop: &Shop) -> bool {
    let entries = shop.world.store.ledger_entries();
    entries.iter().filter(|e| e.kind == EntryKind::Charge).count() == 1
}

#[test]
fn ten_identical_webhooks_at_once_make_one_desktop() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    let reference = shop.pays_silently(order);
    for _ in 0..10 {
        shop.world.gateway.webhook("charge.success", &reference, SignedDuration::from_secs(1));
    }
    shop.run_until_idle();
    assert_eq!(shop.world.host.creates(), 1);
    assert_eq!(shop.mail_kinds(order), ["ready", "receipt", "started"]);
    assert!(one_charge(&shop));
    assert_eq!(shop.world.store.events().len(), 1);
}

#[test]
fn different_events_about_one_payment_at_once_make_one_desktop() {
    let mut shop = Shop::open();
    shop.world.queues.misbehave(700, SignedDuration::from_secs(20));
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    let reference = shop.pays_silently(order);
    for event in ["charge.success", "invoice.update", "charge.success", "charge.unheard-of"] {
        shop.world.gateway.webhook(event, &reference, SignedDuration::ZERO);
    }
    shop.comes_back(order);
    shop.comes_back(order);
    shop.run_until_idle();
    assert_eq!(shop.world.host.creates(), 1);
    assert!(one_charge(&shop));
}

#[test]
fn a_webhook_before_the_checkout_has_answered_is_not_lost() {
    // The page was opened and its answer lost: the customer got it from a second click, and paid at once.
    let mut shop = Shop::open();
    shop.world.sim.arm(Trigger::Next("gateway.open_checkout"), Fault::After);
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    let reference = shop.reference(order);
    assert!(reference.ends_with("-2"), "{reference}");
    shop.pays(order);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
}

#[test]
fn a_payment_under_a_reference_whose_page_nobody_stored_still_counts() {
    // The process died between the page and its record; the customer cannot know the page, but a customer who
    // somehow paid there has paid.
    let mut shop = Shop::open();
    shop.world.sim.arm(Trigger::Next("gateway.open_checkout"), Fault::CrashAfter);
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    let first = shop.reference(order).replace("-2", "-1");
    shop.world.gateway.pay(&first);
    shop.world.gateway.webhook("charge.success", &first, SignedDuration::ZERO);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
}

#[test]
fn a_customer_who_comes_back_needs_no_webhook() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Linux);
    shop.pays_silently(order);
    shop.comes_back(order);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
}

#[test]
fn a_customer_who_comes_back_without_paying_changes_nothing() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Linux);
    shop.comes_back(order);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::AwaitingPayment);
}

#[test]
fn a_payment_that_nobody_announced_is_found_by_the_sweep() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    shop.pays_silently(order);
    shop.run_for(SignedDuration::from_mins(5));
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
}

#[test]
fn an_event_whose_message_was_lost_is_found_by_the_sweep() {
    let mut shop = Shop::open();
    shop.world.sim.arm(Trigger::Next("queue.payment"), Fault::Before);
    let order = shop.paid_order(Os::Windows);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
}

#[test]
fn an_unpaid_order_expires_and_is_not_looked_at_for_ever() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    shop.run_for(SignedDuration::from_hours(25));
    assert_eq!(shop.order(order).status, OrderStatus::Expired);
    let payment = shop.world.store.payments().pop().unwrap();
    assert_eq!((payment.status, payment.next_check_at), (PaymentStatus::Expired, None));
    assert!(payment.checks < 60, "{} looks", payment.checks);
}

#[test]
fn money_that_comes_after_expiry_still_buys_the_desktop() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    shop.run_for(SignedDuration::from_hours(25));
    shop.pays(order);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
}

#[test]
fn an_event_about_an_expired_payment_is_kept_until_the_gateway_itself_knows_of_the_money() {
    for pays in [true, false] {
        let mut shop = Shop::open();
        let ada = shop.customer("ada@example.com");
        let order = shop.orders(&ada, Os::Windows);
        shop.run_for(SignedDuration::from_hours(25));
        shop.world.gateway.webhook("charge.success", &shop.reference(order), SignedDuration::ZERO);
        shop.run_for(SignedDuration::from_mins(5));
        assert_eq!(shop.order(order).status, OrderStatus::Expired);
        if pays {
            shop.pays_silently(order);
        }
        shop.run_until_idle();
        let expected = if pays { OrderStatus::Active } else { OrderStatus::Expired };
        assert_eq!(shop.order(order).status, expected);
        assert_eq!(shop.mails(order, "operator_alert").is_empty(), pays);
    }
}

#[test]
fn money_that_is_not_as_ordered_is_told_to_the_operator_and_buys_nothing() {
    let price = 11_040_000;
    for (minor, currency, mode) in [
        (price - 1, "NGN", "test"),
        (price + 1, "NGN", "test"),
        (price, "USD", "test"),
        (price, "NGN", "live"),
        (0, "XAF", "test"),
    ] {
        let mut shop = Shop::open();
        let ada = shop.customer("ada@example.com");
        let order = shop.orders(&ada, Os::Windows);
        let reference = shop.reference(order);
        shop.world.gateway.pay_otherwise(&reference, minor, currency, mode);
        for _ in 0..2 {
            shop.world.gateway.webhook("charge.success", &reference, SignedDuration::ZERO);
        }
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::AwaitingPayment, "{minor} {currency} {mode}");
        assert_eq!(shop.mail_kinds(order), ["operator_alert"], "{minor} {currency} {mode}");
        assert!(shop.world.host.machines_ever().is_empty());
    }
}

#[test]
fn an_event_that_says_paid_while_the_gateway_does_not_is_told_to_the_operator() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    let reference = shop.reference(order);
    shop.world.gateway.webhook("charge.success", &reference, SignedDuration::ZERO);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::AwaitingPayment);
    assert_eq!(shop.mail_kinds(order), ["operator_alert"]);
}

#[test]
fn an_event_about_a_payment_of_somebody_else_is_acknowledged() {
    let mut shop = Shop::open();
    for reference in ["T123456", "pay-01JC3K9X2B7Q8R5T6V7W8X9Y0Z-1", "pay--1", ""] {
        shop.world.gateway.webhook("charge.success", reference, SignedDuration::ZERO);
        shop.world.gateway.webhook("refund.processed", reference, SignedDuration::ZERO);
    }
    shop.run_until_idle();
    assert!(shop.world.store.events().iter().all(|e| e.applied_at.is_some()));
    assert!(shop.world.store.orders().is_empty());
}

#[test]
fn a_gateway_that_is_busy_for_a_while_only_delays() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    shop.world.gateway.fail(GatewayFault::Busy, 8);
    shop.pays(order);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
}

#[test]
fn a_payment_that_the_bank_reversed_before_the_workflow_began_buys_nothing() {
    let mut shop = Shop::open();
    shop.world.sim.arm(Trigger::Next("workflow.start"), Fault::Before);
    let order = shop.paid_order(Os::Windows);
    shop.run_for(SignedDuration::from_secs(10));
    assert_eq!(shop.order(order).status, OrderStatus::Paid);
    let reference = shop.reference(order);
    shop.world.gateway.reverse(&reference);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
    assert_eq!(shop.world.host.creates(), 0);
}

#[test]
fn a_dispute_is_told_to_the_operator_once() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    let reference = shop.reference(order);
    shop.world.gateway.webhook("charge.dispute.create", &reference, SignedDuration::ZERO);
    shop.world.gateway.webhook("charge.dispute.create", &reference, SignedDuration::from_secs(30));
    shop.run_until_idle();
    assert_eq!(shop.mails(order, "operator_alert").len(), 1);
}
