//! A provider that does not let itself be asked keeps no order from its desktop: what it may have made is left
//! behind, and looked after until it answers.

use domain::catalogue::{Os, Provider};
use domain::create::Setback;
use domain::ids::OrderId;
use domain::order::{OrderStatus, Step};
use jiff::SignedDuration;
use testkit::catalogues::six_providers;
use testkit::ports::{BootPlan, HostFault, Op};
use testkit::{Shop, StateFault};

const HOURS: SignedDuration = SignedDuration::from_hours(5);
const DOWN: [HostFault; 4] =
    [HostFault::FailBefore, HostFault::Unreachable, HostFault::Busy, HostFault::Unauthorized];

fn open() -> Shop {
    let mut shop = Shop::open();
    shop.world.catalogue = six_providers();
    shop
}

/// Lets time go by until an order has come so far.
fn run_until(shop: &mut Shop, there: impl Fn(&Shop) -> bool) {
    let mut looks = 0;
    while !there(shop) {
        looks += 1;
        assert!(looks < 1_000, "never came so far");
        shop.run_for(SignedDuration::from_secs(2));
    }
}

/// The desktop is delivered within its time while Vultr is down; afterwards nothing is left anywhere but it.
fn delivered_elsewhere(mut shop: Shop, order: OrderId, place: &str) {
    shop.run_for(SignedDuration::from_mins(40));
    let done = shop.order(order);
    assert_eq!(done.status, OrderStatus::Active, "{place}: {:?}", done.failure);
    let delivered = done.timeline.iter().find(|line| line.step == Step::Active).map(|line| line.at);
    assert!(delivered.is_some() && delivered <= done.deadline, "{place}");
    assert_ne!(shop.instance(order).offering.provider, Provider::Vultr, "{place}");
    shop.run_for(HOURS);
    shop.reconcile_for(SignedDuration::from_hours(1));
    let machines = shop.world.host.machines();
    assert_eq!(machines.len(), 1, "{place}");
    assert_eq!(Some(&machines[0].id), shop.instance(order).vm.as_ref(), "{place}");
    assert!(!shop.world.store.all_attempts().iter().any(domain::create::Attempt::is_left_behind), "{place}");
    shop.run_until_idle();
}

#[test]
fn a_working_desktop_is_not_taken_back_because_the_provider_of_an_earlier_attempt_is_down() {
    for down in DOWN {
        let mut shop = open();
        shop.world.host.next_boot(BootPlan::SetupFails);
        let order = shop.paid_order(Os::Windows);
        run_until(&mut shop, |shop| shop.order(order).attempt == 2);
        shop.world.host.take_down(Provider::Vultr, down, HOURS);
        run_until(&mut shop, |shop| shop.order(order).has_done(Step::CredentialsMailed));
        let mailed = shop.now();
        run_until(&mut shop, |shop| shop.order(order).status == OrderStatus::Active);
        assert!(shop.now().duration_since(mailed) < SignedDuration::from_mins(4), "{down:?}");
        delivered_elsewhere(shop, order, &format!("{down:?}"));
    }
}

#[test]
fn a_broken_machine_at_a_provider_that_goes_down_does_not_hold_its_order_up() {
    for down in DOWN {
        let mut shop = open();
        shop.world.host.next_boot(BootPlan::SetupFails);
        let order = shop.paid_order(Os::Windows);
        run_until(&mut shop, |shop| shop.order(order).has_done(Step::MachineCreated));
        shop.world.host.take_down(Provider::Vultr, down, HOURS);
        delivered_elsewhere(shop, order, &format!("{down:?}"));
    }
}

#[test]
fn an_unclear_create_at_a_provider_that_then_cannot_be_asked_is_left_behind() {
    for create in
        [HostFault::FailBefore, HostFault::DropAfter, HostFault::Late(SignedDuration::from_secs(60))]
    {
        for down in DOWN {
            let mut shop = open();
            shop.world.host.fail_at(Provider::Vultr, Op::Create, create, 1);
            shop.world.breaks.at("CreateVm", StateFault::AfterEffect, 1);
            let order = shop.paid_order(Os::Windows);
            run_until(&mut shop, |shop| {
                shop.world.host.creates() > 0 || !shop.world.store.all_attempts().is_empty()
            });
            shop.world.host.take_down(Provider::Vultr, down, HOURS);
            run_until(&mut shop, |shop| shop.order(order).attempt > 1);
            let first = shop.world.store.all_attempts().into_iter().find(|a| a.number == 1);
            let left = first.map(|a| (a.left_at.is_some(), a.setback));
            assert_eq!(left, Some((true, Some(Setback::Unavailable))), "{create:?} {down:?}");
            delivered_elsewhere(shop, order, &format!("{create:?} {down:?}"));
        }
    }
}

