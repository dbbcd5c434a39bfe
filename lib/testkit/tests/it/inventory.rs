//! The inventory beside a running shop: what is nobody's goes, what is missing comes back, the rest is left alone.

#![expect(clippy::unwrap_used, reason = "a test whose preparation fails has failed")]

use app::ports::{Commit, ReadInventory, Write};
use domain::availability::{Availability, Stock};
use domain::catalogue::{Os, Provider};
use domain::command::CommandKind;
use domain::ids::OrderId;
use domain::instance::InstanceStatus;
use domain::inventory::{Inventory, Report, Why};
use domain::order::{OrderStatus, Step};
use domain::vm::vm_name;
use jiff::SignedDuration;
use testkit::catalogues::six_providers;
use testkit::ports::{HostFault, Key, Op, Row};
use testkit::{Fault, Shop, Trigger};

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

fn inventory(found: &app::inventory::Found, provider: Provider) -> &Inventory {
    found.inventories.iter().find(|inventory| inventory.provider == provider).unwrap()
}

fn vultr(found: &app::inventory::Found) -> &Report {
    inventory(found, Provider::Vultr).report.as_ref().unwrap()
}

/// Machines of an order that exist now.
fn machines(shop: &Shop, order: OrderId) -> usize {
    let tag = order.to_string();
    shop.world.host.machines().iter().filter(|m| m.tags.contains(&tag)).count()
}

#[test]
fn a_healthy_shop_costs_its_pages_and_changes_nothing() {
    let mut shop = Shop::open();
    for _ in 0..12 {
        shop.delivered(Os::Windows);
    }
    shop.world.bounds.page = 5;
    let before = shop.world.host.calls();
    let found = shop.reconcile();
    // Three pages at Vultr, one at each of the five others.
    assert_eq!((found.pages, found.calls, shop.world.host.calls() - before), (8, 8, 8));
    let report = vultr(&found);
    assert_eq!((report.recorded, report.tally.machines), (12, 12));
    assert_eq!((report.tally.ghosts, report.tally.doubles, report.tally.missing), (0, 0, 0));
    assert_eq!((found.repaired, found.deleted, found.rebuilt), (0, 0, 0));
    assert_eq!(report.margins.iter().map(|m| m.desktops).sum::<u32>(), 12);
    assert!(report.margins.iter().all(|m| m.revenue.is_some()));
}

#[test]
fn what_a_desktop_costs_is_its_size_in_its_region_and_the_licence_of_its_system() {
    let mut shop = Shop::open();
    for os in [Os::Windows, Os::Linux] {
        shop.delivered(os);
    }
    let told = |region: &str, cents| Stock {
        plan: "small".to_owned(),
        provider_region: region.to_owned(),
        in_stock: true,
        monthly_usd_cents: Some(cents),
    };
    let (store, seen_at) = (shop.world.store.clone(), shop.now());
    let stock = vec![told("lhr", 9_900), told("ewr", 2_000)];
    let said = Availability { provider: Provider::Vultr, seen_at, stock, windows: Some(true), version: 0 };
    shop.call(async move { store.commit(vec![Write::Availability(said)]).await }).unwrap().unwrap();
    let found = shop.reconcile();
    let costs = |os| vultr(&found).margins.iter().find(|m| m.os == os).unwrap().cost_usd_cents;
    assert_eq!((costs(Os::Windows), costs(Os::Linux)), (Some(5_200), Some(2_000)));
}

#[test]
fn a_machine_that_comes_after_its_money_went_back_is_deleted() {
    let mut shop = Shop::open();
    shop.world.host.fail(Op::Create, HostFault::Late(minutes(90)), 20);
    let order = shop.paid_order(Os::Windows);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
    shop.run_for(minutes(120));
    let ghosts = machines(&shop, order);
    assert!(ghosts > 0, "the machines came late");
    let found = shop.reconcile();
    assert_eq!(vultr(&found).tally.ghosts as usize, ghosts);
    assert!(vultr(&found).tally.ghosts_found.iter().all(|g| g.why == Why::Undone && g.deleted));
    assert_eq!(machines(&shop, order), 0);
    let id = shop.order(order).instance;
    let audits = shop.world.store.audit_entries();
    assert_eq!(
        audits.iter().filter(|a| a.instance == id && a.action.starts_with("sync_ghost")).count(),
        ghosts
    );
    assert_eq!(vultr(&shop.reconcile()).tally.ghosts, 0);
}

