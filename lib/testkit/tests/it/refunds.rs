//! What cannot be delivered is destroyed first, then paid back, once.

use domain::catalogue::{Os, Provider};
use domain::ledger::EntryKind;
use domain::money::Money;
use domain::order::{Failure, OrderStatus};
use domain::payment::{PaymentStatus, RefundStatus};
use jiff::SignedDuration;
use testkit::ports::{BootPlan, GatewayFault};
use testkit::{Fault, Shop, Trigger};

/// An order whose machine never boots.
fn doomed(shop: &mut Shop, os: Os) -> domain::ids::OrderId {
    shop.world.host.next_boot(BootPlan::Never);
    shop.paid_order(os)
}

fn refunds_in_ledger(shop: &Shop) -> usize {
    shop.world.store.ledger_entries().iter().filter(|e| e.kind == EntryKind::Refund).count()
}

#[test]
fn a_machine_that_never_boots_is_refunded_at_the_deadline() {
    for os in [Os::Windows, Os::Linux] {
        let mut shop = Shop::open();
        let order = doomed(&mut shop, os);
        shop.run_until_idle();
        let done = shop.order(order);
        assert_eq!((done.status, done.failure), (OrderStatus::Refunded, Some(Failure::DeadlinePassed)));
        let gave_up = done.timeline.iter().find(|l| l.step == domain::order::Step::GaveUp).unwrap();
        let waited = gave_up.at.duration_since(done.paid_at.unwrap());
        assert!((30..34).contains(&waited.as_mins()), "{waited:?}");
        assert_eq!(shop.mails(order, "failed_and_refunded").len(), 1);
        assert_eq!(shop.world.store.tickets().len(), 1);
        assert_eq!(refunds_in_ledger(&shop), 1);
        assert_eq!(shop.world.gateway.refunds_accepted(), 1);
    }
}

#[test]
fn the_money_never_goes_back_before_the_machine_is_gone() {
    let mut shop = Shop::open();
    shop.world.host.fail(testkit::ports::Op::Delete, testkit::ports::HostFault::FailBefore, 12);
    let order = doomed(&mut shop, Os::Windows);
    let mut refunded_with_machine = false;
    for _ in 0..90 {
        shop.run_for(SignedDuration::from_mins(1));
        let machine = !shop.world.host.machines_ever().is_empty();
        refunded_with_machine |= machine && shop.world.gateway.refunds_accepted() > 0;
    }
    assert!(!refunded_with_machine);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
}

#[test]
fn a_refund_whose_answer_is_lost_is_asked_for_once() {
    for fault in Fault::ALL {
        let mut shop = Shop::open();
        shop.world.sim.arm(Trigger::Next("gateway.refund"), fault);
        let order = doomed(&mut shop, Os::Windows);
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::Refunded, "{fault:?}");
        assert_eq!(shop.world.gateway.refunds_accepted(), 1, "{fault:?}");
        assert_eq!(refunds_in_ledger(&shop), 1, "{fault:?}");
        assert_eq!(shop.mails(order, "failed_and_refunded").len(), 1, "{fault:?}");
    }
}

#[test]
fn a_refund_that_the_gateway_cannot_make_is_told_to_the_operator() {
    for end in [RefundStatus::Failed, RefundStatus::NeedsAttention] {
        let mut shop = Shop::open();
        shop.world.gateway.refunds_end(end);
        let order = doomed(&mut shop, Os::Windows);
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::Refunding, "{end}");
        let alerts = shop.mails(order, "operator_alert");
        assert!(alerts.iter().any(|m| m.note.as_ref().is_some_and(|n| n.contains("by hand"))), "{end}");
    }
}

#[test]
fn a_gateway_that_refuses_refunds_for_an_hour_gives_the_money_back_in_the_end() {
    let mut shop = Shop::open();
    shop.world.gateway.fail(GatewayFault::RefusesRefunds, 4);
    let order = doomed(&mut shop, Os::Windows);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
    let alerts = shop.mails(order, "operator_alert");
    let told = |m: &&testkit::ports::SentMail| m.note.as_ref().is_some_and(|n| n.contains("refuses to give"));
    assert_eq!(alerts.iter().filter(told).count(), 1);
}

#[test]
fn a_refund_whose_webhooks_are_all_lost_is_followed_by_the_sweep() {
    let mut shop = Shop::open();
    let order = doomed(&mut shop, Os::Windows);
    shop.run_for(SignedDuration::from_mins(29));
    shop.world.sim.arm(Trigger::Every("queue.payment"), Fault::CrashBefore);
    shop.run_for(SignedDuration::from_mins(8));
    shop.world.sim.disarm();
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
}

/// Somebody of ours gives the money back at the gateway's own desk.
fn refund_by_hand(shop: &mut Shop, order: domain::ids::OrderId) {
    let amount = shop.order(order).price;
    refund_part_by_hand(shop, order, amount);
}

fn refund_part_by_hand(shop: &mut Shop, order: domain::ids::OrderId, amount: Money) {
    let (gateway, reference) = (shop.world.gateway.clone(), shop.reference(order));
    let by_hand = async move {
        use app::ports::PaymentGateway;
        gateway.refund(&reference, amount, "by hand").await
    };
    assert!(shop.call(by_hand).is_ok_and(|refund| refund.is_ok()));
}

