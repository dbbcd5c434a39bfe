//! The calls.

use std::time::Duration;

use app::ports::{CheckoutPage, CheckoutRequest, GatewayError, PaymentGateway, RefundState};
use domain::money::Money;
use domain::payment::GatewayTransaction;
use domain::secret::Secret;
use http_call::{Answer, Base, Patience, bearer, bounded};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{self, Names};
use crate::wire::{Envelope, InitializeBody, Initialized, Metadata, Refund, RefundBody, Transaction};

/// The bytes of an answer that are read at most.
const BODY_MAX: usize = 1 << 20;
/// `POST /transaction/initialize`: a customer waits, and the HTTP API gives up after 29 s.
const INITIALIZE_TIME_LIMIT: Duration = Duration::from_secs(10);
/// `POST /refund`: nobody waits, and an unclear answer costs a person's time.
const REFUND_TIME_LIMIT: Duration = Duration::from_secs(20);
const READS: Patience = Patience { per_try: Duration::from_secs(6), whole: Duration::from_secs(14) };
/// The longest note that is sent with a refund.
const NOTE_CHARS_MAX: usize = 200;
/// The longest address of a checkout page that is believed.
const URL_LEN_MAX: usize = 2000;

/// Paystack, as [`PaymentGateway`]. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Base,
    key: Option<HeaderValue>,
    channels: Vec<String>,
}

impl Client {
    /// A client of the API at `base_url` (`https://api.paystack.co`) with a secret key (`sk_…`).
    pub fn new(http: reqwest::Client, base_url: &str, key: Secret<String>) -> Self {
        Self { http, base: Base::new(base_url), key: bearer(key.expose()), channels: Vec::new() }
    }

    /// Offers only these channels (`card`, `bank_transfer`, …) on the checkout page, instead of those that
    /// the merchant's dashboard allows.
    pub fn with_channels(mut self, channels: Vec<String>) -> Self {
        self.channels = channels;
        self
    }

    /// The key for the header, and the address of a path; a reference of others in it is escaped.
    fn prepared(&self, path: &[&str]) -> Result<(HeaderValue, String), GatewayError> {
        let key = self.key.clone().ok_or(GatewayError::Unauthorized)?;
        Ok((key, self.base.at(path).ok_or(GatewayError::NotFound)?))
    }

    /// Sends a body once.
    async fn post(
        &self,
        path: &[&str],
        body: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<Answer, GatewayError> {
        let body = serde_json::to_vec(body)
            .map_err(|e| GatewayError::Refused(format!("the request cannot be written: {e}")))?;
        let (key, url) = self.prepared(path)?;
        let json = HeaderValue::from_static("application/json");
        let request = self.http.post(url).header(AUTHORIZATION, key).header(CONTENT_TYPE, json);
        let request = request.timeout(limit).body(body);
        http_call::send(request, BODY_MAX).await.map_err(failure::no_answer)
    }

    /// Reads, repeated a little.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, GatewayError> {
        let (key, url) = self.prepared(path)?;
        let request = || self.http.get(url.as_str()).query(query).header(AUTHORIZATION, key.clone());
        http_call::read(READS, BODY_MAX, request).await.map_err(failure::no_answer)
    }
}

/// The envelope of a success.
///
/// # Errors
/// Everything else; see [`failure::refused`].
pub(crate) fn envelope(answer: &Answer, names: Names) -> Result<Envelope, GatewayError> {
    if !answer.is_success() {
        return Err(failure::refused(answer, names));
    }
    match answer.json::<Envelope>() {
        Ok(envelope) if envelope.status => Ok(envelope),
        Ok(_) => Err(failure::refused(answer, names)),
        Err(_) => Err(failure::unclear(answer)),
    }
}

/// What stands in the envelope.
fn data<T: DeserializeOwned>(answer: &Answer, names: Names) -> Result<T, GatewayError> {
    serde_json::from_value(envelope(answer, names)?.data).map_err(|error| GatewayError::Unclear {
        what: format!("{} that does not read as documented", answer.outline()),
        source: Some(Box::new(error)),
    })
}

impl PaymentGateway for Client {
    async fn open_checkout(&self, request: &CheckoutRequest) -> Result<CheckoutPage, GatewayError> {
        let body = InitializeBody {
            email: request.email.as_str(),
            amount: request.amount.minor,
            currency: request.amount.currency.code(),
            reference: &request.reference,
            callback_url: &request.return_url,
            channels: &self.channels,
            metadata: Metadata { order_id: &request.order, cancel_action: request.cancel_url.as_deref() },
        };
        let answer = self.post(&["transaction", "initialize"], &body, INITIALIZE_TIME_LIMIT).await?;
        let page: Initialized = data(&answer, Names::Nothing)?;
        // A page for another reference would take money that no order waits for.
        if page.reference.is_some_and(|reference| reference != request.reference) {
            return Err(failure::lacking("reference"));
        }
        let url = page.authorization_url;
        if url.len() > URL_LEN_MAX || !(url.starts_with("https://") || url.starts_with("http://")) {
            return Err(failure::lacking("authorization_url"));
        }
        Ok(CheckoutPage { url })
    }

    async fn verify(&self, reference: &str) -> Result<GatewayTransaction, GatewayError> {
        let answer = self.get(&["transaction", "verify", reference], &[]).await?;
        data::<Transaction>(&answer, Names::Reference)?.read().map_err(failure::lacking)
    }

    async fn refunds(&self, reference: &str) -> Result<Vec<RefundState>, GatewayError> {
        crate::refunds::of(self, &self.verify(reference).await?).await
    }

    async fn refund(
        &self,
        reference: &str,
        amount: Money,
        reason: &str,
    ) -> Result<RefundState, GatewayError> {
        let body = RefundBody {
            transaction: reference,
            amount: amount.minor,
            currency: amount.currency.code(),
            merchant_note: &bounded(reason, NOTE_CHARS_MAX),
        };
        let answer = self.post(&["refund"], &body, REFUND_TIME_LIMIT).await?;
        let refund: Refund = data(&answer, Names::Reference)?;
        let status = refund.status();
        let id = refund.id.ok_or_else(|| failure::lacking("id"))?;
        Ok(RefundState { id, status, amount_minor: refund.amount.unwrap_or(amount.minor) })
    }
}