#[test]
fn a_provider_that_answers_again_within_the_quarantine_delivers_what_it_made() {
    for down in DOWN {
        let mut shop = open();
        shop.world.host.fail_at(Provider::Vultr, Op::Create, HostFault::DropAfter, 1);
        let order = shop.paid_order(Os::Windows);
        run_until(&mut shop, |shop| shop.world.host.creates() > 0);
        shop.world.host.take_down(Provider::Vultr, down, SignedDuration::from_secs(70));
        shop.run_for(SignedDuration::from_mins(30));
        assert!(shop.world.store.all_attempts().iter().all(|a| a.left_at.is_none()), "{down:?}");
        assert_eq!(shop.order(order).status, OrderStatus::Active, "{down:?}");
        shop.run_until_idle();
    }
}

#[test]
fn with_nobody_else_to_go_to_an_order_waits_for_the_provider_that_cannot_be_asked() {
    let mut shop = open();
    // Vultr, Contabo and EC2 in one region, then in the other: all but the last are sold out.
    shop.world.host.fail(Op::Create, HostFault::OutOfStock, 5);
    let order = shop.paid_order(Os::Windows);
    run_until(&mut shop, |shop| shop.order(order).attempt == 6);
    shop.world.host.take_down(Provider::Ec2, HostFault::FailBefore, SignedDuration::from_mins(8));
    shop.run_for(SignedDuration::from_mins(28));
    let done = shop.order(order);
    assert_eq!(done.status, OrderStatus::Active, "{:?}", done.failure);
    assert_eq!(shop.instance(order).offering.provider, Provider::Ec2);
    assert!(shop.world.store.all_attempts().iter().all(|a| a.left_at.is_none()));
    shop.run_until_idle();
}

#[test]
fn a_key_that_is_refused_after_a_create_that_was_only_put_off_leads_elsewhere() {
    let mut shop = open();
    shop.world.host.fail_at(Provider::Vultr, Op::Create, HostFault::Busy, 1);
    shop.world.host.fail_at(Provider::Vultr, Op::Find, HostFault::Unauthorized, 1);
    let order = shop.paid_order(Os::Windows);
    shop.run_for(SignedDuration::from_mins(30));
    let done = shop.order(order);
    assert_eq!(done.status, OrderStatus::Active, "{:?}", done.failure);
    assert_eq!(shop.world.store.all_attempts()[0].setback, Some(Setback::Unauthorized));
    assert_ne!(shop.instance(order).offering.provider, Provider::Vultr);
    shop.run_until_idle();
}

#[test]
fn a_provider_that_puts_every_create_off_is_gone_round() {
    let mut shop = open();
    shop.world.host.fail_at(Provider::Vultr, Op::Create, HostFault::Busy, 1_000);
    let order = shop.paid_order(Os::Windows);
    shop.run_for(SignedDuration::from_mins(30));
    let done = shop.order(order);
    assert_eq!(done.status, OrderStatus::Active, "{:?}", done.failure);
    assert_ne!(shop.instance(order).offering.provider, Provider::Vultr);
    shop.run_until_idle();
}

#[test]
fn a_key_that_is_refused_while_a_desktop_is_looked_at_is_waited_for() {
    let mut shop = open();
    shop.world.host.next_boot(BootPlan::Silent);
    let order = shop.paid_order(Os::Windows);
    shop.run_for(SignedDuration::from_mins(14));
    shop.world.host.take_down(Provider::Vultr, HostFault::Unauthorized, SignedDuration::from_mins(5));
    shop.run_for(SignedDuration::from_mins(16));
    let done = shop.order(order);
    assert_eq!(done.status, OrderStatus::Active, "{:?}", done.failure);
    assert_eq!((shop.world.host.creates(), shop.instance(order).offering.provider), (1, Provider::Vultr));
    shop.run_until_idle();
}