#[test]
fn a_machine_younger_than_the_quarantine_is_left_alone() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    let attempt = shop.order(order).attempt;
    let tags = [order.to_string(), "nemordp".to_owned()];
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let second = shop.world.host.plant(Provider::Vultr, &vm_name(order, attempt), &tags, minutes(1));
    let found = shop.reconcile();
    assert_eq!((vultr(&found).tally.doubles, found.deleted), (0, 0));
    shop.run_for(minutes(10));
    let found = shop.reconcile();
    let double = &vultr(&found).tally.doubles_found[0];
    assert_eq!((double.order, &double.vm, double.deleted), (order, &second, true));
    assert_eq!(Some(&double.kept), shop.instance(order).vm.as_ref());
    assert!(!shop.world.store.mails().iter().any(|m| m.id.contains("double") && m.note.is_none()));
    shop.run_until_idle();
}

#[test]
fn what_does_not_carry_our_name_and_tag_is_never_touched() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Linux);
    let name = vm_name(order, 9);
    for (name, tags) in [("web-1", &["nemordp"][..]), ("ord_1-1", &["nemordp"]), (name.as_str(), &["other"])]
    {
        shop.world.host.plant(Provider::Vultr, name, tags, minutes(60 * 24 * 30));
    }
    shop.reconcile_for(minutes(60));
    let found = shop.reconcile();
    assert_eq!((vultr(&found).tally.foreign, vultr(&found).tally.machines), (3, 1));
    assert_eq!(shop.world.host.machines().len(), 4);
    // The last one carries the name of an order, so that the shop's own check would count it.
    let planted = shop.world.host.machines().into_iter().find(|m| m.name == name).unwrap();
    shop.world.host.vanish(&planted.id);
}

#[test]
fn a_stranger_with_our_name_is_told_at_once_and_deleted_after_a_day_unless_there_are_many() {
    for (strangers, deleted) in [(1, true), (6, false)] {
        let mut shop = Shop::open();
        for _ in 0..4 {
            shop.delivered(Os::Windows);
        }
        let mut names = Vec::new();
        for n in 0..strangers {
            let unknown = OrderId::new(shop.now(), n);
            let tags = [unknown.to_string(), "nemordp".to_owned()];
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            names.push(shop.world.host.plant(Provider::Vultr, &vm_name(unknown, 1), &tags, minutes(600)));
        }
        let found = shop.reconcile();
        assert_eq!(
            (vultr(&found).tally.strangers, vultr(&found).tally.ghosts),
            (u32::try_from(strangers).unwrap(), 0)
        );
        shop.run_until_idle();
        assert!(
            shop.world
                .outbox
                .sent()
                .iter()
                .any(|m| m.note.as_ref().is_some_and(|n| n.contains("name of ours")))
        );
        shop.reconcile_for(minutes(60 * 24 + 20));
        let left = shop.world.host.machines().iter().filter(|m| names.contains(&m.id)).count();
        assert_eq!(left == 0, deleted, "{strangers} strangers, {left} left");
        names.iter().for_each(|id| shop.world.host.vanish(id));
    }
}

#[test]
fn a_lost_machine_is_made_anew_with_new_credentials() {
    for os in [Os::Windows, Os::Linux] {
        let mut shop = Shop::open();
        let (ada, order) = shop.delivered(os);
        let lost = shop.instance(order).vm.unwrap();
        let old = shop.reveals(&ada, order).unwrap();
        shop.run_for(minutes(20));
        shop.world.host.vanish(&lost);
        assert_eq!(vultr(&shop.reconcile()).tally.missing, 0, "one listing proves nothing");
        assert_eq!(shop.order(order).status, OrderStatus::Active);
        shop.run_for(minutes(10));

        let found = shop.reconcile();
        let missing = &vultr(&found).tally.missing_found[0];
        assert_eq!((missing.instance, missing.rebuilt, found.rebuilt), (shop.instance(order).id, true, 1));
        assert_eq!(shop.order(order).status, OrderStatus::Provisioning);
        assert_eq!(shop.instance(order).status, InstanceStatus::Provisioning);
        shop.run_until_idle();

        let done = shop.order(order);
        assert_eq!((done.status, done.attempt, done.executions), (OrderStatus::Active, 2, 2));
        let steps: Vec<Step> = done.timeline.iter().map(|line| line.step).collect();
        let again = steps.iter().position(|step| *step == Step::MachineLost).unwrap();
        assert_eq!(
            steps[again..],
            [
                Step::MachineLost,
                Step::MachineCreated,
                Step::FirstBootReported,
                Step::DesktopAnswers,
                Step::CredentialsStored,
                Step::Active,
                Step::CredentialsMailed,
            ]
        );
        assert_eq!((shop.mails(order, "rebuilding").len(), shop.mails(order, "ready").len()), (1, 2));
        let told = shop.mails(order, "ready").pop().unwrap().password.unwrap().expose().clone();
        assert_eq!(shop.reveals(&ada, order).unwrap(), told);
        assert_ne!(told, old);
        let seconds = shop.instance(order).setup_seconds.unwrap();
        assert!(seconds < 900, "set up in {seconds} s, from the loss");
        assert_eq!(vultr(&shop.reconcile()).tally.missing, 0);
    }
}

