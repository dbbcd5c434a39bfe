//! Undoing: what was made is destroyed, and counts as gone only after two looks that find nothing.

use domain::create::{Absence, Attempt, AttemptState, judge_absence};
use domain::ids::OrderId;
use domain::instance::InstanceStatus;
use domain::order::{Order, OrderEvent, OrderStatus};
use domain::vm::{Vm, VmId};

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
    /// Destroys the machine of the current attempt, so that the next one can be made.
    pub(super) async fn discard_vm(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        if order.status != OrderStatus::Provisioning {
            return Err(TaskError::OrderGivenUp);
        }
        if let Some(attempt) = self.attempt(&order).await? {
            self.destroy(&order, vec![attempt]).await?;
        }
        Ok(TaskOutput::default())
    }

    /// Destroys everything that carries the order's name. Only then may the money go back.
    pub(super) async fn destroy_vm(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        match order.status {
            OrderStatus::Undoing => {}
            OrderStatus::Refunding | OrderStatus::Refunded => return Ok(TaskOutput::default()),
            // Nothing of an order that may still be delivered is ever destroyed here, whoever asks.
            status => return Err(TaskError::Internal(format!("an order that is {status} is not undone"))),
        }
        let attempts = self.store.attempts(order.id).await?;
        self.destroy(&order, attempts).await?;
        let mut writes = Vec::new();
        if let Some(mut instance) = self.store.instance(order.instance).await? {
            instance.status = InstanceStatus::Failed;
            instance.address = None;
            writes.push(Write::Instance(instance));
        }
        self.record(&order, &OrderEvent::MachinesGone, writes).await?;
        tracing::info!(order = %id, "nothing is left of the order's machines");
        Ok(TaskOutput::default())
    }

    /// Deletes what is listed for these attempts and settles each that is gone for good.
    async fn destroy(&self, order: &Order, attempts: Vec<Attempt>) -> Result<(), TaskError> {
        let listed = self.host.find(&order.id.to_string()).await?;
        let mut open = 0_usize;
        for attempt in attempts {
            let ours: Vec<&Vm> = listed.iter().filter(|vm| vm.name == attempt.vm_name()).collect();
            for vm in &ours {
                tracing::info!(order = %order.id, attempt = attempt.number, vm = vm.id.0, "deleting a machine");
                self.host.delete(&vm.id).await?;
            }
            // A list may lag; a machine that is known by its id is deleted by it.
            let known = attempt.vm.as_ref().filter(|_| attempt.state == AttemptState::Created);
            if let Some(vm) = known.filter(|vm| ours.iter().all(|listed| listed.id != **vm)) {
                self.host.delete(vm).await?;
            }
            let listed_now = ours.first().map(|vm| vm.id.clone());
            if !self.gone(attempt, listed_now, &listed).await? {
                open += 1;
            }
        }
        if open == 0 {
            Ok(())
        } else {
            Err(TaskError::VmStillThere(format!("{open} not yet seen absent twice")))
        }
    }

    /// Records what one look found; `true` once the attempt's machine is gone for good.
    async fn gone(&self, attempt: Attempt, vm: Option<VmId>, listed: &[Vm]) -> Result<bool, TaskError> {
        let (pause, quarantine) = (self.policy.absence_pause, self.policy.quarantine);
        let mut next = attempt.clone();
        let gone = match judge_absence(&attempt, listed, pause, quarantine, self.world.now()) {
            // A tombstone whose name is not listed was settled before.
            Absence::LookAgain { .. } | Absence::Confirmed if attempt.state == AttemptState::Absent => {
                return Ok(true);
            }
            Absence::Confirmed => {
                next.state = AttemptState::Absent;
                true
            }
            Absence::LookAgain { since } => {
                next.absent_since = Some(since);
                false
            }
            // It turned up, perhaps long after it was written off: from here on it counts as made.
            Absence::Present => {
                next.state = AttemptState::Created;
                next.vm = vm;
                next.absent_since = None;
                false
            }
        };
        if next != attempt {
            self.store.commit(vec![Write::Attempt(next)]).await?;
        }
        Ok(gone)
    }
}
