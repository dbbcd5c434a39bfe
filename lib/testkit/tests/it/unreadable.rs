//! The inventory over records that do not read back: what is not known is left alone, and hurts nobody else.

#![expect(clippy::unwrap_used, reason = "a test whose preparation fails has failed")]

use app::availability::Survey;
use app::deliverable::Deliverable;
use app::inventory::{Found, Reconciler};
use app::ports::{
    Commit, Page, ReadAttempts, ReadAvailability, ReadCircuits, ReadInstances, ReadInventory, ReadOrders,
    ReadRented, ReadSeen, ReadWork, Rows, StoreError, WorkKind, Write,
};
use app::providers::Providers;
use domain::Timestamp;
use domain::availability::Availability;
use domain::catalogue::{Os, Plan, Provider};
use domain::circuit::Circuit;
use domain::create::Attempt;
use domain::customer::CustomerId;
use domain::ids::{InstanceId, OrderId};
use domain::instance::Instance;
use domain::inventory::{Inventory, Report, Seen};
use domain::order::{Order, OrderStatus};
use domain::vm::vm_name;
use jiff::SignedDuration;
use testkit::Shop;
use testkit::catalogues::six_providers;
use testkit::ports::{HostFault, Op, Store};

/// What does not read back: a part of one order, or what is remembered of Vultr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Torn {
    Order,
    Attempts,
    Instance,
    Availability,
    Circuits,
    Inventory,
}

/// The shop's store, with something that does not read back.
#[derive(Clone)]
struct TornStore {
    store: Store,
    order: Order,
    torn: Torn,
}

impl TornStore {
    fn check<T>(&self, torn: bool, what: Torn, read: T) -> Result<T, StoreError> {
        if torn && self.torn == what {
            return Err(StoreError::Corrupt { key: format!("{what:?}"), what: "status: unknown".to_owned() });
        }
        Ok(read)
    }

    fn check_rows<T>(&self, whose: impl Fn(&T) -> Provider, what: Torn, rows: Rows<T>) -> Rows<T> {
        let check = |row: Result<T, StoreError>| {
            let row = row?;
            self.check(whose(&row) == Provider::Vultr, what, row)
        };
        rows.into_iter().map(check).collect()
    }
}

impl Commit for TornStore {
    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        self.store.commit(writes).await
    }
}

impl ReadRented for TornStore {
    async fn rented(
        &self,
        provider: Provider,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Result<Instance, StoreError>>, StoreError> {
        let page = self.store.rented(provider, limit, after).await?;
        let read = |desktop: Result<Instance, StoreError>| {
            let desktop = desktop?;
            self.check(desktop.id == self.order.instance, Torn::Instance, desktop)
        };
        Ok(Page { items: page.items.into_iter().map(read).collect(), next: page.next })
    }
}

impl ReadOrders for TornStore {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.check(id == self.order.id, Torn::Order, self.store.order(id).await?)
    }

    async fn orders_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Order>, StoreError> {
        self.store.orders_of(customer, limit, after).await
    }
}

impl ReadInstances for TornStore {
    async fn instance(&self, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        self.check(id == self.order.instance, Torn::Instance, self.store.instance(id).await?)
    }

    async fn instances_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Instance>, StoreError> {
        self.store.instances_of(customer, limit, after).await
    }
}

impl ReadAttempts for TornStore {
    async fn attempts(&self, order: OrderId) -> Result<Vec<Attempt>, StoreError> {
        self.check(order == self.order.id, Torn::Attempts, self.store.attempts(order).await?)
    }
}

impl ReadWork for TornStore {
    async fn due(&self, kind: WorkKind, now: Timestamp, limit: u16) -> Result<Vec<String>, StoreError> {
        self.store.due(kind, now, limit).await
    }
}

impl ReadAvailability for TornStore {
    async fn availability(&self) -> Result<Rows<Availability>, StoreError> {
        Ok(self.check_rows(|a| a.provider, Torn::Availability, self.store.availability().await?))
    }
}

impl ReadCircuits for TornStore {
    async fn circuits(&self, provider: Provider) -> Result<Rows<Circuit>, StoreError> {
        Ok(self.check_rows(|c| c.provider, Torn::Circuits, self.store.circuits(provider).await?))
    }
}

impl ReadInventory for TornStore {
    async fn inventories(&self) -> Result<Rows<Inventory>, StoreError> {
        Ok(self.check_rows(|i| i.provider, Torn::Inventory, self.store.inventories().await?))
    }
}

impl ReadSeen for TornStore {
    async fn seen(&self, provider: Provider, listing: u64) -> Result<Vec<Seen>, StoreError> {
        self.store.seen(provider, listing).await
    }
}

/// One run over a store in which something does not read back.
fn reconcile(shop: &mut Shop, order: OrderId, torn: Torn) -> Found {
    let store = TornStore { store: shop.world.store.clone(), order: shop.order(order), torn };
    let world = &shop.world;
    let reconciler = Reconciler {
        providers: Providers::new(world.hosts.clone(), store.clone(), world.sim.clone()),
        store,
        world: world.sim.clone(),
        policy: world.policy.clone(),
        bounds: world.bounds,
        catalogue: world.catalogue,
    };
    shop.call(async move { Box::pin(reconciler.run()).await }).unwrap().unwrap()
}

fn vultr(found: &Found) -> &Report {
    let vultr = found.inventories.iter().find(|inventory| inventory.provider == Provider::Vultr);
    vultr.unwrap().report.as_ref().unwrap()
}

const TORN: [Torn; 3] = [Torn::Order, Torn::Attempts, Torn::Instance];