#[test]
fn a_lost_machine_that_is_there_again_is_told_and_kept_for_a_week() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    let lost = shop.instance(order).vm.unwrap();
    shop.run_for(minutes(10));
    // The provider knows it for a while neither in its list nor by its id.
    shop.world.host.meddle(&lost, |m| m.provider = Provider::Hetzner);
    shop.reconcile();
    shop.run_for(minutes(10));
    assert_eq!(shop.reconcile().rebuilt, 1);
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Active);
    assert_ne!(shop.instance(order).vm.as_ref(), Some(&lost));

    shop.world.host.meddle(&lost, |m| m.provider = Provider::Vultr);
    for _ in 0..3 {
        let found = shop.reconcile();
        assert_eq!((found.deleted, vultr(&found).tally.ghosts, vultr(&found).tally.odd), (0, 0, 1));
        assert!(vultr(&found).tally.odd_found[0].what.contains("there again"));
        shop.run_for(minutes(10));
    }
    let told = shop.world.outbox.sent();
    let told: Vec<_> = told.iter().filter_map(|m| m.note.as_ref()).filter(|n| n.contains("again")).collect();
    assert!(told.len() == 1 && told[0].contains(&lost.0), "{told:?}");
    assert_eq!(machines(&shop, order), 2);
    // A desktop that was made anew is its customer's, who may do with it what they like.
    shop.commands(&ada, order, CommandKind::Restart).unwrap();
    shop.run_until_idle();

    for _ in 0..8 {
        shop.run_for(minutes(24 * 60));
        shop.reconcile();
    }
    let left = shop.world.host.machines();
    assert!(left.iter().all(|m| m.id != lost) && machines(&shop, order) == 1);
    let audits = shop.world.store.audit_entries();
    assert_eq!(audits.iter().filter(|a| a.action == "sync_ghost_deleted_returned").count(), 1);
}

#[test]
fn of_a_lost_machine_that_is_there_again_after_its_money_went_back_no_second_one_is_told() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    let lost = shop.instance(order).vm.unwrap();
    shop.run_for(minutes(10));
    shop.world.host.meddle(&lost, |m| m.provider = Provider::Hetzner);
    for region in ["ewr", "ord", "lhr"] {
        shop.world.host.sell_out(region);
    }
    shop.reconcile_for(minutes(15));
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);

    shop.world.host.meddle(&lost, |m| m.provider = Provider::Vultr);
    assert_eq!(vultr(&shop.reconcile()).tally.odd, 1);
    shop.run_for(minutes(10));
    let notes = shop.world.outbox.sent().into_iter().filter_map(|mail| mail.note);
    let told: Vec<String> = notes.filter(|note| note.contains("again, which")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("its order is refunded") && !told[0].contains("both"), "{told:?}");
    shop.world.host.vanish(&lost);
}

#[test]
fn a_desktop_can_be_lost_again_and_again() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    for time in 1..=4 {
        shop.run_for(minutes(10));
        shop.world.host.vanish(&shop.instance(order).vm.unwrap());
        shop.reconcile_for(minutes(15));
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::Active);
        assert_eq!((shop.order(order).losses(), shop.mails(order, "ready").len()), (time, time + 1));
        shop.commands(&ada, order, CommandKind::Reinstall).unwrap();
        shop.run_until_idle();
        assert_eq!(shop.mails(order, "reinstalled").len(), time);
    }
}

