//! Trading desktops of the staff: one per MT5 account, made like every other, and no money anywhere near them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose preparation fails has failed")]

use std::net::IpAddr;

use app::AppError;
use app::deliverable::Alternative;
use app::trading::{PlaceVps, PlacedVps};
use domain::catalogue::{Os, Plan, Provider};
use domain::command::CommandKind;
use domain::ids::InstanceId;
use domain::instance::InstanceStatus;
use domain::order::{Failure, OrderStatus, Step};
use domain::trading::VpsStatus;
use testkit::ports::{BootPlan, HostFault, Key, Op, Row, VmMachine};
use testkit::{Customer, Fault, Shop, Trigger};

const ACCOUNT: &str = "51234567";

fn staff(shop: &mut Shop) -> Customer {
    shop.customer("desk@example.com")
}

/// A trading desktop that was delivered.
fn delivered(shop: &mut Shop, who: &Customer) -> InstanceId {
    let wish = shop.vps_wish(who, ACCOUNT);
    let placed = shop.place_vps(&wish).unwrap();
    shop.run_until_idle();
    assert_eq!(shop.vps(placed.view.vps_id).unwrap().status, VpsStatus::Active);
    placed.view.vps_id
}

fn conflict(outcome: Result<impl Sized, AppError>) -> String {
    match outcome.map(drop) {
        Err(AppError::Conflict(sentence)) => sentence,
        other => panic!("no conflict: {other:?}"),
    }
}

#[test]
fn a_trading_desktop_is_made_like_every_other_and_its_staff_are_told_twice() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let placed = shop.place_vps(&wish).unwrap();
    assert!(placed.fresh);
    let view = placed.view;
    assert_eq!((view.status, view.provider), (VpsStatus::Provisioning, Provider::Vultr));
    assert_eq!((view.provider_region.as_str(), view.provider_plan.as_str()), ("lhr", "small"));
    assert_eq!((view.provider_instance_id, view.ip_address), (None, None));

    shop.run_until_idle();
    let view = shop.vps(view.vps_id).unwrap();
    let machine: VmMachine = shop.world.host.machines().pop().unwrap();
    assert_eq!(view.status, VpsStatus::Active);
    assert_eq!(view.provider_instance_id, Some(machine.id));
    assert_eq!(view.provider_metadata.machine_name, Some(machine.name));
    assert!(view.ip_address.is_some() && view.ready_at.is_some());
    assert_eq!(shop.mail_kinds(view.order_id), ["ready", "started"]);
    let order = shop.order(view.order_id);
    assert_eq!((order.plan, order.os, order.price.minor), (Plan::Basic, Os::Windows, 0));
    let audit = shop.world.store.audit_entries();
    assert_eq!(audit.len(), 1);
    assert_eq!((audit[0].action.as_str(), &audit[0].actor), ("trading_desktop_ordered", &desk.id));
}

#[test]
fn what_staff_order_says_nothing_about_how_long_customers_wait() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    delivered(&mut shop, &desk);
    assert!(!shop.world.store.keys().iter().any(|key| matches!(key, Key::SetupTimes(..))));
}

#[test]
fn a_second_one_for_the_account_is_refused_and_names_the_first() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let first = shop.place_vps(&wish).unwrap().view.vps_id;
    for _ in 0..2 {
        let other = shop.customer("other@example.com");
        let again = shop.vps_wish(&other, ACCOUNT);
        let sentence = conflict(shop.place_vps(&again));
        assert!(sentence.contains(&first.to_string()), "{sentence}");
        shop.run_until_idle();
    }
    let another_account = shop.vps_wish(&desk, "7654321");
    assert!(shop.place_vps(&another_account).is_ok());
    shop.run_until_idle();
    assert_eq!(shop.world.host.machines().len(), 2);
}

#[test]
fn one_key_is_one_desktop_and_another_body_is_refused() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let first = shop.place_vps(&wish).unwrap();
    let again = shop.place_vps(&wish).unwrap();
    assert_eq!((again.view.vps_id, again.fresh), (first.view.vps_id, false));
    shop.run_until_idle();
    assert_eq!(shop.place_vps(&wish).unwrap().view.status, VpsStatus::Active);
    let other = PlaceVps { request_hash: "another".to_owned(), ..wish };
    assert!(matches!(shop.place_vps(&other), Err(AppError::KeyReused)));
}

