//! Refunds: the whole amount, at most once, however often it is asked for.

use domain::Timestamp;
use domain::ids::OrderId;
use domain::ledger::{EntryKind, LedgerEntry};
use domain::mail::{Mail, MailKind};
use domain::money::Money;
use domain::order::{Applied, Order, OrderEvent, OrderStatus, Step};
use domain::payment::{GatewayStatus, Payment, PaymentStatus, Refund, RefundStatus};

use crate::error::{AppError, undisturbed};
use crate::mails::{announce, owed_writes};
use crate::ports::{
    Clock, Commit, GatewayError, PaymentGateway, QueueMail, ReadOrders, ReadPayments, RefundState, Write,
};

/// Gives money back.
pub struct Refunds<S, G, Q, C> {
    /// The state.
    pub store: S,
    /// The gateway.
    pub gateway: G,
    /// The mail queue.
    pub queue: Q,
    /// The time.
    pub clock: C,
}

impl<S, G, Q, C> Refunds<S, G, Q, C>
where
    S: Commit + ReadOrders + ReadPayments + Sync,
    G: PaymentGateway + Sync,
    Q: QueueMail + Sync,
    C: Clock + Sync,
{
    /// Asks the gateway to give an order's money back, unless it has been asked already.
    ///
    /// Paystack has no idempotency key for refunds. So the wish is stored first, the gateway is asked what
    /// refunds it knows before every request, and it refuses by itself more than the charged amount.
    ///
    /// # Errors
    /// A retryable `AppError` after an unclear answer; `Gateway(Refused)` when a person has to look.
    pub async fn request(&self, order: OrderId) -> Result<RefundStatus, AppError> {
        let order = self.store.order(order).await?.ok_or(AppError::NotFound("order"))?;
        // What staff order was never paid for: the end of its machines was the end of the order.
        if order.staff.is_some() {
            return Ok(RefundStatus::Processed);
        }
        let payment = self.store.payment(order.payment).await?.ok_or(AppError::NotFound("payment"))?;
        if payment.status != PaymentStatus::Paid {
            return self.nothing_to_return(&order).await;
        }
        match &payment.refund {
            Some(refund) if refund.status != RefundStatus::Wanted => {
                let status = refund.status;
                self.catch_up(order.id).await?;
                return Ok(status);
            }
            Some(_) => {}
            None => self.want(&payment).await?,
        }
        let reference = payment.reference();
        let state = match returned(&self.gateway.refunds(&reference).await?, payment.amount) {
            Returned::Whole(state) => state,
            Returned::Part(minor) => return Err(self.partly_returned(&payment, minor).await?.into()),
            Returned::Nothing => match self
                .gateway
                .refund(&reference, payment.amount, "the desktop could not be delivered")
                .await
            {
                Ok(state) => state,
                Err(GatewayError::Refused(why)) => match self.returned_by_bank(&payment, &reference).await? {
                    Some(state) => state,
                    None => return Err(self.refused(&payment, why).await?.into()),
                },
                Err(error) => return Err(error.into()),
            },
        };
        self.note(payment.id, &state).await?;
        Ok(state.status)
    }

    /// Records what the gateway says of a payment's refund: from its answer, its event or the sweep.
    ///
    /// # Errors
    /// `Store` when it cannot be recorded.
    pub async fn note(&self, payment: domain::ids::PaymentId, state: &RefundState) -> Result<(), AppError> {
        let mails = undisturbed!(self.note_once(payment, state))?;
        announce(&self.queue, &mails).await;
        Ok(())
    }

    /// Asks the gateway how an open refund goes on; for the sweep.
    ///
    /// # Errors
    /// `Gateway` or `Store`; asked again at the next sweep.
    pub async fn follow(&self, payment: &Payment) -> Result<(), AppError> {
        match self.gateway.refunds(&payment.reference()).await.map_err(AppError::from) {
            Ok(known) => {
                if let Returned::Whole(state) = returned(&known, payment.amount) {
                    self.note(payment.id, &state).await?;
                }
            }
            // What the gateway will not talk about waits like the others, or it would keep the sweep from them.
            Err(error) if !error.retryable() => {
                self.postpone(payment.id).await?;
                return Err(error);
            }
            Err(error) => return Err(error),
        }
        self.postpone(payment.id).await
    }

    /// Somebody gave a part back at the gateway's own desk: how much is still owed, a person decides.
    async fn partly_returned(&self, payment: &Payment, minor: i64) -> Result<GatewayError, AppError> {
        let part = Money::new(minor, payment.amount.currency);
        let note = format!(
            "of {} for {} only {part} was given back by hand: give back the rest by hand too",
            payment.amount,
            payment.reference()
        );
        self.tell(payment, "refund-part", note.clone()).await?;
        Ok(GatewayError::Refused(note))
    }

    /// The gateway will not give it back, in its own words: a person has to look.
    async fn refused(&self, payment: &Payment, why: String) -> Result<GatewayError, AppError> {
        let note = format!(
            "the gateway refuses to give {} back for {}: {why}. It is asked again; if it stays with that, give it back by \
             hand",
            payment.amount,
            payment.reference()
        );
        self.tell(payment, "refund-refused", note).await?;
        Ok(GatewayError::Refused(why))
    }

    async fn tell(&self, payment: &Payment, what: &str, note: String) -> Result<(), AppError> {
        let (order, now) = (payment.order, self.clock.now());
        let alert = Mail::alert(&order.to_string(), what, note, Some(order), now);
        self.store.commit(vec![Write::MailIfNew(alert.clone())]).await?;
        announce(&self.queue, &[alert]).await;
        Ok(())
    }

    async fn postpone(&self, id: domain::ids::PaymentId) -> Result<(), AppError> {
        undisturbed!(async {
            let now = self.clock.now();
            let mut payment = self.store.payment(id).await?.ok_or(AppError::NotFound("payment"))?;
            let Some(refund) = payment.refund.as_mut().filter(|refund| refund.next_check_at <= now) else {
                return Ok(());
            };
            refund.next_check_at = Refund::next_check_after(refund.wanted_at, now);
            self.store.commit(vec![Write::Payment(payment)]).await?;
            Ok(())
        })
    }

    /// Brings an order up to a refund that was noted before the order could be refunded: somebody gave the money
    /// back at the gateway's own desk while the desktop was still being made.
    async fn catch_up(&self, id: OrderId) -> Result<(), AppError> {
        let mails: Vec<Mail> = undisturbed!(async {
            let now = self.clock.now();
            let order = self.store.order(id).await?.ok_or(AppError::NotFound("order"))?;
            let payment = self.store.payment(order.payment).await?.ok_or(AppError::NotFound("payment"))?;
            let Some(refund) = payment.refund.filter(|_| order.status == OrderStatus::Refunding) else {
                return Ok(Vec::new());
            };
            let (mut next, mails) = requested(order.clone(), now);
            if refund.status == RefundStatus::Processed {
                next = applied(next, &OrderEvent::MoneyReturned, now);
            }
            if next != order {
                let mut writes = owed_writes(&mails);
                writes.push(Write::Order(next));
                self.store.commit(writes).await?;
            }
            Ok(mails)
        })?;
        announce(&self.queue, &mails).await;
        Ok(())
    }

    async fn want(&self, payment: &Payment) -> Result<(), AppError> {
        undisturbed!(async {
            let mut payment = self.store.payment(payment.id).await?.ok_or(AppError::NotFound("payment"))?;
            if payment.refund.is_none() {
                let wanted_at = self.clock.now();
                let next_check_at = Refund::next_check_after(wanted_at, wanted_at);
                let status = RefundStatus::Wanted;
                payment.refund = Some(Refund { status, gateway_id: None, wanted_at, next_check_at });
                self.store.commit(vec![Write::Payment(payment)]).await?;
            }
            Ok(())
        })
    }

    /// A payment that the bank took back has been returned, though not by us.
    async fn returned_by_bank(
        &self,
        payment: &Payment,
        reference: &str,
    ) -> Result<Option<RefundState>, AppError> {
        let found = self.gateway.verify(reference).await?;
        Ok((found.status == GatewayStatus::Reversed).then_some(RefundState {
            id: found.id,
            status: RefundStatus::Processed,
            amount_minor: payment.amount.minor,
        }))
    }

    async fn nothing_to_return(&self, order: &Order) -> Result<RefundStatus, AppError> {
        let now = self.clock.now();
        if order.status == OrderStatus::Refunding {
            crate::settle::apply_event(&self.store, order, &OrderEvent::MoneyReturned, now, Vec::new())
                .await?;
        }
        Ok(RefundStatus::Processed)
    }

    async fn note_once(
        &self,
        id: domain::ids::PaymentId,
        state: &RefundState,
    ) -> Result<Vec<Mail>, AppError> {
        let now = self.clock.now();
        let mut payment = self.store.payment(id).await?.ok_or(AppError::NotFound("payment"))?;
        let mut order = self.store.order(payment.order).await?.ok_or(AppError::NotFound("order"))?;
        let before = payment.refund.clone();
        if before.as_ref().is_some_and(|b| progress(b.status) >= progress(state.status)) {
            return Ok(Vec::new());
        }
        let wanted_at = before.as_ref().map_or(now, |b| b.wanted_at);
        payment.refund = Some(Refund {
            status: state.status,
            gateway_id: Some(state.id.clone()),
            wanted_at,
            next_check_at: Refund::next_check_after(wanted_at, now),
        });

        let seen_version = order.version;
        let mut writes = Vec::new();
        let mut mails = Vec::new();
        let accepted_now = before.is_none_or(|b| b.status == RefundStatus::Wanted);
        if accepted_now && order.status == OrderStatus::Refunding {
            (order, mails) = requested(order, now);
        }
        match state.status {
            RefundStatus::Processed => {
                if order.status == OrderStatus::Refunding {
                    order = applied(order, &OrderEvent::MoneyReturned, now);
                }
                writes.push(Write::Ledger(LedgerEntry {
                    order: order.id,
                    customer: order.customer.clone(),
                    kind: EntryKind::Refund,
                    amount: payment.amount.negated(),
                    reference: payment.reference(),
                    at: now,
                }));
            }
            RefundStatus::Failed | RefundStatus::NeedsAttention => {
                let note =
                    format!("the refund of {} is {}: pay it out by hand", payment.reference(), state.status);
                mails.push(Mail::alert(&order.id.to_string(), "refund", note, Some(order.id), now));
            }
            RefundStatus::Wanted | RefundStatus::Pending | RefundStatus::Processing => {}
        }
        writes.extend(owed_writes(&mails));
        writes.push(Write::Payment(payment));
        order.version = seen_version;
        writes.push(Write::Order(order));
        self.store.commit(writes).await?;
        tracing::info!(payment = %id, status = %state.status, "refund noted");
        Ok(mails)
    }
}