#[test]
fn a_lost_machine_that_nobody_can_make_anew_is_given_back() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    shop.run_for(minutes(10));
    shop.world.host.vanish(&shop.instance(order).vm.unwrap());
    for region in ["ewr", "ord", "lhr"] {
        shop.world.host.sell_out(region);
    }
    shop.reconcile_for(minutes(15));
    shop.run_until_idle();
    assert_eq!(shop.order(order).status, OrderStatus::Refunded);
    assert_eq!(shop.mails(order, "failed_and_refunded").len(), 1);
    assert_eq!(shop.instance(order).status, InstanceStatus::Failed);
}

#[test]
fn when_many_machines_are_missing_at_once_nobody_believes_it() {
    let mut shop = Shop::open();
    for _ in 0..4 {
        shop.delivered(Os::Windows);
    }
    shop.run_for(minutes(10));
    let machines: Vec<_> = shop.world.host.machines().into_iter().map(|m| m.id).collect();
    for id in &machines {
        // As it looks with the key of another account.
        shop.world.host.meddle(id, |m| m.provider = Provider::Hetzner);
    }
    shop.reconcile_for(minutes(40));
    let found = shop.reconcile();
    assert_eq!((vultr(&found).tally.missing, found.rebuilt, found.deleted), (4, 0, 0));
    assert_eq!(shop.world.host.creates(), 4);
    for id in &machines {
        shop.world.host.meddle(id, |m| m.provider = Provider::Vultr);
    }
    assert_eq!(vultr(&shop.reconcile()).tally.missing, 0);
    shop.run_until_idle();
    assert!(
        shop.world
            .outbox
            .sent()
            .iter()
            .any(|m| m.note.as_ref().is_some_and(|n| n.contains("another account")))
    );
}

#[test]
fn a_machine_that_the_list_forgets_and_its_id_finds_is_kept() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    shop.run_for(minutes(10));
    // Listed as it was before anything was made.
    shop.world.host.lists_lag(minutes(60 * 24));
    shop.reconcile_for(minutes(40));
    let found = shop.reconcile();
    assert_eq!((vultr(&found).tally.missing, vultr(&found).tally.machines, found.rebuilt), (0, 0, 0));
    assert_eq!(shop.order(order).status, OrderStatus::Active);
    assert_eq!(shop.world.host.creates(), 1);
}

#[test]
fn a_missing_machine_of_which_its_provider_does_not_say_whether_it_is_there_is_told_as_missing() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    shop.run_for(minutes(10));
    shop.world.host.vanish(&shop.instance(order).vm.unwrap());
    shop.world.host.fail(Op::Get, HostFault::FailBefore, 1_000);
    shop.reconcile_for(minutes(60));
    let found = shop.reconcile();
    let tally = &vultr(&found).tally;
    assert_eq!((tally.missing, tally.missing_found[0].rebuilt, found.rebuilt), (1, false, 0));
    assert_eq!(shop.order(order).status, OrderStatus::Active);
    shop.world.host.heal();
    shop.run_for(minutes(20));
    assert_eq!(shop.reconcile().rebuilt, 1);
    shop.run_until_idle();
}

#[test]
fn desktops_in_a_region_that_is_not_listed_are_told_and_neither_missing_nor_asked_for() {
    let mut shop = Shop::open();
    for _ in 0..4 {
        shop.delivered(Os::Windows);
    }
    shop.run_for(minutes(10));
    let order = shop.world.store.orders()[0].id;
    shop.world.host.unlist(&shop.instance(order).offering.provider_region);
    for _ in 0..4 {
        shop.run_for(minutes(10));
        let found = shop.reconcile();
        let tally = &vultr(&found).tally;
        assert_eq!((tally.machines, tally.missing, tally.odd), (0, 0, 4), "{tally:?}");
        assert_eq!(found.calls, found.pages);
        assert!(tally.odd_found[0].what.contains("not listed"));
    }
    let mut notes = shop.world.outbox.sent().into_iter().filter_map(|mail| mail.note);
    assert!(notes.all(|note| !note.contains("another account")));
    shop.world.host.list_everywhere();
    let found = shop.reconcile();
    assert_eq!((vultr(&found).tally.machines, vultr(&found).tally.odd), (4, 0));
}

