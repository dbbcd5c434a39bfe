//! What a customer does to a desktop: taken at once, carried out by a worker, one at a time per desktop.

use desktop::{WindowsForm, password};
use domain::Timestamp;
use domain::catalogue::Os;
use domain::command::{CommandKind, accept, completed, failed};
use domain::customer::CustomerId;
use domain::first_boot::{Fingerprints, FirstBoot};
use domain::ids::{AuditId, InstanceId};
use domain::instance::{Instance, InstanceStatus, StoredCredentials};
use domain::mail::{Mail, MailKind};
use domain::order::Order;
use domain::readiness::{Probe, Verdict, judge};
use domain::vm::{RDP_PORT, Vm, VmId, VmState, host_name};

use crate::error::{AppError, Chain, undisturbed};
use crate::first_boot::{CallHome, script};
use crate::mails::{announce, owed_writes};
use crate::policy::Policy;
use crate::ports::{
    AuditEntry, Clock, CommandMessage, Commit, Encrypt, Ids, ProbeRdp, QueueCommand, QueueMail, ReadAttempts,
    ReadCircuits, ReadCredentials, ReadFirstBoots, ReadInstances, ReadOrders, Reinstall, StoreError, VmError,
    VmHost, VmHosts, WindowsPassword, Write,
};
use crate::providers::{Guarded, Providers};
use crate::provision::trace;

/// Takes commands from customers.
pub struct CommandDesk<S, Q, W> {
    /// The state.
    pub store: S,
    /// The command queue.
    pub queue: Q,
    /// Time and chance.
    pub world: W,
}