#[test]
fn of_many_at_once_one_gets_the_account() {
    for seed in 0..20 {
        let mut shop = Shop::seeded(seed);
        let desk = staff(&mut shop);
        let wishes: Vec<PlaceVps> = (0..4).map(|_| shop.vps_wish(&desk, ACCOUNT)).collect();
        let outcomes = shop.place_vps_at_once(wishes);
        let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "seed {seed}");
        let winner = won.into_iter().next().unwrap().unwrap().view.vps_id;
        for outcome in lost {
            assert!(conflict(outcome).contains(&winner.to_string()), "seed {seed}");
        }
        shop.run_until_idle();
    }
}

#[test]
fn one_key_twice_at_once_is_one_desktop() {
    for seed in 0..20 {
        let mut shop = Shop::seeded(seed);
        let desk = staff(&mut shop);
        let wish = shop.vps_wish(&desk, ACCOUNT);
        let outcomes = shop.place_vps_at_once(vec![wish.clone(), wish]);
        let placed: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(placed[0].view.vps_id, placed[1].view.vps_id, "seed {seed}");
        assert_ne!(placed[0].fresh, placed[1].fresh, "seed {seed}");
        shop.run_until_idle();
        assert_eq!(shop.world.host.creates(), 1, "seed {seed}");
    }
}

#[test]
fn one_that_cannot_be_made_frees_its_account_and_its_staff_are_told_without_a_word_of_money() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    shop.world.host.fail(Op::Create, HostFault::Refuse, 1);
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let failed = shop.place_vps(&wish).unwrap().view;
    shop.run_until_idle();

    let view = shop.vps(failed.vps_id).unwrap();
    assert_eq!((view.status, view.failure), (VpsStatus::Error, Some(Failure::NoOfferingLeft)));
    assert_eq!(shop.order(failed.order_id).status, OrderStatus::Refunded);
    assert!(!shop.order(failed.order_id).has_done(Step::Refunded));
    let mut kinds = shop.mail_kinds(failed.order_id);
    kinds.dedup();
    assert_eq!(kinds, ["not_delivered", "operator_alert", "started"]);
    assert_eq!(shop.world.gateway.refunds_accepted(), 0);
    assert!(!shop.world.store.tickets()[0].message.contains("goes back"));

    let wish = shop.vps_wish(&desk, ACCOUNT);
    let next = shop.place_vps(&wish).unwrap().view;
    shop.run_until_idle();
    assert_eq!(shop.vps(next.vps_id).unwrap().status, VpsStatus::Active);
    assert_ne!(next.vps_id, failed.vps_id);
}

#[test]
fn while_a_failed_one_is_being_destroyed_its_account_is_not_free() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    (0..12).for_each(|_| shop.world.host.next_boot(BootPlan::Never));
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let order = shop.place_vps(&wish).unwrap().view.order_id;
    let mut refusals = Vec::new();
    for _ in 0..600 {
        shop.run_for(jiff::SignedDuration::from_secs(6));
        if shop.order(order).status == OrderStatus::Refunded {
            break;
        }
        let again = shop.vps_wish(&desk, ACCOUNT);
        refusals.push(conflict(shop.place_vps(&again)));
    }
    assert!(refusals.iter().any(|sentence| sentence.contains("is being destroyed")));
    assert_eq!(shop.vps(shop.order(order).instance).unwrap().failure, Some(Failure::DeadlinePassed));
    shop.run_until_idle();
}

#[test]
fn any_of_the_staff_can_delete_one_and_then_its_account_is_free() {
    let mut shop = Shop::open();
    let (desk, other) = (staff(&mut shop), shop.customer("other@example.com"));
    let id = delivered(&mut shop, &desk);
    let view = shop.decommission_vps(&other, id).unwrap();
    assert_eq!((view.status, view.command), (VpsStatus::Active, Some(CommandKind::Terminate)));
    let wish = shop.vps_wish(&desk, ACCOUNT);
    conflict(shop.place_vps(&wish));

    shop.run_until_idle();
    assert_eq!(shop.vps(id).unwrap().status, VpsStatus::Decommissioned);
    assert!(shop.world.host.machines().is_empty());
    let again = shop.decommission_vps(&other, id).unwrap();
    assert_eq!((again.status, again.command), (VpsStatus::Decommissioned, None));
    let audit = shop.world.store.audit_entries();
    let deleted: Vec<_> = audit.iter().filter(|line| line.action == "command_terminate").collect();
    assert_eq!((deleted.len(), &deleted[0].actor), (1, &other.id));

    let wish = shop.vps_wish(&other, ACCOUNT);
    assert!(shop.place_vps(&wish).is_ok());
    shop.run_until_idle();
}