#[test]
fn an_address_that_changed_is_put_right_at_once_and_a_state_when_it_is_seen_twice() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    let vm = shop.instance(order).vm.unwrap();
    shop.world.host.meddle(&vm, |m| {
        m.address = "203.0.113.9".parse().unwrap();
        m.on = false;
    });
    assert_eq!(shop.reconcile().repaired, 1);
    let desktop = shop.instance(order);
    assert_eq!((desktop.address, desktop.status), ("203.0.113.9".parse().ok(), InstanceStatus::Active));
    assert_eq!(shop.reconcile().repaired, 1);
    assert_eq!(shop.instance(order).status, InstanceStatus::Stopped);
    // Its owner shut it down from inside and can start it now.
    shop.commands(&ada, order, CommandKind::Start).unwrap();
    shop.run_until_idle();
    assert_eq!(shop.instance(order).status, InstanceStatus::Active);
    let actions: Vec<String> = shop.world.store.audit_entries().into_iter().map(|a| a.action).collect();
    for action in ["sync_address", "sync_status"] {
        assert!(actions.iter().any(|a| a == action), "{actions:?}");
    }
    assert_eq!(shop.reconcile().repaired, 0);
}

#[test]
fn a_desktop_that_its_owner_turned_off_from_inside_keeps_no_address_that_is_lent_to_others() {
    let mut shop = Shop::open();
    shop.world.catalogue = six_providers();
    for provider in [Provider::Vultr, Provider::Contabo] {
        shop.world.host.fail_at(provider, Op::Create, HostFault::OutOfStock, 2);
    }
    let (ada, order) = shop.delivered(Os::Windows);
    assert_eq!(shop.instance(order).offering.provider, Provider::Ec2);
    shop.world.host.meddle(&shop.instance(order).vm.unwrap(), |m| m.on = false);
    shop.reconcile();
    shop.reconcile();
    let desktop = shop.instance(order);
    assert_eq!((desktop.status, desktop.address), (InstanceStatus::Stopped, None));
    shop.commands(&ada, order, CommandKind::Start).unwrap();
    shop.run_until_idle();
    assert!(shop.instance(order).address.is_some());
}

#[test]
fn a_busy_desktop_is_left_to_its_command() {
    let mut shop = Shop::open();
    let (ada, order) = shop.delivered(Os::Windows);
    shop.run_for(minutes(10));
    shop.commands(&ada, order, CommandKind::Stop).unwrap();
    shop.world.host.meddle(&shop.instance(order).vm.unwrap(), |m| m.on = false);
    for _ in 0..3 {
        assert_eq!(shop.reconcile().repaired, 0);
    }
    shop.run_until_idle();
    assert_eq!(shop.instance(order).status, InstanceStatus::Stopped);
}

#[test]
fn an_attempt_left_behind_is_settled_by_what_two_listings_do_not_show() {
    for late in [None, Some(minutes(100))] {
        let mut shop = Shop::open();
        shop.world.catalogue = six_providers();
        let first =
            six_providers().product(domain::catalogue::Plan::Basic, Os::Linux).unwrap().offerings[0].provider;
        let fault = late.map_or(HostFault::FailBefore, HostFault::Late);
        shop.world.host.fail_at(first, Op::Create, fault, 1);
        let order = shop.paid_order(Os::Linux);
        shop.run_for(SignedDuration::from_secs(20));
        shop.world.host.take_down(first, HostFault::Unreachable, minutes(60));
        shop.run_for(minutes(25));
        assert_eq!(shop.order(order).status, OrderStatus::Active, "it went on elsewhere");
        let left =
            |shop: &Shop| shop.world.store.all_attempts().into_iter().filter(|a| a.is_left_behind()).count();
        assert_eq!(left(&shop), 1);
        let found = shop.reconcile();
        assert!(found.unknown_age >= minutes(10), "{:?}", found.unknown_age);
        assert!(inventory(&found, first).trouble.is_some(), "it is not seen while it is down");

        if late.is_some() {
            shop.run_for(minutes(90));
            assert_eq!(machines(&shop, order), 2);
            let found = shop.reconcile();
            let report = inventory(&found, first).report.as_ref().unwrap();
            assert_eq!((report.tally.ghosts_found[0].why, found.deleted), (Why::LeftBehind, 1));
            assert_eq!((machines(&shop, order), left(&shop)), (1, 1), "deleted, not yet settled");
        } else {
            shop.run_for(minutes(60));
        }
        shop.reconcile_for(minutes(20));
        let found = shop.reconcile();
        assert_eq!((left(&shop), found.unknown_age), (0, SignedDuration::ZERO));
        shop.run_until_idle();
        assert_eq!(machines(&shop, order), 1);
    }
}

