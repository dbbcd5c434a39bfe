//! The state, under DynamoDB's rules: a condition on every write, all of a transaction or nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use app::ports::{
    AuditEntry, Commit, GatewayEvent, IdempotencyRecord, Page, ReadAttempts, ReadAudit, ReadAvailability,
    ReadCircuits, ReadCredentials, ReadEvents, ReadFirstBoots, ReadIdempotency, ReadInstances, ReadInventory,
    ReadLedger, ReadMails, ReadOrders, ReadPayments, ReadProfiles, ReadRented, ReadSeen, ReadSetupTimes,
    ReadTradingAccounts, ReadWork, StoreError, Ticket, WorkKind, Write,
};
use domain::Timestamp;
use domain::availability::Availability;
use domain::catalogue::{Os, Plan, Provider};
use domain::circuit::Circuit;
use domain::create::Attempt;
use domain::customer::{CustomerId, Profile};
use domain::eta;
use domain::first_boot::FirstBoot;
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::instance::{Instance, StoredCredentials};
use domain::inventory::{Inventory, Seen};
use domain::ledger::LedgerEntry;
use domain::mail::{Mail, MailStatus};
use domain::order::{Order, OrderStatus};
use domain::payment::{Payment, PaymentStatus, RefundStatus};
use domain::trading::{Mt5AccountId, TradingAccount};

use crate::sim::Sim;

/// Limit of DynamoDB for one transaction.
const WRITES_MAX: usize = 100;

/// One stored item.
#[derive(Clone)]
#[allow(missing_docs, reason = "each is the type it holds")]
pub enum Row {
    Order(Order),
    Payment(Payment),
    Instance(Instance),
    Attempt(Attempt),
    FirstBoot(FirstBoot),
    Credentials(StoredCredentials),
    Mail(Mail),
    Event(GatewayEvent),
    Profile(Profile),
    Ledger(LedgerEntry),
    Audit(AuditEntry),
    Idempotency(IdempotencyRecord),
    Ticket(Ticket),
    SetupTimes(Vec<u32>),
    Circuit(Circuit),
    Availability(Availability),
    TradingAccount(TradingAccount),
    Inventory(Box<Inventory>),
    Seen(Seen),
}

/// How one item is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    IfNew,
    IfUnchanged(u64),
    KeepExisting,
    Always,
}

/// What stands in the work index: kind, due, id.
type OpenWork = (WorkKind, Timestamp, String);

/// The table. Clones are the same one.
#[derive(Clone)]
pub struct Store {
    sim: Sim,
    rows: Arc<Mutex<BTreeMap<String, Row>>>,
    /// The sparse index of what somebody has to look at, by the key of its row.
    work: Arc<Mutex<BTreeMap<String, OpenWork>>>,
    deliveries: Arc<Mutex<Vec<OrderId>>>,
    unconditional: Arc<AtomicBool>,
}

macro_rules! rows_of {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $type:ty) => {
        $(#[$doc])*
        pub fn $name(&self) -> Vec<$type> {
            self.with(|rows| {
                rows.values().filter_map(|row| match row { Row::$variant(one) => Some(one.clone()), _ => None }).collect()
            })
        }
    };
}

impl Store {
    /// An empty table.
    pub fn new(sim: Sim) -> Self {
        Self {
            sim,
            rows: Arc::default(),
            work: Arc::default(),
            deliveries: Arc::default(),
            unconditional: Arc::default(),
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Row>) -> T) -> T {
        look(&mut self.rows.lock().expect("one thread"))
    }

