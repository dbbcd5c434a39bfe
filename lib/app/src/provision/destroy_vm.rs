//! Undoing: what was made is destroyed, and counts as gone only after two looks that find nothing.

use domain::catalogue::Provider;
use domain::circuit::EVERYWHERE;
use domain::create::{Absence, Attempt, AttemptState, Setback, judge_absence};
use domain::failover::WORTH_WAITING;
use domain::ids::OrderId;
use domain::instance::InstanceStatus;
use domain::inventory::was_lost;
use domain::order::{Order, OrderEvent, OrderStatus};
use domain::vm::{Vm, VmId};

use super::create_vm::trace;
use super::{Provisioning, State, TaskError, TaskOutput, World};
use crate::error::Chain;
use crate::ports::{
    CompleteTask, Encrypt, PaymentGateway, ProbeRdp, QueueMail, VmError, VmHost, VmHosts, Write,
};

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
    /// Destroys the machine of the current attempt, so that the next one can be made.
    ///
    /// A provider that cannot be asked is not waited for where another one can make the next machine. One that answers
    /// "later" for this machine is, while the order has more time than the next machine may take.
    pub(super) async fn discard_vm(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        if order.status != OrderStatus::Provisioning {
            return Err(TaskError::OrderGivenUp);
        }
        self.not_late(&order, self.world.now())?;
        let attempts = self.store.attempts(order.id).await?;
        let Some(attempt) = attempts.iter().find(|a| a.number == order.attempt).cloned() else {
            return Ok(TaskOutput::default());
        };
        if attempt.is_left_behind() {
            return Ok(TaskOutput::default());
        }
        let Err(error) = self.destroy(&order, vec![attempt.clone()]).await else {
            return Ok(TaskOutput::default());
        };
        let leave = match &error {
            TaskError::ProviderAnswerUnclear(_)
            | TaskError::ProviderUnavailable(_)
            | TaskError::ProviderRefused(_) => true,
            TaskError::ProviderBusy => self.first_boot_wait(&order) < self.policy.first_boot_wait.as_secs(),
            _ => false,
        };
        if leave && self.leave_behind(&order, attempts, attempt).await? {
            return Ok(TaskOutput::default());
        }
        Err(error)
    }

    /// Looks once more at the providers where attempts were left behind and deletes what is listed of them; whether all
    /// of these could be asked. An attempt that is seen to have left nothing twice bars its provider no longer.
    pub(super) async fn settle_left_behind(&self, order: &Order, attempts: &[Attempt]) -> bool {
        let mut answered = true;
        for attempt in attempts.iter().filter(|a| a.is_left_behind()) {
            let looked = self.destroy_at(order, attempt.offering.provider, vec![attempt.clone()]).await;
            if let Err(error) = looked {
                tracing::info!(order = %order.id, attempt = attempt.number, error = %Chain(&error), "not settled");
                answered = false;
            }
        }
        answered
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

    /// Deletes what is listed for these attempts, provider by provider, and settles each that is gone for good. A
    /// provider at which nothing was ever made is not asked: it may be down, or refuse us, for days.
    async fn destroy(&self, order: &Order, attempts: Vec<Attempt>) -> Result<(), TaskError> {
        let (never, mut made): (Vec<_>, Vec<_>) = attempts.into_iter().partition(Attempt::made_nothing);
        for attempt in never {
            if attempt.state != AttemptState::Absent {
                let gone = Attempt { state: AttemptState::Absent, ..attempt };
                self.store.commit(vec![Write::Attempt(gone)]).await?;
            }
        }
        let (mut open, mut failed) = (0_usize, None);
        while let Some(first) = made.first() {
            let provider = first.offering.provider;
            let (here, elsewhere): (Vec<_>, Vec<_>) =
                made.into_iter().partition(|a| a.offering.provider == provider);
            made = elsewhere;
            // One provider that does not answer keeps nobody else's machine running.
            match self.destroy_at(order, provider, here).await {
                Ok(left) => open += left,
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) => Err(error),
            None if open == 0 => Ok(()),
            None => Err(TaskError::VmStillThere(format!("{open} not yet seen absent twice"))),
        }
    }

    /// The same at one provider; how many attempts are not settled yet. A machine that was delivered, lost and is there
    /// again is passed over: the inventory keeps it for a while.
    async fn destroy_at(
        &self,
        order: &Order,
        provider: Provider,
        attempts: Vec<Attempt>,
    ) -> Result<usize, TaskError> {
        let host = self.providers.at(provider, EVERYWHERE)?;
        let failed = |error| self.not_destroyed(error);
        let found = host.find(&trace(order, &attempts)).await.map_err(failed)?;
        let ids: Vec<VmId> = found.iter().map(|vm| vm.id.clone()).collect();
        let returned = |vm: &Vm| attempts.iter().any(|attempt| was_lost(vm, order, attempt));
        let listed: Vec<Vm> = found.into_iter().filter(|vm| !returned(vm)).collect();
        let mut open = 0;
        for attempt in attempts {
            let ours: Vec<&Vm> =
                listed.iter().filter(|vm| vm.name == attempt.vm_name() && !vm.is_over()).collect();
            for vm in &ours {
                tracing::info!(order = %order.id, attempt = attempt.number, vm = vm.id.0, "deleting a machine");
                host.delete(&vm.id).await.map_err(failed)?;
            }
            // A list may lag; a machine that is known by its id is deleted by it, but for one that the order lost.
            let lost =
                attempt.is_left_behind() && attempt.setback == Some(Setback::Lost) && order.losses() > 0;
            let known = attempt.vm.as_ref().filter(|_| attempt.state != AttemptState::Absent && !lost);
            if let Some(vm) = known.filter(|vm| !ids.contains(vm)) {
                host.delete(vm).await.map_err(failed)?;
            }
            let listed_now = ours.first().map(|vm| vm.id.clone());
            if !self.gone(attempt, listed_now, &listed).await? {
                open += 1;
            }
        }
        Ok(open)
    }

    /// A provider that is left alone for longer than a moment is down; one that says "later" is not.
    fn not_destroyed(&self, error: VmError) -> TaskError {
        match error {
            VmError::LeftAlone { until } if until.duration_since(self.world.now()) > WORTH_WAITING => {
                TaskError::ProviderUnavailable(error.to_string())
            }
            error => error.into(),
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
                if attempt.state == AttemptState::Unknown && attempt.vm.is_none() {
                    next.setback = Some(Setback::Lost);
                }
                next.state = AttemptState::Absent;
                true
            }
            Absence::LookAgain { since } => {
                next.absent_since = Some(since);
                false
            }
            // The order is not going to use it, whatever becomes of the delete.
            Absence::Present if attempt.is_left_behind() => {
                next = next.turned_up(vm);
                false
            }
            // It turned up, perhaps long after it was written off: from here on it counts as made.
            Absence::Present => {
                next = Attempt { state: AttemptState::Created, ..next.turned_up(vm) };
                false
            }
        };
        if next != attempt {
            self.store.commit(vec![Write::Attempt(next)]).await?;
        }
        Ok(gone)
    }
}
