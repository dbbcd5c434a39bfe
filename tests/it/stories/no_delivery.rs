//! Orders that cannot be delivered: nothing is left running, and the money goes back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::{Alerts, Customer, End, MailKind, Order, Stack, until};

const WAIT: Duration = Duration::from_secs(240);

#[test]
fn a_machine_that_never_boots_is_destroyed_at_the_deadline_and_then_the_money_goes_back() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "windows");
    let _dead =
        stack.fault(&json!({"target": "vultr.create", "kind": "never_boot", "match": order.id, "times": 0}));
    order.pay();
    order.rests(End::Refunded, Alerts::Some);
    was_undone_in_order(&stack, &order);
    assert_eq!(order.view()["failure"], "deadline_passed");
    assert_eq!(stack.destroyed_machines(&order.id).len(), 1, "{}", order.story());
    let instance = order.instance();
    assert_eq!(ada.call("GET", &format!("/instances/{instance}/credentials"), None).status, 409);
    assert_eq!(ada.call("GET", &format!("/instances/{instance}/rdp-file"), None).status, 409);
}

/// It is never seen off, nor gone, so nothing but its notice says that it is over.
#[test]
fn a_cancelled_machine_that_hangs_in_its_installation_does_not_hold_the_money_back() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in("us-central", "basic", "linux");
    let _sold_out = order.only_at("contabo");
    let never = json!({"target": "contabo.create", "kind": "never_boot", "match": order.id, "times": 0});
    let hangs = stack.fault(&never);
    order.pay();
    order.rests(End::Refunded, Alerts::Some);
    hangs.has_struck();
    was_undone_in_order(&stack, &order);

    let left = stack.cancelled_machines(&order.id);
    let destroyed = stack.destroyed_machines(&order.id);
    assert_eq!((left.len(), destroyed.len()), (1, 0), "{left:?} {destroyed:?}\n{}", order.story());
    assert_eq!((&left[0]["provider"], &left[0]["status"]), (&json!("contabo"), &json!("installing")));
    let settled: Vec<Value> = order.attempts().iter().map(|attempt| attempt["state"].clone()).collect();
    assert!(!settled.is_empty() && settled.iter().all(|state| state == "absent"), "{settled:?}");
    let desktop = ada.get(&format!("/instances/{}", order.instance()));
    assert_eq!((&desktop["status"], &desktop["address"]), (&json!("failed"), &Value::Null));
}

#[test]
fn an_order_that_nobody_has_stock_for_gets_its_money_back_at_once() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in("us-central", "performance", "linux");
    let _empty = order.sold_out_everywhere();
    order.pay();
    order.rests(End::Refunded, Alerts::Some);
    was_undone_in_order(&stack, &order);
    assert_eq!(order.view()["failure"], "no_offering_left");
    assert!(stack.destroyed_machines(&order.id).is_empty());
}

/// Machines first, then the money; the customer, the operator and the ticket know why.
#[track_caller]
fn was_undone_in_order(stack: &Stack, order: &Order<'_>) {
    let refunds = stack.sandbox()["refunds"].clone();
    let refunds = refunds.as_array().into_iter().flatten();
    let refund = refunds.filter(|refund| refund["reference"] == order.reference.as_str()).collect::<Vec<_>>();
    assert_eq!(refund.len(), 1, "{refund:?}");
    for machine in stack.destroyed_machines(&order.id) {
        assert!(
            machine["destroyed_at_ms"].as_i64() < refund[0]["created_at_ms"].as_i64(),
            "the money went back while a machine ran: {machine} {refund:?}"
        );
    }
    let steps = order.steps();
    let place = |step: &str| {
        steps.iter().position(|known| known == step).unwrap_or_else(|| panic!("{step}: {steps:?}"))
    };
    assert!(place("gave_up") < place("machines_destroyed"));
    assert!(place("machines_destroyed") < place("refund_requested"));
    assert!(place("refund_requested") < place("refunded"));
    let ticket = stack.item(&format!("TICKET#tkt_{}", &order.id[4..]), "TICKET");
    assert_eq!(ticket["order"], order.id.as_str(), "no ticket: {ticket}");
    let mails = stack.mails_about(&order.id);
    let told = mails.iter().find(|mail| mail.kind() == Some(MailKind::FailedAndRefunded)).expect("a mail");
    assert!(
        told.text.contains("29.00") || told.text.contains("59.00") || told.text.contains("69.00"),
        "{}",
        told.text
    );
}

#[test]
fn a_refund_that_the_gateway_fails_is_handed_to_the_operator() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in("us-central", "basic", "linux");
    let _empty = order.sold_out_everywhere();
    let _fails =
        stack.fault(&json!({"target": "paystack.refund", "kind": "refund_fails", "match": order.reference}));
    order.pay();
    let told = || {
        let mails = stack.mails_about(&order.reference);
        mails
            .into_iter()
            .find(|mail| mail.kind() == Some(MailKind::OperatorAlert) && mail.text.contains("by hand"))
    };
    until(WAIT, told, || format!("the operator was not told\n{}", order.story()));
    assert_eq!(order.stored()["status"], "refunding");
    assert!(stack.machines(&order.id).is_empty());
}