#[test]
fn one_that_is_being_made_cannot_be_deleted_yet() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let id = shop.place_vps(&wish).unwrap().view.vps_id;
    assert!(conflict(shop.decommission_vps(&desk, id)).contains("provisioning"));
    shop.run_until_idle();
}

#[test]
fn a_look_puts_address_and_state_right() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    let id = delivered(&mut shop, &desk);
    let (vm, right) = {
        let view = shop.vps(id).unwrap();
        (view.provider_instance_id.unwrap(), view.ip_address)
    };
    let wrong: IpAddr = "192.0.2.99".parse().unwrap();
    shop.world.store.tamper(&Key::Instance(id), |row| {
        let Row::Instance(instance) = row else { panic!("no desktop") };
        instance.address = Some(wrong);
    });
    shop.world.host.meddle(&vm, |machine| machine.on = false);

    let seen = shop.sync_vps(id).unwrap();
    assert_eq!(seen.ip_address, right);
    assert_eq!(seen.provider_metadata.state.as_deref(), Some("stopped"));
    let instance = shop.instance(seen.order_id);
    assert_eq!((instance.status, instance.address), (InstanceStatus::Stopped, right));

    shop.world.host.meddle(&vm, |machine| machine.on = true);
    let writes = shop.instance(seen.order_id).version;
    shop.sync_vps(id).unwrap();
    assert_eq!(shop.instance(seen.order_id).status, InstanceStatus::Active);
    shop.sync_vps(id).unwrap();
    assert_eq!(shop.instance(seen.order_id).version, writes + 1, "what is right is not written");
}

#[test]
fn a_machine_that_the_provider_does_not_know_is_told_and_left_to_the_inventory() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    let id = delivered(&mut shop, &desk);
    shop.world.host.fail(Op::Get, HostFault::Unreachable, 1);
    assert!(matches!(shop.sync_vps(id), Err(AppError::Provider(_))));
    let vm = shop.vps(id).unwrap().provider_instance_id.unwrap();
    shop.world.host.vanish(&vm);
    let seen = shop.sync_vps(id).unwrap();
    assert_eq!(seen.provider_metadata.state.as_deref(), Some("missing"));
    assert_eq!(seen.status, VpsStatus::Active);

    shop.reconcile_for(jiff::SignedDuration::from_hours(3));
    shop.run_until_idle();
    let rebuilt = shop.vps(id).unwrap();
    assert_eq!(rebuilt.status, VpsStatus::Active);
    assert_ne!(rebuilt.provider_instance_id, Some(vm));
}

#[test]
fn before_there_is_a_machine_a_look_asks_nobody() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let id = shop.place_vps(&wish).unwrap().view.vps_id;
    let calls = shop.world.host.calls();
    assert_eq!(shop.sync_vps(id).unwrap().provider_metadata.state, None);
    assert_eq!(shop.world.host.calls(), calls);
    shop.run_until_idle();
}

#[test]
fn a_wish_that_cannot_be_is_refused_with_the_field_and_what_can_be() {
    type Change = fn(&mut PlaceVps);
    let cases: [(&str, &str, Change); 13] = [
        ("mt5_account_id", "4 to 12 digits", |w| w.mt5_account_id = "12a4".to_owned()),
        ("mt5_account_id", "4 to 12 digits", |w| w.mt5_account_id = "1".repeat(13)),
        ("mt5_account_id", "the first of them not 0", |w| w.mt5_account_id = format!("0{ACCOUNT}")),
        ("vps_name", "letters", |w| w.vps_name = Some("<b>".to_owned())),
        ("vps_name", "letters", |w| w.vps_name = Some(String::new())),
        ("provider", "vultr, contabo, ec2", |w| w.provider = Some("azure".to_owned())),
        ("provider", "vultr, contabo, ec2", |w| w.provider = Some("hetzner".to_owned())),
        ("region", "choose one of ewr, lhr", |w| w.region = "atlantis".to_owned()),
        ("plan", "choose one of small, vc2-2c-4gb, large", |w| w.plan = "enormous".to_owned()),
        ("region", "choose one of ewr, ord", |w| w.plan = "graphics".to_owned()),
        ("os_id", "does not run on Ubuntu 24.04", |w| w.os_id = "2284".to_owned()),
        ("os_id", "does not run on Windows Core", |w| w.os_id = "521".to_owned()),
        ("os_id", "501 (Windows 2022 Standard x64)", |w| w.os_id = "99".to_owned()),
    ];
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    for (field, said, change) in cases {
        let mut wish = shop.vps_wish(&desk, ACCOUNT);
        change(&mut wish);
        match shop.place_vps(&wish) {
            Err(AppError::Invalid { field: named, reason }) => {
                assert!(named == field && reason.contains(said), "{field}: {named} {reason}");
            }
            other => panic!("{field} {said}: {:?}", other.map(|placed| placed.view)),
        }
    }
    assert!(shop.world.store.keys().is_empty());
}

