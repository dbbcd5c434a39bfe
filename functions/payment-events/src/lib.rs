//! The payment queue's worker: applies each gateway event, each look at a payment and each look at a refund,
//! with exactly one effect.

use app::AppError;
use app::gateway_events::{GatewayEvents, Hint};
use app::ports::{
    Clock, Commit, GatewayEvent, PaymentGateway, PaymentMessage, QueueMail, ReadEvents, ReadOrders,
    ReadPayments, StartWorkflow,
};
use app::refunds::Refunds;
use app::settle::Settlement;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_kit::{Batch, TaskFailure};
use pay_paystack::event::{self, Event};

/// What the worker works with.
pub struct Deps<S, G, Q, F, C> {
    /// Settles charges.
    pub settlement: Settlement<S, G, Q, F, C>,
    /// Follows refunds.
    pub refunds: Refunds<S, G, Q, C>,
}

/// Handles a batch; what failed comes again, and after its last try goes to the dead letters.
///
/// # Errors
/// Never as a whole.
pub async fn handle<S, G, Q, F, C>(
    deps: &Deps<S, G, Q, F, C>,
    batch: SqsEvent,
) -> Result<SqsBatchResponse, TaskFailure>
where
    S: Commit + ReadOrders + ReadPayments + ReadEvents + Sync,
    G: PaymentGateway + Sync,
    Q: QueueMail + Sync,
    F: StartWorkflow + Sync,
    C: Clock + Sync,
{
    let mut batch = Batch::of(batch);
    while let Some(body) = batch.next() {
        let done = one(deps, &body).await;
        batch.note(done);
    }
    Ok(batch.into_response())
}

async fn one<S, G, Q, F, C>(deps: &Deps<S, G, Q, F, C>, body: &str) -> Result<(), AppError>
where
    S: Commit + ReadOrders + ReadPayments + ReadEvents + Sync,
    G: PaymentGateway + Sync,
    Q: QueueMail + Sync,
    F: StartWorkflow + Sync,
    C: Clock + Sync,
{
    let message = queue_sqs::parse_payment(body).map_err(|error| AppError::Fault(error.to_string()))?;
    match message {
        PaymentMessage::GatewayEvent { event } => {
            let events = GatewayEvents { settlement: &deps.settlement, refunds: &deps.refunds };
            events.apply(&event, hint).await
        }
        PaymentMessage::CheckPayment { reference } => deps.settlement.check(&reference).await.map(drop),
        PaymentMessage::FollowRefund { payment } => {
            let found = deps.settlement.store.payment(payment).await?;
            deps.refunds.follow(&found.ok_or(AppError::NotFound("payment"))?).await
        }
    }
}

/// What one of Paystack's events makes us look at.
fn hint(stored: &GatewayEvent) -> Hint {
    let Ok(delivery) = event::parse(stored.body.as_bytes()) else { return Hint::Nothing };
    match delivery.data {
        Event::ChargeSuccess { reference, mode, .. } => {
            Hint::Charged { reference, mode: mode.unwrap_or_else(|| "unnamed".to_owned()) }
        }
        Event::Refund { transaction_reference, .. } => Hint::RefundMoved { reference: transaction_reference },
        Event::Dispute { transaction_reference, due_at, .. } => {
            Hint::Dispute { reference: transaction_reference, what: delivery.event, due_at }
        }
        Event::Unreadable { what } => Hint::Unreadable { what: format!("{}: {what}", delivery.event) },
        Event::Other(_) => Hint::Nothing,
    }
}
