//! The way of an order through the whole local stack: transitions, time that we add, calls to AWS, and what they cost.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::aws_calls::{Execution, Logs};
use super::cost;
use super::delivery::{Delivery, now_ms};
use super::proxy::{Call, Proxy, count};
use super::table::{Table, min_and_median, verdict};
use crate::cli::UpOptions;
use crate::demo::customer::Customer;
use crate::demo::order::{self, Finished, Placed};
use crate::http;
use crate::local::{Stack, random_hex};
use crate::progress::Progress;
use crate::state::StateDir;

const TRANSITIONS_MAX: usize = 25;
const OVERHEAD_ONE_S_MAX: f64 = 3.0;
const OVERHEAD_MANY_S_MAX: f64 = 10.0;
/// Orders that are paid at once.
const MANY: usize = 20;
/// Longer than the pause of the local stack's schedule: whoever calls in this time is the schedule.
const SCHEDULE_PAUSE: Duration = Duration::from_secs(8);
const SETTLING: Duration = Duration::from_secs(2);
/// Repeats of an API call; the fewest requests are its own, the rest came from elsewhere at the same time.
const CALL_REPEATS: usize = 3;

/// Measures over a local stack of its own.
///
/// # Errors
/// The stack does not start, or an order is not delivered.
pub(crate) fn measure(quick: bool, progress: &mut Progress) -> anyhow::Result<()> {
    let aws = free_address()?;
    let proxy = Proxy::start(aws)?;
    let options = UpOptions {
        aws_port: Some(aws.port()),
        function_endpoint: Some(proxy.url()),
        // A real desktop on the same two processors would be measured along with us.
        desktops: "built-in".into(),
        ..UpOptions::at(StateDir::at(".local/bench"))
    };
    let stack = Stack::start(&options, progress)?;
    let customer = Customer::sign_up(&stack)?;
    // The first order starts every function; what it costs is in the start table.
    drop(deliver(&stack, &customer)?);
    progress.done("one order delivered, every function warm");

    let callers =
        |proxy: &Proxy| -> BTreeSet<String> { proxy.take().into_iter().map(|call| call.caller).collect() };
    proxy.take();
    thread::sleep(SCHEDULE_PAUSE);
    let scheduled = callers(&proxy);
    customer.get(&stack, "/orders")?;
    customer.get(&stack, "/instances")?;
    let views = callers(&proxy);
    let ours = |calls: Vec<Call>| -> Vec<Call> {
        calls.into_iter().filter(|call| !scheduled.contains(&call.caller)).collect()
    };

    let began_ms = now_ms();
    let (placed, paid_ms, finished) = deliver(&stack, &customer)?;
    let one = Delivery::of(&stack, &customer, paid_ms, &finished)?;
    // What still goes on after the mail: the last state, the last log lines.
    thread::sleep(SETTLING);
    let mut calls = ours(proxy.take());
    calls.retain(|call| !views.contains(&call.caller));
    let logs = Logs::since(&stack, began_ms)?;
    let execution = Execution::of(&stack, &placed.id)?;
    progress.done("one order measured");
    api_calls(&stack, &customer, &placed, &finished, &proxy, &ours)?;
    let many = if quick { Vec::new() } else { deliver_many(&stack, &customer)? };

    overhead(&one, &many);
    println!(
        "\nTransitions of a delivered order: {} (aim: <= {TRANSITIONS_MAX}, {}): {}, {} retries",
        execution.transitions(),
        verdict(execution.transitions() <= TRANSITIONS_MAX),
        execution.states.join(" > "),
        execution.retries,
    );
    cost::print(&calls, &logs, execution.transitions());
    Ok(())
}

/// Answer: the order, when it was paid, and its desktop.
fn deliver(stack: &Stack, customer: &Customer) -> anyhow::Result<(Placed, f64, Finished)> {
    let placed = order::place(stack, customer, "basic", "linux")?;
    let paid_ms = now_ms();
    order::pay(&placed)?;
    let finished = order::follow(stack, customer, &placed, |_| {})?;
    Ok((placed, paid_ms, finished))
}