    rows_of!(
        /// Every order.
        orders, Order, Order
    );
    rows_of!(
        /// Every payment.
        payments, Payment, Payment
    );
    rows_of!(
        /// Every desktop.
        instances, Instance, Instance
    );
    rows_of!(
        /// Every mail that is owed or was sent.
        mails, Mail, Mail
    );
    rows_of!(
        /// Every ledger entry.
        ledger_entries, Ledger, LedgerEntry
    );
    rows_of!(
        /// Every ticket.
        tickets, Ticket, Ticket
    );
    rows_of!(
        /// Every stored gateway event.
        events, Event, GatewayEvent
    );
    rows_of!(
        /// Every MT5 account that a desktop was ever ordered for.
        trading_accounts, TradingAccount, TradingAccount
    );
    rows_of!(
        /// Everything that was stored of what a listing showed.
        all_seen, Seen, Seen
    );
    rows_of!(
        /// Every audit line.
        audit_entries, Audit, AuditEntry
    );
    rows_of!(
        /// Every attempt to make a machine.
        all_attempts, Attempt, Attempt
    );
    rows_of!(
        /// Every circuit in which something went wrong.
        all_circuits, Circuit, Circuit
    );

    /// Changes what is stored past every rule: to bring about what should not be.
    pub fn tamper(&self, key: &str, change: impl FnOnce(&mut Row)) {
        self.with(|rows| {
            change(rows.get_mut(key).expect("a row of that key"));
            self.index(rows, [key]);
        });
    }

    /// How many orders have become active so far.
    pub(crate) fn deliveries(&self) -> usize {
        self.deliveries.lock().expect("one thread").len()
    }

    /// The order that became active as the one of this number.
    pub(crate) fn delivery(&self, number: usize) -> Option<OrderId> {
        self.deliveries.lock().expect("one thread").get(number).copied()
    }

    /// A known bug, put back: nothing is written on a condition any more.
    pub(crate) fn without_conditions(&self) {
        self.unconditional.store(true, Ordering::Relaxed);
    }

    /// Brings the index of work up to date for these rows.
    fn index<'a>(&self, rows: &BTreeMap<String, Row>, keys: impl IntoIterator<Item = &'a str>) {
        let mut work = self.work.lock().expect("one thread");
        for key in keys {
            match rows.get(key).and_then(work_of) {
                Some(open) => drop(work.insert(key.to_owned(), open)),
                None => drop(work.remove(key)),
            }
        }
    }

    /// Every key, in order.
    pub fn keys(&self) -> Vec<String> {
        self.with(|rows| rows.keys().cloned().collect())
    }

    async fn read<T: Send>(
        &self,
        name: &'static str,
        look: impl FnOnce(&BTreeMap<String, Row>) -> T + Send,
    ) -> Result<T, StoreError> {
        self.sim.call(name, || unavailable(name), || Ok(self.with(|rows| look(rows)))).await
    }
}

fn unavailable(what: &'static str) -> StoreError {
    StoreError::Unavailable { what, source: None }
}

