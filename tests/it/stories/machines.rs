//! Providers that answer badly: the customer still gets one desktop, and never two. Vultr stands for all of them here.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::stack::{Alerts, Customer, End, MailKind, Order, Process, Stack, until};

/// Windows here is sold by Vultr first, Linux by Vultr last.
const REGION: &str = "us-central";
const MADE_WAIT: Duration = Duration::from_secs(60);

/// Pays and sees the order delivered to its customer, whose mailed password works.
#[track_caller]
fn is_delivered_and_lets_its_customer_in(stack: &Stack, order: &Order<'_>) {
    order.pay();
    order.rests(End::Delivered, Alerts::None);
    let mailed = order.mailed_credentials(MailKind::Ready);
    let machine = &stack.machines(&order.id)[0];
    assert!(stack.lets_in(machine, &mailed.username, &mailed.password), "the mailed password is refused");
}

/// The machine exists, and its creator does not learn of it.
fn survives_a_lost_answer(os: &str, kind: &str) {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in(REGION, "basic", os);
    let _sold_out = order.only_at("vultr");
    let lost = stack.fault(&json!({"target": "vultr.create", "kind": kind, "match": order.id}));
    is_delivered_and_lets_its_customer_in(&stack, &order);
    lost.has_struck();
    made_in_vain(&stack, &order, os);
}

/// Vultr tells a Windows password once, in the answer that was lost: nobody could sign in at that machine.
#[track_caller]
fn made_in_vain(stack: &Stack, order: &Order<'_>, os: &str) {
    let destroyed = stack.destroyed_machines(&order.id).len();
    assert_eq!(destroyed, usize::from(os == "windows"), "{}", order.story());
}

#[test]
fn a_windows_create_that_is_answered_500_after_the_machine_existed_ends_in_one_desktop() {
    survives_a_lost_answer("windows", "fail_after_effect");
}

#[test]
fn an_ubuntu_create_that_is_answered_500_after_the_machine_existed_ends_in_that_machine() {
    survives_a_lost_answer("linux", "fail_after_effect");
}

#[test]
fn a_windows_create_whose_connection_breaks_after_the_effect_ends_in_one_desktop() {
    survives_a_lost_answer("windows", "drop_after_effect");
}

#[test]
fn an_ubuntu_create_whose_connection_breaks_after_the_effect_ends_in_that_machine() {
    survives_a_lost_answer("linux", "drop_after_effect");
}

#[test]
fn a_machine_that_turns_up_after_its_create_call_has_failed_is_adopted() {
    survives_a_lost_answer("linux", "late_create");
}

#[test]
fn a_create_that_fails_without_effect_is_tried_again() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    for kind in ["fail_before", "rate_limited", "html_answer"] {
        let order = ada.order_in(REGION, "basic", "linux");
        let _sold_out = order.only_at("vultr");
        let fails = stack.fault(&json!({"target": "vultr.create", "kind": kind, "match": order.id}));
        is_delivered_and_lets_its_customer_in(&stack, &order);
        fails.has_struck();
        assert!(stack.destroyed_machines(&order.id).is_empty(), "{kind}\n{}", order.story());
    }
}

#[test]
fn a_machine_that_boots_without_calling_home_is_delivered_all_the_same() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in(REGION, "basic", "windows");
    let _silent = stack.fault(&json!({"target": "vultr.create", "kind": "boot_silent", "match": order.id}));
    is_delivered_and_lets_its_customer_in(&stack, &order);
    assert!(!order.steps().iter().any(|step| step == "first_boot_reported"), "it called home");
    assert!(order.transitions() <= 25, "{} transitions", order.transitions());
}

#[test]
fn a_provider_without_stock_is_skipped_for_the_next_offering() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in(REGION, "basic", "windows");
    let first = format!("{}-1", order.id);
    let empty =
        stack.fault(&json!({"target": "vultr.create", "kind": "out_of_stock", "match": first, "times": 0}));
    is_delivered_and_lets_its_customer_in(&stack, &order);
    empty.has_struck();
    assert!(order.steps().iter().any(|step| step == "offering_skipped"), "{:?}", order.steps());
    let machine = &stack.machines(&order.id)[0];
    assert_eq!(machine["label"], format!("{}-2", order.id).as_str());
    assert!(machine["provider"] != "vultr", "{machine}");
}

#[test]
fn a_worker_that_is_killed_while_the_provider_makes_the_machine_leaves_one_desktop() {
    // Its process may be at work for others as well.
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    for os in ["windows", "linux"] {
        let order = ada.order_in(REGION, "basic", os);
        let _sold_out = order.only_at("vultr");
        let delay = json!({"target": "vultr.create", "kind": "delay", "match": order.id, "delay_ms": 5000});
        let slow = stack.fault(&delay);
        thread::scope(|scope| {
            scope.spawn(|| {
                let made = || (!stack.machines(&order.id).is_empty()).then_some(());
                until(MADE_WAIT, made, || "nothing is made".to_owned());
                let processes = stack.processes("provision");
                assert!(!processes.is_empty(), "nobody to kill");
                processes.iter().for_each(Process::kill);
            });
            is_delivered_and_lets_its_customer_in(&stack, &order);
        });
        slow.has_struck();
        made_in_vain(&stack, &order, os);
    }
}
