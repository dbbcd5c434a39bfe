//! The state. Writes go through one door, [`Commit`]: all of them or none, each on a condition.

use std::future::Future;

use domain::Timestamp;
use domain::availability::Availability;
use domain::catalogue::{Os, Plan, Provider};
use domain::circuit::Circuit;
use domain::create::Attempt;
use domain::customer::{CustomerId, Profile};
use domain::first_boot::FirstBoot;
use domain::ids::{AuditId, InstanceId, OrderId, PaymentId, TicketId};
use domain::instance::{Instance, StoredCredentials};
use domain::inventory::{Inventory, Seen};
use domain::ledger::LedgerEntry;
use domain::mail::Mail;
use domain::order::Order;
use domain::payment::Payment;
use domain::trading::{Mt5AccountId, TradingAccount};

/// An event of a gateway as it came in, stored once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayEvent {
    /// `paystack#<sha256 of the raw body, hex>`: the gateway gives events no id of their own.
    pub key: String,
    /// The event's name, as far as it could be read.
    pub name: String,
    /// The raw body (valid UTF-8, at most 256 KiB).
    pub body: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// When its effect was stored; `None` while it is owed.
    pub applied_at: Option<Timestamp>,
    /// Counts the writes.
    pub version: u64,
}

/// What an idempotency key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Whose key; keys of two customers never meet.
    pub customer: CustomerId,
    /// The key as sent.
    pub key: String,
    /// SHA-256 of the request it was first used for.
    pub request_hash: String,
    /// The order that it made.
    pub order: OrderId,
    /// Forgotten after this.
    pub expires_at: Timestamp,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// The desktop that it is about.
    pub instance: InstanceId,
    /// Who did it.
    pub actor: CustomerId,
    /// What: `credentials_revealed`, `command_terminate`, …
    pub action: String,
    /// The request it came with.
    pub request_id: String,
    /// When.
    pub at: Timestamp,
}

/// A support ticket that the workflow opens for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its id, made from the order's, so that an order opens one ticket however often it is tried.
    pub id: TicketId,
    /// Whose.
    pub customer: CustomerId,
    /// The order it is about.
    pub order: OrderId,
    /// One line.
    pub subject: String,
    /// The message.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
}

/// One conditional write. `Put…` of a versioned thing states the version it was read at: 0 means that it
/// must not exist yet; the stored item gets `version + 1`.
#[derive(Clone)]
#[allow(missing_docs, reason = "each is the put of the type it holds")]
pub enum Write {
    Order(Order),
    Payment(Payment),
    Instance(Instance),
    Attempt(Attempt),
    FirstBoot(FirstBoot),
    Credentials(StoredCredentials),
    Mail(Mail),
    Event(GatewayEvent),
    Profile(Profile),
    Circuit(Circuit),
    Availability(Availability),
    TradingAccount(TradingAccount),
    Inventory(Box<Inventory>),
    /// Must not exist yet.
    Seen(Seen),
    /// A mail that may be owed already: when an item with its id exists, nothing is written and nothing fails
    /// (a put of its own before the rest, so it may be owed although the rest is refused).
    MailIfNew(Mail),
    /// Append-only: written again with the same identity it is left as it is.
    Ledger(LedgerEntry),
    /// Append-only.
    Audit(AuditEntry),
    /// Must not exist yet.
    Idempotency(IdempotencyRecord),
    /// Written again with the same id it is left as it is.
    Ticket(Ticket),
    /// Adds `seconds` to `recent`, the list as it was read; not conditional.
    SetupTime {
        plan: Plan,
        os: Os,
        seconds: u32,
        recent: Vec<u32>,
    },
}

/// What a store call can end in besides an answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A condition did not hold: somebody else wrote first. Nothing was written. Read again and decide again.
    #[error("somebody else wrote first")]
    Conflict,
    /// The store is down or throttles. HTTP 503, retryable. A commit may have taken effect.
    #[error("the store did not answer: {what}")]
    Unavailable {
        /// Which call, for the log.
        what: &'static str,
        /// What was underneath.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A stored item does not read back.
    #[error("item {key} is corrupt: {what}")]
    Corrupt {
        /// Partition and sort key.
        key: String,
        /// Which field, and how.
        what: String,
    },
    /// `after` is not where a page of this listing can begin: a fault of the caller's. HTTP 400.
    #[error("not a cursor of this listing")]
    BadCursor,
    /// The request itself is wrong: a fault of ours.
    #[error("the store refuses the request: {what}")]
    Invalid {
        /// What it says, for the log.
        what: String,
    },
}

/// `dynamodb:PutItem`, and `dynamodb:UpdateItem` for [`Write::Ledger`] and [`Write::Ticket`]; alone or through
/// `TransactWriteItems`.
pub trait Commit {
    /// Writes all of `writes` (at most 100) or none.
    ///
    /// # Errors
    /// `Conflict` when a condition does not hold; see [`StoreError`].
    fn commit(&self, writes: Vec<Write>) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A page of a listing, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins: opaque; `None` at the end.
    pub next: Option<String>,
}

/// Rows, each as it reads back. One that does not is its error, `Corrupt`, in its place: the others still count.
pub type Rows<T> = Vec<Result<T, StoreError>>;

/// `dynamodb:GetItem`, `dynamodb:Query` on the customer index. Reads are strongly consistent by key.
pub trait ReadOrders {
    /// One order.
    fn order(&self, id: OrderId) -> impl Future<Output = Result<Option<Order>, StoreError>> + Send;

