//! The bodies, field by field: all that is sent, and of what is received only what is read.

use domain::payment::{GatewayStatus, GatewayTransaction, RefundStatus};
use http_call::bounded;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lenient;

/// The longest word of theirs that is kept.
const WORD_CHARS_MAX: usize = 60;

/// `POST /transaction/initialize`
#[derive(Serialize)]
pub(crate) struct InitializeBody<'a> {
    pub(crate) email: &'a str,
    /// In the hundredths of `currency`.
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    /// Letters, digits, `-`, `.` and `=` only.
    pub(crate) reference: &'a str,
    pub(crate) callback_url: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) channels: &'a [String],
    pub(crate) metadata: Metadata<'a>,
}

/// An object here; `charge_authorization` would want it as JSON text.
#[derive(Serialize)]
pub(crate) struct Metadata<'a> {
    pub(crate) order_id: &'a str,
    /// Where a cancelled checkout leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cancel_action: Option<&'a str>,
}

/// `POST /refund`
#[derive(Serialize)]
pub(crate) struct RefundBody<'a> {
    /// The reference of the transaction.
    pub(crate) transaction: &'a str,
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) merchant_note: &'a str,
}

/// Around every answer. `status` is the result of the call, not of the payment.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    pub(crate) status: bool,
    #[serde(default)]
    pub(crate) data: Value,
    #[serde(default)]
    pub(crate) meta: Value,
}

/// Around every refusal.
#[derive(Deserialize)]
pub(crate) struct Refusal {
    pub(crate) status: bool,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) message: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) code: Option<String>,
}

/// The data of `POST /transaction/initialize`.
#[derive(Deserialize)]
pub(crate) struct Initialized {
    pub(crate) authorization_url: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) reference: Option<String>,
}

/// The data of `GET /transaction/verify/:reference`.
#[derive(Deserialize)]
pub(crate) struct Transaction {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    domain: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    reference: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    amount: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    currency: Option<String>,
    #[serde(default, deserialize_with = "lenient::timestamp")]
    paid_at: Option<Timestamp>,
    // Both spellings may stand in one body, which an alias does not survive.
    #[serde(default, rename = "paidAt", deserialize_with = "lenient::timestamp")]
    paid_at_camel: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::integer")]
    fees: Option<i64>,
}

impl Transaction {
    /// In our words.
    ///
    /// # Errors
    /// The name of a missing field that the judgement needs.
    pub(crate) fn read(self) -> Result<GatewayTransaction, &'static str> {
        let status = match self.status.ok_or("status")?.as_str() {
            "success" => GatewayStatus::Success,
            "reversed" => GatewayStatus::Reversed,
            other => GatewayStatus::NotYet(bounded(other, WORD_CHARS_MAX)),
        };
        Ok(GatewayTransaction {
            id: self.id.ok_or("id")?,
            reference: self.reference.ok_or("reference")?,
            status,
            amount_minor: self.amount.ok_or("amount")?,
            currency: bounded(&self.currency.ok_or("currency")?, WORD_CHARS_MAX),
            mode: bounded(&self.domain.ok_or("domain")?, WORD_CHARS_MAX),
            paid_at: self.paid_at.or(self.paid_at_camel),
            fee_minor: self.fees,
        })
    }
}

/// A refund, as `POST /refund` answers and as `GET /refund` lists.
#[derive(Deserialize)]
pub(crate) struct Refund {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    pub(crate) amount: Option<i64>,
    /// An id in lists, an object in the answer of `POST`; a reference is documented as well.
    #[serde(default)]
    transaction: Value,
    #[serde(default, deserialize_with = "lenient::text")]
    transaction_reference: Option<String>,
    #[serde(default, deserialize_with = "lenient::timestamp")]
    created_at: Option<Timestamp>,
    #[serde(default, rename = "createdAt", deserialize_with = "lenient::timestamp")]
    created_at_camel: Option<Timestamp>,
}

impl Refund {
    /// Where it stands.
    pub(crate) fn status(&self) -> RefundStatus {
        refund_status(self.status.as_deref().unwrap_or_default())
    }

    /// When it was asked for.
    pub(crate) fn made_at(&self) -> Option<Timestamp> {
        self.created_at.or(self.created_at_camel)
    }

    /// Whether it sends back that transaction.
    pub(crate) fn is_of(&self, transaction: &GatewayTransaction) -> bool {
        let id_or_reference = |value: &Value| match value {
            Value::String(text) => *text == transaction.id || *text == transaction.reference,
            Value::Number(number) => number.to_string() == transaction.id,
            _ => false,
        };
        let embedded = lenient::object(&self.transaction).unwrap_or_default();
        self.transaction_reference.as_deref() == Some(transaction.reference.as_str())
            || id_or_reference(&self.transaction)
            || embedded.get("id").is_some_and(id_or_reference)
            || embedded.get("reference").is_some_and(id_or_reference)
    }
}

/// Their word for a refund's state; an unknown one is not final.
pub(crate) fn refund_status(word: &str) -> RefundStatus {
    match RefundStatus::parse(word) {
        None | Some(RefundStatus::Wanted) => RefundStatus::Pending,
        Some(known) => known,
    }
}