/// How much of a payment the gateway knows as given back.
#[derive(Debug, PartialEq, Eq)]
enum Returned {
    /// Nothing, nor is anything under way.
    Nothing,
    /// So many hundredths of it.
    Part(i64),
    /// All of it, as one refund.
    Whole(RefundState),
}

/// Reads the refunds of one payment, newest first: the newest one of the whole amount, or several smaller ones that
/// make up the whole, which are as far as the one that lags most.
fn returned(known: &[RefundState], amount: Money) -> Returned {
    if let Some(whole) = known.iter().find(|state| state.amount_minor >= amount.minor) {
        return Returned::Whole(whole.clone());
    }
    let parts: Vec<&RefundState> = known.iter().filter(|s| s.status != RefundStatus::Failed).collect();
    let sum = parts.iter().fold(0_i64, |sum, part| sum.saturating_add(part.amount_minor));
    match parts.iter().min_by_key(|part| progress(part.status)) {
        Some(last) if sum >= amount.minor => {
            Returned::Whole(RefundState { amount_minor: sum, ..(*last).clone() })
        }
        Some(_) => Returned::Part(sum),
        None => Returned::Nothing,
    }
}

/// Later states outrank earlier ones, so that events may come in any order. A refund that failed may still
/// be processed after a person has looked at it.
const fn progress(status: RefundStatus) -> u8 {
    match status {
        RefundStatus::Wanted => 0,
        RefundStatus::Pending => 1,
        RefundStatus::Processing => 2,
        RefundStatus::NeedsAttention => 3,
        RefundStatus::Failed => 4,
        RefundStatus::Processed => 5,
    }
}

