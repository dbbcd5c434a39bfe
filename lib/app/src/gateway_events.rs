//! What a gateway's stored event makes us do.
//!
//! An event is a hint to look, never a fact about money: its effect is taken from the gateway's API.

use domain::Timestamp;
use domain::mail::Mail;
use domain::payment::{Payment, PaymentStatus};
use jiff::SignedDuration;

use crate::error::{AppError, undisturbed};
use crate::mails::announce;
use crate::ports::{
    Clock, Commit, GatewayError, GatewayEvent, PaymentGateway, QueueMail, ReadEvents, ReadOrders,
    ReadPayments, StartWorkflow, StoreError, Write,
};
use crate::refunds::Refunds;
use crate::settle::{Settled, Settlement};

/// How long an event may be ahead of what the gateway's API says.
const EVENT_PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// What an event speaks of, whatever the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// A charge went through.
    Charged {
        /// Our reference, if it is one.
        reference: String,
        /// Test or live, as the event says.
        mode: String,
    },
    /// A refund moved.
    RefundMoved {
        /// The reference of the payment.
        reference: String,
    },
    /// The bank asks for money back; a person has to answer in time.
    Dispute {
        /// The reference of the payment.
        reference: String,
        /// What happened, in the gateway's words.
        what: String,
        /// The answer is due by then.
        due_at: Option<Timestamp>,
    },
    /// It concerns a charge, a refund or a dispute, but does not say which: a person has to look.
    Unreadable {
        /// What is missing.
        what: String,
    },
    /// Nothing that concerns us: stored and acknowledged.
    Nothing,
}

/// Applies stored events.
pub struct GatewayEvents<'a, S, G, Q, F, C> {
    /// Settles charges.
    pub settlement: &'a Settlement<S, G, Q, F, C>,
    /// Follows refunds.
    pub refunds: &'a Refunds<S, G, Q, C>,
}

impl<S, G, Q, F, C> GatewayEvents<'_, S, G, Q, F, C>
where
    S: Commit + ReadOrders + ReadPayments + ReadEvents + Sync,
    G: PaymentGateway + Sync,
    Q: QueueMail + Sync,
    F: StartWorkflow + Sync,
    C: Clock + Sync,
{
    /// Applies one stored event, unless that has been done. `read` turns its body into a hint.
    ///
    /// # Errors
    /// A retryable `AppError`; the event stays owed and the sweep finds it.
    pub async fn apply(&self, key: &str, read: impl Fn(&GatewayEvent) -> Hint) -> Result<(), AppError> {
        let store = &self.settlement.store;
        let event = store.event(key).await?.ok_or(AppError::NotFound("event"))?;
        if event.applied_at.is_some() {
            return Ok(());
        }
        match read(&event) {
            Hint::Charged { reference, mode } => {
                let settled = self.settlement.settle(&reference).await?;
                tracing::info!(event = event.name, reference, mode, ?settled, "charge looked at");
                if settled == Settled::NotYet {
                    self.charge_without_money(&event, &reference, &mode).await?;
                }
            }
            Hint::RefundMoved { reference } => self.refund_moved(&reference).await?,
            Hint::Dispute { reference, what, due_at } => self.disputed(&reference, &what, due_at).await?,
            Hint::Unreadable { what } => {
                let note =
                    format!("an event of the gateway could not be read ({what}); it is stored as {key}");
                self.tell_of(Mail::alert(key, "unreadable", note, None, self.settlement.clock.now())).await?;
            }
            Hint::Nothing => tracing::info!(event = event.name, "event acknowledged, nothing to do"),
        }
        undisturbed!(async {
            let mut event = store.event(key).await?.ok_or(AppError::NotFound("event"))?;
            if event.applied_at.is_none() {
                event.applied_at = Some(self.settlement.clock.now());
                store.commit(vec![Write::Event(event)]).await.map_err(|error| match error {
                    StoreError::Conflict => AppError::Store(StoreError::Conflict),
                    other => other.into(),
                })?;
            }
            Ok(())
        })
    }

    /// A signed event says paid, the gateway's API says not: of the other mode, or forged with our own key.
    ///
    /// An open payment is asked about again by the sweep. Nobody asks about an expired one, so the event itself stays
    /// owed for a while: the API may only be behind.
    async fn charge_without_money(
        &self,
        event: &GatewayEvent,
        reference: &str,
        mode: &str,
    ) -> Result<(), AppError> {
        let Some((id, _)) = Payment::parse_reference(reference) else { return Ok(()) };
        let Some(payment) = self.settlement.store.payment(id).await? else { return Ok(()) };
        let age = self.settlement.clock.now().duration_since(event.received_at);
        if payment.status == PaymentStatus::Expired && age < EVENT_PATIENCE {
            let what = format!("a {mode} event says that {reference} is paid, its API does not yet");
            return Err(GatewayError::Unclear { what, source: None }.into());
        }
        let note =
            format!("a {mode} event says that {reference} is paid, the gateway's API says that it is not");
        self.tell(&payment, "unconfirmed", note).await
    }

    async fn refund_moved(&self, reference: &str) -> Result<(), AppError> {
        let Some((id, _)) = Payment::parse_reference(reference) else { return Ok(()) };
        let Some(payment) = self.settlement.store.payment(id).await? else { return Ok(()) };
        if payment.refund.is_none() {
            let note = format!("the gateway refunds {reference}, which nobody here asked for");
            self.tell(&payment, "foreign-refund", note).await?;
        }
        self.refunds.follow(&payment).await
    }

    async fn disputed(&self, reference: &str, what: &str, due_at: Option<Timestamp>) -> Result<(), AppError> {
        let Some((id, _)) = Payment::parse_reference(reference) else { return Ok(()) };
        let Some(payment) = self.settlement.store.payment(id).await? else { return Ok(()) };
        let due = due_at.map_or_else(|| "soon".to_owned(), |at| format!("by {at}"));
        let note = format!("{what} on {reference}: answer it at the gateway {due}");
        self.tell(&payment, &what.replace([' ', '.'], "-"), note).await
    }

    async fn tell(&self, payment: &Payment, what: &str, note: String) -> Result<(), AppError> {
        let now = self.settlement.clock.now();
        self.tell_of(Mail::alert(&payment.id.to_string(), what, note, Some(payment.order), now)).await
    }

    async fn tell_of(&self, alert: Mail) -> Result<(), AppError> {
        self.settlement.store.commit(vec![Write::MailIfNew(alert.clone())]).await?;
        announce(&self.settlement.queue, &[alert]).await;
        Ok(())
    }
}
