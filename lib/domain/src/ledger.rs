//! The ledger: every movement of money, append-only. The sum per order explains its balance.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::word_enum;
use crate::customer::CustomerId;
use crate::ids::OrderId;
use crate::money::Money;

word_enum! {
    /// Why money moved.
    EntryKind {
        /// The customer paid: positive.
        Charge = "charge",
        /// The gateway kept its share: negative.
        Fee = "fee",
        /// Money went back to the customer: negative.
        Refund = "refund",
        /// Money was put on the customer's account.
        Credit = "credit",
        /// Money was taken back through the bank, or returned after a dispute was won.
        Dispute = "dispute",
    }
}

/// One movement. Its identity is (order, kind, reference), so that the same fact told twice is one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The order it belongs to.
    pub order: OrderId,
    /// Whose money.
    pub customer: CustomerId,
    /// Why it moved.
    pub kind: EntryKind,
    /// How much, signed: positive towards us.
    pub amount: Money,
    /// What the gateway calls it: a transaction reference, a refund id.
    pub reference: String,
    /// When we learned of it.
    pub at: Timestamp,
}

/// What an order's movements add up to in `currency`, or `None` when that overflows or an entry is in
/// another currency. Fees are left out: they are between us and the gateway.
pub fn balance(entries: &[LedgerEntry], currency: crate::money::Currency) -> Option<Money> {
    let mut minor: i64 = 0;
    for entry in entries.iter().filter(|e| e.kind != EntryKind::Fee) {
        if entry.amount.currency != currency {
            return None;
        }
        minor = minor.checked_add(entry.amount.minor)?;
    }
    Some(Money::new(minor, currency))
}
