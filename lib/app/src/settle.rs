//! Settling a payment: from the gateway's own word to a paid order whose workflow runs.
//!
//! A webhook, the customer's return and the sweep all end here, and each of them only says *look*: what
//! counts is what the gateway answers when asked.

use domain::Timestamp;
use domain::ids::OrderId;
use domain::ledger::{EntryKind, LedgerEntry};
use domain::mail::Mail;
use domain::money::Money;
use domain::order::{Applied, Order, OrderEvent, OrderStatus};
use domain::payment::{GatewayTransaction, Payment, PaymentStatus, Verdict, judge};

use crate::error::{AppError, undisturbed};
use crate::mails::{announce, owed, owed_writes};
use crate::policy::Policy;
use crate::ports::{
    Clock, Commit, GatewayError, PaymentGateway, QueueMail, ReadOrders, ReadPayments, StartWorkflow,
    StoreError, Write,
};

/// What came of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The order is paid, now or before.
    Paid,
    /// No money yet.
    NotYet,
    /// Money, but not what was asked for; the operator was told.
    Mismatched,
    /// The reference is not one of ours.
    NotOurs,
}

/// Settles payments.
pub struct Settlement<S, G, Q, F, C> {
    /// The state.
    pub store: S,
    /// The gateway.
    pub gateway: G,
    /// The mail queue.
    pub queue: Q,
    /// The workflow.
    pub workflow: F,
    /// The time.
    pub clock: C,
    /// Times and limits.
    pub policy: Policy,
}

impl<S, G, Q, F, C> Settlement<S, G, Q, F, C>
where
    S: Commit + ReadOrders + ReadPayments + Sync,
    G: PaymentGateway + Sync,
    Q: QueueMail + Sync,
    F: StartWorkflow + Sync,
    C: Clock + Sync,
{
    /// Looks at one reference and does what follows, once.
    ///
    /// # Errors
    /// A retryable `AppError` when the gateway or the state do not answer; nothing is half done.
    pub async fn settle(&self, reference: &str) -> Result<Settled, AppError> {
        let Some((id, _)) = Payment::parse_reference(reference) else { return Ok(Settled::NotOurs) };
        let Some(payment) = self.store.payment(id).await? else { return Ok(Settled::NotOurs) };
        if payment.status == PaymentStatus::Paid {
            self.ensure_started(payment.order).await?;
            return Ok(Settled::Paid);
        }
        let found = match self.gateway.verify(reference).await {
            Ok(found) => found,
            Err(GatewayError::NotFound) => return Ok(Settled::NotYet),
            Err(error) => return Err(error.into()),
        };
        match judge(&payment, &found, self.policy.mode) {
            Verdict::NotYet => Ok(Settled::NotYet),
            Verdict::Accept => {
                self.accept(&payment, &found).await?;
                self.ensure_started(payment.order).await?;
                Ok(Settled::Paid)
            }
            Verdict::Mismatch(what) => {
                self.mismatch(&payment, &what).await?;
                Ok(Settled::Mismatched)
            }
        }
    }

    /// Looks at one reference because somebody wondered, and sets when to wonder next: the customer came back,
    /// or the sweep found an open payment.
    ///
    /// # Errors
    /// See [`Settlement::settle`].
    pub async fn check(&self, reference: &str) -> Result<Settled, AppError> {
        let settled = self.settle(reference).await?;
        if settled != Settled::NotYet {
            return Ok(settled);
        }
        let Some((id, _)) = Payment::parse_reference(reference) else { return Ok(settled) };
        let Some(payment) = self.store.payment(id).await? else { return Ok(settled) };
        if payment.expires_at <= self.clock.now() {
            self.expire(&payment).await?;
        } else {
            self.postpone(&payment).await?;
        }
        Ok(settled)
    }

    async fn postpone(&self, payment: &Payment) -> Result<(), AppError> {
        undisturbed!(async {
            let now = self.clock.now();
            let mut payment = self.store.payment(payment.id).await?.ok_or(AppError::NotFound("payment"))?;
            if payment.status != PaymentStatus::Open || payment.next_check_at.is_none_or(|at| at > now) {
                return Ok(());
            }
            payment.checks = payment.checks.saturating_add(1);
            payment.next_check_at = payment.next_check_after(now);
            self.store.commit(vec![Write::Payment(payment)]).await?;
            Ok(())
        })
    }

    /// Records that something about a payment does not fit, and tells the operator. The order stays unpaid.
    ///
    /// # Errors
    /// `Store` when it cannot be recorded.
    pub async fn mismatch(&self, payment: &Payment, what: &str) -> Result<(), AppError> {
        let now = self.clock.now();
        let note = format!("payment {} is not as ordered: {what}", payment.reference());
        tracing::warn!(order = %payment.order, what, "payment is not as ordered");
        let alert = Mail::alert(&payment.id.to_string(), "mismatch", note, Some(payment.order), now);
        undisturbed!(async {
            let mut seen = self.store.payment(payment.id).await?.ok_or(AppError::NotFound("payment"))?;
            if matches!(seen.status, PaymentStatus::Paid | PaymentStatus::Mismatched) {
                return Ok(());
            }
            seen.status = PaymentStatus::Mismatched;
            seen.mismatch = Some(what.to_owned());
            seen.next_check_at = None;
            self.store.commit(vec![Write::MailIfNew(alert.clone()), Write::Payment(seen)]).await?;
            Ok(())
        })?;
        announce(&self.queue, &[alert]).await;
        Ok(())
    }

    async fn accept(&self, payment: &Payment, found: &GatewayTransaction) -> Result<(), AppError> {
        let mails = undisturbed!(self.accept_once(payment, found))?;
        announce(&self.queue, &mails).await;
        Ok(())
    }

    async fn accept_once(
        &self,
        payment: &Payment,
        found: &GatewayTransaction,
    ) -> Result<Vec<Mail>, AppError> {
        let now = self.clock.now();
        let mut payment = self.store.payment(payment.id).await?.ok_or(AppError::NotFound("payment"))?;
        let order = self.store.order(payment.order).await?.ok_or(AppError::NotFound("order"))?;
        if payment.status == PaymentStatus::Paid {
            return Ok(Vec::new());
        }
        // Whatever is asked of the gateway from here on, a refund above all, is about the reference with the money.
        if let Some((_, number)) = Payment::parse_reference(&found.reference) {
            payment.references = number;
        }
        payment.status = PaymentStatus::Paid;
        payment.mismatch = None;
        payment.paid_at = Some(found.paid_at.unwrap_or(now));
        payment.gateway_id = Some(found.id.clone());
        payment.fee_minor = found.fee_minor;
        payment.next_check_at = None;

        let mut writes = vec![Write::Ledger(entry(&payment, EntryKind::Charge, payment.amount, found, now))];
        if let Some(fee) = found.fee_minor.filter(|fee| *fee > 0) {
            let fee = Money::new(-fee, payment.amount.currency);
            writes.push(Write::Ledger(entry(&payment, EntryKind::Fee, fee, found, now)));
        }
        writes.push(Write::Payment(payment));
        let mut mails = Vec::new();
        if let Applied::Changed(paid, effects) = order
            .apply(&OrderEvent::PaymentConfirmed, now)
            .map_err(|error| AppError::Fault(error.to_string()))?
        {
            mails = owed(&paid, &effects, now);
            writes.extend(owed_writes(&mails));
            writes.push(Write::Order(*paid));
        }
        self.store.commit(writes).await?;
        tracing::info!(order = %order.id, reference = found.reference, "order paid");
        Ok(mails)
    }

    /// Starts the workflow of a paid order, if nobody has.
    ///
    /// # Errors
    /// `Workflow` when it cannot be started; the sweep tries again.
    pub async fn ensure_started(&self, id: OrderId) -> Result<(), AppError> {
        let order = self.store.order(id).await?.ok_or(AppError::NotFound("order"))?;
        if order.status == OrderStatus::Paid {
            start(&self.workflow, &order).await?;
        }
        Ok(())
    }

    /// Closes a payment whose time is over and that the gateway knows no money of.
    ///
    /// # Errors
    /// `Store` when it cannot be recorded.
    pub async fn expire(&self, payment: &Payment) -> Result<(), AppError> {
        undisturbed!(async {
            let now = self.clock.now();
            let mut payment = self.store.payment(payment.id).await?.ok_or(AppError::NotFound("payment"))?;
            let order = self.store.order(payment.order).await?.ok_or(AppError::NotFound("order"))?;
            if payment.status != PaymentStatus::Open {
                return Ok(());
            }
            payment.status = PaymentStatus::Expired;
            payment.next_check_at = None;
            let mut writes = vec![Write::Payment(payment)];
            if let Ok(Applied::Changed(expired, _)) = order.apply(&OrderEvent::PaymentWindowClosed, now) {
                writes.push(Write::Order(*expired));
            }
            self.store.commit(writes).await?;
            Ok(())
        })
    }
}

