//! A payment gateway with a page of its own.

use std::future::Future;

use domain::customer::Email;
use domain::money::Money;
use domain::payment::{GatewayTransaction, RefundStatus};

/// What to ask a customer to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutRequest {
    /// Our reference: the gateway's idempotency key.
    pub reference: String,
    /// Who pays.
    pub email: Email,
    /// How much.
    pub amount: Money,
    /// Where the customer's browser goes afterwards.
    pub return_url: String,
    /// Where it goes when they cancel.
    pub cancel_url: Option<String>,
    /// Our order id, shown in the gateway's dashboard.
    pub order: String,
}

/// Where to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutPage {
    /// The page, at the gateway.
    pub url: String,
}

/// A refund as the gateway knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundState {
    /// The gateway's id.
    pub id: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// How much, in hundredths.
    pub amount_minor: i64,
}

/// What a gateway call can end in besides an answer.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The reference has been used. The page it led to is not told again.
    #[error("the reference has been used before")]
    DuplicateReference,
    /// It knows nothing by that name.
    #[error("the gateway knows nothing of it")]
    NotFound,
    /// It refuses our key.
    #[error("the gateway refuses our key")]
    Unauthorized,
    /// It refuses the request for good, in its own words.
    #[error("the gateway refuses: {0}")]
    Refused(String),
    /// Too many requests, or it is down; the call had no effect. Retryable after `retry_after` seconds.
    #[error("the gateway is busy")]
    Busy {
        /// Seconds, when it said so.
        retry_after: Option<u32>,
    },
    /// No clear answer: the call may have had its effect.
    #[error("no clear answer from the gateway: {what}")]
    Unclear {
        /// What came instead, for the log.
        what: String,
        /// What was underneath.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
}

/// A payment gateway.
pub trait PaymentGateway {
    /// Opens a checkout page for a reference. Not repeated by itself: after an unclear answer ask again with
    /// the same reference.
    fn open_checkout(
        &self,
        request: &CheckoutRequest,
    ) -> impl Future<Output = Result<CheckoutPage, GatewayError>> + Send;

    /// What the gateway knows of a reference.
    fn verify(
        &self,
        reference: &str,
    ) -> impl Future<Output = Result<GatewayTransaction, GatewayError>> + Send;

    /// The refunds of a transaction, newest first; empty when there is none.
    fn refunds(&self, reference: &str)
    -> impl Future<Output = Result<Vec<RefundState>, GatewayError>> + Send;

    /// Asks for the whole amount to go back. Ask [`PaymentGateway::refunds`] first: the gateway has no
    /// idempotency key for this.
    fn refund(
        &self,
        reference: &str,
        amount: Money,
        reason: &str,
    ) -> impl Future<Output = Result<RefundState, GatewayError>> + Send;
}
