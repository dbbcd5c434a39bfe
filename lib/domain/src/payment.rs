//! Payments: what was asked for, what the gateway says, and whether the two agree.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalogue::word_enum;
use crate::customer::CustomerId;
use crate::ids::{OrderId, PaymentId};
use crate::money::Money;
use crate::order::PaymentMethod;

word_enum! {
    /// Where a payment stands.
    PaymentStatus {
        /// Asked for; the customer may pay.
        Open = "open",
        /// The gateway confirmed exactly what was asked for.
        Paid = "paid",
        /// Money came, but not what was asked for. A person decides.
        Mismatched = "mismatched",
        /// The time to pay is over. Still looked at when the gateway speaks of it.
        Expired = "expired",
    }
}

word_enum! {
    /// Where a refund stands; Paystack's words. Unknown words count as `pending`.
    RefundStatus {
        /// Decided by us, not yet accepted by the gateway.
        Wanted = "wanted",
        /// Accepted by the gateway.
        Pending = "pending",
        /// With the processor.
        Processing = "processing",
        /// The money is on its way to the customer.
        Processed = "processed",
        /// The money is back with us; a person pays out another way.
        Failed = "failed",
        /// The gateway needs the customer's bank details.
        NeedsAttention = "needs-attention",
    }
}

/// A whole refund of one payment; there is at most one per payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Where it stands.
    pub status: RefundStatus,
    /// The gateway's id, once it has accepted.
    pub gateway_id: Option<String>,
    /// When we decided to.
    pub wanted_at: Timestamp,
    /// When the sweep asks the gateway next, while it is under way.
    pub next_check_at: Timestamp,
}

impl Refund {
    /// When to ask the gateway again: as long from now as the refund is old, between 2 minutes and 6 hours. Banks
    /// take days, and refunds that wait must not keep the sweep from new ones.
    pub fn next_check_after(wanted_at: Timestamp, now: Timestamp) -> Timestamp {
        let age = now.duration_since(wanted_at);
        let pause = age.clamp(SignedDuration::from_mins(2), SignedDuration::from_hours(6));
        now.checked_add(pause).unwrap_or(now)
    }
}

/// Test or live: money of the one is not money in the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GatewayMode {
    /// Play money.
    Test,
    /// Real money.
    Live,
}

/// One payment request for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its references at the gateway are made from it.
    pub id: PaymentId,
    /// What it pays for.
    pub order: OrderId,
    /// Who pays.
    pub customer: CustomerId,
    /// Through which gateway.
    pub method: PaymentMethod,
    /// How much is asked for.
    pub amount: Money,
    /// Where it stands.
    pub status: PaymentStatus,
    /// The number of the current reference: of the newest one handed to the gateway, until the page of one is
    /// kept for the customer or one of them is paid; from then on of that one. See [`Payment::reference`].
    pub references: u16,
    /// Where the customer pays, once the gateway has said so.
    pub checkout_url: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// No longer offered after this.
    pub expires_at: Timestamp,
    /// When the sweep asks the gateway next; `None` when there is nothing to learn.
    pub next_check_at: Option<Timestamp>,
    /// How often the sweep has asked.
    pub checks: u16,
    /// When the gateway says it was paid.
    pub paid_at: Option<Timestamp>,
    /// The gateway's id of the transaction.
    pub gateway_id: Option<String>,
    /// What the gateway kept, in hundredths.
    pub fee_minor: Option<i64>,
    /// In what it differs from what was asked for.
    pub mismatch: Option<String>,
    /// Its refund, if any.
    pub refund: Option<Refund>,
    /// Counts the writes.
    pub version: u64,
}

/// How many references a payment may use up when answers of the gateway get lost.
pub const REFERENCES_MAX: u16 = 9;

impl Payment {
    /// The current reference at the gateway: `pay-<ULID>-<n>`. Paystack takes no underscore.
    ///
    /// A new number is used only when the answer with the checkout address was lost for good, so that no
    /// two references of one payment can ever both be paid.
    pub fn reference(&self) -> String {
        Self::written_reference(self.id, self.references)
    }

    fn written_reference(id: PaymentId, number: u16) -> String {
        format!("pay-{}-{number}", id.bare())
    }

    /// The payment a reference belongs to, with its number; `None` for a reference that is not ours.
    pub fn parse_reference(reference: &str) -> Option<(PaymentId, u16)> {
        let rest = reference.strip_prefix("pay-")?;
        let (bare, number) = rest.rsplit_once('-')?;
        let id = PaymentId::parse(&format!("{}{bare}", PaymentId::PREFIX)).ok()?;
        let number = number.parse().ok()?;
        // One reference, one spelling: a number also parses with a sign or zeros before it.
        (Self::written_reference(id, number) == reference).then_some((id, number))
    }

    /// When the sweep should ask the gateway again: often at first, when a webhook may have been lost, then
    /// ever more rarely until the payment expires, and never after.
    pub fn next_check_after(&self, now: Timestamp) -> Option<Timestamp> {
        let minutes = match self.checks {
            0..=4 => 2,
            5..=9 => 10,
            _ => 60,
        };
        let next = now.checked_add(SignedDuration::from_mins(minutes)).ok()?;
        (now < self.expires_at).then_some(next.min(self.expires_at))
    }
}

/// What the gateway says of a reference when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayTransaction {
    /// The gateway's id.
    pub id: String,
    /// The reference it was found by.
    pub reference: String,
    /// What it says of the money.
    pub status: GatewayStatus,
    /// How much, in hundredths of `currency`.
    pub amount_minor: i64,
    /// The code as the gateway wrote it: it may be one that we do not sell in.
    pub currency: String,
    /// Test or live, as the gateway wrote it.
    pub mode: String,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// What the gateway kept, in hundredths.
    pub fee_minor: Option<i64>,
}

/// The state of a transaction at a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayStatus {
    /// The money is there.
    Success,
    /// Not yet, and perhaps never: `abandoned`, `ongoing`, `pending`, `failed` and every unknown word. A
    /// failed attempt does not end a payment: the customer may try again on the same page.
    NotYet(String),
    /// It was there and went back: refunded or charged back.
    Reversed,
}

/// The verdict on what the gateway says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Exactly what was asked for.
    Accept,
    /// No money yet.
    NotYet,
    /// Money, but not what was asked for; the sentence says in what.
    Mismatch(String),
}

/// Compares what the gateway says with what was asked for.
///
/// Accepts only the whole: success, our reference, our currency, exactly our amount, and money of the mode
/// we run in. Source: Paystack, verify transaction.
pub fn judge(payment: &Payment, found: &GatewayTransaction, mode: GatewayMode) -> Verdict {
    match found.status {
        GatewayStatus::NotYet(_) => return Verdict::NotYet,
        GatewayStatus::Reversed => return Verdict::Mismatch("the transaction was reversed".to_owned()),
        GatewayStatus::Success => {}
    }
    match Payment::parse_reference(&found.reference) {
        Some((id, 1..=REFERENCES_MAX)) if id == payment.id => {}
        _ => return Verdict::Mismatch(format!("the reference is {}", found.reference)),
    }
    let ours = match mode {
        GatewayMode::Test => "test",
        GatewayMode::Live => "live",
    };
    if found.mode != ours {
        return Verdict::Mismatch(format!("a {} payment in {ours} mode", found.mode));
    }
    if found.currency != payment.amount.currency.code() || found.amount_minor != payment.amount.minor {
        let (asked, currency) = (payment.amount, &found.currency);
        return Verdict::Mismatch(format!("{currency} {} hundredths instead of {asked}", found.amount_minor));
    }
    Verdict::Accept
}
