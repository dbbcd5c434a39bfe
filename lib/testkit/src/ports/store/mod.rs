//! The state, under DynamoDB's rules.
//!
//! - `row`: what is stored, and under which key.
//! - `transaction`: a condition on every write, all of a transaction or nothing of it.
//! - `work`: the sparse index of what somebody has to look at.
//! - `reads`: the ports that read.

mod reads;
mod row;
mod transaction;
mod work;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use app::ports::{AuditEntry, GatewayEvent, StoreError, Ticket};
use domain::circuit::Circuit;
use domain::create::Attempt;
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::instance::Instance;
use domain::inventory::{Inventory, Seen};
use domain::ledger::{EntryKind, LedgerEntry};
use domain::mail::Mail;
use domain::order::{Order, OrderStatus};
use domain::payment::Payment;
use domain::trading::TradingAccount;

use crate::sim::Sim;
use row::{Held, Listed};
pub use row::{Key, Row};
use work::Work;

/// In boxes, so that writing one moves no others.
type Rows = BTreeMap<Key, Box<Row>>;

#[derive(Default)]
struct Table {
    rows: Rows,
    work: Work,
    /// Every time that an order became active or refunded.
    ends: Vec<(OrderId, OrderStatus)>,
    /// A known bug, put back.
    unconditional: bool,
}

/// The table. Clones are the same one.
#[derive(Clone)]
pub struct Store {
    sim: Sim,
    table: Arc<Mutex<Table>>,
    /// As many as there are ends, to be read after every step.
    ended: Arc<AtomicUsize>,
}

macro_rules! rows_of {
    ($(#[$doc:meta] $name:ident $type:ty);+ $(;)?) => {
        $(#[$doc]
        pub fn $name(&self) -> Vec<$type> {
            self.with(|table| table.all::<$type>().cloned().collect())
        })+
    };
}

impl Store {
    /// An empty table.
    pub fn new(sim: Sim) -> Self {
        Self { sim, table: Arc::default(), ended: Arc::default() }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Table) -> T) -> T {
        look(&mut self.table.lock().expect("one thread"))
    }

    rows_of!(
        /// Every order.
        orders Order;
        /// Every payment.
        payments Payment;
        /// Every desktop.
        instances Instance;
        /// Every mail that is owed or was sent.
        mails Mail;
        /// Every ledger entry.
        ledger_entries LedgerEntry;
        /// Every ticket.
        tickets Ticket;
        /// Every stored gateway event.
        events GatewayEvent;
        /// Every MT5 account that a desktop was ever ordered for.
        trading_accounts TradingAccount;
        /// Everything that was stored of what a listing showed.
        all_seen Seen;
        /// Every audit line.
        audit_entries AuditEntry;
        /// Every attempt to make a machine.
        all_attempts Attempt;
        /// What is remembered of every provider's inventory.
        all_inventories Inventory;
        /// Every circuit in which something went wrong.
        all_circuits Circuit;
    );

    /// One order, past the port: no call is made.
    pub(crate) fn look_order(&self, id: OrderId) -> Option<Order> {
        self.with(|table| table.get(&Key::Order(id)))
    }

    /// One payment, past the port.
    pub(crate) fn look_payment(&self, id: PaymentId) -> Option<Payment> {
        self.with(|table| table.get(&Key::Payment(id)))
    }

    /// One desktop, past the port.
    pub(crate) fn look_instance(&self, id: InstanceId) -> Option<Instance> {
        self.with(|table| table.get(&Key::Instance(id)))
    }

    /// The attempts of an order, past the port.
    pub(crate) fn look_attempts(&self, order: OrderId) -> Vec<Attempt> {
        self.with(|table| table.attempts(order))
    }

    /// The ledger of an order, past the port.
    pub(crate) fn look_ledger(&self, order: OrderId) -> Vec<LedgerEntry> {
        self.with(|table| table.ledger(order))
    }

    /// Changes what is stored past every rule: to bring about what should not be.
    pub fn tamper(&self, key: &Key, change: impl FnOnce(&mut Row)) {
        self.with(|table| {
            let row = table.rows.get_mut(key).expect("a row of that key");
            change(row);
            table.work.note(key, row);
        });
    }

    /// How often an order has become active or refunded so far.
    pub(crate) fn ends(&self) -> usize {
        self.ended.load(Ordering::Relaxed)
    }

    /// The order that came to its end as the one of this number, and to which.
    pub(crate) fn end(&self, number: usize) -> Option<(OrderId, OrderStatus)> {
        self.with(|table| table.ends.get(number).copied())
    }

    /// A known bug, put back: nothing is written on a condition any more.
    pub(crate) fn without_conditions(&self) {
        self.with(|table| table.unconditional = true);
    }

    /// Every key, in order.
    pub fn keys(&self) -> Vec<Key> {
        self.with(|table| table.rows.keys().cloned().collect())
    }

    async fn read<T: Send>(
        &self,
        name: &'static str,
        look: impl FnOnce(&Table) -> T + Send,
    ) -> Result<T, StoreError> {
        self.sim.call(name, || unavailable(name), || Ok(self.with(|table| look(table)))).await
    }
}

impl Table {
    fn get<T: Held>(&self, key: &Key) -> Option<T> {
        self.rows.get(key).and_then(|row| T::of(row)).cloned()
    }

    /// Everything of a type, in the order of its keys.
    fn all<T: Listed + 'static>(&self) -> impl Iterator<Item = &T> {
        self.rows.range(T::first()..).map_while(|(_, row)| T::of(row))
    }

    /// First one first.
    fn attempts(&self, order: OrderId) -> Vec<Attempt> {
        let keys = Key::Attempt(order, 0)..=Key::Attempt(order, u16::MAX);
        self.rows.range(keys).filter_map(|(_, row)| Attempt::of(row)).cloned().collect()
    }

    fn ledger(&self, order: OrderId) -> Vec<LedgerEntry> {
        let first = Key::Ledger(order, EntryKind::ALL[0], String::new());
        let of_order = |entry: &&LedgerEntry| entry.order == order;
        self.rows
            .range(first..)
            .map_while(|(_, row)| LedgerEntry::of(row))
            .take_while(of_order)
            .cloned()
            .collect()
    }
}

fn unavailable(what: &'static str) -> StoreError {
    StoreError::Unavailable { what, source: None }
}
