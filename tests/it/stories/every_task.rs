//! Every Task state of the workflow breaks in every way that a task can, over the whole product.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::inventory::files;
use crate::stack::{Alerts, Customer, End, Fault, Order, PROVIDERS, Stack, TaskFault};

const KINDS: [&str; 4] = ["fails_before", "fails_after", "times_out", "twice"];
/// How many orders are under way at a time.
const AT_ONCE: usize = 12;
const LIMIT: Duration = Duration::from_secs(200);
const PAUSE: Duration = Duration::from_millis(500);

/// The states in which an order is undone; the others are on the way of every delivery.
const UNDOING: [&str; 8] = [
    "ChooseNextOffering",
    "DiscardVm",
    "GiveUp",
    "DestroyVm",
    "Refund",
    "TellCustomer",
    "OpenTicket",
    "OpenTicketForRefund",
];

/// Every Task state of the state machine's file.
fn task_states() -> Vec<String> {
    let machine = files::json("infra/state_machines/provision_desktop.asl.json");
    let states = machine["States"].as_object().expect("states");
    states.iter().filter(|(_, state)| state["Type"] == "Task").map(|(name, _)| name.clone()).collect()
}

/// One order, and what goes wrong with it.
struct Broken<'c> {
    order: Order<'c>,
    name: String,
    fault: TaskFault,
    _world: Vec<Fault<'c>>,
}

#[test]
fn every_task_of_a_delivery_can_break_in_every_way() {
    let states = task_states();
    let delivering = states.iter().filter(|state| !UNDOING.contains(&state.as_str()));
    let Some(stack) = Stack::alone() else { return };
    stack.forget_circuits();
    let ada = Customer::new(&stack);
    let cases: Vec<(&str, &str)> =
        delivering.flat_map(|state| KINDS.map(|kind| (state.as_str(), kind))).collect();
    for batch in cases.chunks(AT_ONCE) {
        let broken = |(state, kind): &(&str, &str)| {
            let order = ada.order("basic", "linux");
            Broken {
                name: format!("{state} {kind}"),
                fault: stack.task_fault(&order.id, state, kind),
                order,
                _world: Vec::new(),
            }
        };
        run(&batch.iter().map(broken).collect::<Vec<_>>(), End::Delivered);
    }
}

#[test]
fn every_task_of_undoing_can_break_in_every_way() {
    let states = task_states();
    for state in UNDOING {
        assert!(states.iter().any(|known| known == state), "{state} is no Task state");
    }
    let Some(stack) = Stack::alone() else { return };
    stack.forget_circuits();
    let ada = Customer::new(&stack);
    // One machine is made, at Vultr, and reports that its set-up failed; after that nobody has anything in stock.
    let others = PROVIDERS.iter().filter(|provider| **provider != "vultr");
    let _sold_out: Vec<Fault<'_>> = others
        .map(|one| {
            stack.fault(&json!({"target": format!("{one}.create"), "kind": "out_of_stock", "times": 0}))
        })
        .collect();
    let cases: Vec<(&str, &str)> =
        UNDOING.iter().flat_map(|state| KINDS.map(|kind| (*state, kind))).collect();
    for batch in cases.chunks(AT_ONCE) {
        let broken = |(state, kind): &(&str, &str)| {
            let order = ada.order_in("us-central", "basic", "windows");
            Broken {
                name: format!("{state} {kind}"),
                fault: stack.task_fault(&order.id, state, kind),
                _world: undone(&stack, &order, *state == "OpenTicketForRefund"),
                order,
            }
        };
        run(&batch.iter().map(broken).collect::<Vec<_>>(), End::Refunded);
    }
}

/// Lets Vultr make one machine that never boots, and nothing after it.
fn undone<'c>(stack: &'c Stack, order: &Order<'_>, refund_fails: bool) -> Vec<Fault<'c>> {
    let first = format!("{}-1", order.id);
    let mut faults = vec![
        // The oldest fault strikes: the first machine is made.
        json!({"target": "vultr.create", "kind": "delay", "delay_ms": 1, "match": first}),
        json!({"target": "vultr.create", "kind": "never_boot", "match": first, "times": 0}),
        json!({"target": "vultr.create", "kind": "out_of_stock", "match": order.id, "times": 0}),
    ];
    if refund_fails {
        faults.push(json!({"target": "paystack.refund", "kind": "refuse", "match": order.reference}));
    }
    faults.iter().map(|fault| stack.fault(fault)).collect()
}

/// Pays all of them at once and sees how they rest.
fn run(all: &[Broken<'_>], end: End) {
    thread::scope(|scope| {
        for broken in all {
            scope.spawn(|| {
                broken.order.pay();
                if end == End::Refunded {
                    fails_its_set_up(&broken.order);
                }
                let alerts = if end == End::Refunded { Alerts::Some } else { Alerts::None };
                println!("{}: {}", broken.order.id, broken.name);
                broken.order.rests(end, alerts);
                assert!(
                    broken.fault.has_struck(),
                    "{} was never broken\n{}",
                    broken.name,
                    broken.order.story()
                );
            });
        }
    });
}

/// The first machine says that its set-up failed as soon as somebody listens.
fn fails_its_set_up(order: &Order<'_>) {
    let stack = order.customer.stack;
    let began = Instant::now();
    while began.elapsed() < LIMIT {
        let stored = order.stored();
        if stored["status"] == "refunded" {
            return;
        }
        let waits = stack.item(&format!("INSTANCE#{}", order.instance()), "FIRST_BOOT#00001#00001");
        if waits["task_token"].is_string() {
            stack.report_failed_first_boot(&order.instance(), 1);
            return;
        }
        if waits["report"] != Value::Null || stored["attempt"].as_i64() > Some(1) {
            return;
        }
        thread::sleep(PAUSE);
    }
}