/// The key, the row as it will be stored, and the condition.
fn step(write: Write) -> (String, Row, How) {
    let versioned = |version: u64| if version == 0 { How::IfNew } else { How::IfUnchanged(version) };
    match write {
        Write::Order(mut o) => {
            let how = versioned(o.version);
            o.version += 1;
            (format!("ORDER#{}", o.id), Row::Order(o), how)
        }
        Write::Payment(mut p) => {
            let how = versioned(p.version);
            p.version += 1;
            (format!("PAYMENT#{}", p.id), Row::Payment(p), how)
        }
        Write::Instance(mut i) => {
            let how = versioned(i.version);
            i.version += 1;
            (format!("INSTANCE#{}", i.id), Row::Instance(i), how)
        }
        Write::Attempt(mut a) => {
            let how = versioned(a.version);
            a.version += 1;
            (attempt_key(a.order, a.number), Row::Attempt(a), how)
        }
        Write::FirstBoot(mut f) => {
            let how = versioned(f.version);
            f.version += 1;
            (first_boot_key(f.instance, f.attempt, f.boot), Row::FirstBoot(f), how)
        }
        Write::Credentials(mut c) => {
            let how = versioned(c.version);
            c.version += 1;
            (format!("CREDENTIALS#{}", c.instance), Row::Credentials(c), how)
        }
        Write::Mail(mut m) => {
            let how = versioned(m.version);
            m.version += 1;
            (format!("MAIL#{}", m.id), Row::Mail(m), how)
        }
        Write::MailIfNew(mut m) => {
            m.version += 1;
            (format!("MAIL#{}", m.id), Row::Mail(m), How::KeepExisting)
        }
        Write::Event(mut e) => {
            let how = versioned(e.version);
            e.version += 1;
            (format!("EVENT#{}", e.key), Row::Event(e), how)
        }
        Write::Profile(mut p) => {
            let how = versioned(p.version);
            p.version += 1;
            (format!("PROFILE#{}", p.customer), Row::Profile(p), how)
        }
        Write::Circuit(mut c) => {
            let how = versioned(c.version);
            c.version += 1;
            (format!("CIRCUIT#{}#{}#{}", c.provider, c.operation, c.region), Row::Circuit(c), how)
        }
        Write::Availability(mut a) => {
            let how = versioned(a.version);
            a.version += 1;
            (format!("AVAILABILITY#{}", a.provider), Row::Availability(a), how)
        }
        Write::TradingAccount(mut t) => {
            let how = versioned(t.version);
            t.version += 1;
            (format!("MT5#{}", t.mt5_account_id), Row::TradingAccount(t), how)
        }
        Write::Inventory(mut i) => {
            let how = versioned(i.version);
            i.version += 1;
            (format!("INVENTORY#{}", i.provider), Row::Inventory(i), how)
        }
        Write::Seen(s) => {
            (format!("SEEN#{}#{:010}#{:05}", s.provider, s.listing, s.run), Row::Seen(s), How::IfNew)
        }
        Write::Ledger(l) => {
            (format!("LEDGER#{}#{}#{}", l.order, l.kind, l.reference), Row::Ledger(l), How::KeepExisting)
        }
        Write::Audit(a) => (format!("AUDIT#{}#{}", a.instance, a.id), Row::Audit(a), How::IfNew),
        Write::Idempotency(i) => (idempotency_key(&i.customer, &i.key), Row::Idempotency(i), How::IfNew),
        Write::Ticket(t) => (format!("TICKET#{}", t.id), Row::Ticket(t), How::KeepExisting),
        Write::SetupTime { plan, os, seconds, mut recent } => {
            eta::remember(&mut recent, seconds);
            (format!("SETUP_TIMES#{plan}#{os}"), Row::SetupTimes(recent), How::Always)
        }
    }
}

fn attempt_key(order: OrderId, number: u16) -> String {
    format!("ATTEMPT#{order}#{number:05}")
}

fn first_boot_key(instance: InstanceId, attempt: u16, boot: u16) -> String {
    format!("FIRST_BOOT#{instance}#{attempt:05}#{boot:05}")
}

fn idempotency_key(customer: &CustomerId, key: &str) -> String {
    format!("IDEMPOTENCY#{customer}#{key}")
}

const fn version(row: &Row) -> Option<u64> {
    Some(match row {
        Row::Order(o) => o.version,
        Row::Payment(p) => p.version,
        Row::Instance(i) => i.version,
        Row::Attempt(a) => a.version,
        Row::FirstBoot(f) => f.version,
        Row::Credentials(c) => c.version,
        Row::Mail(m) => m.version,
        Row::Event(e) => e.version,
        Row::Profile(p) => p.version,
        Row::Circuit(c) => c.version,
        Row::Availability(a) => a.version,
        Row::TradingAccount(t) => t.version,
        Row::Inventory(i) => i.version,
        Row::Ledger(_)
        | Row::Audit(_)
        | Row::Idempotency(_)
        | Row::Ticket(_)
        | Row::SetupTimes(_)
        | Row::Seen(_) => return None,
    })
}

