//! The sweep: once a minute it finds what rests where nothing may rest, and sets it going again.
//!
//! It decides nothing about money or machines. It reads the work index, a bounded part of each kind, and
//! queues or starts what is already idempotent; so it may run late, twice, or beside anything.

use std::future::Future;

use domain::Timestamp;
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::mail::Mail;
use domain::order::{Order, OrderEvent, OrderStatus};
use futures_util::future::{join, join3};
use jiff::SignedDuration;

use crate::error::{AppError, Chain};
use crate::mails::announce;
use crate::policy::Policy;
use crate::ports::{
    Clock, CommandMessage, Commit, ExecutionStatus, MailMessage, PaymentMessage, QueueCommand, QueueMail,
    QueuePayment, ReadInstances, ReadOrders, ReadPayments, ReadWork, ReadWorkflow, StartWorkflow, WorkKind,
    Write,
};
use crate::settle::{apply_event, start};

/// How many things of one kind a run looks at: two or three calls each, so that it ends well within its minute.
pub const LOOKS_MAX: usize = 100;

/// Of how many that are due it chooses them.
const LISTED_MAX: u16 = 1_000;

/// How long after its beginning a run begins with another thing: a look takes a few calls, of which a slow service
/// answers each within seconds, and the function has 55 s.
const BEGINS_WITHIN: SignedDuration = SignedDuration::from_secs(30);

/// What a run found, for the log and the metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Payments that the gateway was to be asked about.
    pub payments: usize,
    /// Events whose effect was owed.
    pub events: usize,
    /// Orders whose workflow was started or started anew.
    pub orders: usize,
    /// Refunds to follow.
    pub refunds: usize,
    /// Mails owed.
    pub mails: usize,
    /// Commands to nudge.
    pub commands: usize,
    /// Things that could not be looked at; the log says why.
    pub failures: usize,
}

/// What came of one kind.
#[derive(Debug, Default)]
struct Looked {
    done: usize,
    failures: usize,
}

/// The sweep.
pub struct Sweep<S, Q, F, C> {
    /// The state.
    pub store: S,
    /// The three queues.
    pub queue: Q,
    /// The workflow.
    pub workflow: F,
    /// The time.
    pub clock: C,
    /// Times and limits.
    pub policy: Policy,
}

