//! Money that is announced twice, early, wrongly or to nobody.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::stack::{Customer, MailKind, Order, Process, Stack, unique, until};

const WAIT: Duration = Duration::from_secs(60);

#[test]
fn ten_identical_webhooks_at_once_make_one_desktop_and_the_mails_of_one() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "linux");
    let _unannounced = unannounced(&stack, &order);
    order.pay_on_page();
    assert_eq!(stack.redeliver(&order.reference, 10), [200; 10]);
    order.is_delivered();
    assert_eq!(stack.redeliver(&order.reference, 10), [200; 10], "and ten more, hours later");
    thread::sleep(Duration::from_secs(3));
    order.is_delivered();
    assert_eq!(stack.executions(&order.id).len(), 1);
}

#[test]
fn a_webhook_that_overtakes_the_answer_of_the_checkout_is_kept() {
    // The delay cannot be meant for one order: its reference is not known before the gateway is called.
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    let slow = json!({"target": "paystack.initialize", "kind": "delay", "delay_ms": 4000});
    let _slow = stack.fault(&slow);
    let wish = json!({"plan": "basic", "os": "linux", "currency": "NGN", "method": "paystack"});
    let answer = thread::scope(|scope| {
        let checkout = scope.spawn(|| ada.post_checkout(&unique(), &wish));
        let reference = until(WAIT, || only_reference(&ada), || "no order is stored".to_owned());
        let pay = || (stack.pay(&reference, &Value::Null).status == 200).then_some(());
        until(WAIT, pay, || "the gateway does not know the payment".to_owned());
        let announced = || stack.deliveries(&reference).iter().any(|d| d["status"] == 200).then_some(());
        until(WAIT, announced, || "the webhook was not taken".to_owned());
        assert!(!checkout.is_finished(), "the answer came before the webhook: nothing was shown");
        checkout.join().expect("a checkout")
    });
    assert_eq!(answer.status, 201, "{}", answer.text);
    Order::placed(&ada, &answer.json()).is_delivered();
}

#[test]
fn a_checkout_whose_answer_from_the_gateway_is_lost_goes_on_under_the_same_key() {
    // As above: nobody knows the reference yet.
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    let wish = json!({"plan": "basic", "os": "linux", "currency": "USD", "method": "paystack"});
    let key = unique();
    let lost =
        stack.fault(&json!({"target": "paystack.initialize", "kind": "drop_after_effect", "times": 0}));
    let failed = ada.post_checkout(&key, &wish);
    assert_eq!(
        (failed.status, failed.json()["code"].as_str()),
        (503, Some("gateway_unavailable")),
        "{}",
        failed.text
    );
    drop(lost);
    let again = ada.post_checkout(&key, &wish);
    assert!(matches!(again.status, 200 | 201), "{} {}", again.status, again.text);
    let order = Order::placed(&ada, &again.json());
    assert_eq!(ada.get("/orders")["orders"].as_array().map(Vec::len), Some(1));
    order.pay();
    order.is_delivered();
}

/// The reference of the customer's only order, once it is stored.
fn only_reference(ada: &Customer<'_>) -> Option<String> {
    let orders = ada.get("/orders");
    let id = orders["orders"][0]["id"].as_str()?;
    let payment = ada.stack.item(&format!("ORDER#{id}"), "ORDER")["payment"].as_str()?.to_owned();
    Some(format!("pay-{}-1", payment.strip_prefix("pay_")?))
}

#[test]
fn a_payment_that_no_webhook_announces_is_found_when_the_customer_comes_back() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "windows");
    let _unannounced = unannounced(&stack, &order);
    order.pay();
    order.is_delivered();
    assert!(stack.deliveries(&order.reference).iter().all(|delivery| delivery["status"].is_null()));
}

#[test]
fn a_payment_that_no_webhook_announces_is_found_by_the_sweep_when_the_customer_does_not_come_back() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "linux");
    let _unannounced = unannounced(&stack, &order);
    order.pay_on_page();
    order.is_delivered();
    assert!(stack.deliveries(&order.reference).iter().all(|delivery| delivery["status"].is_null()));
}

#[test]
fn a_worker_that_is_killed_while_it_asks_the_gateway_leaves_the_event_to_another() {
    // Its process may be at work for others as well.
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "linux");
    let delay =
        json!({"target": "paystack.verify", "kind": "delay", "match": order.reference, "delay_ms": 4000});
    let slow = stack.fault(&delay);
    order.pay_on_page();
    let taken = || stack.deliveries(&order.reference).iter().any(|d| d["status"] == 200).then_some(());
    until(WAIT, taken, || "the webhook was not taken".to_owned());
    thread::sleep(Duration::from_millis(1500));
    slow.has_struck();
    stack.processes("payment-events").iter().for_each(Process::kill);
    assert_eq!(order.stored()["status"], "awaiting_payment", "too late to show anything");
    order.is_delivered();
}

#[test]
fn money_that_is_not_as_ordered_is_recorded_and_told_to_the_operator_but_never_fulfilled() {
    let Some(stack) = Stack::beside_others() else { return };
    for how in [json!({"amount": 100}), json!({"currency": "NGN"}), json!({"domain": "live"})] {
        let ada = Customer::new(&stack);
        let order = ada.order("basic", "windows");
        let paid = stack.pay(&order.reference, &how);
        assert_eq!(paid.status, 200, "{}", paid.text);
        let recorded = || (order.stored_payment()["status"] == "mismatched").then_some(());
        until(WAIT, recorded, || format!("{how}: not recorded\n{}", order.story()));
        let told = || {
            let mails = stack.mails_about(&order.id);
            mails.into_iter().find(|mail| mail.kind() == Some(MailKind::OperatorAlert))
        };
        let alert = until(WAIT, told, || format!("{how}: the operator was not told\n{}", order.story()));
        assert!(alert.text.contains("not as ordered"), "{}", alert.text);
        assert_eq!(order.stored()["status"], "awaiting_payment", "{how}");
        assert!(stack.executions(&order.id).is_empty(), "{how}: a workflow was started");
        assert!(stack.machines(&order.id).is_empty(), "{how}: a machine was made");
    }
}

/// The gateway tells nobody of this order's payment.
fn unannounced<'s>(stack: &'s Stack, order: &Order<'_>) -> crate::stack::Fault<'s> {
    stack
        .fault(&json!({"target": "paystack.webhook", "kind": "refuse", "times": 0, "match": order.reference}))
}