fn put_all(rows: &mut BTreeMap<String, Row>, steps: Vec<(String, Row, How)>) -> Result<(), StoreError> {
    let distinct: BTreeSet<&String> = steps.iter().map(|(key, ..)| key).collect();
    if distinct.len() < steps.len() || steps.len() > WRITES_MAX {
        return Err(StoreError::Invalid {
            what: "a transaction writes an item twice, or too many".to_owned(),
        });
    }
    let holds = |(key, _, how): &(String, Row, How)| match (rows.get(key), how) {
        (None, How::IfNew) | (_, How::Always | How::KeepExisting) => true,
        (Some(row), How::IfUnchanged(seen)) => version(row) == Some(*seen),
        (Some(_), How::IfNew) | (None, How::IfUnchanged(_)) => false,
    };
    if !steps.iter().all(holds) {
        return Err(StoreError::Conflict);
    }
    for (key, row, how) in steps {
        if how != How::KeepExisting || !rows.contains_key(&key) {
            rows.insert(key, row);
        }
    }
    Ok(())
}

/// The orders that these writes make active.
fn becoming_active(rows: &BTreeMap<String, Row>, steps: &[(String, Row, How)]) -> Vec<OrderId> {
    let is_active = |row: &Row| matches!(row, Row::Order(o) if o.status == OrderStatus::Active);
    let becomes = |(key, row, _): &(String, Row, How)| match row {
        Row::Order(o) if is_active(row) && !rows.get(key).is_some_and(is_active) => Some(o.id),
        _ => None,
    };
    steps.iter().filter_map(becomes).collect()
}

/// `MailIfNew` is a put of its own before the rest, as in the real store: a crash may fall in between.
impl Commit for Store {
    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let (before, rest): (Vec<Write>, Vec<Write>) =
            writes.into_iter().partition(|write| matches!(write, Write::MailIfNew(_)));
        for write in before {
            let lost = || unavailable("PutItem");
            self.sim
                .call("store.mail_if_new", lost, || {
                    let step = step(write);
                    let key = step.0.clone();
                    self.with(|rows| {
                        put_all(rows, vec![step])?;
                        self.index(rows, [key.as_str()]);
                        Ok(())
                    })
                })
                .await?;
        }
        if rest.is_empty() {
            return Ok(());
        }
        let mut steps: Vec<_> = rest.into_iter().map(step).collect();
        if self.unconditional.load(Ordering::Relaxed) {
            for (_, _, how) in steps.iter_mut().filter(|(_, _, how)| *how != How::KeepExisting) {
                *how = How::Always;
            }
        }
        let lost = || unavailable("TransactWriteItems");
        let put = || {
            self.with(|rows| {
                let active = becoming_active(rows, &steps);
                let keys: Vec<String> = steps.iter().map(|(key, ..)| key.clone()).collect();
                put_all(rows, steps)?;
                self.index(rows, keys.iter().map(String::as_str));
                self.deliveries.lock().expect("one thread").extend(active);
                Ok(())
            })
        };
        self.sim.call("store.commit", lost, put).await
    }
}

macro_rules! get {
    ($rows:expr, $key:expr, $variant:ident) => {
        match $rows.get(&$key) {
            Some(Row::$variant(one)) => Some(one.clone()),
            _ => None,
        }
    };
}

macro_rules! all_of {
    ($rows:expr, $variant:ident, $wanted:expr) => {
        $rows
            .values()
            .filter_map(|row| match row {
                Row::$variant(one) if $wanted(one) => Some(one.clone()),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
}

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
        self.read("store.order", |rows| get!(rows, format!("ORDER#{id}"), Order)).await
    }

    async fn orders_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Order>, StoreError> {
        self.read("store.orders_of", |rows| {
            page(
                all_of!(rows, Order, |o: &Order| o.customer == *customer),
                |o| o.id.to_string(),
                limit,
                after,
            )
        })
        .await
    }
}

impl ReadPayments for Store {
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.read("store.payment", |rows| get!(rows, format!("PAYMENT#{id}"), Payment)).await
    }
}

impl ReadInstances for Store {
    async fn instance(&self, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        self.read("store.instance", |rows| get!(rows, format!("INSTANCE#{id}"), Instance)).await
    }

    async fn instances_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Instance>, StoreError> {
        self.read("store.instances_of", |rows| {
            page(
                all_of!(rows, Instance, |i: &Instance| i.customer == *customer),
                |i| i.id.to_string(),
                limit,
                after,
            )
        })
        .await
    }
}

