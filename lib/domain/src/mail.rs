//! Which mails there are, and the record that makes each of them go out.
//!
//! A mail is owed from the moment the fact behind it is stored: its item is written in the same transaction.
//! It holds no text and no secret, only what it is about; the text is made when it is sent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::word_enum;
use crate::customer::{CustomerId, Email};
use crate::ids::OrderId;

word_enum! {
    /// One kind of mail; one template each.
    MailKind {
        /// Payment received, the desktop is being made.
        Started = "started",
        /// The money received, as a receipt.
        Receipt = "receipt",
        /// The desktop is ready, with how to sign in.
        Ready = "ready",
        /// The desktop was reinstalled, with how to sign in now.
        Reinstalled = "reinstalled",
        /// No provider can make the desktop just now: it waits, and the promise holds.
        Delayed = "delayed",
        /// The machine was lost at the provider: another one is made.
        Rebuilding = "rebuilding",
        /// It could not be delivered; the money goes back.
        FailedAndRefunded = "failed_and_refunded",
        /// A trading desktop that staff ordered could not be delivered; nothing was paid.
        NotDelivered = "not_delivered",
        /// To the operator: something needs a person.
        OperatorAlert = "operator_alert",
    }
}

impl MailKind {
    /// Whether a customer can switch it off. Credentials and bad news cannot be.
    pub const fn optional(self) -> bool {
        match self {
            Self::Started | Self::Receipt => true,
            Self::Ready
            | Self::Reinstalled
            | Self::Delayed
            | Self::Rebuilding
            | Self::FailedAndRefunded
            | Self::NotDelivered
            | Self::OperatorAlert => false,
        }
    }
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// Owed. The sweep sends it again when it is due.
    Pending,
    /// SES took it.
    Sent,
    /// The customer does not want this kind.
    Skipped,
    /// Tried [`ATTEMPTS_MAX`] times; the operator was told.
    GaveUp,
}

/// How often a mail is tried before the operator is told.
pub const ATTEMPTS_MAX: u16 = 12;

/// One mail that is owed or was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Unique and deterministic, so that the same fact never owes two mails: see [`Mail::about_order`].
    pub id: String,
    /// Which template.
    pub kind: MailKind,
    /// To whom; `None` means the operator's configured address.
    pub to: Option<Email>,
    /// Whose preferences apply.
    pub customer: Option<CustomerId>,
    /// What it is about.
    pub order: Option<OrderId>,
    /// A sentence for the operator (alerts only); no secrets.
    pub note: Option<String>,
    /// What became of it.
    pub status: MailStatus,
    /// How often it was tried.
    pub attempts: u16,
    /// When it was first owed.
    pub created_at: Timestamp,
    /// Not to be tried before this.
    pub next_at: Timestamp,
    /// Counts the writes.
    pub version: u64,
}

impl Mail {
    /// The mail of one kind to the customer of an order, owed at `now`.
    pub fn about_order(
        kind: MailKind,
        order: OrderId,
        customer: &CustomerId,
        to: &Email,
        now: Timestamp,
    ) -> Self {
        Self {
            id: format!("{order}.{kind}"),
            kind,
            to: Some(to.clone()),
            customer: Some(customer.clone()),
            order: Some(order),
            note: None,
            status: MailStatus::Pending,
            attempts: 0,
            created_at: now,
            next_at: now,
            version: 0,
        }
    }

    /// An alert to the operator. `subject` names the thing and `what` the trouble; together they are the id,
    /// so that one trouble is told once.
    pub fn alert(subject: &str, what: &str, note: String, order: Option<OrderId>, now: Timestamp) -> Self {
        Self {
            id: format!("{subject}.alert.{what}"),
            kind: MailKind::OperatorAlert,
            to: None,
            customer: None,
            order,
            note: Some(note),
            status: MailStatus::Pending,
            attempts: 0,
            created_at: now,
            next_at: now,
            version: 0,
        }
    }

    /// When to try again after the attempt that has just been counted: 30 s, doubling, at most an hour.
    pub fn back_off_seconds(&self) -> i64 {
        let doublings = u32::from(self.attempts.saturating_sub(1)).min(7);
        (30_i64 << doublings).min(3600)
    }
}
