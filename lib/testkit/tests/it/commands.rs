//! What customers do to their desktops, and what the provider makes of it.

use app::AppError;
use domain::catalogue::{Os, Provider};
use domain::command::CommandKind;
use domain::ids::OrderId;
use domain::instance::InstanceStatus;
use domain::order::OrderStatus;
use jiff::SignedDuration;
use testkit::catalogues::six_providers;
use testkit::ports::{BootPlan, HostFault, Op};
use testkit::{Customer, Fault, Shop, Trigger};

const SYSTEMS: [Os; 2] = [Os::Windows, Os::Linux];

/// Carries a command out and says how the desktop ends, with the reason for a failure.
fn after(shop: &mut Shop, who: &Customer, order: OrderId, kind: CommandKind) -> InstanceStatus {
    let taken = shop.commands(who, order, kind);
    assert!(taken.is_ok(), "{kind} was refused");
    shop.run_until_idle();
    shop.instance(order).status
}

#[test]
fn a_desktop_is_stopped_started_and_restarted() {
    for os in SYSTEMS {
        let mut shop = Shop::open();
        let (ada, order) = shop.delivered(os);
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Stop), InstanceStatus::Stopped);
        assert!(!shop.world.host.machines()[0].on);
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Start), InstanceStatus::Active);
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Restart), InstanceStatus::Active);
        assert_eq!(shop.instance(order).last_error, None);
    }
}

/// A delivered desktop at one provider.
fn delivered_at(shop: &mut Shop, provider: Provider, os: Os) -> (Customer, OrderId) {
    shop.world.catalogue = six_providers();
    for other in Provider::ALL.iter().filter(|other| **other != provider) {
        shop.world.host.fail_at(*other, Op::Create, HostFault::OutOfStock, 2);
    }
    let (ada, order) = shop.delivered(os);
    assert_eq!(shop.instance(order).provider(), provider);
    shop.world.host.heal();
    (ada, order)
}

#[test]
fn a_desktop_that_gets_another_address_at_its_start_is_found_there() {
    for os in SYSTEMS {
        let mut shop = Shop::open();
        // Where a machine has an address only while it is on.
        let (ada, order) = delivered_at(&mut shop, Provider::Ec2, os);
        let before = shop.instance(order);
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Stop), InstanceStatus::Stopped);
        // Somebody else is lent the old address, and their desktop answers.
        let stranger = shop.world.host.plant(Provider::Ec2, "somebody-elses", &[], SignedDuration::ZERO);
        shop.world.host.meddle(&stranger, |machine| machine.address = before.address.unwrap());

        let begun = shop.now();
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Start), InstanceStatus::Active);
        assert!(shop.now().duration_since(begun) < SignedDuration::from_mins(5));
        let (machine, desktop) = (shop.world.host.machines()[0].clone(), shop.instance(order));
        assert_ne!(desktop.address, before.address);
        assert_eq!((desktop.address, desktop.certificate), (Some(machine.address), before.certificate));
        assert_eq!(desktop.last_error, None);
        shop.world.host.vanish(&stranger);
    }
}

#[test]
fn a_desktop_without_an_address_of_its_own_shows_none_while_it_is_off() {
    let mut shop = Shop::open();
    let (ada, order) = delivered_at(&mut shop, Provider::Ec2, Os::Windows);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Stop), InstanceStatus::Stopped);
    assert_eq!(shop.instance(order).address, None);
    let refused = shop.reveals(&ada, order).unwrap_err();
    assert!(matches!(&refused, AppError::Conflict(text) if text.contains("start it")), "{refused}");
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Start), InstanceStatus::Active);
    assert_eq!(shop.reveals(&ada, order).unwrap(), shop.world.host.machines()[0].password);

    let (ada, order) = shop.delivered(Os::Windows);
    let before = shop.instance(order);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Stop), InstanceStatus::Stopped);
    assert_eq!(shop.instance(order).address, before.address, "{} lends none", before.provider());
}

#[test]
fn a_desktop_that_answers_has_started_whatever_its_provider_does_not_tell() {
    for fault in [HostFault::Unauthorized, HostFault::Refuse, HostFault::FailBefore, HostFault::Unreachable] {
        let mut shop = Shop::open();
        let (ada, order) = shop.delivered(Os::Windows);
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Stop), InstanceStatus::Stopped);
        shop.world.host.fail(Op::Get, fault, 1_000);
        for kind in [CommandKind::Start, CommandKind::Restart] {
            let begun = shop.now();
            assert_eq!(after(&mut shop, &ada, order, kind), InstanceStatus::Active, "{kind} {fault:?}");
            assert_eq!(shop.instance(order).last_error, None, "{kind} {fault:?}");
            assert!(shop.now().duration_since(begun) < SignedDuration::from_mins(5), "{kind} {fault:?}");
        }
        assert!(shop.mails(order, "operator_alert").is_empty(), "{fault:?}");
    }
}

