//! The checks at rest must see what they are there for: each test breaks a promise by hand.

use domain::catalogue::Os;
use domain::ledger::EntryKind;
use domain::order::OrderStatus;
use jiff::SignedDuration;
use testkit::Shop;
use testkit::ports::{HostFault, Key, Op, Row};

/// What the checks say, of a shop that is then forgotten instead of checked.
fn complaints(shop: Shop) -> String {
    let broken = shop.broken_promises().join("\n");
    std::mem::forget(shop);
    broken
}

#[test]
fn a_paid_order_that_nobody_cares_for_is_seen() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    assert_eq!(shop.broken_promises(), Vec::<String>::new());
    shop.world.store.tamper(&Key::Order(order), |row| {
        if let Row::Order(order) = row {
            order.status = OrderStatus::Provisioning;
        }
    });
    let seen = complaints(shop);
    assert!(seen.contains("rests as provisioning") && seen.contains("has 1 machines"), "{seen}");
}

#[test]
fn a_ledger_that_does_not_add_up_is_seen() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    let charge =
        shop.world.store.keys().into_iter().find(|k| matches!(k, Key::Ledger(_, EntryKind::Charge, _)));
    shop.world.store.tamper(&charge.unwrap(), |row| {
        if let Row::Ledger(entry) = row {
            entry.amount.minor -= 1;
        }
    });
    let seen = complaints(shop);
    assert!(seen.contains(&format!("{order}: the ledger says")), "{seen}");
}

#[test]
fn a_machine_that_is_gone_is_seen() {
    let mut shop = Shop::open();
    shop.delivered(Os::Windows);
    let (host, id) = (shop.world.host.clone(), shop.world.host.machines()[0].id.clone());
    let delete = async move {
        use app::ports::VmHost;
        host.delete(&id).await
    };
    assert!(shop.call(delete).is_ok_and(|deleted| deleted.is_ok()));
    let seen = complaints(shop);
    assert!(seen.contains("is active and has 0 machines"), "{seen}");
}

#[test]
fn machines_that_are_lost_together_are_seen_until_the_operator_is_told() {
    let mut shop = Shop::open();
    for _ in 0..2 {
        let (_, order) = shop.delivered(Os::Windows);
        let vm = shop.instance(order).vm.unwrap();
        shop.world.host.vanish(&vm);
    }
    let seen = shop.broken_promises().join("\n");
    assert_eq!(seen.matches("is active and has 0 machines").count(), 2, "{seen}");
    shop.reconcile_for(SignedDuration::from_mins(30));
    shop.run_until_idle();
    assert_eq!(shop.broken_promises(), Vec::<String>::new());
}

#[test]
fn a_secret_in_the_log_is_seen() {
    let mut shop = Shop::open();
    shop.delivered(Os::Windows);
    let password = shop.world.host.machines()[0].password.clone();
    tracing::info!(password, "somebody debugs");
    let seen = complaints(shop);
    assert!(seen.contains("the log holds a secret"), "{seen}");
}

#[test]
fn a_secret_in_a_mails_record_is_seen() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Linux);
    let password = shop.world.keys.plaintexts().remove(0);
    shop.world.store.tamper(&Key::Mail(format!("{order}.ready")), |row| {
        if let Row::Mail(mail) = row {
            mail.note = Some(password);
        }
    });
    let seen = complaints(shop);
    assert!(seen.contains("a mail's record holds a secret"), "{seen}");
}

#[test]
fn money_that_is_refunded_here_and_kept_there_is_seen() {
    let mut shop = Shop::open();
    shop.world.host.sell_out("ewr");
    let order = shop.paid_order(Os::Windows);
    shop.run_for(SignedDuration::from_mins(10));
    shop.world.store.tamper(&Key::Order(order), |row| {
        if let Row::Order(order) = row {
            order.status = OrderStatus::Refunded;
        }
    });
    let seen = complaints(shop);
    assert!(seen.contains("is refunded, and the gateway still has"), "{seen}");
}

/// The first create has no clear answer, and then nothing can be had: the order is refunded.
fn refunded_after(create: HostFault, change: impl FnOnce(&mut Shop)) -> Shop {
    let mut shop = Shop::open();
    change(&mut shop);
    shop.world.host.fail(Op::Create, create, 1);
    shop.world.host.fail(Op::Create, HostFault::OutOfStock, 100);
    shop.paid_order(Os::Linux);
    shop.run_until_idle();
    shop
}

#[test]
fn without_the_quarantine_a_late_machine_is_left_behind_and_seen() {
    let late = HostFault::Late(SignedDuration::from_secs(60));
    drop(refunded_after(late, |_| {}));
    let seen = complaints(refunded_after(late, |shop| shop.world.policy.quarantine = SignedDuration::ZERO));
    assert!(seen.contains("is refunded and has 1 machines"), "{seen}");
}

#[test]
fn without_the_quarantine_a_lagging_list_hides_a_machine() {
    let lag = |shop: &mut Shop| shop.world.host.lists_lag(SignedDuration::from_secs(45));
    let careful = refunded_after(HostFault::FailAfter, lag);
    assert_eq!(careful.world.store.orders()[0].status, OrderStatus::Active);
    drop(careful);
    let seen = complaints(refunded_after(HostFault::FailAfter, |shop| {
        lag(shop);
        shop.world.policy.quarantine = SignedDuration::ZERO;
    }));
    assert!(seen.contains("is refunded and has 1 machines"), "{seen}");
}