#[test]
fn the_only_provider_that_cannot_be_asked_about_its_create_is_waited_for_and_its_machine_delivered() {
    for down in DOWN {
        for minutes in [3, 6, 12, 16] {
            let mut shop = Shop::open();
            let late = HostFault::Late(SignedDuration::from_secs(60));
            shop.world.host.fail_at(Provider::Vultr, Op::Create, late, 1);
            let order = shop.paid_order(Os::Linux);
            run_until(&mut shop, |shop| {
                shop.world.host.creates() > 0 && !shop.world.store.all_attempts().is_empty()
            });
            shop.world.host.take_down(Provider::Vultr, down, SignedDuration::from_mins(minutes));
            shop.run_for(SignedDuration::from_mins(31));
            let done = shop.order(order);
            assert_eq!(done.status, OrderStatus::Active, "{down:?} {minutes}: {:?}", done.failure);
            assert_eq!((done.attempt, shop.world.host.creates()), (1, 1), "{down:?} {minutes}");
            shop.run_until_idle();
        }
    }
}

#[test]
fn an_order_with_nowhere_to_go_is_given_up_at_its_deadline_and_not_before() {
    for (fault, boot) in
        [(HostFault::DropAfter, BootPlan::Well), (HostFault::OutOfStock, BootPlan::SetupFails)]
    {
        let mut shop = Shop::open();
        // Without an answer; or the other two regions are sold out, and the machine in the last one breaks.
        let times = if fault == HostFault::DropAfter { 1 } else { 2 };
        shop.world.host.fail_at(Provider::Vultr, Op::Create, fault, times);
        shop.world.host.next_boot(boot);
        let order = shop.paid_order(Os::Windows);
        run_until(&mut shop, |shop| shop.world.host.creates() > 0);
        shop.world.host.take_down(Provider::Vultr, HostFault::FailBefore, HOURS);
        shop.run_for(SignedDuration::from_mins(40));
        let done = shop.order(order);
        let gave_up = done.timeline.iter().find(|line| line.step == Step::GaveUp).map(|line| line.at);
        let late = gave_up.unwrap().duration_since(done.deadline.unwrap());
        assert!(!late.is_negative() && late < SignedDuration::from_mins(2), "{fault:?}: {late:?}");
        shop.run_for(HOURS);
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::Refunded);
    }
}

#[test]
fn a_healthy_provider_that_says_later_to_a_delete_is_waited_for_and_not_barred() {
    for later in [HostFault::Unreachable, HostFault::Busy] {
        let mut shop = open();
        shop.world.host.next_boot(BootPlan::SetupFails);
        let order = shop.paid_order(Os::Windows);
        run_until(&mut shop, |shop| shop.order(order).has_done(Step::MachineCreated));
        shop.world.host.fail_at(Provider::Vultr, Op::Delete, later, 4);
        shop.run_for(SignedDuration::from_mins(30));
        assert_eq!(shop.order(order).status, OrderStatus::Active, "{later:?}");
        assert!(shop.world.store.all_attempts().iter().all(|a| a.left_at.is_none()), "{later:?}");
        shop.run_until_idle();
    }
}

#[test]
fn a_machine_that_its_provider_never_lets_go_costs_an_order_half_its_time_and_not_its_desktop() {
    let mut shop = open();
    shop.world.host.next_boot(BootPlan::SetupFails);
    let order = shop.paid_order(Os::Windows);
    run_until(&mut shop, |shop| shop.order(order).has_done(Step::MachineCreated));
    shop.world.host.fail_at(Provider::Vultr, Op::Delete, HostFault::Unreachable, 100);
    shop.run_for(SignedDuration::from_mins(14));
    assert_eq!((shop.order(order).attempt, shop.order(order).status), (1, OrderStatus::Provisioning));
    shop.run_for(SignedDuration::from_mins(16));
    assert_eq!(shop.order(order).status, OrderStatus::Active);
    shop.world.host.heal();
    delivered_elsewhere(shop, order, "locked");
}

