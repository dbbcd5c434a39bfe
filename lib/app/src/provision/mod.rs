//! The tasks of the provisioning workflow, `infra/state_machines/provision_desktop.asl.json`.
//!
//! Each task reads the state first, returns at once if its work is done, acts, and records on condition. So
//! every one of them may be cut off anywhere and run again.

mod attempts;
mod create_vm;
mod destroy_vm;
mod error;
mod finish;
mod offering;
mod readiness;
mod task;

use domain::Timestamp;
use domain::catalogue::Catalogue;
use domain::ids::OrderId;
use domain::instance::Instance;
use domain::order::{Order, OrderEvent, OrderStatus};
use domain::payment::{Verdict, judge};

pub(crate) use create_vm::trace;
pub use error::TaskError;
pub use task::{Task, TaskOutput};

use crate::first_boot::CallHome;
use crate::mails::announce;
use crate::policy::Policy;
use crate::ports::{
    Clock, Commit, CompleteTask, Encrypt, Ids, PaymentGateway, ProbeRdp, QueueMail, ReadAttempts,
    ReadCircuits, ReadCredentials, ReadFirstBoots, ReadInstances, ReadOrders, ReadPayments, ReadSetupTimes,
    VmHosts, Write,
};
use crate::providers::Providers;
use crate::refunds::Refunds;
use crate::settle::apply_event;

/// Everything the tasks work with.
pub struct Provisioning<S, V, G, K, Q, T, P, W> {
    /// The state.
    pub store: S,
    /// The providers.
    pub providers: Providers<V, S, W>,
    /// The gateway.
    pub gateway: G,
    /// Encrypts passwords.
    pub keys: K,
    /// The mail queue.
    pub queue: Q,
    /// Tells waiting tasks.
    pub tasks: T,
    /// Looks at addresses.
    pub probe: P,
    /// Time and chance.
    pub world: W,
    /// Makes and checks the addresses that machines call home to.
    pub call_home: CallHome,
    /// What is sold.
    pub catalogue: &'static Catalogue,
    /// Times and limits.
    pub policy: Policy,
}

/// What the tasks do with the state, together.
pub trait State:
    Commit
    + ReadOrders
    + ReadPayments
    + ReadAttempts
    + ReadInstances
    + ReadFirstBoots
    + ReadSetupTimes
    + ReadCircuits
    + ReadCredentials
    + Clone
    + Sync
{
}

impl<S> State for S where
    S: Commit
        + ReadOrders
        + ReadPayments
        + ReadAttempts
        + ReadInstances
        + ReadFirstBoots
        + ReadSetupTimes
        + ReadCircuits
        + ReadCredentials
        + Clone
        + Sync
{
}

/// Time and chance, together.
pub trait World: Clock + Ids + Clone + Sync {}

impl<W: Clock + Ids + Clone + Sync> World for W {}

impl<S, V, G, K, Q, T, P, W> Provisioning<S, V, G, K, Q, T, P, W>
where
    S: State,
    V: VmHosts + Sync,
    G: PaymentGateway + Clone + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Clone + Sync,
    T: CompleteTask + Sync,
    P: ProbeRdp + Sync,
    W: World,
{
    /// Runs one task.
    ///
    /// # Errors
    /// A [`TaskError`], whose name the state machine knows.
    pub async fn run(&self, task: &Task) -> Result<TaskOutput, TaskError> {
        match task {
            Task::VerifyPayment { order_id } => self.verify_payment(*order_id).await,
            Task::ClaimOrder { order_id } => self.claim_order(*order_id).await,
            Task::CreateVm { order_id } => self.create_vm(*order_id).await,
            Task::AwaitFirstBoot { order_id, task_token } => self.arm_first_boot(*order_id, task_token).await,
            Task::ProbeRdp { order_id } => self.probe_rdp(*order_id).await,
            Task::StoreCredentials { order_id } => self.store_credentials(*order_id).await,
            Task::Activate { order_id } => self.activate(*order_id).await,
            Task::ChooseNextOffering { order_id, error } => self.choose_next_offering(*order_id, error).await,
            Task::DiscardVm { order_id } => self.discard_vm(*order_id).await,
            Task::GiveUp { order_id, error } => self.give_up(*order_id, error).await,
            Task::DestroyVm { order_id } => self.destroy_vm(*order_id).await,
            Task::Refund { order_id } => self.refund(*order_id).await,
            Task::OpenTicket { order_id } => self.open_ticket(*order_id).await,
        }
    }

    /// Asks the gateway once more before anything is made: a payment may have been reversed meanwhile.
    async fn verify_payment(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        // What staff order is not paid for.
        if order.status != OrderStatus::Paid || order.staff.is_some() {
            return Ok(TaskOutput::default());
        }
        let payment = self.store.payment(order.payment).await?.ok_or(TaskError::NotFound("payment"))?;
        let found = self.gateway.verify(&payment.reference()).await?;
        match judge(&payment, &found, self.policy.mode) {
            Verdict::Accept => Ok(TaskOutput::default()),
            Verdict::NotYet => Err(TaskError::PaymentNotConfirmed("the gateway knows of no money".into())),
            Verdict::Mismatch(what) => Err(TaskError::PaymentNotConfirmed(what)),
        }
    }

    async fn claim_order(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        match order.status {
            OrderStatus::Active => return Err(TaskError::AlreadyDelivered),
            OrderStatus::Undoing | OrderStatus::Refunding | OrderStatus::Refunded => {
                return Err(TaskError::OrderGivenUp);
            }
            _ => {}
        }
        let event = OrderEvent::Claimed { allowed: self.policy.order_deadline };
        let order = self.record(&order, &event, Vec::new()).await?;
        tracing::info!(order = %order.id, deadline = ?order.deadline, "order claimed");
        Ok(TaskOutput::default())
    }

    async fn refund(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let refunds = Refunds {
            store: self.store.clone(),
            gateway: self.gateway.clone(),
            queue: self.queue.clone(),
            clock: self.world.clone(),
        };
        let status = refunds.request(id).await?;
        tracing::info!(order = %id, %status, "refund requested");
        Ok(TaskOutput::default())
    }

    async fn order(&self, id: OrderId) -> Result<Order, TaskError> {
        self.store.order(id).await?.ok_or(TaskError::NotFound("order"))
    }

    async fn instance(&self, order: &Order) -> Result<Instance, TaskError> {
        self.store.instance(order.instance).await?.ok_or(TaskError::NotFound("instance"))
    }

    /// Applies an event and stores it together with `extra`; owed mails are handed to the mailer.
    async fn record(&self, order: &Order, event: &OrderEvent, extra: Vec<Write>) -> Result<Order, TaskError> {
        let (order, mails) = apply_event(&self.store, order, event, self.world.now(), extra).await?;
        announce(&self.queue, &mails).await;
        Ok(order)
    }

    fn not_late(&self, order: &Order, now: Timestamp) -> Result<(), TaskError> {
        if order.is_late(now) { Err(TaskError::DeadlinePassed) } else { Ok(()) }
    }
}
