//! Carries commands out: sends each to the provider once, and looks until it has taken effect.

use domain::command::{CommandKind, completed, failed};
use domain::ids::InstanceId;
use domain::instance::{Instance, InstanceStatus};
use domain::inventory::was_lost;
use domain::mail::Mail;
use domain::readiness::Probe;
use domain::vm::{RDP_PORT, Vm, VmId, VmState};

use super::State;
use crate::error::{AppError, Chain, undisturbed};
use crate::first_boot::CallHome;
use crate::mails::announce;
use crate::policy::Policy;
use crate::ports::{Clock, Encrypt, Ids, ProbeRdp, QueueMail, StoreError, VmError, VmHost, VmHosts, Write};
use crate::providers::{Guarded, Providers};
use crate::provision::trace;

/// Carries commands out.
pub struct Commands<S, V, K, Q, P, W> {
    /// The state.
    pub store: S,
    /// The providers.
    pub providers: Providers<V, S, W>,
    /// Encrypts passwords.
    pub keys: K,
    /// The mail queue.
    pub queue: Q,
    /// Looks at addresses.
    pub probe: P,
    /// Time and chance.
    pub world: W,
    /// Makes the addresses that machines call home to.
    pub call_home: CallHome,
    /// Times and limits.
    pub policy: Policy,
}

/// How far a command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It is over, one way or the other.
    Over,
    /// The provider is at it; the sweep looks again.
    UnderWay,
}