#[test]
fn a_stranger_at_the_old_address_is_not_the_desktop_while_its_provider_tells_nothing() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    let machine = shop.world.host.machines()[0].id.clone();
    shop.world.host.meddle(&machine, |machine| machine.installs += 1);
    shop.world.host.fail(Op::Get, HostFault::FailBefore, 1_000);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Restart), InstanceStatus::Active);
    assert!(shop.instance(order).last_error.is_some_and(|text| text.contains("in time")));
}

#[test]
fn a_desktop_is_stopped_although_its_provider_does_not_say_so_at_once() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    shop.world.host.fail(Op::Get, HostFault::Refuse, 2);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Stop), InstanceStatus::Stopped);
    assert_eq!(shop.instance(order).last_error, None);
}

#[test]
fn what_answers_with_another_certificate_is_not_taken_for_the_desktop() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    let stranger = shop.world.host.plant(Provider::Ec2, "somebody-elses", &[], SignedDuration::ZERO);
    let address = shop.instance(order).address.unwrap();
    shop.world.host.meddle(&stranger, |machine| machine.address = address);
    shop.commands(&ada, order, CommandKind::Restart).unwrap();
    shop.run_for(SignedDuration::from_secs(15));
    assert_eq!(shop.instance(order).status, InstanceStatus::Busy);
    shop.world.host.vanish(&stranger);
    shop.run_until_idle();
    assert_eq!(shop.instance(order).status, InstanceStatus::Active);
}

#[test]
fn a_certificate_that_the_machine_has_renewed_is_believed_in_the_end() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    let machine = shop.world.host.machines()[0].id.clone();
    shop.world.host.meddle(&machine, |machine| machine.installs += 1);
    let begun = shop.now();
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Restart), InstanceStatus::Active);
    assert!(shop.now().duration_since(begun) >= shop.world.policy.first_boot_wait);
    let desktop = shop.instance(order);
    assert_eq!(desktop.certificate, Some(shop.world.host.machines()[0].certificate()));
    assert_eq!(desktop.last_error, None);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Restart), InstanceStatus::Active);
}

#[test]
fn a_command_that_does_not_fit_is_refused_with_a_sentence() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    assert!(matches!(shop.commands(&ada, order, CommandKind::Start), Err(AppError::Conflict(_))));
    shop.commands(&ada, order, CommandKind::Stop).unwrap();
    assert!(matches!(shop.commands(&ada, order, CommandKind::Restart), Err(AppError::Conflict(_))));
    let again = shop.commands(&ada, order, CommandKind::Stop).unwrap();
    assert_eq!(again.status, InstanceStatus::Busy);
    shop.run_until_idle();
}

#[test]
fn a_reinstalled_desktop_has_another_password_and_its_owner_is_told() {
    for os in SYSTEMS {
        let mut shop = Shop::open();
        let (ada, order) = shop.delivered(os);
        let before = shop.reveals(&ada, order).unwrap();
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Reinstall), InstanceStatus::Active);
        let mail = shop.mails(order, "reinstalled").pop().unwrap();
        let mailed = mail.password.unwrap().expose().clone();
        assert_ne!(mailed, before);
        assert_eq!(shop.reveals(&ada, order).unwrap(), mailed);
        let machine = shop.world.host.machines().pop().unwrap();
        match os {
            Os::Windows => assert_eq!(mailed, machine.password),
            Os::Linux => assert!(sha_crypt::sha512_check(&mailed, &machine.password).is_ok()),
        }
    }
}

#[test]
fn a_desktop_can_be_reinstalled_twice_and_each_time_the_new_password_is_mailed() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Linux);
    for times in 1..=2 {
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Reinstall), InstanceStatus::Active);
        assert_eq!(shop.mails(order, "reinstalled").len(), times);
    }
}

