//! Providers that are down, empty or refuse us: orders go round them, or wait, and are told.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::stack::{Alerts, Customer, End, Fault, MailKind, Order, Stack, until};

/// As often as a circuit takes failures before it opens.
const FAILURES: usize = 3;
/// Longer than a circuit is open for the first time.
const HEALS_WITHIN: Duration = Duration::from_secs(60);
const WAITS_WITHIN: Duration = Duration::from_secs(110);
/// Linux here is sold by Contabo, Linode and Vultr, Windows by Vultr and Contabo.
const REGION: &str = "us-central";

fn provider_of(stack: &Stack, order: &Order<'_>) -> String {
    let machines = stack.machines(&order.id);
    assert_eq!(machines.len(), 1, "{machines:?}\n{}", order.story());
    machines[0]["provider"].as_str().expect("a provider").to_owned()
}

fn pay_all(orders: &[Order<'_>]) {
    thread::scope(|scope| {
        for order in orders {
            scope.spawn(|| order.pay());
        }
    });
}

fn has_waited(order: &Order<'_>) -> bool {
    order.steps().iter().any(|step| step == "waiting_for_provider")
}

#[test]
fn an_order_goes_past_every_provider_that_is_sold_out_and_makes_nothing_there() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in(REGION, "basic", "linux");
    let empty = [order.sold_out_at("contabo"), order.sold_out_at("linode")];
    order.pay();
    order.rests(End::Delivered, Alerts::None);
    empty.iter().for_each(Fault::has_struck);
    assert_eq!(provider_of(&stack, &order), "vultr");
    let skipped = order.steps().iter().filter(|step| *step == "offering_skipped").count();
    assert_eq!(skipped, empty.len(), "{:?}", order.steps());
    assert!(stack.destroyed_machines(&order.id).is_empty());
}

#[test]
fn a_provider_that_is_down_is_left_alone_by_all_orders_until_a_probe_finds_it_well() {
    let Some(stack) = Stack::alone() else { return };
    stack.forget_circuits();
    let ada = Customer::new(&stack);
    let down = stack.fault(&json!({"target": "contabo.create", "kind": "fail_before", "times": 0}));

    let first: Vec<Order<'_>> = (0..FAILURES).map(|_| ada.order_in(REGION, "basic", "linux")).collect();
    pay_all(&first);
    let circuit = || {
        let all = stack.circuits("contabo");
        all.into_iter().find(|one| one["operation"] == "create" && !one["open_until"].is_null())
    };
    let opened = until(HEALS_WITHIN, circuit, || format!("no open circuit: {:?}", stack.circuits("contabo")));
    assert_eq!(opened["provider"], "contabo");

    let before = stack.requests("contabo.create");
    let second: Vec<Order<'_>> = (0..FAILURES).map(|_| ada.order_in(REGION, "basic", "linux")).collect();
    pay_all(&second);
    for order in &second {
        order.rests(End::Delivered, Alerts::None);
        assert_eq!(provider_of(&stack, order), "linode", "{}", order.story());
    }
    for order in &first {
        order.rests(End::Delivered, Alerts::None);
        assert_eq!(provider_of(&stack, order), "linode", "{}", order.story());
    }
    assert!(stack.requests("contabo.create") <= before + 1, "asked although its circuit is open");
    down.has_struck();
    drop(down);

    let is_healed = || {
        let order = ada.order_in(REGION, "basic", "linux");
        order.pay();
        order.rests(End::Delivered, Alerts::None);
        (provider_of(&stack, &order) == "contabo").then_some(())
    };
    until(HEALS_WITHIN, is_healed, || format!("still left alone: {:?}", stack.circuits("contabo")));
    let open = circuit();
    assert!(open.is_none(), "a circuit is open after a call that went well: {open:?}");
    stack.forget_circuits();
}

#[test]
fn orders_wait_while_no_provider_can_be_asked_and_are_delivered_when_one_can() {
    let Some(stack) = Stack::alone() else { return };
    stack.forget_circuits();
    let ada = Customer::new(&stack);
    let orders: Vec<Order<'_>> = (0..FAILURES).map(|_| ada.order_in(REGION, "basic", "windows")).collect();
    let down = ["vultr", "contabo"].map(|one| {
        stack.fault(&json!({"target": format!("{one}.create"), "kind": "fail_before", "times": 0}))
    });
    pay_all(&orders);
    for order in &orders {
        until(WAITS_WITHIN, || has_waited(order).then_some(()), || order.story());
    }
    down.iter().for_each(Fault::has_struck);
    drop(down);
    for order in &orders {
        order.rests(End::Delivered, Alerts::None);
        let told = stack.mails_about(&order.id);
        let delayed = told.iter().filter(|mail| mail.kind() == Some(MailKind::Delayed)).count();
        assert_eq!(delayed, 1, "the customer is told once that it takes longer");
    }
    stack.forget_circuits();
}

#[test]
fn a_key_that_vultr_refuses_is_gone_round_and_said_so_in_words() {
    let Some(stack) = Stack::alone() else { return };
    stack.forget_circuits();
    // Until nobody believes what was read of Vultr's circuits in an earlier story.
    thread::sleep(Duration::from_secs(6));
    let ada = Customer::new(&stack);
    let order = ada.order_in(REGION, "basic", "windows");
    stack.allow_key_from("vultr", &["192.0.2.1"]);
    order.pay();
    order.until("active");
    stack.allow_key_from("vultr", &[]);
    order.rests(End::Delivered, Alerts::None);
    assert_eq!(provider_of(&stack, &order), "contabo");
    // By the order's own try, or by a schedule's that came before it.
    let said = |line: &str| line.contains("is the caller's address on its list?");
    assert!(stack.logs().iter().any(|(_, line)| said(line)), "nobody says that the key is refused");
    stack.forget_circuits();
}