impl<S, V, K, Q, P, W> Commands<S, V, K, Q, P, W>
where
    S: State,
    V: VmHosts + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Sync,
    P: ProbeRdp + Sync,
    W: Clock + Ids + Sync,
{
    /// Brings a desktop's command one step on: sends it to the provider if that has not been done, and looks
    /// whether it has taken effect. Safe to run again at any time.
    ///
    /// # Errors
    /// A retryable `AppError` when the state does not answer.
    pub async fn advance(&self, id: InstanceId) -> Result<Progress, AppError> {
        let instance = self.store.instance(id).await?.ok_or(AppError::NotFound("desktop"))?;
        let (Some(command), Some(vm)) = (instance.command.clone(), instance.vm.clone()) else {
            return Ok(Progress::Over);
        };
        let outcome = if command.sent {
            self.look(&instance, command.kind, &vm).await
        } else {
            self.send(instance.clone(), command.kind, &vm).await
        };
        let late = self.world.now().duration_since(command.since) >= self.policy.command_limit;
        match outcome {
            // A machine that may be gone already is never given back to its customer: the command goes on until it is.
            Ok(Progress::UnderWay) | Err(AppError::Provider(_)) if command.kind == CommandKind::Terminate => {
                self.keep_terminating(&instance, late, outcome.err()).await
            }
            Ok(Progress::UnderWay) if late => {
                self.fail(id, "It did not take effect in time; please ask support.").await
            }
            Ok(progress) => Ok(progress),
            Err(AppError::Provider(
                VmError::Unclear { .. } | VmError::Busy { .. } | VmError::LeftAlone { .. },
            )) if !late => Ok(Progress::UnderWay),
            Err(AppError::Provider(error)) => {
                tracing::warn!(instance = %id, command = %command.kind, error = %error, "command failed");
                self.fail(id, "The provider could not do it; please ask support.").await
            }
            // Somebody else wrote: what is late may be over by now.
            Err(AppError::Store(StoreError::Conflict)) => Err(StoreError::Conflict.into()),
            // Whatever keeps failing on our side must not keep the desktop busy for ever.
            Err(error) if late => {
                tracing::error!(instance = %id, command = %command.kind, error = %Chain(&error), "command given up");
                self.fail(id, "It could not be carried out in time; please ask support.").await
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a command to the provider and records that it was accepted. A process that dies in between sends
    /// it again: a second reboot or reinstall in a row does what the customer asked for.
    async fn send(&self, mut instance: Instance, kind: CommandKind, vm: &VmId) -> Result<Progress, AppError> {
        match kind {
            CommandKind::Restart => self.host(&instance)?.reboot(vm).await?,
            CommandKind::Start => self.host(&instance)?.start(vm).await?,
            CommandKind::Stop => self.host(&instance)?.halt(vm).await?,
            // Its own machine alone: from there on nothing that is refused takes the command back.
            CommandKind::Terminate => match self.host(&instance)?.delete(vm).await {
                Err(refusal @ (VmError::Refused(_) | VmError::Unsupported { .. })) => {
                    return self.give_back(instance, vm, &refusal).await;
                }
                deleted => drop(deleted?),
            },
            CommandKind::Reinstall => return self.reinstall(instance, vm).await,
        }
        if let Some(command) = instance.command.as_mut() {
            command.sent = true;
        }
        self.store.commit(vec![Write::Instance(instance.clone())]).await?;
        instance.version += 1;
        self.look(&instance, kind, vm).await
    }

    /// Looks whether a sent command has taken effect. What was accepted is not taken back because the provider does not
    /// answer this question.
    async fn look(&self, instance: &Instance, kind: CommandKind, vm: &VmId) -> Result<Progress, AppError> {
        match self.effect(instance, kind, vm).await {
            Err(AppError::Provider(error)) => {
                tracing::warn!(instance = %instance.id, command = %kind, error = %Chain(&error), "its effect is not known");
                Ok(Progress::UnderWay)
            }
            seen => seen,
        }
    }

    async fn effect(&self, instance: &Instance, kind: CommandKind, vm: &VmId) -> Result<Progress, AppError> {
        match kind {
            CommandKind::Stop => {
                let found = self.host(instance)?.get(vm).await?.vm;
                if found.state != VmState::Stopped {
                    return Ok(Progress::UnderWay);
                }
                // Some lend an address for as long as a machine is on; then it is somebody else's.
                self.complete(&Instance { address: found.address, ..instance.clone() }).await
            }
            CommandKind::Start | CommandKind::Restart => match self.answering(instance, vm).await? {
                Some(found) => self.complete(&found).await,
                None => Ok(Progress::UnderWay),
            },
            CommandKind::Terminate => {
                let left = self.left(instance).await?;
                if left.is_empty() {
                    return self.complete(instance).await;
                }
                self.delete_all(instance, &left).await?;
                Ok(Progress::UnderWay)
            }
            CommandKind::Reinstall => self.reinstalled(instance, vm).await,
        }
    }

    /// The provider of a desktop's machine.
    pub(super) fn host<'a>(&'a self, instance: &'a Instance) -> Result<Guarded<'a, V, S, W>, AppError> {
        Ok(self.providers.at(instance.offering.provider, &instance.offering.provider_region)?)
    }

    /// What its provider still has of the desktop's order, except machines that were lost: the inventory keeps those for
    /// a while, with what their customer left on them, and deletes them itself.
    async fn left(&self, instance: &Instance) -> Result<Vec<Vm>, AppError> {
        let order = self.store.order(instance.order).await?.ok_or(AppError::NotFound("order"))?;
        let mut attempts = self.store.attempts(order.id).await?;
        attempts.retain(|a| a.offering.provider == instance.offering.provider && !a.made_nothing());
        let mut found = self.host(instance)?.find(&trace(&order, &attempts)).await?;
        found.retain(|vm| !vm.is_over() && !attempts.iter().any(|a| was_lost(vm, &order, a)));
        Ok(found)
    }

    /// Deletes what is left. One that its provider refuses keeps no other running.
    async fn delete_all(&self, instance: &Instance, left: &[Vm]) -> Result<(), AppError> {
        let host = self.host(instance)?;
        let mut failed = None;
        for vm in left {
            if let Err(error) = host.delete(&vm.id).await {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Gives a desktop back whose machine its provider refuses to delete; called stopped, where that has at least turned
    /// it off.
    async fn give_back(
        &self,
        mut instance: Instance,
        vm: &VmId,
        refusal: &VmError,
    ) -> Result<Progress, AppError> {
        let id = instance.id;
        tracing::warn!(instance = %id, error = %refusal, "its machine is not deleted");
        let found = self.host(&instance)?.get(vm).await;
        if let Ok(found) = found
            && found.vm.state == VmState::Stopped
            && let Some(command) = instance.command.as_mut().filter(|c| c.before != InstanceStatus::Stopped)
        {
            command.before = InstanceStatus::Stopped;
            instance.address = found.vm.address;
            self.store.commit(vec![Write::Instance(instance)]).await?;
        }
        self.fail(id, "The provider could not do it; please ask support.").await
    }

    /// The desktop as it is found when its system answers; `None` before that.
    ///
    /// It is looked for where its provider says that it is now: some lend another address at each start, and at the
    /// old one somebody else's machine may answer. So the certificate has to be the known one; where it is, the
    /// provider need not say anything. Another one, which Windows makes every half a year and owners put in, is believed
    /// after `first_boot_wait`, of a machine that its provider calls running there.
    async fn answering(&self, instance: &Instance, vm: &VmId) -> Result<Option<Instance>, AppError> {
        let found = match self.host(instance)?.get(vm).await {
            Ok(found) => Some(found.vm),
            Err(error) => {
                tracing::warn!(instance = %instance.id, error = %Chain(&error), "looked for where it was");
                None
            }
        };
        let told = found.as_ref().and_then(|vm| vm.address);
        let Some(address) = told.or(instance.address) else { return Ok(None) };
        let Probe::Answers(seen) = self.probe.probe(address, RDP_PORT).await else { return Ok(None) };
        let mut there = Instance { address: Some(address), ..instance.clone() };
        let is_it = match &instance.certificate {
            Some(known) => known.names(&seen),
            None => found.is_some(),
        };
        if !is_it {
            let now = self.world.now();
            let since = instance.command.as_ref().map_or(now, |c| c.since);
            let waited = now.duration_since(since) >= self.policy.first_boot_wait;
            let runs = found.is_some_and(|vm| vm.state == VmState::Running);
            if !waited || told.is_none() || !runs {
                tracing::info!(instance = %instance.id, %address, "another certificate answers");
                return Ok(None);
            }
            tracing::warn!(instance = %instance.id, %address, "another certificate is taken for the desktop's own");
            there.certificate = Some(seen);
        }
        Ok(Some(there))
    }

    async fn complete(&self, instance: &Instance) -> Result<Progress, AppError> {
        let mut done = completed(instance);
        if done.status == InstanceStatus::Terminated {
            done.address = None;
        }
        tracing::info!(instance = %done.id, order = %done.order, status = %done.status, "command carried out");
        self.store.commit(vec![Write::Instance(done)]).await?;
        Ok(Progress::Over)
    }

    /// Says once that a termination takes too long, and lets the next nudge go on with it.
    async fn keep_terminating(
        &self,
        instance: &Instance,
        late: bool,
        error: Option<AppError>,
    ) -> Result<Progress, AppError> {
        if let Some(error) = &error {
            tracing::warn!(instance = %instance.id, error = %Chain(error), "not terminated yet");
        }
        if late {
            let note = format!("{} is still not terminated: look at {}", instance.id, instance.provider());
            let now = self.world.now();
            let alert =
                Mail::alert(&instance.id.to_string(), "terminate-late", note, Some(instance.order), now);
            self.store.commit(vec![Write::MailIfNew(alert.clone())]).await?;
            announce(&self.queue, &[alert]).await;
        }
        Ok(Progress::UnderWay)
    }

    pub(super) async fn fail(&self, id: InstanceId, reason: &str) -> Result<Progress, AppError> {
        let alert = undisturbed!(async {
            let instance = self.store.instance(id).await?.ok_or(AppError::NotFound("desktop"))?;
            let Some(command) = &instance.command else { return Ok(None) };
            let what = format!("command-{}-{}", command.kind, instance.version);
            let note = format!("the command {} on {id} failed: {reason}", command.kind);
            let alert = Mail::alert(&id.to_string(), &what, note, Some(instance.order), self.world.now());
            let writes = vec![Write::MailIfNew(alert.clone()), Write::Instance(failed(&instance, reason))];
            self.store.commit(writes).await?;
            Ok(Some(alert))
        })?;
        announce(&self.queue, alert.as_slice()).await;
        Ok(Progress::Over)
    }
}