#[test]
fn a_provider_without_a_key_of_ours_cannot_be_chosen() {
    let mut shop = Shop::open();
    shop.world.hosts = shop.world.host.hosts(&[Provider::Contabo]);
    let desk = staff(&mut shop);
    let mut wish = shop.vps_wish(&desk, ACCOUNT);
    for provider in [None, Some("vultr".to_owned()), Some("ec2".to_owned())] {
        wish.provider = provider;
        let refused = shop.place_vps(&wish);
        assert!(
            matches!(&refused, Err(AppError::Invalid { field: "provider", reason }) if reason == "choose one of contabo")
        );
    }
    wish.provider = Some("contabo".to_owned());
    assert_eq!(shop.place_vps(&wish).unwrap().view.provider, Provider::Contabo);
    shop.run_until_idle();
}

/// The sentence of a refusal for want of stock, and what can be had instead.
fn sold_out(outcome: Result<PlacedVps, AppError>) -> (String, Vec<Alternative>) {
    match outcome {
        Err(AppError::NotDeliverable { field: "plan", passing: true, reason, alternatives }) => {
            (reason, alternatives)
        }
        other => panic!("{:?}", other.map(|placed| placed.view)),
    }
}

#[test]
fn what_is_sold_out_is_refused_before_anything_is_stored() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    shop.world.host.sell_out("lhr");
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let (reason, instead) = sold_out(shop.place_vps(&wish));
    assert_eq!(reason, "vultr has no small left in lhr now; it has some in ewr, east, west, ord");
    let expected = Alternative::Vps {
        provider: Provider::Vultr,
        region: "ewr".to_owned(),
        plan: wish.plan.clone(),
        os_id: wish.os_id.clone(),
    };
    assert_eq!(instead[0], expected);
    assert!(shop.world.store.keys().is_empty());
    let elsewhere = PlaceVps { region: "ewr".to_owned(), ..wish };
    assert!(shop.place_vps(&elsewhere).is_ok());
    shop.run_until_idle();
}

#[test]
fn only_regions_that_have_the_size_are_named_instead_of_one_that_is_sold_out() {
    let mut shop = Shop::open();
    let desk = staff(&mut shop);
    let wish = shop.vps_wish(&desk, ACCOUNT);
    let graphics = PlaceVps { region: "ewr".to_owned(), plan: "graphics".to_owned(), ..wish };
    shop.world.host.sell_out("ewr");
    let (reason, instead) = sold_out(shop.place_vps(&graphics));
    assert_eq!(reason, "vultr has no graphics left in ewr now; it has some in ord");
    assert_eq!(instead.len(), 1);
    shop.world.host.sell_out("ord");
    let (reason, instead) = sold_out(shop.place_vps(&graphics));
    assert_eq!((reason.as_str(), instead.len()), ("vultr has no graphics left in ewr now", 0));
}

#[test]
fn a_desktop_that_a_customer_bought_is_no_trading_desktop() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    let id = shop.order(order).instance;
    assert!(matches!(shop.vps(id), Err(AppError::NotFound(_))));
    assert!(matches!(shop.sync_vps(id), Err(AppError::NotFound(_))));
    assert!(matches!(shop.decommission_vps(&ada, id), Err(AppError::NotFound(_))));
}

/// How many calls of ports one use makes when nothing goes wrong.
fn calls_of(prepare: impl Fn(&mut Shop) -> InstanceId, act: impl Fn(&mut Shop, InstanceId)) -> u64 {
    let mut shop = Shop::open();
    let id = prepare(&mut shop);
    let before = shop.world.sim.calls();
    act(&mut shop, id);
    let calls = shop.world.sim.calls() - before;
    shop.run_until_idle();
    calls
}

