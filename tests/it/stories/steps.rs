//! Every step of the workflow, on the real stack: failed before its effect, failed after it, run twice, and cut off.
//!
//! The in-memory walk through the same state machine tries every combination; this shows that the real parts agree.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::stack::{Alerts, Customer, End, Fault, MailKind, Order, Process, Stack, until};

const LIMIT: Duration = Duration::from_secs(200);
const LOOK_PAUSE: Duration = Duration::from_millis(60);

/// Goes along with an order until it rests; `seen` is told each Task state when it is entered.
fn goes_along(stack: &Stack, order: &Order<'_>, mut seen: impl FnMut(&str)) -> BTreeSet<String> {
    let began = Instant::now();
    let mut entered = BTreeSet::new();
    while !matches!(order.stored()["status"].as_str(), Some("active" | "refunded")) {
        assert!(began.elapsed() < LIMIT, "it does not come to rest\n{}", order.story());
        for execution in stack.executions(&order.id) {
            let history = stack.history(execution["executionArn"].as_str().expect("an ARN"));
            let names = history.iter().filter(|event| event["type"] == "TaskStateEntered");
            for event in names {
                let name = event["stateEnteredEventDetails"]["name"].as_str().unwrap_or_default();
                if entered.insert(name.to_owned()) {
                    seen(name);
                }
            }
        }
        thread::sleep(LOOK_PAUSE);
    }
    entered
}

/// Sends a task once more, beside the workflow's own, as after an answer that was lost.
fn run_again(stack: &Stack, state: &str, order: &str) {
    match state {
        "SendCredentials" => drop(stack.invoke("mailer", &json!({"mail": format!("{order}.ready")}))),
        "TellCustomer" => {
            drop(stack.invoke("mailer", &json!({"mail": format!("{order}.failed_and_refunded")})))
        }
        // The waiting belongs to the one execution: nobody else has its token.
        "AwaitFirstBoot" => {}
        // It decides afresh each time it is asked to: only its workflow may ask.
        "ChooseNextOffering" => {}
        "GiveUp" => drop(
            stack
                .invoke("provision", &json!({"task": "GiveUp", "order_id": order, "error": "Nemo.Internal"})),
        ),
        // Where it comes too late it is refused by a name; what counts is how the order rests.
        task => drop(stack.run_task(task.trim_end_matches("ForRefund"), order)),
    }
}

#[test]
fn every_step_of_a_delivery_can_run_twice() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    for os in ["windows", "linux"] {
        let order = ada.order("basic", os);
        order.pay();
        let entered = goes_along(&stack, &order, |state| {
            for _ in 0..2 {
                run_again(&stack, state, &order.id);
            }
        });
        assert!(entered.len() >= 6, "{entered:?}");
        order.rests(End::Delivered, Alerts::None);
        for state in ["VerifyPayment", "ClaimOrder", "CreateVm", "ProbeRdp", "StoreCredentials", "Activate"] {
            run_again(&stack, state, &order.id);
        }
        order.rests(End::Delivered, Alerts::None);
        let mailed = order.mailed_credentials(MailKind::Ready);
        let machine = &stack.machines(&order.id)[0];
        assert!(stack.lets_in(machine, &mailed.username, &mailed.password), "the mailed password is refused");
    }
}

#[test]
fn every_step_of_undoing_can_run_twice() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order_in("us-central", "basic", "windows");
    let _sold_out = order.only_at("vultr");
    let _dead =
        stack.fault(&json!({"target": "vultr.create", "kind": "never_boot", "match": order.id, "times": 0}));
    order.pay();
    let entered = thread::scope(|scope| {
        scope.spawn(|| gives_up_early(&stack, &order));
        goes_along(&stack, &order, |state| run_again(&stack, state, &order.id))
    });
    assert!(entered.contains("DiscardVm") && entered.contains("DestroyVm"), "{entered:?}");
    order.rests(End::Refunded, Alerts::Some);
    for state in ["GiveUp", "DestroyVm", "Refund", "TellCustomer", "OpenTicket"] {
        run_again(&stack, state, &order.id);
    }
    order.rests(End::Refunded, Alerts::Some);
}

#[test]
fn every_call_of_a_delivery_can_fail_before_and_after_its_effect() {
    // What fails in a row opens circuits, which are everybody's.
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    for kind in ["fail_before", "fail_after_effect", "drop_after_effect"] {
        stack.forget_circuits();
        let order = ada.order_in("us-central", "basic", "linux");
        let _sold_out = order.only_at("vultr");
        let mut faults = Vec::new();
        for target in ["paystack.verify", "vultr.create", "vultr.list", "vultr.get"] {
            let subject = if target.starts_with("paystack") { &order.reference } else { &order.id };
            // An offering that has lost two machines is not tried again.
            let times = if target == "vultr.create" { 1 } else { 2 };
            let fault = json!({"target": target, "kind": kind, "match": subject, "times": times});
            faults.push(stack.fault(&fault));
        }
        order.pay();
        order.rests(End::Delivered, Alerts::None);
        faults.iter().for_each(Fault::has_struck);
    }
    stack.forget_circuits();
}

#[test]
fn every_call_of_undoing_can_fail_before_and_after_its_effect() {
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    for kind in ["fail_before", "fail_after_effect", "drop_after_effect"] {
        stack.forget_circuits();
        let order = ada.order_in("us-central", "basic", "windows");
        let _sold_out = order.only_at("vultr");
        let dead = json!({"target": "vultr.create", "kind": "never_boot", "match": order.id, "times": 0});
        let mut faults = vec![stack.fault(&dead)];
        for target in ["vultr.list", "vultr.delete", "paystack.refund"] {
            let subject = if target.starts_with("paystack") { &order.reference } else { &order.id };
            faults.push(stack.fault(&json!({"target": target, "kind": kind, "match": subject, "times": 2})));
        }
        order.pay();
        // The gateway lists refunds by its own id of the transaction.
        let transaction = until(
            LIMIT,
            || Some(order.stored_payment()["gateway_id"].as_str()?.to_owned()),
            || order.story(),
        );
        let lists = json!({"target": "paystack.refund_list", "kind": kind, "match": transaction, "times": 2});
        faults.push(stack.fault(&lists));
        gives_up_early(&stack, &order);
        order.rests(End::Refunded, Alerts::Some);
        faults.iter().for_each(Fault::has_struck);
    }
    stack.forget_circuits();
}

/// The machine says itself that its set-up failed, each time that one is made: nobody waits for the deadline.
fn gives_up_early(stack: &Stack, order: &Order<'_>) {
    let began = Instant::now();
    let mut told = 0;
    while order.stored()["status"] != "refunded" && began.elapsed() < LIMIT {
        let attempt = order.stored()["attempt"].as_i64().unwrap_or(0);
        let waits = format!("FIRST_BOOT#{attempt:05}#00001");
        let waits = stack.item(&format!("INSTANCE#{}", order.instance()), &waits);
        if attempt > told && waits["task_token"].is_string() {
            stack.report_failed_first_boot(&order.instance(), attempt);
            told = attempt;
        }
        thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn workers_that_are_killed_in_every_step_leave_one_desktop() {
    let Some(stack) = Stack::alone() else { return };
    let ada = Customer::new(&stack);
    let order = ada.order("basic", "linux");
    order.pay();
    // Not the mailer: a mail whose sender died is sent once more a minute later, perhaps for the second time.
    let entered = goes_along(&stack, &order, |_| stack.processes("provision").iter().for_each(Process::kill));
    assert!(entered.len() >= 6, "{entered:?}");
    order.rests(End::Delivered, Alerts::None);
}