impl<S, Q, F, C> Sweep<S, Q, F, C>
where
    S: Commit + ReadWork + ReadOrders + ReadPayments + ReadInstances + Sync,
    Q: QueueMail + QueuePayment + QueueCommand + Sync,
    F: StartWorkflow + ReadWorkflow + Sync,
    C: Clock + Sync,
{
    /// Looks once at everything that is due, at all kinds side by side: a service that is slow, or a kind that cannot
    /// be listed, keeps no other kind waiting.
    ///
    /// # Errors
    /// `Store` when a kind could not be listed, once all others were looked at. A single thing that fails is logged and
    /// counted, and does not keep the others waiting.
    pub async fn run(&self) -> Result<Found, AppError> {
        let now = self.clock.now();
        let patient = now.checked_sub(self.policy.sweep_patience).unwrap_or(now);
        let (first, second) = join(
            join3(
                self.look(WorkKind::OpenPayment, now, now, |id| self.check_payment(id)),
                self.look(WorkKind::UnappliedEvent, patient, now, |key| self.queue_event(key)),
                self.look(WorkKind::UnsettledOrder, patient, now, |id| self.look_after(id, now)),
            ),
            join3(
                self.look(WorkKind::OpenRefund, now, now, |id| self.follow_refund(id)),
                self.look(WorkKind::PendingMail, now, now, |id| self.queue_mail(id)),
                self.look(WorkKind::BusyInstance, now, now, |id| self.nudge(id, now)),
            ),
        )
        .await;
        let (payments, events, orders) = first;
        let (refunds, mails, commands) = second;
        let mut found = Found::default();
        let mut unlisted = Ok(());
        for (looked, good) in [
            (payments, &mut found.payments),
            (events, &mut found.events),
            (orders, &mut found.orders),
            (refunds, &mut found.refunds),
            (mails, &mut found.mails),
            (commands, &mut found.commands),
        ] {
            match looked {
                Ok(Looked { done, failures }) => {
                    *good = done;
                    found.failures += failures;
                }
                Err(error) => unlisted = Err(error),
            }
        }
        if unlisted.is_err() {
            tracing::info!(?found, "swept, all but what could not be listed");
        }
        unlisted.map(|()| found)
    }

    /// Looks at what is due of one kind by `until`, with `at`, which says whether something was done.
    async fn look<L>(
        &self,
        kind: WorkKind,
        until: Timestamp,
        now: Timestamp,
        at: impl Fn(String) -> L,
    ) -> Result<Looked, AppError>
    where
        L: Future<Output = Result<bool, AppError>>,
    {
        let ids = self.turn(kind, until, now).await.inspect_err(|error| {
            tracing::error!(?kind, error = %Chain(error), "sweep: could not list it");
        })?;
        let mut looked = Looked::default();
        for (place, id) in ids.iter().enumerate() {
            if self.clock.now().duration_since(now) >= BEGINS_WITHIN {
                tracing::warn!(?kind, left = ids.len() - place, "sweep: out of time");
                break;
            }
            match at(id.clone()).await {
                Ok(done) => looked.done += usize::from(done),
                Err(error) => {
                    looked.failures += 1;
                    tracing::error!(?kind, id, error = %Chain(&error), "sweep: could not look after it");
                }
            }
        }
        Ok(looked)
    }

    /// What this run looks at of a kind that is due by `until`. Each minute begins at another place, far from those of
    /// the minutes before: much of it rests where it was after a look (an order whose workflow runs, a command that
    /// takes its time) and must not keep the rest from being looked at, nor must looks that take so long that a run
    /// gets through a few only.
    async fn turn(&self, kind: WorkKind, until: Timestamp, now: Timestamp) -> Result<Vec<String>, AppError> {
        let mut ids = self.store.due(kind, until, LISTED_MAX).await?;
        if ids.len() > LOOKS_MAX {
            tracing::warn!(?kind, listed = ids.len(), "more is due than one run looks at");
        }
        if !ids.is_empty() {
            let minute = usize::try_from(now.as_second() / 60).unwrap_or(0);
            let begin = (minute % ids.len()) * stride(ids.len()) % ids.len();
            ids.rotate_left(begin);
            ids.truncate(LOOKS_MAX);
        }
        Ok(ids)
    }

    async fn check_payment(&self, id: String) -> Result<bool, AppError> {
        let id = PaymentId::parse(&id).map_err(|error| AppError::Fault(error.to_string()))?;
        let payment = self.store.payment(id).await?.ok_or(AppError::NotFound("payment"))?;
        self.queue.queue_payment(&PaymentMessage::CheckPayment { reference: payment.reference() }).await?;
        Ok(true)
    }

    async fn queue_event(&self, event: String) -> Result<bool, AppError> {
        self.queue.queue_payment(&PaymentMessage::GatewayEvent { event }).await?;
        Ok(true)
    }

    async fn follow_refund(&self, id: String) -> Result<bool, AppError> {
        let payment = PaymentId::parse(&id).map_err(|error| AppError::Fault(error.to_string()))?;
        self.queue.queue_payment(&PaymentMessage::FollowRefund { payment }).await?;
        Ok(true)
    }

    async fn queue_mail(&self, mail: String) -> Result<bool, AppError> {
        self.queue.queue_mail(&MailMessage { mail, order: None }).await?;
        Ok(true)
    }

    async fn nudge(&self, id: String, now: Timestamp) -> Result<bool, AppError> {
        let id = InstanceId::parse(&id).map_err(|error| AppError::Fault(error.to_string()))?;
        let instance = self.store.instance(id).await?.ok_or(AppError::NotFound("desktop"))?;
        let message = CommandMessage { instance: id, version: instance.version, nudge: now.as_second() / 10 };
        self.queue.queue_command(&message).await?;
        Ok(true)
    }

    /// Starts the workflow of an order that nobody looks after; `true` when something was done.
    async fn look_after(&self, id: String, now: Timestamp) -> Result<bool, AppError> {
        let id = OrderId::parse(&id).map_err(|error| AppError::Fault(error.to_string()))?;
        let order = self.store.order(id).await?.ok_or(AppError::NotFound("order"))?;
        if !order.needs_work() {
            return Ok(false);
        }
        match self.workflow.status(&order.execution_name()).await? {
            ExecutionStatus::Running => Ok(false),
            // Counted and then not started, or never started: the name is free.
            ExecutionStatus::Missing => {
                start(&self.workflow, &order).await?;
                Ok(true)
            }
            // The workflow ended with the request for the refund; the gateway's word is still to come.
            ExecutionStatus::Succeeded if order.status == OrderStatus::Refunding => Ok(false),
            _ if !order.may_restart(self.policy.sweep_patience, now) => Ok(false),
            ExecutionStatus::Succeeded => self.restart(&order, "ended early", now).await,
            ExecutionStatus::Dead(how) => self.restart(&order, &how, now).await,
        }
    }

    async fn restart(&self, order: &Order, how: &str, now: Timestamp) -> Result<bool, AppError> {
        let note = format!("the workflow {} of a paid order {how}", order.execution_name());
        // Told once, and again at each of the rare starts of what dies every time.
        let what = if order.is_hopeless() {
            format!("workflow-hopeless-{}", order.executions)
        } else {
            "workflow".to_owned()
        };
        let alert = Mail::alert(&order.id.to_string(), &what, note, Some(order.id), now);
        let extra = vec![Write::MailIfNew(alert.clone())];
        let (order, _) = apply_event(&self.store, order, &OrderEvent::Restarted, now, extra).await?;
        announce(&self.queue, &[alert]).await;
        start(&self.workflow, &order).await?;
        tracing::warn!(order = %order.id, executions = order.executions, how, "workflow started anew");
        Ok(true)
    }
}

/// How far the beginnings of two runs lie apart on a list of so many: five eighths of it, near the golden section, so
/// that few runs leave no large gap, and without a common divisor, so that every place has its turn.
fn stride(len: usize) -> usize {
    let common = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (len * 5 / 8..len).find(|step| common(*step, len) == 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_the_first_once_and_few_runs_leave_no_large_gap() {
        for len in 1..=usize::from(LISTED_MAX) {
            let begins = |runs: usize| {
                let mut begins: Vec<usize> = (0..runs).map(|run| run * stride(len) % len).collect();
                begins.sort_unstable();
                begins
            };
            assert_eq!(begins(len), (0..len).collect::<Vec<_>>(), "{len}");
            let few = begins(10);
            let widest = few.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
            assert!(len < 20 || widest.max(len - few[9]) * 3 <= len, "{len}: {few:?}");
        }
    }
}