impl ReadAttempts for Store {
    async fn attempts(&self, order: OrderId) -> Result<Vec<Attempt>, StoreError> {
        self.read("store.attempts", |rows| all_of!(rows, Attempt, |a: &Attempt| a.order == order)).await
    }
}

impl ReadFirstBoots for Store {
    async fn first_boot(
        &self,
        instance: InstanceId,
        attempt: u16,
        boot: u16,
    ) -> Result<Option<FirstBoot>, StoreError> {
        self.read("store.first_boot", |rows| get!(rows, first_boot_key(instance, attempt, boot), FirstBoot))
            .await
    }
}

impl ReadCredentials for Store {
    async fn credentials(&self, instance: InstanceId) -> Result<Option<StoredCredentials>, StoreError> {
        self.read("store.credentials", |rows| get!(rows, format!("CREDENTIALS#{instance}"), Credentials))
            .await
    }
}

impl ReadMails for Store {
    async fn mail(&self, id: &str) -> Result<Option<Mail>, StoreError> {
        self.read("store.mail", |rows| get!(rows, format!("MAIL#{id}"), Mail)).await
    }
}

impl ReadEvents for Store {
    async fn event(&self, key: &str) -> Result<Option<GatewayEvent>, StoreError> {
        self.read("store.event", |rows| get!(rows, format!("EVENT#{key}"), Event)).await
    }
}

impl ReadProfiles for Store {
    async fn profile(&self, customer: &CustomerId) -> Result<Option<Profile>, StoreError> {
        self.read("store.profile", |rows| get!(rows, format!("PROFILE#{customer}"), Profile)).await
    }
}

impl ReadIdempotency for Store {
    async fn idempotency(
        &self,
        customer: &CustomerId,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.read("store.idempotency", |rows| get!(rows, idempotency_key(customer, key), Idempotency)).await
    }
}

impl ReadLedger for Store {
    async fn ledger(&self, order: OrderId) -> Result<Vec<LedgerEntry>, StoreError> {
        self.read("store.ledger", |rows| all_of!(rows, Ledger, |l: &LedgerEntry| l.order == order)).await
    }
}

impl ReadAudit for Store {
    async fn audit(&self, instance: InstanceId, limit: u16) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("store.audit", |rows| {
            let mut lines = all_of!(rows, Audit, |a: &AuditEntry| a.instance == instance);
            lines.reverse();
            lines.truncate(usize::from(limit));
            lines
        })
        .await
    }
}

impl ReadSetupTimes for Store {
    async fn setup_times(&self, plan: Plan, os: Os) -> Result<Vec<u32>, StoreError> {
        self.read("store.setup_times", |rows| {
            get!(rows, format!("SETUP_TIMES#{plan}#{os}"), SetupTimes).unwrap_or_default()
        })
        .await
    }
}

/// Where a row stands in the sparse index, as `lib/store-dynamo` puts it there.
fn work_of(row: &Row) -> Option<OpenWork> {
    match row {
        Row::Order(o) if o.needs_work() => {
            let moved =
                o.timeline.iter().map(|done| done.at).chain(o.paid_at).fold(o.created_at, Timestamp::max);
            Some((WorkKind::UnsettledOrder, moved, o.id.to_string()))
        }
        Row::Payment(p) => {
            use RefundStatus as R;
            match (&p.refund, p.status) {
                (Some(r), _) if matches!(r.status, R::Wanted | R::Pending | R::Processing) => {
                    Some((WorkKind::OpenRefund, r.next_check_at, p.id.to_string()))
                }
                (_, PaymentStatus::Open | PaymentStatus::Expired) => {
                    p.next_check_at.map(|at| (WorkKind::OpenPayment, at, p.id.to_string()))
                }
                _ => None,
            }
        }
        Row::Mail(m) if m.status == MailStatus::Pending => {
            Some((WorkKind::PendingMail, m.next_at, m.id.clone()))
        }
        Row::Instance(i) => i.command.as_ref().map(|c| (WorkKind::BusyInstance, c.since, i.id.to_string())),
        Row::Attempt(a) if a.is_left_behind() => {
            a.left_at.map(|at| (WorkKind::UnknownAttempt, at, format!("{}/{}", a.order, a.number)))
        }
        Row::Event(e) if e.applied_at.is_none() => {
            Some((WorkKind::UnappliedEvent, e.received_at, e.key.clone()))
        }
        _ => None,
    }
}

