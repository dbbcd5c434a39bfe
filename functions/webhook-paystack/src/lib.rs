//! `POST /webhooks/paystack`: check the signature over the raw bytes, store once, queue, answer 200.

use app::AppError;
use app::ports::{Clock, Commit, GatewayEvent, PaymentMessage, QueuePayment, ReadEvents, StoreError, Write};
use domain::secret::Secret;
use lambda_kit::{Problem, Reply, Request, header, raw_body};
use pay_paystack::{event, signature};

/// What the handler works with.
pub struct Deps<S, Q, C> {
    /// The state.
    pub store: S,
    /// The payment queue.
    pub queue: Q,
    /// The time.
    pub clock: C,
    /// The API's secret keys: the current one, and for 72 hours after a rotation the one before.
    pub keys: Vec<Secret<String>>,
}

/// Answers exactly 200 once the event is stored and queued; Paystack sends anything else again.
///
/// # Errors
/// 401 for a missing or wrong signature, 413, 400 when it is not JSON; 503 when it could not be stored.
pub async fn handle<S, Q, C>(deps: &Deps<S, Q, C>, request: &Request) -> Result<Reply, Problem>
where
    S: Commit + ReadEvents + Sync,
    Q: QueuePayment + Sync,
    C: Clock + Sync,
{
    let raw = raw_body(request)?;
    let signed = header(request, "x-paystack-signature").unwrap_or_default();
    signature::verify(raw, signed, &deps.keys).map_err(|_| {
        tracing::warn!(bytes = raw.len(), "webhook signature refused");
        Problem::bad_signature()
    })?;
    let parsed = event::parse(raw).map_err(|error| Problem::malformed_json(error.to_string()))?;
    let body = std::str::from_utf8(raw).map_err(|_| Problem::malformed_json("the body is not UTF-8"))?;
    let event = GatewayEvent {
        key: event::body_key(raw),
        name: parsed.event,
        body: body.to_owned(),
        received_at: deps.clock.now(),
        applied_at: None,
        version: 0,
    };
    store_and_queue(deps, event).await?;
    Ok(Reply::empty(200))
}

async fn store_and_queue<S, Q, C>(deps: &Deps<S, Q, C>, event: GatewayEvent) -> Result<(), AppError>
where
    S: Commit + ReadEvents,
    Q: QueuePayment,
{
    let key = event.key.clone();
    tracing::info!(event = event.name, key, "webhook received");
    match deps.store.commit(vec![Write::Event(event)]).await {
        Ok(()) => {}
        // The same bytes again. While their effect is owed they are queued again: the first delivery may have
        // died between storing and queueing.
        Err(StoreError::Conflict) => {
            let stored = deps.store.event(&key).await?;
            if stored.is_some_and(|event| event.applied_at.is_some()) {
                return Ok(());
            }
        }
        Err(error) => return Err(error.into()),
    }
    Ok(deps.queue.queue_payment(&PaymentMessage::GatewayEvent { event: key }).await?)
}
