//! What Paystack sends by webhook.
//!
//! An event is a hint, and its key for deduplication is the hash of its bytes: it carries no id and no time.
//! What it says of money is asked again at the API before anything is done, so only the names of things are
//! read from it. Unknown events and unknown fields are survived.

use domain::payment::RefundStatus;
use http_call::bounded;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::lenient;
use crate::wire::refund_status;

/// The longest event name that is kept.
const NAME_CHARS_MAX: usize = 100;

/// One delivery, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event's name, such as `charge.success`.
    pub event: String,
    /// What it says.
    pub data: Event,
}

/// What an event says, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `charge.success`: money came, for a first payment or a renewal.
    ChargeSuccess {
        /// The transaction's reference: ours, or a UUID for a renewal.
        reference: String,
        /// The gateway's id of the transaction.
        id: Option<String>,
        /// Hundredths of `currency`.
        amount_minor: Option<i64>,
        /// The code as written.
        currency: Option<String>,
        /// `test` or `live`.
        mode: Option<String>,
    },
    /// `refund.*`
    Refund {
        /// Where it stands.
        status: RefundStatus,
        /// Of which transaction.
        transaction_reference: String,
        /// The refund's own reference; absent while it is pending or processing.
        refund_reference: Option<String>,
        /// Hundredths of `currency`.
        amount_minor: Option<i64>,
        /// The code as written.
        currency: Option<String>,
        /// `test` or `live`.
        mode: Option<String>,
    },
    /// `charge.dispute.*`
    Dispute {
        /// What happened to it.
        step: DisputeStep,
        /// The gateway's id of the dispute.
        id: Option<String>,
        /// The transaction that is disputed.
        transaction_reference: String,
        /// What has become of that transaction: `success` or `reversed`.
        transaction_status: Option<String>,
        /// `awaiting-merchant-feedback`, `resolved`, …
        status: Option<String>,
        /// `auto-accepted`, `merchant-accepted`, `declined`, …
        resolution: Option<String>,
        /// When evidence is due.
        due_at: Option<Timestamp>,
        /// `test` or `live`.
        mode: Option<String>,
    },
    /// One of the above without the field that names its transaction: a person has to look.
    Unreadable {
        /// What is missing or wrong.
        what: String,
    },
    /// Any other event, by its name.
    Other(String),
}

/// What happened to a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisputeStep {
    /// It was opened.
    Opened,
    /// Its evidence is due soon.
    Reminded,
    /// It is over.
    Resolved,
    /// A word that we do not know.
    Unknown(String),
}

/// A body that is no event at all.
#[derive(Debug, thiserror::Error)]
#[error("the body is not an event")]
pub struct BadEvent(#[source] Option<serde_json::Error>);

/// The key under which a delivery is stored once: `paystack#` and the SHA-256 of the raw body in hex.
/// Redeliveries have the same bytes.
pub fn body_key(raw: &[u8]) -> String {
    format!("paystack#{}", hex::encode(Sha256::digest(raw)))
}

/// Reads a body whose signature has been verified.
///
/// # Errors
/// [`BadEvent`] for what is not a JSON object with the name of an event.
pub fn parse(raw: &[u8]) -> Result<Delivery, BadEvent> {
    let envelope: Envelope = serde_json::from_slice(raw).map_err(|error| BadEvent(Some(error)))?;
    let event = bounded(&envelope.event, NAME_CHARS_MAX);
    if event.is_empty() {
        return Err(BadEvent(None));
    }
    let data = read(&event, envelope.data).unwrap_or_else(|what| Event::Unreadable { what });
    Ok(Delivery { event, data })
}

#[derive(Deserialize)]
struct Envelope {
    event: String,
    #[serde(default)]
    data: Value,
}

fn read(event: &str, data: Value) -> Result<Event, String> {
    if event == "charge.success" {
        return shaped::<Charge>(data)?.read();
    }
    if let Some(step) = event.strip_prefix("charge.dispute.") {
        return shaped::<Dispute>(data)?.read(step);
    }
    if let Some(state) = event.strip_prefix("refund.") {
        return shaped::<Refund>(data)?.read(state);
    }
    Ok(Event::Other(event.to_owned()))
}

fn shaped<T: DeserializeOwned>(data: Value) -> Result<T, String> {
    if !data.is_object() {
        return Err("`data` is not an object".to_owned());
    }
    serde_json::from_value(data).map_err(|_| "`data` does not read as documented".to_owned())
}

#[derive(Deserialize)]
struct Charge {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    domain: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    reference: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    amount: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    currency: Option<String>,
}

impl Charge {
    fn read(self) -> Result<Event, String> {
        Ok(Event::ChargeSuccess {
            reference: self.reference.ok_or("`data.reference` is missing")?,
            id: self.id,
            amount_minor: self.amount,
            currency: self.currency,
            mode: self.domain,
        })
    }
}

#[derive(Deserialize)]
struct Refund {
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    domain: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    transaction_reference: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    refund_reference: Option<String>,
    #[serde(default, deserialize_with = "lenient::integer")]
    amount: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    currency: Option<String>,
}

impl Refund {
    fn read(self, state: &str) -> Result<Event, String> {
        Ok(Event::Refund {
            status: refund_status(self.status.as_deref().unwrap_or(state)),
            transaction_reference: self
                .transaction_reference
                .ok_or("`data.transaction_reference` is missing")?,
            refund_reference: self.refund_reference,
            amount_minor: self.amount,
            currency: self.currency,
            mode: self.domain,
        })
    }
}

#[derive(Deserialize)]
struct Dispute {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    domain: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    resolution: Option<String>,
    #[serde(default, deserialize_with = "lenient::timestamp")]
    due_at: Option<Timestamp>,
    #[serde(default, rename = "dueAt", deserialize_with = "lenient::timestamp")]
    due_at_camel: Option<Timestamp>,
    /// Its `reference` is the one to use; the dispute's own `transaction_reference` is null.
    #[serde(default)]
    transaction: Value,
}

impl Dispute {
    fn read(self, step: &str) -> Result<Event, String> {
        let transaction = lenient::object(&self.transaction).unwrap_or_default();
        let word = |name: &str| transaction.get(name).and_then(Value::as_str).filter(|word| !word.is_empty());
        Ok(Event::Dispute {
            step: match step {
                "create" => DisputeStep::Opened,
                "remind" => DisputeStep::Reminded,
                "resolve" => DisputeStep::Resolved,
                other => DisputeStep::Unknown(other.to_owned()),
            },
            id: self.id,
            transaction_reference: word("reference")
                .ok_or("`data.transaction.reference` is missing")?
                .to_owned(),
            transaction_status: word("status").map(str::to_owned),
            status: self.status,
            resolution: self.resolution,
            due_at: self.due_at_camel.or(self.due_at),
            mode: self.domain,
        })
    }
}