#[test]
fn a_desktop_that_does_not_read_back_keeps_its_machine_and_the_others_are_compared() {
    let mut shop = Shop::open();
    let (_, torn) = shop.delivered(Os::Windows);
    let (_, other) = shop.delivered(Os::Windows);
    shop.run_for(SignedDuration::from_hours(1));
    let moved = shop.instance(other).vm.unwrap();
    shop.world.host.meddle(&moved, |m| m.address = "203.0.113.9".parse().unwrap());
    let found = reconcile(&mut shop, torn, Torn::Instance);
    assert_eq!((found.failed.len(), found.deleted, found.rebuilt, found.repaired), (0, 0, 0, 1));
    let report = vultr(&found);
    assert_eq!((report.recorded, report.tally.machines, report.tally.ghosts), (1, 2, 0));
    // The record itself, and its machine, which nobody is known to record.
    assert_eq!(report.tally.odd, 2, "{:?}", report.tally.odd_found);
    for _ in 0..3 {
        shop.run_for(SignedDuration::from_hours(24));
        assert_eq!(reconcile(&mut shop, torn, Torn::Instance).deleted, 0);
    }
    assert_eq!(shop.world.host.machines().len(), 2);
    assert_eq!(shop.reconcile().deleted, 0);
}

#[test]
fn a_machine_of_which_a_record_does_not_read_back_is_no_ghost_until_it_does() {
    for torn in TORN {
        let mut shop = Shop::open();
        let (_, order) = shop.delivered(Os::Windows);
        let tags = [order.to_string(), "nemordp".to_owned()];
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let hours = SignedDuration::from_hours(2);
        let second = shop.world.host.plant(Provider::Vultr, &vm_name(order, 1), &tags, hours);
        shop.run_for(hours);
        let found = reconcile(&mut shop, order, torn);
        assert!(found.failed.is_empty() && found.deleted == 0, "{torn:?}: {found:?}");
        assert!(vultr(&found).tally.odd > 0, "{torn:?}");
        assert_eq!(shop.reconcile().deleted, 1, "{torn:?}: it reads back");
        assert!(shop.world.host.machines().iter().all(|m| m.id != second), "{torn:?}");
    }
}

#[test]
fn a_lost_machine_of_which_a_record_does_not_read_back_is_made_anew_once_it_does() {
    for torn in [Torn::Order, Torn::Attempts] {
        let mut shop = Shop::open();
        let (_, order) = shop.delivered(Os::Windows);
        shop.run_for(SignedDuration::from_mins(10));
        shop.world.host.vanish(&shop.instance(order).vm.unwrap());
        for _ in 0..3 {
            let found = reconcile(&mut shop, order, torn);
            assert!(found.failed.is_empty() && found.rebuilt == 0, "{torn:?}: {found:?}");
            shop.run_for(SignedDuration::from_mins(10));
        }
        let found = reconcile(&mut shop, order, torn);
        assert_eq!((vultr(&found).tally.missing, vultr(&found).tally.odd), (1, 1), "{torn:?}");
        assert_eq!(shop.reconcile().rebuilt, 1, "{torn:?}");
        shop.run_until_idle();
        assert_eq!(shop.order(order).status, OrderStatus::Active, "{torn:?}");
    }
}

#[test]
fn what_is_remembered_of_one_provider_and_does_not_read_back_hurts_no_other() {
    for torn in [Torn::Availability, Torn::Circuits, Torn::Inventory] {
        let mut shop = Shop::open();
        shop.world.catalogue = six_providers();
        let (_, order) = shop.delivered(Os::Windows);
        shop.reconcile();
        shop.world.host.fail_at(Provider::Vultr, Op::List, HostFault::Unauthorized, 1);
        shop.reconcile();
        shop.run_for(SignedDuration::from_hours(3));
        let found = reconcile(&mut shop, order, torn);
        let failed = if torn == Torn::Inventory { vec![Provider::Vultr] } else { Vec::new() };
        assert_eq!((&found.failed, found.held.len()), (&failed, 0), "{torn:?}");
        let now = shop.now();
        let listed = |i: &&Inventory| i.report.is_some() && i.age(now) < SignedDuration::from_mins(1);
        assert_eq!(found.inventories.iter().filter(listed).count(), 6 - failed.len(), "{torn:?}");
    }
}

#[test]
fn what_a_provider_said_and_does_not_read_back_stops_neither_a_sale_nor_a_survey() {
    for torn in [Torn::Availability, Torn::Circuits] {
        let mut shop = Shop::open();
        shop.world.catalogue = six_providers();
        let (_, order) = shop.delivered(Os::Windows);
        let survey = |shop: &Shop, torn| {
            let world = &shop.world;
            let store = TornStore { store: world.store.clone(), order: shop.order(order), torn };
            Survey {
                providers: Providers::new(world.hosts.clone(), store.clone(), world.sim.clone()),
                store,
                clock: world.sim.clone(),
                catalogue: world.catalogue,
            }
        };
        for torn in [Torn::Order, torn] {
            let survey = survey(&shop, torn);
            let asked = shop.call(async move { survey.run().await }).unwrap().unwrap();
            // What another program has stored is not written over, and not taken for told.
            let silent = usize::from(torn == Torn::Availability);
            assert_eq!((asked.told.len(), asked.silent.len()), (6 - silent, silent), "{torn:?}");
        }
        shop.world.host.fail_at(Provider::Vultr, Op::List, HostFault::Unauthorized, 1);
        shop.reconcile();
        let (store, now) = (survey(&shop, torn).store, shop.now());
        let deliverable = Deliverable::new(Provider::ALL.to_vec());
        let there = shop.call(async move { deliverable.now(&store, now).await }).unwrap().unwrap();
        let product = six_providers().product(Plan::Basic, Os::Windows).unwrap();
        assert!(there.check(six_providers(), product, None).is_ok(), "{torn:?}");
    }
}
