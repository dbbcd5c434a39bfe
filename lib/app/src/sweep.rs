//! The sweep: once a minute it finds what rests where nothing may rest, and sets it going again.
//!
//! It decides nothing about money or machines. It reads the work index, a bounded part of each kind, and
//! queues or starts what is already idempotent; so it may run late, twice, or beside anything.

use domain::Timestamp;
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::mail::Mail;
use domain::order::{Order, OrderEvent, OrderStatus};

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
    /// Looks once at everything that is due.
    ///
    /// # Errors
    /// `Store` when the index cannot be read. A single thing that fails is logged and counted, and does not
    /// keep the others waiting.
    pub async fn run(&self) -> Result<Found, AppError> {
        let now = self.clock.now();
        let patient = now.checked_sub(self.policy.sweep_patience).unwrap_or(now);
        let mut found = Found::default();

        for id in self.turn(WorkKind::OpenPayment, now, now).await? {
            let done = self.check_payment(&id).await;
            count(done, &mut found.payments, &mut found.failures, "payment", &id);
        }
        for key in self.turn(WorkKind::UnappliedEvent, patient, now).await? {
            let message = PaymentMessage::GatewayEvent { event: key.clone() };
            let done = self.queue.queue_payment(&message).await.map_err(AppError::from);
            count(done, &mut found.events, &mut found.failures, "event", &key);
        }
        for id in self.turn(WorkKind::UnsettledOrder, patient, now).await? {
            match self.look_after(&id, now).await {
                Ok(true) => found.orders += 1,
                Ok(false) => {}
                Err(error) => count(Err(error), &mut found.orders, &mut found.failures, "order", &id),
            }
        }
        for id in self.turn(WorkKind::OpenRefund, now, now).await? {
            let done = self.follow_refund(&id).await;
            count(done, &mut found.refunds, &mut found.failures, "refund", &id);
        }
        for id in self.turn(WorkKind::PendingMail, now, now).await? {
            let done = self.queue.queue_mail(&MailMessage { mail: id.clone(), order: None }).await;
            count(done.map_err(AppError::from), &mut found.mails, &mut found.failures, "mail", &id);
        }
        for id in self.turn(WorkKind::BusyInstance, now, now).await? {
            let done = self.nudge(&id, now).await;
            count(done, &mut found.commands, &mut found.failures, "command", &id);
        }
        Ok(found)
    }

    /// What this run looks at of a kind that is due by `until`. When that is more than one run looks at, each minute
    /// goes on where the last one ended: much of it rests where it was after a look (an order whose workflow runs, a
    /// command that takes its time) and must not keep the rest from being looked at.
    async fn turn(&self, kind: WorkKind, until: Timestamp, now: Timestamp) -> Result<Vec<String>, AppError> {
        let mut ids = self.store.due(kind, until, LISTED_MAX).await?;
        if ids.len() > LOOKS_MAX {
            tracing::warn!(?kind, listed = ids.len(), "more is due than one run looks at");
            let minute = usize::try_from(now.as_second() / 60).unwrap_or(0);
            let begin = (minute % ids.len()) * LOOKS_MAX % ids.len();
            ids.rotate_left(begin);
            ids.truncate(LOOKS_MAX);
        }
        Ok(ids)
    }

    async fn check_payment(&self, id: &str) -> Result<(), AppError> {
        let id = PaymentId::parse(id).map_err(|error| AppError::Fault(error.to_string()))?;
        let payment = self.store.payment(id).await?.ok_or(AppError::NotFound("payment"))?;
        self.queue.queue_payment(&PaymentMessage::CheckPayment { reference: payment.reference() }).await?;
        Ok(())
    }

    async fn follow_refund(&self, id: &str) -> Result<(), AppError> {
        let payment = PaymentId::parse(id).map_err(|error| AppError::Fault(error.to_string()))?;
        self.queue.queue_payment(&PaymentMessage::FollowRefund { payment }).await?;
        Ok(())
    }

    async fn nudge(&self, id: &str, now: Timestamp) -> Result<(), AppError> {
        let id = InstanceId::parse(id).map_err(|error| AppError::Fault(error.to_string()))?;
        let instance = self.store.instance(id).await?.ok_or(AppError::NotFound("desktop"))?;
        let message = CommandMessage { instance: id, version: instance.version, nudge: now.as_second() / 10 };
        self.queue.queue_command(&message).await?;
        Ok(())
    }

    /// Starts the workflow of an order that nobody looks after; `true` when something was done.
    async fn look_after(&self, id: &str, now: Timestamp) -> Result<bool, AppError> {
        let id = OrderId::parse(id).map_err(|error| AppError::Fault(error.to_string()))?;
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

fn count(done: Result<(), AppError>, good: &mut usize, bad: &mut usize, what: &str, id: &str) {
    match done {
        Ok(()) => *good += 1,
        Err(error) => {
            *bad += 1;
            tracing::error!(
                what,
                id,
                error = %Chain(&error),
                "sweep: could not look after it"
            );
        }
    }
}