#[test]
fn a_refund_by_hand_while_the_desktop_is_being_made_ends_the_order_as_refunded() {
    for minutes in [1, 20, 29] {
        let mut shop = Shop::open();
        let order = doomed(&mut shop, Os::Windows);
        shop.run_for(SignedDuration::from_mins(minutes));
        refund_by_hand(&mut shop, order);
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::Refunded, "after {minutes} min");
        assert_eq!(shop.mails(order, "failed_and_refunded").len(), 1, "after {minutes} min");
        assert_eq!(shop.world.gateway.refunds_accepted(), 1, "after {minutes} min");
    }
}

#[test]
fn a_part_given_back_by_hand_is_not_taken_for_the_whole() {
    let mut shop = Shop::open();
    let order = doomed(&mut shop, Os::Windows);
    shop.run_for(SignedDuration::from_mins(5));
    let price = shop.order(order).price;
    refund_part_by_hand(&mut shop, order, Money::new(100, price.currency));
    shop.run_for(SignedDuration::from_mins(60));
    assert_eq!(shop.order(order).status, OrderStatus::Refunding);
    assert_eq!(refunds_in_ledger(&shop), 0);
    let alerts = shop.mails(order, "operator_alert");
    assert!(alerts.iter().any(|m| m.note.as_ref().is_some_and(|n| n.contains("the rest"))));

    refund_part_by_hand(&mut shop, order, Money::new(price.minor - 100, price.currency));
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
    assert_eq!(refunds_in_ledger(&shop), 1);
    assert_eq!(shop.mails(order, "failed_and_refunded").len(), 1);
}

#[test]
fn a_refund_made_at_the_gateways_own_desk_is_told_to_the_operator_and_stands_in_the_ledger() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    refund_by_hand(&mut shop, order);
    shop.run_until_idle();
    assert_eq!(shop.world.store.payments().pop().unwrap().status, PaymentStatus::Paid);
    assert_eq!(refunds_in_ledger(&shop), 1);
    assert!(!shop.mails(order, "operator_alert").is_empty());
    assert_eq!(shop.order(order).status, OrderStatus::Active);
}

#[test]
fn refunds_that_take_days_do_not_keep_the_sweep_from_orders_that_need_it() {
    let mut shop = Shop::open();
    shop.world.gateway.refunds_end(RefundStatus::Pending);
    for region in ["ewr", "ord", "lhr"] {
        shop.world.host.sell_out(region);
    }
    let refunded: Vec<_> = (0..app::sweep::LOOKS_MAX).map(|_| shop.paid_order(Os::Windows)).collect();
    shop.run_for(SignedDuration::from_mins(20));
    assert!(refunded.iter().all(|o| shop.order(*o).status == OrderStatus::Refunding));

    // Settled at the customer's return, by a process that died before it started the workflow.
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    shop.pays_silently(order);
    shop.world.sim.arm(Trigger::Next("workflow.start"), Fault::CrashBefore);
    shop.try_come_back(order);
    assert_eq!(shop.order(order).status, OrderStatus::Paid);
    shop.run_for(SignedDuration::from_mins(10));
    assert_ne!(shop.order(order).status, OrderStatus::Paid, "nobody started its workflow");

    shop.world.gateway.refunds_end(RefundStatus::Processed);
    shop.world.gateway.end_pending_refunds();
    shop.run_until_idle();
}

#[test]
fn the_money_goes_back_beside_a_machine_that_was_lost_and_is_there_again_and_the_inventory_keeps_it_a_week() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    let lost = shop.instance(order).vm.unwrap();
    shop.run_for(SignedDuration::from_mins(10));
    shop.world.host.meddle(&lost, |machine| machine.provider = Provider::Hetzner);
    shop.reconcile();
    shop.run_for(SignedDuration::from_mins(10));
    // What is made instead does not come up; and the provider finds the old one again.
    shop.world.host.next_boot(BootPlan::Never);
    assert_eq!(shop.reconcile().rebuilt, 1);
    shop.run_for(SignedDuration::from_mins(20));
    shop.world.host.meddle(&lost, |machine| machine.provider = Provider::Vultr);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
    assert_eq!(shop.world.gateway.refunds_accepted(), 1);
    let left = |shop: &Shop| shop.world.host.machines().into_iter().map(|m| m.id).collect::<Vec<_>>();
    assert_eq!(left(&shop), std::slice::from_ref(&lost));

    for _ in 0..6 {
        shop.reconcile();
        assert_eq!(left(&shop), std::slice::from_ref(&lost));
        shop.run_for(SignedDuration::from_hours(24));
    }
    let told = |note: &String| note.contains("there again") || note.contains("again, which it had not known");
    assert!(shop.world.outbox.sent().iter().any(|m| m.note.as_ref().is_some_and(told)));
    for _ in 0..2 {
        shop.run_for(SignedDuration::from_hours(24));
        shop.reconcile();
    }
    assert!(left(&shop).is_empty());
}