#[test]
fn an_attempt_left_behind_in_a_region_that_is_not_listed_is_not_settled_by_what_others_show() {
    let mut shop = Shop::open();
    shop.world.catalogue = six_providers();
    let product = six_providers().product(domain::catalogue::Plan::Basic, Os::Linux).unwrap();
    let first = &product.offerings[0];
    shop.world.host.fail_at(first.provider, Op::Create, HostFault::FailBefore, 1);
    let order = shop.paid_order(Os::Linux);
    shop.run_for(SignedDuration::from_secs(20));
    shop.world.host.take_down(first.provider, HostFault::Unreachable, minutes(60));
    shop.run_for(minutes(90));
    assert_eq!(shop.order(order).status, OrderStatus::Active, "it went on elsewhere");
    shop.world.host.unlist(&first.provider_region);
    shop.reconcile_for(minutes(60));
    let found = shop.reconcile();
    assert!(found.unknown_age > minutes(60), "{:?}", found.unknown_age);
    shop.world.host.list_everywhere();
    shop.reconcile_for(minutes(20));
    assert_eq!(shop.reconcile().unknown_age, SignedDuration::ZERO);
}

#[test]
fn what_a_provider_without_a_key_left_behind_is_remembered_and_no_number_of_a_run() {
    let mut shop = Shop::open();
    shop.world.catalogue = six_providers();
    let product = six_providers().product(domain::catalogue::Plan::Basic, Os::Linux).unwrap();
    let first = product.offerings[0].provider;
    shop.world.host.fail_at(first, Op::Create, HostFault::FailBefore, 1);
    let order = shop.paid_order(Os::Linux);
    shop.run_for(SignedDuration::from_secs(20));
    shop.world.host.take_down(first, HostFault::Unreachable, minutes(60));
    shop.run_for(minutes(30));
    assert_eq!(shop.order(order).status, OrderStatus::Active, "it went on elsewhere");
    let found = shop.reconcile();
    assert!(found.unknown_age > minutes(20) && found.inventories.len() == Provider::ALL.len());

    let left: Vec<Provider> = Provider::ALL.iter().copied().filter(|provider| *provider != first).collect();
    shop.world.hosts = shop.world.host.hosts(&left);
    let found = shop.reconcile();
    assert_eq!(found.unknown_age, SignedDuration::ZERO);
    assert!(found.inventories.iter().all(|inventory| inventory.provider != first));
    let store = shop.world.store.clone();
    let rows = shop.call(async move { store.inventories().await }).unwrap().unwrap();
    assert!(rows.into_iter().any(|row| row.unwrap().provider == first), "staff see it");
    shop.world.hosts = shop.world.host.hosts(Provider::ALL);
    assert!(shop.reconcile().unknown_age > minutes(20));
    shop.run_for(minutes(60));
    shop.reconcile_for(minutes(20));
    shop.run_until_idle();
}

#[test]
fn two_runs_at_once_do_what_one_does() {
    let mut shop = Shop::open();
    let (_, kept) = shop.delivered(Os::Windows);
    shop.world.host.fail(Op::Create, HostFault::Late(minutes(90)), 20);
    let order = shop.paid_order(Os::Windows);
    shop.run_until_idle();
    shop.world.host.heal();
    shop.run_for(minutes(120));
    shop.world.host.vanish(&shop.instance(kept).vm.unwrap());
    let mut rebuilt = 0;
    for _ in 0..3 {
        let runs = (0..3).map(|_| {
            let reconciler = shop.world.reconciler();
            let run: std::pin::Pin<Box<dyn Future<Output = _>>> =
                Box::pin(async move { Box::pin(reconciler.run()).await });
            run
        });
        let runs = runs.collect();
        for found in shop.at_once(runs) {
            let found = found.unwrap().unwrap();
            rebuilt += found.rebuilt;
            assert!(found.failed.is_empty());
        }
        shop.run_for(minutes(10));
    }
    shop.run_until_idle();
    assert_eq!((machines(&shop, order), machines(&shop, kept), rebuilt), (0, 1, 1));
    assert_eq!(shop.order(kept).losses(), 1);
}

