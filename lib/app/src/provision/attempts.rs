//! Attempts: which machine of an order is being made, and where.

use domain::catalogue::Offering;
use domain::create::{Attempt, AttemptState};
use domain::ids::OrderId;
use domain::order::{ATTEMPTS_MAX, Order, OrderEvent, OrderStatus};

use super::error::failure_of;
use super::finish::ticket;
use super::{Provisioning, State, TaskError, TaskOutput, World};
use crate::ports::{CompleteTask, Encrypt, PaymentGateway, ProbeRdp, QueueMail, VmHost, Write};

impl<S, H, G, K, Q, T, P, W> Provisioning<S, H, G, K, Q, T, P, W>
where
    S: State,
    H: VmHost + Sync,
    G: PaymentGateway + Clone + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Clone + Sync,
    T: CompleteTask + Sync,
    P: ProbeRdp + Sync,
    W: World,
{
    /// The offerings of an order, in the order in which they are tried.
    pub(super) fn offerings(&self, order: &Order) -> Vec<Offering> {
        let product = self.catalogue.product(order.plan, order.os);
        product.map(|p| p.offerings_in(order.region.as_deref())).unwrap_or_default()
    }

    pub(super) async fn attempt(&self, order: &Order) -> Result<Option<Attempt>, TaskError> {
        let attempts = self.store.attempts(order.id).await?;
        Ok(attempts.into_iter().find(|a| a.number == order.attempt))
    }

    /// Moves on after an attempt that came to nothing: a refusal leads to the next offering, a machine that was
    /// lost by accident is made once more where it was.
    pub(super) async fn choose_next_offering(
        &self,
        id: OrderId,
        error: &str,
    ) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        if order.status != OrderStatus::Provisioning {
            return Err(TaskError::OrderGivenUp);
        }
        self.not_late(&order, self.world.now())?;
        // Run again after its effect: the new attempt stands, and nothing has been made for it yet.
        match self.attempt(&order).await? {
            Some(attempt) if attempt.state == AttemptState::Absent => {}
            Some(_) => return Err(TaskError::Internal("the last attempt has not ended".to_owned())),
            None => return Ok(TaskOutput::default()),
        }
        let same_place = error == "Nemo.PasswordLost";
        let offering = if same_place { order.offering } else { order.offering + 1 };
        if usize::from(offering) >= self.offerings(&order).len() || order.attempt >= ATTEMPTS_MAX {
            return Err(TaskError::NoOfferingLeft);
        }
        tracing::info!(order = %id, error, offering, attempt = order.attempt + 1, "next attempt");
        self.record(&order, &OrderEvent::AttemptBegun { offering }, Vec::new()).await?;
        Ok(TaskOutput::default())
    }

    pub(super) async fn give_up(&self, id: OrderId, error: &str) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        if order.status == OrderStatus::Active {
            return Err(TaskError::AlreadyDelivered);
        }
        let failure = failure_of(error);
        tracing::warn!(order = %id, error, %failure, "order given up");
        // The ticket is due from the same moment as the decision, whatever becomes of this execution.
        let ticket = ticket(&order, failure, self.world.now())?;
        self.record(&order, &OrderEvent::GaveUp(failure), vec![Write::Ticket(ticket)]).await?;
        Ok(TaskOutput::default())
    }
}
