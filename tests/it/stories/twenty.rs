//! Many customers at the same moment.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::stack::{Alerts, Customer, End, MailKind, Order, Stack, until};

const ORDERS: usize = 20;
const LIMIT: Duration = Duration::from_secs(240);

#[test]
fn twenty_orders_paid_at_the_same_moment_become_twenty_desktops() {
    let Some(stack) = Stack::alone() else { return };
    let customers: Vec<Customer<'_>> = (0..4).map(|_| Customer::new(&stack)).collect();
    let orders: Vec<Order<'_>> = (0..ORDERS)
        .map(|number| customers[number % 4].order("basic", if number % 2 == 0 { "windows" } else { "linux" }))
        .collect();

    let began = Instant::now();
    thread::scope(|scope| {
        for order in &orders {
            scope.spawn(|| assert_eq!(stack.pay(&order.reference, &Value::Null).status, 200));
        }
    });
    let delivered = || {
        let is_open =
            |order: &&Order<'_>| !matches!(order.stored()["status"].as_str(), Some("active" | "refunded"));
        (orders.iter().filter(is_open).count() == 0).then_some(())
    };
    until(LIMIT, delivered, || {
        let open = orders.iter().find(|order| order.stored()["status"] != "active");
        open.map_or(String::new(), Order::story)
    });
    println!("{ORDERS} orders delivered {:.1} s after they were paid", began.elapsed().as_secs_f32());

    for order in &orders {
        order.rests(End::Delivered, Alerts::None);
    }
    let machines: usize = orders.iter().map(|order| stack.machines(&order.id).len()).sum();
    let destroyed: usize = orders.iter().map(|order| stack.destroyed_machines(&order.id).len()).sum();
    assert_eq!((machines, destroyed), (ORDERS, 0));
    // One of each kind: more sign-ins would show nothing new.
    for order in &orders[..2] {
        let mailed = order.mailed_credentials(MailKind::Ready);
        let machine = &stack.machines(&order.id)[0];
        assert!(stack.lets_in(machine, &mailed.username, &mailed.password), "the mailed password is refused");
        println!(
            "{:?} {} desktops",
            stack.desktops(machine["os"].as_str().unwrap_or_default()),
            machine["os"]
        );
    }
    let slowest = orders.iter().map(|order| seconds_to_deliver(order)).max();
    println!("slowest from paid to handed over: {} s", slowest.unwrap_or_default());
}

fn seconds_to_deliver(order: &Order<'_>) -> i64 {
    let desktop = order.customer.stack.item(&format!("INSTANCE#{}", order.instance()), "INSTANCE");
    desktop["setup_seconds"].as_i64().unwrap_or_default()
}
