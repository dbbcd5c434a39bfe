//! The sweep: whatever else is open and however long, each thing gets its turn.

use app::sweep::LOOKS_MAX;
use domain::catalogue::{Os, Provider};
use domain::command::CommandKind;
use domain::instance::InstanceStatus;
use domain::order::{EXECUTIONS_MAX, OrderStatus};
use jiff::SignedDuration;
use testkit::ports::{BootPlan, HostFault};
use testkit::{Fault, Shop, Trigger};

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// The port calls after the first so many.
fn calls_since(shop: &Shop, calls: u64) -> Vec<String> {
    let mut trace = shop.world.sim.trace();
    let number = |line: &str| line.split(' ').next().and_then(|number| number.parse::<u64>().ok());
    trace.retain(|line| number(line).is_some_and(|number| number > calls));
    trace
}

#[test]
fn orders_whose_workflow_runs_do_not_keep_the_sweep_from_one_that_needs_its_start() {
    let mut shop = Shop::open();
    let running: Vec<_> = (0..LOOKS_MAX + 50)
        .map(|_| {
            shop.world.host.next_boot(BootPlan::Silent);
            shop.paid_order(Os::Linux)
        })
        .collect();
    shop.run_for(minutes(3));

    // Settled at the customer's return, by a process that died before it started the workflow.
    let ada = shop.customer("ada@example.com");
    let order = shop.orders(&ada, Os::Windows);
    shop.pays_silently(order);
    shop.world.sim.arm(Trigger::Next("workflow.start"), Fault::CrashBefore);
    shop.try_come_back(order);
    assert_eq!(shop.order(order).status, OrderStatus::Paid);

    shop.run_for(minutes(6));
    assert!(running.iter().all(|o| shop.order(*o).status == OrderStatus::Provisioning));
    assert_eq!(shop.order(order).status, OrderStatus::Provisioning, "nobody started its workflow");
    shop.run_until_idle();
}

#[test]
fn commands_that_take_their_time_do_not_keep_the_sweep_from_later_ones() {
    let mut shop = Shop::open();
    let desktops: Vec<_> = (0..LOOKS_MAX + 50).map(|_| shop.delivered(Os::Linux)).collect();
    let (last, slow) = desktops.split_last().unwrap();
    for (owner, order) in slow {
        let vm = shop.instance(*order).vm.unwrap();
        shop.world.host.meddle(&vm, |machine| machine.installs += 1);
        shop.commands(owner, *order, CommandKind::Restart).unwrap();
    }
    shop.commands(&last.0, last.1, CommandKind::Restart).unwrap();
    shop.run_for(minutes(5));
    assert_eq!(shop.instance(last.1).status, InstanceStatus::Active);
    assert!(slow.iter().all(|(_, order)| shop.instance(*order).status == InstanceStatus::Busy));
    shop.run_until_idle();
}

#[test]
fn a_service_that_is_slow_keeps_no_other_kind_of_work_waiting() {
    let mut shop = Shop::open();
    let (ada, desktop) = shop.delivered(Os::Linux);
    let running: Vec<_> = (0..10)
        .map(|_| {
            shop.world.host.next_boot(BootPlan::Silent);
            shop.paid_order(Os::Linux)
        })
        .collect();
    shop.run_for(minutes(3));
    shop.world.workflows.slow_down(SignedDuration::from_secs(15));
    shop.world.sim.arm(Trigger::Next("queue.command"), Fault::Before);
    shop.commands(&ada, desktop, CommandKind::Restart).unwrap();
    assert_eq!(shop.instance(desktop).status, InstanceStatus::Busy);

    let (began, calls) = (shop.now(), shop.world.sim.calls());
    let sweep = shop.world.sweep();
    let found = shop.call(async move { Box::pin(sweep.run()).await }).unwrap().unwrap();
    let took = shop.now().duration_since(began);
    assert!(took < SignedDuration::from_secs(55), "{took:?}");
    assert_eq!((found.commands, found.failures), (1, 0));
    let looked = calls_since(&shop, calls);
    let first = |name: &str| looked.iter().position(|line| line.contains(name));
    assert!(first("queue.command") < first("workflow.status"), "{looked:?}");
    assert!(running.iter().all(|o| shop.order(*o).status == OrderStatus::Provisioning));
    shop.world.workflows.slow_down(SignedDuration::ZERO);
    shop.run_until_idle();
}

#[test]
fn a_kind_of_work_that_cannot_be_listed_keeps_no_other_waiting() {
    let mut shop = Shop::open();
    let (ada, desktop) = shop.delivered(Os::Linux);
    shop.world.sim.arm(Trigger::Next("queue.command"), Fault::Before);
    shop.commands(&ada, desktop, CommandKind::Restart).unwrap();
    shop.world.sim.arm(Trigger::Next("store.due"), Fault::Before);
    let (sweep, calls) = (shop.world.sweep(), shop.world.sim.calls());
    // The run counts as failed all the same.
    assert!(shop.call(async move { Box::pin(sweep.run()).await }).unwrap().is_err());
    assert!(calls_since(&shop, calls).iter().any(|line| line.contains("queue.command")), "nobody nudged it");
    shop.run_until_idle();
}

#[test]
fn a_paid_order_whose_provider_is_down_for_a_week_ends_refunded_when_it_is_back() {
    let mut shop = Shop::open();
    shop.world.host.next_boot(BootPlan::Never);
    let order = shop.paid_order(Os::Windows);
    shop.run_for(minutes(10));
    shop.world.host.take_down(Provider::Vultr, HostFault::Unauthorized, SignedDuration::from_hours(7 * 24));
    shop.run_for(SignedDuration::from_hours(7 * 24));
    assert_eq!(shop.order(order).status, OrderStatus::Undoing);
    assert!(shop.order(order).is_hopeless());
    // Since then one start and one alert a day.
    let daily = shop.order(order).executions - EXECUTIONS_MAX;
    assert!((2..=6).contains(&daily), "{daily}");

    shop.run_for(SignedDuration::from_hours(25));
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
    let alerts = shop.mails(order, "operator_alert");
    assert!((usize::from(daily) + 1..=12).contains(&alerts.len()), "{} alerts", alerts.len());
    assert!(shop.world.host.machines().is_empty());
}