/// Starts an order's workflow under its name.
///
/// # Errors
/// `Workflow` when the service does not answer.
pub async fn start<F: StartWorkflow>(workflow: &F, order: &Order) -> Result<(), AppError> {
    let started = workflow.start(order.id, &order.execution_name()).await?;
    tracing::info!(order = %order.id, ?started, "workflow start");
    Ok(())
}

fn entry(
    payment: &Payment,
    kind: EntryKind,
    amount: Money,
    found: &GatewayTransaction,
    at: Timestamp,
) -> LedgerEntry {
    LedgerEntry {
        order: payment.order,
        customer: payment.customer.clone(),
        kind,
        amount,
        reference: found.reference.clone(),
        at,
    }
}

/// What an order's event changes in the store: the order and the mails that it owes.
///
/// # Errors
/// `Fault` when the event does not apply, `Store(Conflict)` when somebody else wrote first.
pub(crate) async fn apply_event<S: Commit>(
    store: &S,
    order: &Order,
    event: &OrderEvent,
    now: Timestamp,
    mut extra: Vec<Write>,
) -> Result<(Order, Vec<Mail>), ApplyError> {
    match order.apply(event, now).map_err(ApplyError::NotApplicable)? {
        Applied::Already => {
            if !extra.is_empty() {
                store.commit(extra).await.map_err(ApplyError::Store)?;
            }
            Ok((order.clone(), Vec::new()))
        }
        Applied::Changed(next, effects) => {
            let mails = owed(&next, &effects, now);
            extra.extend(owed_writes(&mails));
            extra.push(Write::Order((*next).clone()));
            store.commit(extra).await.map_err(ApplyError::Store)?;
            let mut next = *next;
            next.version += 1;
            Ok((next, mails))
        }
    }
}

/// Why an event could not be applied and stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The order's state does not allow it.
    #[error(transparent)]
    NotApplicable(domain::order::NotApplicable),
    /// It could not be stored.
    #[error(transparent)]
    Store(StoreError),
}

impl From<ApplyError> for AppError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::NotApplicable(error) => Self::Fault(error.to_string()),
            ApplyError::Store(error) => Self::Store(error),
        }
    }
}
