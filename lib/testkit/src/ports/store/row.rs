//! What is stored, and under which key.

use app::ports::{AuditEntry, GatewayEvent, IdempotencyRecord, Ticket};
use domain::Timestamp;
use domain::availability::Availability;
use domain::catalogue::{Os, Plan, Provider};
use domain::circuit::{Circuit, Operation};
use domain::create::Attempt;
use domain::customer::{CustomerId, Profile};
use domain::first_boot::FirstBoot;
use domain::ids::{AuditId, InstanceId, OrderId, PaymentId, TicketId};
use domain::instance::{Instance, StoredCredentials};
use domain::inventory::{Inventory, Seen};
use domain::ledger::{EntryKind, LedgerEntry};
use domain::mail::Mail;
use domain::order::Order;
use domain::payment::Payment;
use domain::trading::TradingAccount;

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

/// The key of an item: its kind, then what tells items of a kind apart. What is read together stands together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is the key of the row of that name")]
pub enum Key {
    Order(OrderId),
    Payment(PaymentId),
    Instance(InstanceId),
    /// The order, and which of its attempts.
    Attempt(OrderId, u16),
    /// The desktop, the attempt, the boot.
    FirstBoot(InstanceId, u16, u16),
    Credentials(InstanceId),
    Mail(String),
    Event(String),
    Profile(CustomerId),
    Ledger(OrderId, EntryKind, String),
    Audit(InstanceId, AuditId),
    Idempotency(CustomerId, String),
    Ticket(TicketId),
    SetupTimes(Plan, Os),
    /// The provider, the operation, the region.
    Circuit(Provider, Operation, String),
    Availability(Provider),
    /// The MT5 account's number.
    TradingAccount(String),
    Inventory(Provider),
    /// The provider, the listing, the run.
    Seen(Provider, u64, u16),
}

impl Row {
    /// Counts the writes of a row that is written on condition of its version; `None` for the others.
    pub(super) const fn version(&self) -> Option<u64> {
        Some(match self {
            Self::Order(o) => o.version,
            Self::Payment(p) => p.version,
            Self::Instance(i) => i.version,
            Self::Attempt(a) => a.version,
            Self::FirstBoot(f) => f.version,
            Self::Credentials(c) => c.version,
            Self::Mail(m) => m.version,
            Self::Event(e) => e.version,
            Self::Profile(p) => p.version,
            Self::Circuit(c) => c.version,
            Self::Availability(a) => a.version,
            Self::TradingAccount(t) => t.version,
            Self::Inventory(i) => i.version,
            Self::Ledger(_)
            | Self::Audit(_)
            | Self::Idempotency(_)
            | Self::Ticket(_)
            | Self::SetupTimes(_)
            | Self::Seen(_) => return None,
        })
    }
}

/// A type that rows hold.
pub(super) trait Held: Clone {
    /// What a row holds, if it is of this type.
    fn of(row: &Row) -> Option<&Self>;
}

macro_rules! held {
    ($($variant:ident $type:ty),+ $(,)?) => {
        $(impl Held for $type {
            fn of(row: &Row) -> Option<&Self> {
                match row {
                    Row::$variant(one) => Some(one),
                    _ => None,
                }
            }
        })+
    };
}

held!(
    Order Order,
    Payment Payment,
    Instance Instance,
    Attempt Attempt,
    FirstBoot FirstBoot,
    Credentials StoredCredentials,
    Mail Mail,
    Event GatewayEvent,
    Profile Profile,
    Ledger LedgerEntry,
    Audit AuditEntry,
    Idempotency IdempotencyRecord,
    Ticket Ticket,
    SetupTimes Vec<u32>,
    Circuit Circuit,
    Availability Availability,
    TradingAccount TradingAccount,
    Inventory Inventory,
    Seen Seen,
);

/// A type whose rows are listed.
pub(super) trait Listed: Held {
    /// No key of such a row is smaller.
    fn first() -> Key;
}

macro_rules! listed {
    ($($type:ty: $first:expr),+ $(,)?) => {
        $(impl Listed for $type {
            fn first() -> Key {
                $first
            }
        })+
    };
}

/// Of ids, the first: they begin with a time.
macro_rules! first {
    ($id:ty) => {
        <$id>::new(Timestamp::MIN, 0)
    };
}

listed!(
    Order: Key::Order(first!(OrderId)),
    Payment: Key::Payment(first!(PaymentId)),
    Instance: Key::Instance(first!(InstanceId)),
    Attempt: Key::Attempt(first!(OrderId), 0),
    Mail: Key::Mail(String::new()),
    GatewayEvent: Key::Event(String::new()),
    LedgerEntry: Key::Ledger(first!(OrderId), EntryKind::ALL[0], String::new()),
    AuditEntry: Key::Audit(first!(InstanceId), first!(AuditId)),
    Ticket: Key::Ticket(first!(TicketId)),
    Circuit: Key::Circuit(Provider::ALL[0], Operation::ALL[0], String::new()),
    Availability: Key::Availability(Provider::ALL[0]),
    TradingAccount: Key::TradingAccount(String::new()),
    Inventory: Key::Inventory(Provider::ALL[0]),
    Seen: Key::Seen(Provider::ALL[0], 0, 0),
);
