//! From the click to the desktop, as customers live it.

use domain::catalogue::Os;
use domain::instance::InstanceStatus;
use domain::order::{OrderStatus, Step};
use jiff::SignedDuration;
use testkit::ports::BootPlan;
use testkit::{Fault, Shop, StateFault, Trigger};

const SYSTEMS: [Os; 2] = [Os::Windows, Os::Linux];

#[test]
fn a_paid_order_becomes_a_desktop_that_its_owner_can_sign_in_to() {
    for os in SYSTEMS {
        let mut shop = Shop::open();
        let ada = shop.customer("ada@example.com");
        let order = shop.orders(&ada, os);
        assert_eq!(shop.order(order).status, OrderStatus::AwaitingPayment);
        shop.pays(order);
        shop.run_until_idle();

        let done = shop.order(order);
        assert_eq!(done.status, OrderStatus::Active);
        let steps: Vec<Step> = done.timeline.iter().map(|line| line.step).collect();
        let expected = [
            Step::Placed,
            Step::Paid,
            Step::Started,
            Step::MachineCreated,
            Step::FirstBootReported,
            Step::DesktopAnswers,
            Step::CredentialsStored,
            Step::CredentialsMailed,
            Step::Active,
        ];
        assert_eq!(steps, expected);
        assert_eq!(shop.mail_kinds(order), ["ready", "receipt", "started"]);

        let mail = shop.mails(order, "ready").pop().unwrap();
        let machine = shop.world.host.machines().pop().unwrap();
        let mailed = mail.password.unwrap().expose().clone();
        match os {
            Os::Windows => assert_eq!(mailed, machine.password),
            Os::Linux => assert!(sha_crypt::sha512_check(&mailed, &machine.password).is_ok()),
        }
        assert_eq!(shop.reveals(&ada, order).unwrap(), mailed);
        let desktop = shop.instance(order);
        assert_eq!((desktop.status, desktop.address), (InstanceStatus::Active, Some(machine.address)));
        assert!(desktop.setup_seconds.is_some_and(|s| s < 300));
    }
}

#[test]
fn a_delivered_order_costs_at_most_25_transitions() {
    for os in SYSTEMS {
        for boot in [BootPlan::Well, BootPlan::Silent] {
            let mut shop = Shop::open();
            shop.world.host.next_boot(boot);
            shop.paid_order(os);
            shop.run_until_idle();
            let (_, execution) = shop.world.workflows.executions().pop().unwrap();
            assert!(execution.transitions <= 25, "{os} {boot:?}: {}", execution.transitions);
        }
    }
}

#[test]
fn a_machine_that_cannot_call_home_is_delivered_after_two_looks() {
    for os in SYSTEMS {
        let mut shop = Shop::open();
        shop.world.host.next_boot(BootPlan::Silent);
        let order = shop.paid_order(os);
        shop.run_until_idle();
        let done = shop.order(order);
        assert_eq!(done.status, OrderStatus::Active);
        assert!(!done.timeline.iter().any(|line| line.step == Step::FirstBootReported));
        let waited = shop.instance(order).setup_seconds.unwrap();
        assert!((15 * 60..20 * 60).contains(&waited), "{waited} s");
    }
}

#[test]
fn a_machine_that_answers_with_another_certificate_is_not_delivered() {
    let mut shop = Shop::open();
    shop.world.host.next_boot(BootPlan::WrongCertificate);
    let order = shop.paid_order(Os::Windows);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
}

#[test]
fn one_customer_may_hold_several_desktops() {
    let mut shop = Shop::open();
    let ada = shop.customer("ada@example.com");
    let orders: Vec<_> = (0..3).map(|_| shop.orders(&ada, Os::Windows)).collect();
    for order in &orders {
        shop.pays(*order);
    }
    shop.run_until_idle();
    assert_eq!(shop.world.host.machines().len(), 3);
    assert!(orders.iter().all(|o| shop.order(*o).status == OrderStatus::Active));
}

#[test]
fn twenty_orders_paid_at_the_same_moment_become_twenty_desktops() {
    let mut shop = Shop::open();
    let orders: Vec<_> = (0..20).map(|_| shop.paid_order(Os::Windows)).collect();
    shop.run_until_idle();
    assert_eq!((shop.world.host.machines().len(), shop.world.host.creates()), (20, 20));
    for order in orders {
        assert_eq!(shop.mail_kinds(order), ["ready", "receipt", "started"]);
    }
}