    /// A customer's orders, newest first, at most `limit` (1 to 100).
    fn orders_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page<Order>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadPayments {
    /// One payment.
    fn payment(&self, id: PaymentId) -> impl Future<Output = Result<Option<Payment>, StoreError>> + Send;
}

/// `dynamodb:GetItem`, `dynamodb:Query` on the customer index.
pub trait ReadInstances {
    /// One desktop.
    fn instance(&self, id: InstanceId) -> impl Future<Output = Result<Option<Instance>, StoreError>> + Send;

    /// A customer's desktops, newest first, at most `limit` (1 to 100).
    fn instances_of(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page<Instance>, StoreError>> + Send;
}

/// `dynamodb:Query` on an order's partition.
pub trait ReadAttempts {
    /// All attempts of an order, first one first.
    fn attempts(&self, order: OrderId) -> impl Future<Output = Result<Vec<Attempt>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadFirstBoots {
    /// The first boot of one machine of a desktop.
    fn first_boot(
        &self,
        instance: InstanceId,
        attempt: u16,
        boot: u16,
    ) -> impl Future<Output = Result<Option<FirstBoot>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadCredentials {
    /// A desktop's stored credentials.
    fn credentials(
        &self,
        instance: InstanceId,
    ) -> impl Future<Output = Result<Option<StoredCredentials>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadMails {
    /// One mail.
    fn mail(&self, id: &str) -> impl Future<Output = Result<Option<Mail>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadEvents {
    /// One stored gateway event.
    fn event(&self, key: &str) -> impl Future<Output = Result<Option<GatewayEvent>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadProfiles {
    /// A customer's profile; `None` means all defaults.
    fn profile(
        &self,
        customer: &CustomerId,
    ) -> impl Future<Output = Result<Option<Profile>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadIdempotency {
    /// What a customer's key stands for.
    fn idempotency(
        &self,
        customer: &CustomerId,
        key: &str,
    ) -> impl Future<Output = Result<Option<IdempotencyRecord>, StoreError>> + Send;
}

/// `dynamodb:Query` on an order's partition.
pub trait ReadLedger {
    /// All entries of an order.
    fn ledger(&self, order: OrderId) -> impl Future<Output = Result<Vec<LedgerEntry>, StoreError>> + Send;
}

/// `dynamodb:Query` on a desktop's partition.
pub trait ReadAudit {
    /// The newest `limit` lines about a desktop.
    fn audit(
        &self,
        instance: InstanceId,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<AuditEntry>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadSetupTimes {
    /// The recent set-up times of a product, in seconds, oldest first.
    fn setup_times(&self, plan: Plan, os: Os) -> impl Future<Output = Result<Vec<u32>, StoreError>> + Send;
}

/// `dynamodb:Query` on the circuits' partitions.
pub trait ReadCircuits {
    /// Every circuit of a provider in which something has gone wrong since it was last forgotten (a day).
    fn circuits(&self, provider: Provider) -> impl Future<Output = Result<Rows<Circuit>, StoreError>> + Send;
}

/// `dynamodb:Query` on one partition.
pub trait ReadAvailability {
    /// What every provider last said, one entry per provider that was ever asked.
    fn availability(&self) -> impl Future<Output = Result<Rows<Availability>, StoreError>> + Send;
}

/// `dynamodb:Query` on the index of rented machines.
pub trait ReadRented {
    /// The desktops that record a machine at a provider and are neither terminated nor failed, by their id, at
    /// most `limit` (1 to 1,000). One that does not read back is its error, `Corrupt`, in its place: the others are
    /// still to be compared. The index lags a little.
    fn rented(
        &self,
        provider: Provider,
        limit: u16,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page<Result<Instance, StoreError>>, StoreError>> + Send;
}

/// `dynamodb:Query` on one partition.
pub trait ReadInventory {
    /// What is remembered of every provider's inventory, one entry per provider that was ever looked at.
    fn inventories(&self) -> impl Future<Output = Result<Rows<Inventory>, StoreError>> + Send;
}

/// `dynamodb:Query` on a provider's partition.
pub trait ReadSeen {
    /// What earlier runs stored of one listing, first run first.
    fn seen(
        &self,
        provider: Provider,
        listing: u64,
    ) -> impl Future<Output = Result<Vec<Seen>, StoreError>> + Send;
}

/// `dynamodb:GetItem`
pub trait ReadTradingAccounts {
    /// Which desktop trades for an MT5 account, or did last.
    fn trading_account(
        &self,
        id: &Mt5AccountId,
    ) -> impl Future<Output = Result<Option<TradingAccount>, StoreError>> + Send;
}

/// What the sparse index lists: things that somebody has to look at, by when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkKind {
    /// Open payments, by their next check.
    OpenPayment,
    /// Paid orders that are not at rest, by when they last moved on.
    UnsettledOrder,
    /// Payments whose refund is not through, by their next check.
    OpenRefund,
    /// Mails owed, by their next attempt.
    PendingMail,
    /// Desktops with a command under way, by its beginning.
    BusyInstance,
    /// Gateway events whose effect is owed, by when they came in.
    UnappliedEvent,
    /// Attempts that an order left behind without knowing their outcome, by when it did; the id is
    /// `<order>/<number>`.
    UnknownAttempt,
}

/// `dynamodb:Query` on the work index.
pub trait ReadWork {
    /// The ids of at most `limit` (1 to 1,000) things of a kind that are due at `now`, longest overdue first. The
    /// index lags a little: read each thing again before acting.
    fn due(
        &self,
        kind: WorkKind,
        now: Timestamp,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;
}