#[test]
fn a_reinstall_that_is_refused_after_its_answers_were_lost_does_not_lose_the_password_it_set() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Linux);
    shop.world.host.fail(Op::Reinstall, HostFault::DropAfter, 2);
    shop.world.host.fail(Op::Reinstall, HostFault::Refuse, 1);
    shop.commands(&ada, order, CommandKind::Reinstall).unwrap();
    shop.run_until_idle();
    assert!(shop.instance(order).last_error.is_some());
    let machine = shop.world.host.machines().pop().unwrap();
    let attempt = shop.world.store.all_attempts().pop().unwrap();
    assert_eq!(attempt.password_hash, Some(machine.password));
}

#[test]
fn a_reinstalled_machine_that_cannot_call_home_is_handed_over_after_two_looks() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    shop.world.host.next_boot(BootPlan::Silent);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Reinstall), InstanceStatus::Active);
    assert_eq!(shop.mails(order, "reinstalled").len(), 1);
}

#[test]
fn a_password_that_is_told_after_the_reinstall_was_answered_is_taken_from_the_machine() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    shop.world.host.fail(Op::Reinstall, HostFault::Untold(SignedDuration::from_mins(10)), 1);
    shop.world.host.fail(Op::Get, HostFault::Unauthorized, 1);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Reinstall), InstanceStatus::Active);
    let machine = shop.world.host.machines().pop().unwrap();
    assert_eq!((machine.installs, shop.instance(order).last_error), (1, None));
    assert_eq!(shop.reveals(&ada, order).unwrap(), machine.password);
    assert_eq!(shop.mails(order, "reinstalled").len(), 1);
}

#[test]
fn a_password_that_is_never_told_is_said_to_be_unknown_and_another_reinstall_helps() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    shop.world.host.fail(Op::Reinstall, HostFault::Untold(SignedDuration::ZERO), 1);
    let begun = shop.now();
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Reinstall), InstanceStatus::Active);
    assert!(shop.now().duration_since(begun) < shop.world.policy.command_limit);
    let told = shop.instance(order).last_error.unwrap();
    assert!(told.contains("password") && told.contains("reinstall it once more"), "{told}");
    let sent = shop.world.outbox.sent();
    assert!(sent.iter().any(|m| m.note.as_ref().is_some_and(|note| note.contains(&told))));
    assert!(shop.mails(order, "reinstalled").is_empty());

    assert_eq!(after(&mut shop, &ada, order, CommandKind::Reinstall), InstanceStatus::Active);
    let machine = shop.world.host.machines().pop().unwrap();
    assert_eq!((machine.installs, shop.instance(order).last_error), (2, None));
    assert_eq!(shop.reveals(&ada, order).unwrap(), machine.password);
}

#[test]
fn a_terminated_desktop_leaves_nothing_behind() {
    for os in SYSTEMS {
        let mut shop = Shop::open();
        let (ada, order) = shop.delivered(os);
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Terminate), InstanceStatus::Terminated);
        assert!(shop.world.host.machines_ever().is_empty());
        assert!(matches!(shop.reveals(&ada, order), Err(AppError::Conflict(_))));
        assert_eq!(shop.order(order).status, OrderStatus::Active);
    }
}

/// Found by the fault campaign: the machine was gone, nobody could say so for longer than a command may take, and
/// the desktop was handed back as active.
#[test]
fn a_termination_that_cannot_be_confirmed_for_hours_is_never_taken_back() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    shop.world.host.fail(Op::Find, HostFault::DropAfter, 9);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Terminate), InstanceStatus::Terminated);
    let alerts = shop.world.outbox.sent().into_iter().filter(|m| m.kind == "operator_alert").count();
    assert_eq!(alerts, 1, "the operator is told once that it takes too long");
}

#[test]
fn a_desktop_whose_machine_is_deleted_is_not_given_back_whatever_is_refused_after_that() {
    for provider in [Provider::Vultr, Provider::Contabo] {
        let mut shop = Shop::open();
        let (ada, order) = delivered_at(&mut shop, provider, Os::Windows);
        shop.world.host.fail(Op::Find, HostFault::Refuse, 3);
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Terminate), InstanceStatus::Terminated);
        assert_eq!(shop.instance(order).last_error, None);
        assert!(shop.world.host.machines_ever().is_empty());
    }
}

#[test]
fn a_machine_that_may_not_be_deleted_goes_on_as_its_provider_left_it() {
    for (on, status) in [(true, InstanceStatus::Active), (false, InstanceStatus::Stopped)] {
        let mut shop = Shop::open();
        let (ada, order) = shop.delivered(Os::Linux);
        shop.world.host.fail(Op::Delete, HostFault::Refuse, 1);
        shop.commands(&ada, order, CommandKind::Terminate).unwrap();
        // Contabo's is turned off although it may not be cancelled.
        let machine = shop.instance(order).vm.unwrap();
        shop.world.host.meddle(&machine, |machine| machine.on = on);
        shop.run_until_idle();
        assert_eq!(shop.instance(order).status, status);
        assert!(shop.instance(order).last_error.is_some());
        assert_eq!(shop.mails(order, "operator_alert").len(), 1);
        assert_eq!(after(&mut shop, &ada, order, CommandKind::Terminate), InstanceStatus::Terminated);
    }
}