#[test]
fn an_order_that_is_cut_off_anywhere_is_made_once_when_it_is_sent_again() {
    let place = |shop: &mut Shop| {
        let desk = staff(shop);
        let wish = shop.vps_wish(&desk, ACCOUNT);
        shop.place_vps(&wish)
    };
    let calls = {
        let mut shop = Shop::open();
        place(&mut shop).unwrap();
        let calls = shop.world.sim.calls();
        shop.run_until_idle();
        calls
    };
    assert!(calls >= 8, "{calls}");
    for call in 1..=calls {
        for fault in Fault::ALL {
            let mut shop = Shop::open();
            let desk = staff(&mut shop);
            let wish = shop.vps_wish(&desk, ACCOUNT);
            shop.world.sim.arm(Trigger::Call(call), fault);
            drop(shop.place_vps(&wish));
            shop.run_for(jiff::SignedDuration::from_mins(1));
            let again = shop.place_vps(&wish).unwrap();
            shop.run_until_idle();
            assert_eq!(shop.vps(again.view.vps_id).unwrap().status, VpsStatus::Active, "{call} {fault:?}");
            assert_eq!(shop.world.store.orders().len(), 1, "{call} {fault:?}");
            assert_eq!(shop.world.host.creates(), 1, "{call} {fault:?}");
        }
    }
}

#[test]
fn an_order_that_nobody_sends_again_is_made_or_never_was() {
    for call in 1..=16 {
        for fault in [Fault::CrashBefore, Fault::CrashAfter] {
            let mut shop = Shop::open();
            let desk = staff(&mut shop);
            let wish = shop.vps_wish(&desk, ACCOUNT);
            shop.world.sim.arm(Trigger::Call(call), fault);
            drop(shop.place_vps(&wish));
            shop.run_until_idle();
            let statuses: Vec<_> = shop.world.store.orders().iter().map(|o| o.status).collect();
            assert!(matches!(statuses.as_slice(), [] | [OrderStatus::Active]), "{call} {fault:?}");
        }
    }
}

#[test]
fn a_deletion_that_is_cut_off_anywhere_ends_with_a_free_account() {
    let prepare = |shop: &mut Shop| {
        let desk = staff(shop);
        delivered(shop, &desk)
    };
    let act = |shop: &mut Shop, id| drop(shop.decommission_vps(&shop_staff(), id));
    let calls = calls_of(prepare, act);
    for call in 1..=calls {
        for fault in Fault::ALL {
            let mut shop = Shop::open();
            let id = prepare(&mut shop);
            let next = shop.world.sim.calls() + call;
            shop.world.sim.arm(Trigger::Call(next), fault);
            act(&mut shop, id);
            shop.run_until_idle();
            act(&mut shop, id);
            shop.run_until_idle();
            assert_eq!(shop.vps(id).unwrap().status, VpsStatus::Decommissioned, "{call} {fault:?}");
            let desk = shop.customer("next@example.com");
            let wish = shop.vps_wish(&desk, ACCOUNT);
            assert!(shop.place_vps(&wish).is_ok(), "{call} {fault:?}");
            shop.run_until_idle();
        }
    }
}

/// A member of the staff who needs no shop.
fn shop_staff() -> Customer {
    Shop::open().customer("other@example.com")
}

/// What must be true at rest is checked when each shop is dropped.
#[test]
fn whatever_breaks_a_trading_desktop_ends_delivered_or_gone_and_without_money() {
    for seed in 0..120 {
        let mut shop = Shop::seeded(seed);
        let desk = staff(&mut shop);
        let wish = shop.vps_wish(&desk, ACCOUNT);
        let order = shop.place_vps(&wish).unwrap().view.order_id;
        if seed % 3 == 0 {
            (0..12).for_each(|_| shop.world.host.next_boot(BootPlan::Never));
        }
        shop.world.sim.arm(Trigger::Random { permille: 60, most: 12, seed }, Fault::Before);
        shop.run_for(jiff::SignedDuration::from_hours(1));
        shop.world.sim.disarm();
        shop.run_until_idle();
        let status = shop.order(order).status;
        assert!(matches!(status, OrderStatus::Active | OrderStatus::Refunded), "seed {seed}: {status}");
    }
}