impl<S, Q, W> CommandDesk<S, Q, W>
where
    S: Commit + ReadInstances + Sync,
    Q: QueueCommand + Sync,
    W: Clock + Ids + Sync,
{
    /// Takes a command: the desktop is busy with it from here on. The same command while it is being carried
    /// out is the same command.
    ///
    /// # Errors
    /// `NotFound` for somebody else's, `Conflict` with a sentence when it cannot be done now.
    pub async fn take(
        &self,
        customer: &CustomerId,
        id: InstanceId,
        kind: CommandKind,
        request_id: &str,
    ) -> Result<Instance, AppError> {
        self.accept(Some(customer), customer, id, kind, request_id).await
    }

    /// The same from staff, for a desktop of which it was seen that they may act on it, whoever has it.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` with a sentence when it cannot be done now.
    pub async fn take_from_staff(
        &self,
        staff: &CustomerId,
        id: InstanceId,
        kind: CommandKind,
        request_id: &str,
    ) -> Result<Instance, AppError> {
        self.accept(None, staff, id, kind, request_id).await
    }

    async fn accept(
        &self,
        owner: Option<&CustomerId>,
        actor: &CustomerId,
        id: InstanceId,
        kind: CommandKind,
        request_id: &str,
    ) -> Result<Instance, AppError> {
        let busy = undisturbed!(async {
            let found = self.store.instance(id).await?;
            let found = found.filter(|i| owner.is_none_or(|owner| i.customer == *owner));
            let instance = found.ok_or(AppError::NotFound("desktop"))?;
            if instance.command.as_ref().is_some_and(|c| c.kind == kind) {
                return Ok(instance);
            }
            let now = self.world.now();
            let busy =
                accept(&instance, kind, now).map_err(|refused| AppError::Conflict(refused.to_string()))?;
            let audit = AuditEntry {
                id: AuditId::new(now, self.world.random()),
                instance: id,
                actor: actor.clone(),
                action: format!("command_{kind}"),
                request_id: request_id.to_owned(),
                at: now,
            };
            self.store.commit(vec![Write::Instance(busy.clone()), Write::Audit(audit)]).await?;
            Ok(Instance { version: busy.version + 1, ..busy })
        })?;
        let message = CommandMessage { instance: id, version: busy.version, nudge: 0 };
        if let Err(error) = self.queue.queue_command(&message).await {
            // The command stands in the row; the sweep queues it within a minute.
            tracing::warn!(instance = %id, error = %Chain(&error), "command left to the sweep");
        }
        Ok(busy)
    }
}

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
    S: Commit
        + ReadInstances
        + ReadOrders
        + ReadAttempts
        + ReadFirstBoots
        + ReadCredentials
        + ReadCircuits
        + Sync,
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
            self.effect(&instance, command.kind, &vm).await
        } else {
            self.send(instance.clone(), command.kind, &vm).await
        };
        let late = self.world.now().duration_since(command.since) >= self.policy.command_limit;
        match outcome {
            // A machine that may be gone already is never given back to its customer: the command goes on until it
            // is, unless the provider refuses in words before anything was deleted.
            Ok(Progress::UnderWay) | Err(AppError::Provider(_)) if command.kind == CommandKind::Terminate => {
                match outcome {
                    Err(AppError::Provider(VmError::Refused(_) | VmError::Unsupported { .. }))
                        if !command.sent =>
                    {
                        self.fail(id, "The provider could not do it; please ask support.").await
                    }
                    outcome => self.keep_terminating(&instance, late, outcome.err()).await,
                }
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
            CommandKind::Terminate => self.delete_all(&instance, vm).await?,
            CommandKind::Reinstall => return self.reinstall(instance, vm).await,
        }
        if let Some(command) = instance.command.as_mut() {
            command.sent = true;
        }
        self.store.commit(vec![Write::Instance(instance.clone())]).await?;
        instance.version += 1;
        self.effect(&instance, kind, vm).await
    }

    /// Looks whether a sent command has taken effect.
    async fn effect(&self, instance: &Instance, kind: CommandKind, vm: &VmId) -> Result<Progress, AppError> {
        match kind {
            CommandKind::Stop => {
                let stopped = self.host(instance)?.get(vm).await?.vm.state == VmState::Stopped;
                if stopped { self.complete(instance).await } else { Ok(Progress::UnderWay) }
            }
            CommandKind::Start | CommandKind::Restart => match self.answers(instance).await {
                Some(_) => self.complete(instance).await,
                None => Ok(Progress::UnderWay),
            },
            CommandKind::Terminate => {
                if self.left(instance).await?.is_empty() {
                    return self.complete(instance).await;
                }
                self.delete_all(instance, vm).await?;
                Ok(Progress::UnderWay)
            }
            CommandKind::Reinstall => self.reinstalled(instance, vm).await,
        }
    }

    /// The provider of a desktop's machine.
    fn host<'a>(&'a self, instance: &'a Instance) -> Result<Guarded<'a, V, S, W>, AppError> {
        Ok(self.providers.at(instance.offering.provider, &instance.offering.provider_region)?)
    }

    /// What its provider still has of the desktop's order.
    async fn left(&self, instance: &Instance) -> Result<Vec<Vm>, AppError> {
        let order = self.store.order(instance.order).await?.ok_or(AppError::NotFound("order"))?;
        let mut attempts = self.store.attempts(order.id).await?;
        attempts.retain(|a| a.offering.provider == instance.offering.provider && !a.made_nothing());
        let mut found = self.host(instance)?.find(&trace(&order, &attempts)).await?;
        found.retain(|vm| !vm.is_over());
        Ok(found)
    }

    /// Deletes the machine by its id, whether or not it is listed, and whatever else carries the order's name.
    async fn delete_all(&self, instance: &Instance, ours: &VmId) -> Result<(), AppError> {
        let host = self.host(instance)?;
        host.delete(ours).await?;
        for vm in self.left(instance).await? {
            if vm.id != *ours {
                host.delete(&vm.id).await?;
            }
        }
        Ok(())
    }

    async fn answers(&self, instance: &Instance) -> Option<Fingerprints> {
        match self.probe.probe(instance.address?, RDP_PORT).await {
            Probe::Answers(certificate) => Some(certificate),
            Probe::NotYet(_) | Probe::Insecure => None,
        }
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

    async fn fail(&self, id: InstanceId, reason: &str) -> Result<Progress, AppError> {
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

    /// Makes the machine as new: another password, another first boot, the same address.
    async fn reinstall(&self, mut instance: Instance, vm: &VmId) -> Result<Progress, AppError> {
        let order = self.store.order(instance.order).await?.ok_or(AppError::NotFound("order"))?;
        let attempts = self.store.attempts(order.id).await?;
        let mut attempt = attempts
            .into_iter()
            .find(|a| a.number == instance.attempt)
            .ok_or_else(|| AppError::Fault(format!("{} has no attempt {}", order.id, instance.attempt)))?;

        instance.boot += 1;
        let first_boot = self.waiting_for(&order, &instance).await?;
        // One password per boot, stored before the call: whichever of several calls takes effect in the end, the
        // password that it set is known.
        let host = self.providers.at(instance.offering.provider, &instance.offering.provider_region)?;
        let setup = host.capabilities().windows;
        let chosen = setup.is_some_and(|setup| setup.password == WindowsPassword::Chosen);
        let fresh = password::generate(&self.world.secret_bytes());
        if order.os == Os::Linux && first_boot.version == 0 {
            attempt.password_hash = Some(password::sha512_crypt(&fresh, &self.world.secret_bytes()));
        }
        // A chosen Administrator's password counts from the call that carries it: each call has the one stored last.
        if (order.os == Os::Linux && first_boot.version == 0) || (order.os == Os::Windows && chosen) {
            attempt.password_ciphertext = Some(self.keys.encrypt(instance.id, &fresh).await?);
        }
        let hash = attempt.password_hash.as_deref();
        let form = if setup.is_some_and(|s| s.batch) { WindowsForm::Batch } else { WindowsForm::PowerShell };
        let user_data = script(&self.call_home, &order, instance.attempt, instance.boot, form, hash)
            .map_err(|error| AppError::Fault(error.to_string()))?;
        // The row that the machine's report needs must be there before the machine.
        self.store.commit(vec![Write::FirstBoot(first_boot), Write::Attempt(attempt.clone())]).await?;
        attempt.version += 1;
        let request = Reinstall {
            name: attempt.vm_name(),
            host_name: host_name(order.id, instance.attempt),
            os: order.os,
            image: instance.offering.image.clone(),
            user_data,
            password: fresh,
        };
        let told = host.reinstall(vm, &request).await?;
        if order.os == Os::Windows && !chosen {
            let known = match told {
                Some(password) => Some(password),
                None => host.get(vm).await?.password,
            };
            let Some(known) = known else {
                return self
                    .fail(instance.id, "The provider did not tell the new password; please ask support.")
                    .await;
            };
            attempt.password_ciphertext = Some(self.keys.encrypt(instance.id, &known).await?);
        }
        instance.certificate = None;
        if let Some(command) = instance.command.as_mut() {
            command.sent = true;
        }
        self.store.commit(vec![Write::Attempt(attempt), Write::Instance(instance)]).await?;
        Ok(Progress::UnderWay)
    }

    async fn waiting_for(&self, order: &Order, instance: &Instance) -> Result<FirstBoot, AppError> {
        let left = self.store.first_boot(order.instance, instance.attempt, instance.boot).await?;
        Ok(FirstBoot {
            instance: order.instance,
            attempt: instance.attempt,
            boot: instance.boot,
            created_at: self.world.now(),
            task_token: None,
            report: None,
            first_pass: None,
            version: left.map_or(0, |f| f.version),
        })
    }

    async fn reinstalled(&self, instance: &Instance, vm: &VmId) -> Result<Progress, AppError> {
        let found = self.host(instance)?.get(vm).await?.vm;
        let Some(address) = found.address.or(instance.address) else { return Ok(Progress::UnderWay) };
        let first_boot = self.store.first_boot(instance.id, instance.attempt, instance.boot).await?;
        let first_boot = first_boot.ok_or(AppError::NotFound("first boot"))?;
        let now = self.world.now();
        let since = instance.command.as_ref().map_or(now, |c| c.since);
        let waited = now.duration_since(since) >= self.policy.first_boot_wait;
        if first_boot.report.is_none() && !waited {
            return Ok(Progress::UnderWay);
        }
        let probe = self.probe.probe(address, RDP_PORT).await;
        let (report, pass) = (first_boot.report.as_ref(), first_boot.first_pass.as_ref());
        match judge(&found.state, &probe, report, pass, self.policy.probe_pause, now) {
            Verdict::Ready(certificate) => self.hand_over_again(instance, address, certificate, now).await,
            Verdict::LookAgain(pass) => {
                let seen = FirstBoot { first_pass: Some(pass), ..first_boot };
                self.store.commit(vec![Write::FirstBoot(seen)]).await?;
                Ok(Progress::UnderWay)
            }
            Verdict::NotYet(_) => Ok(Progress::UnderWay),
            Verdict::SetupFailed => {
                self.fail(instance.id, "The fresh system could not be set up; please ask support.").await
            }
        }
    }

    async fn hand_over_again(
        &self,
        instance: &Instance,
        address: std::net::IpAddr,
        certificate: Fingerprints,
        now: Timestamp,
    ) -> Result<Progress, AppError> {
        let order = self.store.order(instance.order).await?.ok_or(AppError::NotFound("order"))?;
        let attempts = self.store.attempts(order.id).await?;
        let ciphertext = attempts
            .into_iter()
            .find(|a| a.number == instance.attempt)
            .and_then(|a| a.password_ciphertext)
            .ok_or_else(|| AppError::Fault(format!("{} has no password", instance.id)))?;
        let stored = self.store.credentials(instance.id).await?;
        let credentials = StoredCredentials {
            instance: instance.id,
            username: instance.username.clone(),
            ciphertext,
            stored_at: now,
            version: stored.map_or(0, |c| c.version),
        };
        let mut mail = order.mail(MailKind::Reinstalled, now);
        mail.id = format!("{}.{}", mail.id, instance.boot);
        let mut done = completed(instance);
        done.address = Some(address);
        done.certificate = Some(certificate);
        let mut writes = vec![Write::Credentials(credentials), Write::Instance(done)];
        writes.extend(owed_writes(std::slice::from_ref(&mail)));
        self.store.commit(writes).await?;
        announce(&self.queue, &[mail]).await;
        tracing::info!(instance = %instance.id, order = %order.id, "desktop reinstalled");
        Ok(Progress::Over)
    }
}