/// The order whose refund the gateway has accepted, with the mail that it owes when that is news.
fn requested(order: Order, now: Timestamp) -> (Order, Vec<Mail>) {
    match order.apply(&OrderEvent::Progress(Step::RefundRequested), now) {
        Ok(Applied::Changed(next, _)) => {
            let kind = MailKind::FailedAndRefunded;
            let mail = Mail::about_order(kind, next.id, &next.customer, &next.email, now);
            (*next, vec![mail])
        }
        Ok(Applied::Already) | Err(_) => (order, Vec::new()),
    }
}

fn applied(order: Order, event: &OrderEvent, now: Timestamp) -> Order {
    match order.apply(event, now) {
        Ok(Applied::Changed(next, _)) => *next,
        Ok(Applied::Already) | Err(_) => order,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::money::Currency;

    #[test]
    fn only_what_adds_up_to_the_whole_amount_is_a_refund_of_it() {
        use RefundStatus::{Failed, Pending, Processed};
        let state = |(id, status, amount_minor): (&str, RefundStatus, i64)| RefundState {
            id: id.to_owned(),
            status,
            amount_minor,
        };
        let seen = |known: &[(&str, RefundStatus, i64)]| {
            let known: Vec<RefundState> = known.iter().copied().map(state).collect();
            returned(&known, Money::new(1000, Currency::Ngn))
        };
        let whole = |known| Returned::Whole(state(known));
        assert_eq!(seen(&[]), Returned::Nothing);
        assert_eq!(seen(&[("a", Processed, 100)]), Returned::Part(100));
        assert_eq!(seen(&[("a", Failed, 100)]), Returned::Nothing);
        assert_eq!(seen(&[("a", Failed, 1000)]), whole(("a", Failed, 1000)));
        assert_eq!(seen(&[("b", Pending, 1000), ("a", Failed, 1000)]), whole(("b", Pending, 1000)));
        assert_eq!(seen(&[("b", Pending, 900), ("a", Processed, 100)]), whole(("b", Pending, 1000)));
        assert_eq!(seen(&[("b", Processed, 900), ("a", Processed, 100)]), whole(("b", Processed, 1000)));
    }
}