#[test]
fn a_lost_machine_that_is_there_again_outlives_the_termination_of_its_desktop() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    let lost = shop.instance(order).vm.unwrap();
    shop.run_for(SignedDuration::from_mins(10));
    shop.world.host.meddle(&lost, |m| m.provider = Provider::Hetzner);
    shop.reconcile_for(SignedDuration::from_mins(15));
    shop.run_until_idle();
    shop.world.host.meddle(&lost, |m| m.provider = Provider::Vultr);
    let machines = |shop: &Shop| -> Vec<_> { shop.world.host.machines().into_iter().map(|m| m.id).collect() };
    assert_eq!(machines(&shop).len(), 2);

    assert_eq!(after(&mut shop, &ada, order, CommandKind::Terminate), InstanceStatus::Terminated);
    assert_eq!(machines(&shop), [lost]);
    for days in [6, 2] {
        assert_eq!(machines(&shop).len(), 1);
        shop.reconcile_for(SignedDuration::from_mins(15));
        shop.run_for(SignedDuration::from_hours(24 * days));
    }
    shop.reconcile_for(SignedDuration::from_mins(15));
    assert!(machines(&shop).is_empty(), "the inventory deletes it a week after it was seen again");
}

#[test]
fn a_command_survives_a_fault_at_any_port_call() {
    use CommandKind as C;
    for (kind, op) in [
        (C::Restart, Op::Reboot),
        (C::Stop, Op::Halt),
        (C::Reinstall, Op::Reinstall),
        (C::Terminate, Op::Delete),
    ] {
        let calls = {
            let mut shop = Shop::open();
            let (ada, order) = shop.delivered(Os::Windows);
            let before = shop.world.sim.calls();
            after(&mut shop, &ada, order, kind);
            before..shop.world.sim.calls()
        };
        for call in calls.clone() {
            for fault in Fault::ALL {
                let mut shop = Shop::open();
                let (ada, order) = shop.delivered(Os::Windows);
                shop.world.sim.arm(Trigger::Call(call + 1), fault);
                // The customer's click may fail; they click again.
                let taken = (0..5).any(|_| {
                    let took = shop.commands(&ada, order, kind);
                    took.is_ok() || matches!(took, Err(AppError::Conflict(_)))
                });
                assert!(taken, "{kind} call {call} {fault:?}");
                shop.run_until_idle();
                let desktop = shop.instance(order);
                let expected = match kind {
                    C::Stop => InstanceStatus::Stopped,
                    C::Terminate => InstanceStatus::Terminated,
                    _ => InstanceStatus::Active,
                };
                let place = format!("{kind} {op:?} call {call} {fault:?}");
                assert_eq!((desktop.status, &desktop.last_error), (expected, &None), "{place}");
                if let Some(machine) = shop.world.host.machines().pop() {
                    assert_eq!(shop.reveals(&ada, order).unwrap(), machine.password, "{place}");
                }
            }
        }
    }
}

#[test]
fn a_provider_that_refuses_a_command_leaves_the_desktop_as_it_was() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    shop.world.host.fail(Op::Reboot, HostFault::Refuse, 1);
    assert_eq!(after(&mut shop, &ada, order, CommandKind::Restart), InstanceStatus::Active);
    assert!(shop.instance(order).last_error.is_some());
    assert_eq!(shop.mails(order, "operator_alert").len(), 1);
}

#[test]
fn a_provider_that_is_unclear_or_busy_is_asked_again() {
    for fault in [HostFault::Busy, HostFault::FailBefore, HostFault::FailAfter, HostFault::DropAfter] {
        for (op, kind) in [
            (Op::Reboot, CommandKind::Restart),
            (Op::Halt, CommandKind::Stop),
            (Op::Delete, CommandKind::Terminate),
        ] {
            let mut shop = Shop::open();
            let (ada, order) = shop.delivered(Os::Windows);
            shop.world.host.fail(op, fault, 2);
            after(&mut shop, &ada, order, kind);
            assert_eq!(shop.instance(order).last_error, None, "{kind} {fault:?}");
        }
    }
}
