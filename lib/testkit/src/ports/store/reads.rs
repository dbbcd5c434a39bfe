//! The ports that read.

use app::ports::{
    AuditEntry, GatewayEvent, IdempotencyRecord, Page, ReadAttempts, ReadAudit, ReadAvailability,
    ReadCircuits, ReadCredentials, ReadEvents, ReadFirstBoots, ReadIdempotency, ReadInstances, ReadInventory,
    ReadLedger, ReadMails, ReadOrders, ReadPayments, ReadProfiles, ReadRented, ReadSeen, ReadSetupTimes,
    ReadTradingAccounts, Rows, StoreError,
};
use domain::availability::Availability;
use domain::catalogue::{Os, Plan, Provider};
use domain::circuit::Circuit;
use domain::create::Attempt;
use domain::customer::{CustomerId, Profile};
use domain::first_boot::FirstBoot;
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::instance::{Instance, StoredCredentials};
use domain::inventory::{Inventory, Seen};
use domain::ledger::LedgerEntry;
use domain::mail::Mail;
use domain::order::Order;
use domain::payment::Payment;
use domain::trading::{Mt5AccountId, TradingAccount};

use super::Store;
use super::row::Key;

/// A page, newest first, after the id `after`.
fn page<T: Clone>(mut all: Vec<T>, id: impl Fn(&T) -> String, limit: u16, after: Option<&str>) -> Page<T> {
    all.sort_by_key(|one| std::cmp::Reverse(id(one)));
    let mut rest: Vec<T> = all.into_iter().filter(|one| after.is_none_or(|a| id(one).as_str() < a)).collect();
    let more = rest.len() > usize::from(limit);
    rest.truncate(usize::from(limit));
    let next = rest.last().filter(|_| more).map(&id);
    Page { items: rest, next }
}

impl ReadOrders for Store {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.read("store.order", |table| table.get(&Key::Order(id))).await
    }

    async fn orders_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Order>, StoreError> {
        self.read("store.orders_of", |table| {
            let theirs = table.all().filter(|o: &&Order| o.customer == *customer).cloned().collect();
            page(theirs, |o| o.id.to_string(), limit, after)
        })
        .await
    }
}

impl ReadPayments for Store {
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.read("store.payment", |table| table.get(&Key::Payment(id))).await
    }
}

impl ReadInstances for Store {
    async fn instance(&self, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        self.read("store.instance", |table| table.get(&Key::Instance(id))).await
    }

    async fn instances_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Instance>, StoreError> {
        self.read("store.instances_of", |table| {
            let theirs = table.all().filter(|i: &&Instance| i.customer == *customer).cloned().collect();
            page(theirs, |i| i.id.to_string(), limit, after)
        })
        .await
    }
}

impl ReadAttempts for Store {
    async fn attempts(&self, order: OrderId) -> Result<Vec<Attempt>, StoreError> {
        self.read("store.attempts", |table| table.attempts(order)).await
    }
}

impl ReadFirstBoots for Store {
    async fn first_boot(
        &self,
        instance: InstanceId,
        attempt: u16,
        boot: u16,
    ) -> Result<Option<FirstBoot>, StoreError> {
        self.read("store.first_boot", |table| table.get(&Key::FirstBoot(instance, attempt, boot))).await
    }
}

impl ReadCredentials for Store {
    async fn credentials(&self, instance: InstanceId) -> Result<Option<StoredCredentials>, StoreError> {
        self.read("store.credentials", |table| table.get(&Key::Credentials(instance))).await
    }
}

impl ReadMails for Store {
    async fn mail(&self, id: &str) -> Result<Option<Mail>, StoreError> {
        self.read("store.mail", |table| table.get(&Key::Mail(id.to_owned()))).await
    }
}

impl ReadEvents for Store {
    async fn event(&self, key: &str) -> Result<Option<GatewayEvent>, StoreError> {
        self.read("store.event", |table| table.get(&Key::Event(key.to_owned()))).await
    }
}

impl ReadProfiles for Store {
    async fn profile(&self, customer: &CustomerId) -> Result<Option<Profile>, StoreError> {
        self.read("store.profile", |table| table.get(&Key::Profile(customer.clone()))).await
    }
}

impl ReadIdempotency for Store {
    async fn idempotency(
        &self,
        customer: &CustomerId,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let key = Key::Idempotency(customer.clone(), key.to_owned());
        self.read("store.idempotency", |table| table.get(&key)).await
    }
}

impl ReadLedger for Store {
    async fn ledger(&self, order: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.read("store.ledger", |table| table.ledger(order)).await
    }
}

impl ReadAudit for Store {
    async fn audit(&self, instance: InstanceId, limit: u16) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("store.audit", |table| {
            let mut lines: Vec<AuditEntry> =
                table.all().filter(|a: &&AuditEntry| a.instance == instance).cloned().collect();
            lines.reverse();
            lines.truncate(usize::from(limit));
            lines
        })
        .await
    }
}

impl ReadSetupTimes for Store {
    async fn setup_times(&self, plan: Plan, os: Os) -> Result<Vec<u32>, StoreError> {
        self.read("store.setup_times", |table| table.get(&Key::SetupTimes(plan, os)).unwrap_or_default())
            .await
    }
}

impl ReadCircuits for Store {
    async fn circuits(&self, provider: Provider) -> Result<Rows<Circuit>, StoreError> {
        self.read("store.circuits", |table| {
            table.all().filter(|c: &&Circuit| c.provider == provider).cloned().map(Ok).collect()
        })
        .await
    }
}

impl ReadAvailability for Store {
    async fn availability(&self) -> Result<Rows<Availability>, StoreError> {
        self.read("store.availability", |table| table.all().cloned().map(Ok).collect()).await
    }
}

impl ReadInventory for Store {
    async fn inventories(&self) -> Result<Rows<Inventory>, StoreError> {
        self.read("store.inventories", |table| table.all().cloned().map(Ok).collect()).await
    }
}

impl ReadSeen for Store {
    async fn seen(&self, provider: Provider, listing: u64) -> Result<Vec<Seen>, StoreError> {
        self.read("store.seen", |table| {
            let of_it = |s: &&Seen| s.provider == provider && s.listing == listing;
            table.all().filter(of_it).cloned().collect()
        })
        .await
    }
}

impl ReadTradingAccounts for Store {
    async fn trading_account(&self, id: &Mt5AccountId) -> Result<Option<TradingAccount>, StoreError> {
        self.read("store.trading_account", |table| table.get(&Key::TradingAccount(id.to_string()))).await
    }
}

impl ReadRented for Store {
    async fn rented(
        &self,
        provider: Provider,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Result<Instance, StoreError>>, StoreError> {
        self.read("store.rented", |table| {
            let wanted = |i: &&Instance| i.offering.provider == provider && i.rents();
            let later = |i: &&Instance| after.is_none_or(|after| i.id.to_string().as_str() > after);
            let mut items: Vec<Instance> =
                table.all().filter(wanted).filter(later).take(usize::from(limit) + 1).cloned().collect();
            let more = items.len() > usize::from(limit);
            items.truncate(usize::from(limit));
            let next = items.last().filter(|_| more).map(|i| i.id.to_string());
            Page { items: items.into_iter().map(Ok).collect(), next }
        })
        .await
    }
}
