//! [`LedgerEntry`]

use domain::customer::CustomerId;
use domain::ids::OrderId;
use domain::ledger::{EntryKind, LedgerEntry};
use domain::money::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct LedgerItem {
    order: OrderId,
    customer: CustomerId,
    kind: EntryKind,
    amount_minor: i64,
    currency: Currency,
    reference: String,
    at: StoredTime,
}

impl From<&LedgerEntry> for LedgerItem {
    fn from(entry: &LedgerEntry) -> Self {
        Self {
            order: entry.order,
            customer: entry.customer.clone(),
            kind: entry.kind,
            amount_minor: entry.amount.minor,
            currency: entry.amount.currency,
            reference: entry.reference.clone(),
            at: entry.at.into(),
        }
    }
}

impl From<LedgerItem> for LedgerEntry {
    fn from(item: LedgerItem) -> Self {
        Self {
            order: item.order,
            customer: item.customer,
            kind: item.kind,
            amount: Money::new(item.amount_minor, item.currency),
            reference: item.reference,
            at: item.at.into(),
        }
    }
}

impl Thing for LedgerEntry {
    type Item = LedgerItem;

    /// Its identity: the same fact told twice is the same entry.
    fn key(&self) -> Key {
        keys::ledger_entry(self.order, self.kind, &self.reference)
    }

    fn version(&self) -> Option<u64> {
        None
    }
}
