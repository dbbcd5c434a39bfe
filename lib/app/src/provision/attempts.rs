//! Attempts: which machine of an order is being made, and where.

use domain::create::{Attempt, AttemptState, Setback};
use domain::failover::Choice;
use domain::ids::OrderId;
use domain::order::{Order, OrderEvent, OrderStatus};

use super::error::{failure_of, setback_of};
use super::finish::ticket;
use super::{Provisioning, State, TaskError, TaskOutput, World};
use crate::ports::{CompleteTask, Encrypt, PaymentGateway, ProbeRdp, QueueMail, VmHosts, Write};

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
    pub(super) async fn attempt(&self, order: &Order) -> Result<Option<Attempt>, TaskError> {
        let attempts = self.store.attempts(order.id).await?;
        Ok(attempts.into_iter().find(|a| a.number == order.attempt))
    }

    /// Moves on after an attempt that came to nothing: elsewhere when the offering refused, broke or is down, and
    /// once more in the same place when a machine was lost by accident.
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
        let mut attempts = self.store.attempts(order.id).await?;
        let mut extra = Vec::new();
        match attempts.iter_mut().find(|a| a.number == order.attempt) {
            // Run again after its effect: the new attempt stands, and nothing has been made for it yet.
            None => return Ok(TaskOutput::default()),
            Some(last) if last.state != AttemptState::Absent && !last.is_left_behind() => {
                return Err(TaskError::Internal("the last attempt has not ended".to_owned()));
            }
            Some(last) if last.setback.is_none() => {
                last.setback = Some(setback_of(error));
                extra.push(Write::Attempt(last.clone()));
            }
            Some(_) => {}
        }
        self.begin_next(&order, &attempts, extra).await?;
        Ok(TaskOutput::default())
    }

    /// Goes on without an attempt whose provider cannot be asked, if there is another one to go on with: `true` when
    /// it was left behind. It is then looked after by the inventory: a machine of it is deleted as soon as it is seen,
    /// and no money goes back before it is known to be gone.
    ///
    /// Not before the quarantine is over: until then the provider may come back with the machine that was wanted.
    pub(super) async fn leave_behind(
        &self,
        order: &Order,
        mut attempts: Vec<Attempt>,
        attempt: Attempt,
    ) -> Result<bool, TaskError> {
        let now = self.world.now();
        let may_exist = matches!(attempt.state, AttemptState::Unknown | AttemptState::Created);
        if !may_exist || !attempt.is_cold(self.policy.quarantine, now) {
            return Ok(false);
        }
        let attempt = Attempt { setback: Some(Setback::Unavailable), ..attempt.left_behind(now) };
        attempts.retain(|a| a.number != attempt.number);
        attempts.push(attempt.clone());
        match self.next_choice(order, &attempts).await {
            Choice::Take(_) | Choice::Wait { .. } => {}
            Choice::NoneLeft => return Ok(false),
            Choice::Unsettled => {
                // There is somewhere to go as soon as one of those that were left behind earlier is settled.
                attempts.retain(|a| a.number != attempt.number);
                self.settle_left_behind(order, &attempts).await;
                return Ok(false);
            }
        }
        tracing::warn!(order = %order.id, attempt = attempt.number, "attempt left behind, outcome unknown");
        self.store.commit(vec![Write::Attempt(attempt)]).await?;
        Ok(true)
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