impl Store {
    /// Everything in the work index: kind, due, id.
    pub fn work(&self) -> Vec<(WorkKind, Timestamp, String)> {
        self.work.lock().expect("one thread").values().cloned().collect()
    }

    /// Whether anything in the work index is due.
    pub(crate) fn has_work(&self, now: Timestamp) -> bool {
        self.work.lock().expect("one thread").values().any(|(_, at, _)| *at <= now)
    }
}

impl ReadWork for Store {
    async fn due(&self, kind: WorkKind, now: Timestamp, limit: u16) -> Result<Vec<String>, StoreError> {
        self.read("store.due", |_| {
            let work = self.work.lock().expect("one thread");
            let mut due: Vec<(Timestamp, String)> = work
                .values()
                .filter(|(k, at, _)| *k == kind && *at <= now)
                .map(|(_, at, id)| (*at, id.clone()))
                .collect();
            due.sort();
            due.into_iter().take(usize::from(limit)).map(|(_, id)| id).collect()
        })
        .await
    }
}

impl ReadCircuits for Store {
    async fn circuits(&self, provider: Provider) -> Result<Vec<Circuit>, StoreError> {
        let of = |row: &Row| match row {
            Row::Circuit(c) if c.provider == provider => Some(c.clone()),
            _ => None,
        };
        self.read("store.circuits", |rows| rows.values().filter_map(of).collect()).await
    }
}

impl ReadAvailability for Store {
    async fn availability(&self) -> Result<Vec<Availability>, StoreError> {
        let of = |row: &Row| match row {
            Row::Availability(a) => Some(a.clone()),
            _ => None,
        };
        self.read("store.availability", |rows| rows.values().filter_map(of).collect()).await
    }
}

impl ReadInventory for Store {
    async fn inventories(&self) -> Result<Vec<Inventory>, StoreError> {
        let of = |row: &Row| match row {
            Row::Inventory(i) => Some(i.as_ref().clone()),
            _ => None,
        };
        self.read("store.inventories", |rows| rows.values().filter_map(of).collect()).await
    }
}

impl ReadSeen for Store {
    async fn seen(&self, provider: Provider, listing: u64) -> Result<Vec<Seen>, StoreError> {
        let of = |row: &Row| match row {
            Row::Seen(s) if s.provider == provider && s.listing == listing => Some(s.clone()),
            _ => None,
        };
        self.read("store.seen", |rows| rows.values().filter_map(of).collect()).await
    }
}

impl ReadTradingAccounts for Store {
    async fn trading_account(&self, id: &Mt5AccountId) -> Result<Option<TradingAccount>, StoreError> {
        self.read("store.trading_account", |rows| get!(rows, format!("MT5#{id}"), TradingAccount)).await
    }
}

impl ReadRented for Store {
    async fn rented(
        &self,
        provider: Provider,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<Instance>, StoreError> {
        let of = |row: &Row| match row {
            Row::Instance(i) if i.offering.provider == provider && i.rents() => Some(i.clone()),
            _ => None,
        };
        self.read("store.rented", |rows| {
            let later = |i: &Instance| after.is_none_or(|after| i.id.to_string().as_str() > after);
            let mut items: Vec<Instance> = rows.values().filter_map(of).filter(later).collect();
            items.sort_by_key(|i| i.id.to_string());
            let more = items.len() > usize::from(limit);
            items.truncate(usize::from(limit));
            let next = items.last().filter(|_| more).map(|i| i.id.to_string());
            Page { items, next }
        })
        .await
    }
}