#[test]
fn a_listing_of_many_pages_goes_on_in_the_next_run() {
    let mut shop = Shop::open();
    for _ in 0..10 {
        shop.delivered(Os::Windows);
    }
    shop.run_for(minutes(10));
    shop.world.bounds.page = 2;
    shop.world.bounds.pages = 2;
    for _ in 0..2 {
        let found = shop.reconcile();
        assert!(inventory(&found, Provider::Vultr).report.is_none(), "not whole yet");
    }
    assert_eq!(shop.world.store.all_seen().iter().map(|seen| seen.marks.len()).sum::<usize>(), 8);
    let found = shop.reconcile();
    let report = vultr(&found);
    assert_eq!((report.tally.pages, report.tally.machines, report.tally.missing), (5, 10, 0));

    // What was seen in earlier runs is not missing, and what was not is.
    let lost = shop.instance(shop.world.store.orders()[0].id).vm.unwrap();
    shop.world.host.vanish(&lost);
    let mut rebuilt = 0;
    for _ in 0..6 {
        shop.run_for(minutes(10));
        rebuilt += shop.reconcile().rebuilt;
    }
    assert_eq!(rebuilt, 1);
    shop.run_until_idle();
}

#[test]
fn a_place_in_a_list_that_the_provider_forgot_begins_it_anew() {
    let mut shop = Shop::open();
    for _ in 0..6 {
        shop.delivered(Os::Windows);
    }
    shop.run_for(minutes(10));
    shop.world.bounds.page = 2;
    shop.world.bounds.pages = 2;
    shop.reconcile();
    shop.world.host.forget_cursors(1);
    // One page refused, one page of the new list.
    shop.reconcile();
    let found = shop.reconcile();
    let report = vultr(&found);
    assert_eq!((report.tally.machines, report.tally.missing, report.tally.ghosts), (6, 0, 0));
}

#[test]
fn a_provider_that_is_down_is_told_and_hurts_nobody() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    shop.run_for(minutes(10));
    for fault in [HostFault::FailBefore, HostFault::Unauthorized, HostFault::Busy] {
        shop.world.host.take_down(Provider::Vultr, fault, minutes(60));
        shop.reconcile_for(minutes(70));
        let found = shop.reconcile();
        let at = |inventory: &Inventory| inventory.trouble.is_none();
        assert!(found.inventories.iter().all(at), "{fault:?}: they are all back");
        assert_eq!(shop.order(order).status, OrderStatus::Active, "{fault:?}");
    }
    assert_eq!(shop.world.host.creates(), 1);
}

#[test]
fn what_is_said_of_a_provider_grows_old_while_it_is_not_listed() {
    let mut shop = Shop::open();
    shop.delivered(Os::Windows);
    assert!(shop.reconcile().report_age < minutes(1));
    shop.world.host.take_down(Provider::Linode, HostFault::Unauthorized, minutes(180));
    shop.reconcile_for(minutes(150));
    let age = shop.reconcile().report_age;
    assert!(age >= minutes(150) && age < minutes(170), "{age:?}");
    shop.reconcile_for(minutes(60));
    assert!(shop.reconcile().report_age < minutes(1));

    // One that was never listed is as old as the wish to.
    let mut shop = Shop::open();
    shop.world.host.take_down(Provider::Linode, HostFault::Unauthorized, minutes(600));
    shop.reconcile();
    shop.run_for(minutes(121));
    assert!(shop.reconcile().report_age >= minutes(121));
}

#[test]
fn beside_every_step_of_an_order_the_inventory_hurts_nothing() {
    let mut alone = Shop::open();
    let begun = alone.now();
    let order = alone.paid_order(Os::Windows);
    alone.run_until_idle();
    assert_eq!(alone.order(order).status, OrderStatus::Active);
    let lasts = alone.now().duration_since(begun).as_secs();
    for every in [1, 7] {
        let mut shop = Shop::seeded(u64::try_from(every).unwrap());
        shop.world.policy.quarantine = SignedDuration::from_secs(30);
        let order = shop.paid_order(Os::Windows);
        for _ in 0..(lasts / every) {
            shop.reconcile_beside();
            shop.run_for(SignedDuration::from_secs(every));
        }
        shop.run_until_idle();
        let done = shop.order(order);
        assert_eq!((done.status, done.attempt, shop.world.host.creates()), (OrderStatus::Active, 1, 1));
        assert!(!shop.world.store.audit_entries().iter().any(|a| a.action.starts_with("sync_")));
    }
}