/// Vultr has the only place that is not sold out, and does not say what became of a create there.
fn sold_out_elsewhere(down: HostFault, lasts: SignedDuration) -> (Shop, OrderId) {
    let mut shop = open();
    for provider in Provider::ALL.iter().filter(|p| **p != Provider::Vultr) {
        shop.world.host.fail_at(*provider, Op::Create, HostFault::OutOfStock, 100);
    }
    let late = HostFault::Late(SignedDuration::from_secs(60));
    shop.world.host.fail_at(Provider::Vultr, Op::Create, late, 1);
    let order = shop.paid_order(Os::Windows);
    run_until(&mut shop, |shop| !shop.world.store.all_attempts().is_empty());
    shop.world.host.take_down(Provider::Vultr, down, lasts);
    run_until(&mut shop, |shop| shop.order(order).attempt > 1);
    (shop, order)
}

#[test]
fn an_order_that_is_refused_everywhere_else_comes_back_to_the_provider_that_it_left_behind() {
    for down in DOWN {
        let (mut shop, order) = sold_out_elsewhere(down, SignedDuration::from_mins(6));
        shop.run_for(SignedDuration::from_mins(30));
        let done = shop.order(order);
        assert_eq!(done.status, OrderStatus::Active, "{down:?}: {:?}", done.failure);
        assert_eq!(shop.instance(order).offering.provider, Provider::Vultr, "{down:?}");
        assert_eq!(shop.world.host.machines().len(), 1, "{down:?}");
        assert!(shop.world.store.all_attempts().iter().all(|a| !a.is_left_behind()), "{down:?}");
        assert_eq!(shop.mails(order, "delayed").len(), 1, "{down:?}");
        shop.run_until_idle();
    }
}

#[test]
fn while_an_order_waits_for_another_provider_it_asks_the_one_that_it_left_behind() {
    // Contabo is down before it is asked for anything, or does not say what became of a create either.
    for create in [None, Some(HostFault::DropAfter)] {
        let mut shop = open();
        shop.world.hosts = shop.world.host.hosts(&[Provider::Vultr, Provider::Contabo]);
        let late = HostFault::Late(SignedDuration::from_secs(60));
        shop.world.host.fail_at(Provider::Vultr, Op::Create, late, 1);
        let order = shop.paid_order(Os::Windows);
        run_until(&mut shop, |shop| !shop.world.store.all_attempts().is_empty());
        shop.world.host.take_down(Provider::Vultr, HostFault::FailBefore, SignedDuration::from_mins(6));
        shop.world.host.fail_at(Provider::Contabo, Op::Create, create.unwrap_or(HostFault::Unreachable), 1);
        for op in [Op::Find, Op::Create, Op::List] {
            shop.world.host.fail_at(Provider::Contabo, op, HostFault::Unreachable, 200);
        }
        shop.run_for(SignedDuration::from_mins(30));
        let done = shop.order(order);
        assert_eq!(done.status, OrderStatus::Active, "{create:?}: {:?}", done.failure);
        assert_eq!(shop.instance(order).offering.provider, Provider::Vultr, "{create:?}");
        shop.world.host.heal();
        shop.run_for(HOURS);
        shop.reconcile_for(SignedDuration::from_hours(1));
        shop.run_until_idle();
    }
}

#[test]
fn a_machine_that_is_listed_and_does_not_open_holds_its_order_up_for_a_quarantine_only() {
    for os in [Os::Windows, Os::Linux] {
        let mut shop = open();
        shop.world.host.fail(Op::Create, HostFault::DropAfter, 1);
        shop.world.host.fail(Op::Get, HostFault::Refuse, 1_000);
        let order = shop.paid_order(os);
        let paid = shop.now();
        run_until(&mut shop, |shop| shop.order(order).attempt == 2);
        assert!(shop.now().duration_since(paid) < SignedDuration::from_mins(5), "{os}");
        shop.world.host.heal();
        shop.run_for(SignedDuration::from_mins(20));
        assert_eq!(shop.order(order).status, OrderStatus::Active, "{os}");
        assert_eq!((shop.world.host.creates(), shop.world.host.machines().len()), (2, 1), "{os}");
        shop.run_until_idle();
    }
}

#[test]
fn an_order_waits_to_its_deadline_for_the_provider_that_it_left_behind() {
    let (mut shop, order) = sold_out_elsewhere(HostFault::FailBefore, HOURS);
    shop.run_for(SignedDuration::from_mins(25));
    assert_eq!(shop.order(order).status, OrderStatus::Provisioning);
    shop.run_for(SignedDuration::from_mins(10));
    assert_eq!(shop.order(order).failure, Some(domain::order::Failure::DeadlinePassed));
    shop.run_for(HOURS);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
}