fn deliver_many(stack: &Stack, customer: &Customer) -> anyhow::Result<Vec<Delivery>> {
    let mut placed = Vec::new();
    for at in 0..MANY {
        placed.push(order::place(stack, customer, "basic", if at % 2 == 0 { "windows" } else { "linux" })?);
    }
    let paid_ms = now_ms();
    thread::scope(|scope| {
        let paying: Vec<_> = placed.iter().map(|order| scope.spawn(|| order::pay(order))).collect();
        paying.into_iter().try_for_each(|paid| paid.join().unwrap_or_else(|_| anyhow::bail!("paying died")))
    })?;
    let mut delivered = Vec::new();
    for order in &placed {
        let finished = order::follow(stack, customer, order, |_| {})?;
        delivered.push(Delivery::of(stack, customer, paid_ms, &finished)?);
    }
    Ok(delivered)
}

fn overhead(one: &Delivery, many: &[Delivery]) {
    let mut table =
        Table::new(&["orders at once", "pay to mail s", "machine s", "added s", "added max s", "aim"]);
    let mut add = |deliveries: &[&Delivery], aim: f64| {
        let median = |of: fn(&Delivery) -> f64| {
            let values: Vec<f64> = deliveries.iter().map(|delivery| of(delivery)).collect();
            min_and_median(&values).map_or(f64::NAN, |(_, median)| median)
        };
        let worst = deliveries.iter().map(|delivery| delivery.overhead()).fold(f64::NEG_INFINITY, f64::max);
        table.row(vec![
            deliveries.len().to_string(),
            format!("{:.2}", median(|delivery| delivery.total)),
            format!("{:.2}", median(|delivery| delivery.machine)),
            format!("{:.2}", median(Delivery::overhead)),
            format!("{worst:.2}"),
            verdict(worst <= aim),
        ]);
    };
    add(&[one], OVERHEAD_ONE_S_MAX);
    if !many.is_empty() {
        add(&many.iter().collect::<Vec<_>>(), OVERHEAD_MANY_S_MAX);
    }
    table.print(&format!(
        "Delivery: from the button on the payment page to the mailed credentials, less the machine's own boot, medians (aim: <= {OVERHEAD_ONE_S_MAX} s for one, <= {OVERHEAD_MANY_S_MAX} s for each of {MANY})"
    ));
}

fn api_calls(
    stack: &Stack,
    customer: &Customer,
    placed: &Placed,
    finished: &Finished,
    proxy: &Proxy,
    ours: &impl Fn(Vec<Call>) -> Vec<Call>,
) -> anyhow::Result<()> {
    let (order, instance) = (&placed.id, &finished.instance);
    let gets = [
        "/plans".to_owned(),
        "/auth/me".to_owned(),
        "/orders".to_owned(),
        format!("/orders/{order}"),
        "/instances".to_owned(),
        format!("/instances/{instance}"),
        format!("/instances/{instance}/credentials"),
        format!("/instances/{instance}/rdp-file"),
        "/health".to_owned(),
    ];
    let mut table = Table::new(&["API call", "DynamoDB", "other", "operations"]);
    let mut add = |name: &str, call: &dyn Fn() -> anyhow::Result<()>| -> anyhow::Result<()> {
        let mut fewest: Option<Vec<Call>> = None;
        for _ in 0..CALL_REPEATS {
            proxy.take();
            call()?;
            let calls = ours(proxy.take());
            if fewest.as_ref().is_none_or(|known| calls.len() < known.len()) {
                fewest = Some(calls);
            }
        }
        let calls = fewest.unwrap_or_default();
        let dynamo = count(&calls, "dynamodb");
        let requests: u64 = dynamo.values().sum();
        let other = calls.len() as u64 - requests;
        let names: Vec<String> = calls.iter().map(|call| call.operation.clone()).collect();
        table.row(vec![name.to_owned(), requests.to_string(), other.to_string(), names.join(" ")]);
        Ok(())
    };
    for path in &gets {
        let name = path.replace(order.as_str(), "{id}").replace(instance.as_str(), "{id}");
        add(&format!("GET {name}"), &|| {
            customer.get(stack, path)?;
            Ok(())
        })?;
    }
    add("POST /checkout", &|| order::place(stack, customer, "basic", "windows").map(drop))?;
    add("POST /webhooks/paystack, forged", &|| {
        let url = format!("{}/webhooks/paystack", stack.fact("api_url")?);
        let headers = [("x-paystack-signature", "00")];
        http::post_json(&url, &json!({"event": random_hex()?}), &headers).map(drop)
    })?;
    table.print("Requests to AWS per API call, warm");
    Ok(())
}

fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?)
}