#[test]
fn beside_orders_with_every_kind_of_trouble_the_inventory_hurts_nothing() {
    let late = HostFault::Late(SignedDuration::from_secs(150));
    for fault in
        [HostFault::FailBefore, HostFault::FailAfter, HostFault::DropAfter, HostFault::OutOfStock, late]
    {
        for seed in 1..=3 {
            let mut shop = Shop::seeded(seed);
            shop.world.host.fail(Op::Create, fault, 1);
            shop.world.host.lists_lag(SignedDuration::from_secs(20));
            let order = shop.paid_order(Os::Windows);
            for _ in 0..120 {
                shop.reconcile_beside();
                shop.run_for(SignedDuration::from_secs(10));
            }
            shop.run_until_idle();
            assert_eq!(shop.order(order).status, OrderStatus::Active, "{fault:?} {seed}");
            shop.reconcile_for(minutes(20));
            assert_eq!(machines(&shop, order), 1, "{fault:?} {seed}");
        }
    }
}

#[test]
fn a_run_that_is_cut_off_anywhere_leaves_nothing_half_done() {
    let mut fired = 0;
    for step in 1..60 {
        for fault in Fault::ALL {
            let mut shop = Shop::open();
            let (_, order) = shop.delivered(Os::Windows);
            shop.run_for(minutes(10));
            let tags = [order.to_string(), "nemordp".to_owned()];
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            shop.world.host.plant(Provider::Vultr, &vm_name(order, 1), &tags, minutes(30));
            let (_, other) = shop.delivered(Os::Windows);
            shop.run_for(minutes(10));
            shop.world.host.vanish(&shop.instance(other).vm.unwrap());
            shop.reconcile();
            shop.run_for(minutes(10));
            let before = shop.world.sim.calls();
            shop.world.sim.arm(Trigger::Call(before + step), fault);
            shop.reconcile_beside();
            shop.run_for(minutes(1));
            fired += u32::from(shop.world.sim.calls() >= before + step);
            shop.world.sim.disarm();
            shop.reconcile_for(minutes(40));
            shop.run_until_idle();
            let place = format!("step {step} {fault:?}");
            assert_eq!((machines(&shop, order), machines(&shop, other)), (1, 1), "{place}");
            assert_eq!(shop.order(other).losses(), 1, "{place}");
            assert_eq!(shop.mails(other, "ready").len(), 2, "{place}");
        }
    }
    assert!(fired > 100, "{fired}");
}

#[test]
fn a_record_of_before_prices_were_kept_counts_apart() {
    let mut shop = Shop::open();
    let (_, order) = shop.delivered(Os::Windows);
    shop.delivered(Os::Windows);
    let key = Key::Instance(shop.instance(order).id);
    shop.world.store.tamper(&key, |row| {
        if let Row::Instance(instance) = row {
            instance.price = None;
        }
    });
    let found = shop.reconcile();
    let seen = app::inventory::overview(found.inventories, shop.now());
    assert_eq!((seen.totals.recorded, seen.totals.without_revenue, seen.totals.unpriced), (2, 1, 2));
    assert_eq!(seen.totals.revenue_minor.len(), 1);
}

/// Found by the fault campaign (seed 21063): the listing showed the machine, the order was being undone and so the
/// workflow's business, and two such listings were taken for two without it.
#[test]
fn an_unknown_attempt_is_not_settled_while_its_machine_is_listed() {
    for outage in [10, 20, 30, 40, 50, 60, 75, 90] {
        let mut shop = Shop::open();
        shop.world.catalogue = six_providers();
        let late = HostFault::Late(SignedDuration::from_secs(75));
        shop.world.host.fail_at(Provider::Vultr, Op::Create, late, 1);
        shop.world.host.fail(Op::Create, HostFault::OutOfStock, 14);
        let order = shop.paid_order(Os::Windows);
        shop.run_for(SignedDuration::from_secs(10));
        shop.world.host.take_down(Provider::Vultr, HostFault::FailBefore, minutes(outage));
        for minute in 0..outage + 120 {
            shop.run_for(minutes(1));
            if minute % 10 == 0 {
                shop.reconcile();
            }
            let refunded = shop.world.gateway.refunds_accepted() > 0;
            assert!(!refunded || machines(&shop, order) == 0, "{outage}: the money went back too early");
        }
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::Refunded, "{outage}");
    }
}
