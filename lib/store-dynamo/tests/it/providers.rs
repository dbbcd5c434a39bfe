//! What is remembered of providers: circuits, what they said they have, and what is rented from them.

use std::collections::HashMap;

use app::ports::{
    Commit, ReadAvailability, ReadCircuits, ReadInstances, ReadInventory, ReadOrders, ReadRented, ReadSeen,
    Rows, StoreError, Write,
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::availability::{Availability, Stock};
use domain::catalogue::Provider;
use domain::circuit::{Circuit, EVERYWHERE, Operation, Trouble};
use domain::ids::{InstanceId, OrderId};
use domain::instance::{Instance, InstanceStatus};
use domain::inventory::{Inventory, Seen};
use domain::order::StaffVps;
use domain::vm::VmId;

use crate::fixtures::{Table, at, instance, offering, order, table};

fn circuit(provider: Provider, region: &str, operation: Operation) -> Circuit {
    Circuit::new(provider, region.to_owned(), operation, at(0)).failed(Trouble::Asked { seconds: 40 }, at(0))
}

fn said(provider: Provider, seconds: i64) -> Availability {
    let stock = |plan: &str, in_stock| Stock {
        plan: plan.to_owned(),
        provider_region: "ams".to_owned(),
        in_stock,
        monthly_usd_cents: in_stock.then_some(2_000),
    };
    let stock = vec![stock("vc2-2c-4gb", true), stock("vc2-4c-8gb", false)];
    Availability { provider, seen_at: at(seconds), stock, windows: Some(true), version: 0 }
}

/// The desktop of order number `n`, on a machine of its own.
fn rented(n: u32) -> Instance {
    Instance { vm: Some(VmId(format!("vm-{n}"))), ..instance(n) }
}

/// Rows all of which read back.
fn sound<T>(rows: Result<Rows<T>, StoreError>) -> Vec<T> {
    rows.unwrap().into_iter().map(Result::unwrap).collect()
}

impl Table {
    async fn put_all(&self, writes: Vec<Write>) {
        for write in writes {
            self.store.commit(vec![write]).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_providers_circuits_are_read_together_and_no_others() {
    let Some(table) = table("circuits").await else { return };
    let store = &table.store;
    let create = circuit(Provider::Vultr, "ams", Operation::Create);
    let read = circuit(Provider::Vultr, EVERYWHERE, Operation::Read);
    let foreign = circuit(Provider::Hetzner, "fsn1", Operation::Create);
    assert!(store.circuits(Provider::Vultr).await.unwrap().is_empty());
    table.put_all([&create, &read, &foreign].map(|c| Write::Circuit(c.clone())).to_vec()).await;

    let stored = |circuit: &Circuit| Circuit { version: 1, ..circuit.clone() };
    let circuits = async |provider| sound(store.circuits(provider).await);
    assert_eq!(circuits(Provider::Vultr).await, [stored(&create), stored(&read)]);
    assert_eq!(circuits(Provider::Hetzner).await, [stored(&foreign)]);
    assert!(store.circuits(Provider::Ec2).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_two_that_want_to_probe_one_loses() {
    let Some(table) = table("probes").await else { return };
    let store = &table.store;
    table.put_all(vec![Write::Circuit(circuit(Provider::Vultr, "ams", Operation::Create))]).await;
    let open = sound(store.circuits(Provider::Vultr).await).remove(0);
    store.commit(vec![Write::Circuit(open.probed(at(41)))]).await.unwrap();
    let second = store.commit(vec![Write::Circuit(open.probed(at(41)))]).await;
    assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
}

#[tokio::test]
async fn a_circuit_is_forgotten_a_day_after_its_last_failure_or_its_pause() {
    let Some(table) = table("circuits-forgotten").await else { return };
    let closed = Circuit::new(Provider::Ec2, EVERYWHERE.to_owned(), Operation::Read, at(5));
    let open = circuit(Provider::Vultr, "ams", Operation::Create);
    table.put_all([&closed, &open].map(|c| Write::Circuit(c.clone())).to_vec()).await;
    let items = table.client.scan().table_name(&table.name).send().await.unwrap().items.unwrap();
    let mut times: Vec<String> =
        items.iter().map(|item| item["expires_at"].as_n().unwrap().clone()).collect();
    times.sort();
    let day = |seconds: i64| (at(seconds).as_second() + 86_400).to_string();
    assert_eq!(times, vec![day(5), day(40)]);
}

#[tokio::test]
async fn what_every_provider_said_last_is_one_read() {
    let Some(table) = table("availability").await else { return };
    let store = &table.store;
    assert!(store.availability().await.unwrap().is_empty());
    let providers = [Provider::Contabo, Provider::Vultr];
    table.put_all(providers.map(|p| Write::Availability(said(p, 1))).to_vec()).await;
    let mut news = sound(store.availability().await).remove(1);
    assert_eq!(news, Availability { version: 1, ..said(Provider::Vultr, 1) });
    news.seen_at = at(600);
    table.put_all(vec![Write::Availability(news.clone())]).await;
    assert!(matches!(store.commit(vec![Write::Availability(news)]).await, Err(StoreError::Conflict)));
    let seen: Vec<_> =
        sound(store.availability().await).into_iter().map(|a| (a.provider, a.seen_at)).collect();
    assert_eq!(seen, vec![(Provider::Contabo, at(1)), (Provider::Vultr, at(600))]);
}

#[tokio::test]
async fn a_desktop_is_listed_as_rented_exactly_while_it_has_a_machine_and_is_not_over() {
    let Some(table) = table("rented").await else { return };
    let store = &table.store;
    table.put_all(vec![Write::Instance(instance(1))]).await;
    let id = instance(1).id;
    let listed = async || store.rented(Provider::Vultr, 1_000, None).await.unwrap().items.len();
    assert_eq!(listed().await, 0, "no machine yet");
    use InstanceStatus as S;
    for (status, expected) in [
        (S::Provisioning, 1),
        (S::Active, 1),
        (S::Stopped, 1),
        (S::Busy, 1),
        (S::Terminated, 0),
        (S::Failed, 0),
    ] {
        let read = store.instance(id).await.unwrap().unwrap();
        let changed = Instance { vm: Some(VmId("vm-1".to_owned())), status, ..read };
        table.put_all(vec![Write::Instance(changed)]).await;
        assert_eq!(listed().await, expected, "{status}");
    }
}

#[tokio::test]
async fn what_is_rented_from_a_provider_comes_page_by_page_to_the_end() {
    let Some(table) = table("rented-pages").await else { return };
    let store = &table.store;
    table.put_all([3, 1, 5, 2, 4].map(|n| Write::Instance(rented(n))).to_vec()).await;
    let mut elsewhere = rented(9);
    elsewhere.offering.provider = Provider::Contabo;
    table.put_all(vec![Write::Instance(elsewhere.clone())]).await;

    for limit in [1, 2, 5, 6, 1_000] {
        let (mut listed, mut after, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = store.rented(Provider::Vultr, limit, after.as_deref()).await.unwrap();
            listed.extend(page.items.into_iter().map(|desktop| desktop.unwrap().id));
            pages += 1;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let all: Vec<InstanceId> = (1..=5).map(|n| instance(n).id).collect();
        assert_eq!(listed, all);
        assert_eq!(pages, 5_usize.div_ceil(limit.into()), "no empty page at the end of pages of {limit}");
    }
    let other = store.rented(Provider::Contabo, 10, None).await.unwrap();
    assert_eq!(other.items.into_iter().map(|i| i.unwrap().id).collect::<Vec<_>>(), vec![elsewhere.id]);

    let another_kind = OrderId::new(at(0), 1).to_string();
    for bad in ["", "x", another_kind.as_str()] {
        let result = store.rented(Provider::Vultr, 10, Some(bad)).await;
        assert!(matches!(result, Err(StoreError::BadCursor)), "{bad}: {result:?}");
    }
    for limit in [0, 1_001] {
        let result = store.rented(Provider::Vultr, limit, None).await;
        assert!(matches!(result, Err(StoreError::Invalid { .. })), "{limit}: {result:?}");
    }
}

#[tokio::test]
async fn a_rented_desktop_that_does_not_read_back_is_an_error_in_its_place() {
    let Some(table) = table("rented-corrupt").await else { return };
    table.put_all([1, 2, 3].map(|n| Write::Instance(rented(n))).to_vec()).await;
    let [first, torn, last] = [1, 2, 3].map(|n| rented(n).id);
    let key = |text: &str| AttributeValue::S(text.to_owned());
    let damage =
        table.client.update_item().table_name(&table.name).key("pk", key(&format!("INSTANCE#{torn}")));
    let damage = damage.key("sk", key("INSTANCE")).update_expression("SET #s = :s");
    let damage =
        damage.expression_attribute_names("#s", "status").expression_attribute_values(":s", key("odd"));
    damage.send().await.unwrap();
    for limit in [1, 2, 3] {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let page = table.store.rented(Provider::Vultr, limit, after.as_deref()).await.unwrap();
            read.extend(page.items.into_iter().map(|desktop| match desktop {
                Ok(desktop) => Ok(desktop.id),
                Err(StoreError::Corrupt { key, .. }) => Err(key),
                Err(other) => panic!("{other:?}"),
            }));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(read, [Ok(first), Err(format!("INSTANCE#{torn} INSTANCE")), Ok(last)], "{limit}");
    }
}

/// A part of each answer that does not read back, by its key, and how many others do.
fn torn<T>(rows: Result<Rows<T>, StoreError>) -> (Vec<String>, usize) {
    let (mut torn, mut sound) = (Vec::new(), 0);
    for row in rows.unwrap() {
        match row {
            Ok(_) => sound += 1,
            Err(StoreError::Corrupt { key, .. }) => torn.push(key),
            Err(other) => panic!("{other:?}"),
        }
    }
    (torn, sound)
}

#[tokio::test]
async fn what_a_newer_program_remembered_of_a_provider_is_an_error_in_its_place() {
    let Some(table) = table("rolled-back").await else { return };
    let key = |text: &str| AttributeValue::S(text.to_owned());
    for provider in [Provider::Vultr, Provider::Linode] {
        let inventory = Write::Inventory(Box::new(Inventory::new(provider)));
        table.put_all(vec![Write::Availability(said(provider, 1)), inventory]).await;
    }
    let circuits = ["ams", "ewr"].map(|region| circuit(Provider::Vultr, region, Operation::Create));
    table.put_all(circuits.map(Write::Circuit).to_vec()).await;
    let items = table.client.scan().table_name(&table.name).send().await.unwrap().items.unwrap();
    let newer = ["AVAILABILITY linode", "INVENTORY linode", "CIRCUIT#vultr create#ams"];
    for place in newer {
        let (partition, sort) = place.split_once(' ').unwrap();
        let is_it = |item: &&_| keys_of(item) == (partition, sort);
        let mut item = items.iter().find(is_it).unwrap().clone();
        item.insert("v".to_owned(), AttributeValue::N("99".to_owned()));
        table.client.put_item().table_name(&table.name).set_item(Some(item)).send().await.unwrap();
    }
    let one = |key: &str| (vec![key.to_owned()], 1);
    assert_eq!(torn(table.store.availability().await), one(newer[0]));
    assert_eq!(torn(table.store.inventories().await), one(newer[1]));
    assert_eq!(torn(table.store.circuits(Provider::Vultr).await), one(newer[2]));
    // One of another kind that nobody knows here.
    let foreign = table.client.put_item().table_name(&table.name).item("pk", key("AVAILABILITY"));
    foreign.item("sk", key("azure")).send().await.unwrap();
    assert_eq!(torn(table.store.availability().await).0, ["AVAILABILITY azure", newer[0]]);
}

fn keys_of(item: &HashMap<String, AttributeValue>) -> (&str, &str) {
    (item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap())
}

#[tokio::test]
async fn of_two_runs_of_the_inventory_one_loses_and_what_it_saw_is_not_stored_either() {
    let Some(table) = table("inventory").await else { return };
    let store = &table.store;
    assert!(store.inventories().await.unwrap().is_empty());
    let fresh = |provider| Write::Inventory(Box::new(Inventory::new(provider)));
    table.put_all(vec![fresh(Provider::Vultr), fresh(Provider::Contabo)]).await;
    let read = sound(store.inventories().await);
    let providers: Vec<_> = read.iter().map(|inventory| inventory.provider).collect();
    assert_eq!(providers, vec![Provider::Contabo, Provider::Vultr]);

    let seen = |listing, run, marks: &[u64]| {
        Write::Seen(Seen {
            provider: Provider::Vultr,
            listing,
            run,
            marks: marks.to_vec(),
            expires_at: at(86_400),
        })
    };
    let save = |run| vec![Write::Inventory(Box::new(read[1].clone())), seen(1, run, &[7, u64::MAX])];
    store.commit(save(0)).await.unwrap();
    let second = store.commit(save(1)).await;
    assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");
    table.put_all(vec![seen(1, 1, &[8]), seen(2, 0, &[9])]).await;
    let marks = async |listing| -> Vec<u64> {
        let seen = store.seen(Provider::Vultr, listing).await.unwrap();
        seen.into_iter().flat_map(|seen| seen.marks).collect()
    };
    assert_eq!((marks(1).await, marks(2).await, marks(3).await), (vec![7, u64::MAX, 8], vec![9], vec![]));
}

#[tokio::test]
async fn what_staff_ordered_is_stored_with_its_place() {
    let Some(table) = table("staff").await else { return };
    let staff = StaffVps {
        mt5_account_id: "5001234".to_owned(),
        vps_name: Some("ldn-1".to_owned()),
        offering: offering(),
    };
    let mut wanted = order(1);
    wanted.staff = Some(staff.clone());
    table.put_all(vec![Write::Order(wanted.clone())]).await;
    assert_eq!(table.store.order(wanted.id).await.unwrap().unwrap().staff, Some(staff));
    let key = [("pk", format!("ORDER#{}", wanted.id)), ("sk", "ORDER".to_owned())];
    let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text))).into();
    let raw = table.client.get_item().table_name(&table.name).set_key(Some(key)).send().await.unwrap();
    let stored = raw.item.unwrap()["staff"].as_m().unwrap()["offering"].as_m().unwrap().clone();
    assert_eq!(stored["region"].as_s().unwrap(), "eu-central");
    assert_eq!(stored["provider_region"].as_s().unwrap(), "ams");
}