#[test]
fn a_click_repeated_after_every_kind_of_trouble_is_one_order() {
    use testkit::{Fault, Trigger};
    for call in 1..=12 {
        for fault in Fault::ALL {
            let mut shop = Shop::open();
            shop.world.sim.arm(Trigger::Call(call), fault);
            let order = shop.paid_order(Os::Windows);
            shop.run_until_idle();
            assert_eq!(shop.world.store.orders().len(), 1, "call {call} {fault:?}");
            assert_eq!(shop.order(order).status, OrderStatus::Active, "call {call} {fault:?}");
        }
    }
}

#[test]
fn a_dead_workflow_is_started_again_and_delivers() {
    let mut shop = Shop::open();
    let order = shop.paid_order(Os::Windows);
    shop.run_for(SignedDuration::from_secs(100));
    let name = shop.order(order).execution_name();
    shop.abort(&name);
    shop.run_until_idle();
    let done = shop.order(order);
    assert_eq!((done.status, done.executions), (OrderStatus::Active, 2));
    assert_eq!(shop.world.host.creates(), 1);
    assert!(!shop.mails(order, "operator_alert").is_empty());
}

#[test]
fn a_desktop_whose_credentials_are_stored_is_delivered_however_late_its_workflow_is_started_again() {
    for plan in [BootPlan::Well, BootPlan::Silent] {
        let mut shop = Shop::open();
        shop.world.host.next_boot(plan);
        let order = shop.paid_order(Os::Windows);
        let stored =
            |shop: &Shop| shop.order(order).timeline.iter().any(|done| done.step == Step::CredentialsStored);
        shop.world.breaks.at("Activate", StateFault::Before, 20);
        while !stored(&shop) {
            shop.run_for(SignedDuration::from_secs(1));
        }
        shop.abort(&shop.order(order).execution_name());
        assert_eq!(shop.order(order).status, OrderStatus::Provisioning, "{plan:?}");
        shop.world.sim.arm(Trigger::Every("workflow.start"), Fault::Before);
        shop.run_for(SignedDuration::from_mins(40));
        shop.world.sim.disarm();
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::Active, "{plan:?}");
        assert_eq!(shop.world.host.creates(), 1, "{plan:?}");
    }
}

#[test]
fn a_workflow_that_dies_again_and_again_is_started_ever_more_rarely() {
    let mut shop = Shop::open();
    shop.world.host.next_boot(BootPlan::Never);
    let order = shop.paid_order(Os::Windows);
    let mut starts = Vec::new();
    for _ in 0..240 {
        shop.run_for(SignedDuration::from_mins(1));
        let name = shop.order(order).execution_name();
        if starts.last().is_none_or(|(last, _)| *last != name) {
            starts.push((name.clone(), shop.now()));
        }
        shop.abort(&name);
    }
    let gaps: Vec<i64> = starts.windows(2).map(|w| w[1].1.duration_since(w[0].1).as_secs() / 60).collect();
    assert!(gaps.len() <= 8 && gaps.windows(2).skip(1).all(|w| w[0] <= w[1] + 1), "{gaps:?}");
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
}

#[test]
fn a_mail_that_is_not_taken_never_fails_the_order_and_goes_out_later() {
    let mut shop = Shop::open();
    shop.world.outbox.fail(9);
    let order = shop.paid_order(Os::Windows);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
    assert_eq!(shop.mail_kinds(order), ["ready", "receipt", "started"]);
}

#[test]
fn an_address_that_refuses_mail_is_told_to_the_operator() {
    let mut shop = Shop::open();
    shop.world.outbox.refuse_customers();
    let (ada, order) = shop.delivered(Os::Windows);
    assert_eq!(shop.order(order).status, OrderStatus::Active);
    assert_eq!(shop.mail_kinds(order), ["operator_alert"; 3]);
    assert!(shop.reveals(&ada, order).is_ok());
}

#[test]
fn nobody_sees_or_moves_another_ones_desktop() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    let eve = shop.customer("eve@example.com");
    assert!(matches!(shop.reveals(&eve, order), Err(app::AppError::NotFound(_))));
    let refused = shop.commands(&eve, order, domain::command::CommandKind::Terminate);
    assert!(matches!(refused, Err(app::AppError::NotFound(_))));
}

#[test]
fn one_seed_is_one_run() {
    let trace = |seed| {
        let mut shop = Shop::seeded(seed);
        shop.paid_order(Os::Windows);
        shop.paid_order(Os::Windows);
        shop.run_until_idle();
        (shop.world.sim.trace(), shop.now())
    };
    assert_eq!(trace(5), trace(5));
    assert_ne!(trace(5), trace(6));
}
