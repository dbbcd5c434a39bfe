//! Waiting until the desktop is really ready: the machine's word, and a look of our own.

use domain::Timestamp;
use domain::catalogue::Offering;
use domain::first_boot::{Fingerprints, FirstBoot};
use domain::ids::OrderId;
use domain::instance::Instance;
use domain::mail::Mail;
use domain::order::{Order, OrderEvent, OrderStatus, Step};
use domain::readiness::{Verdict, judge};
use domain::secret::Secret;
use domain::vm::{RDP_PORT, Vm, VmState};

use super::{Provisioning, State, TaskError, TaskOutput, World};
use crate::first_boot::outcome;
use crate::mails::announce;
use crate::ports::{
    CompleteTask, CreatedVm, Encrypt, PaymentGateway, ProbeRdp, QueueMail, TaskOutcome, VmError, VmHost,
    VmHosts, Write,
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
    /// Stores who waits. A report that is there already ends the wait at once: it may come before us.
    pub(super) async fn arm_first_boot(
        &self,
        id: OrderId,
        task_token: &str,
    ) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        if order.status != OrderStatus::Provisioning {
            return Err(TaskError::OrderGivenUp);
        }
        let mut first_boot = self.first_boot(&order).await?;
        first_boot.task_token = Some(task_token.to_owned());
        self.store.commit(vec![Write::FirstBoot(first_boot)]).await?;
        // A desktop that was found to answer before this execution began is not judged again: its credentials may
        // be with the customer.
        if self.instance(&order).await?.certificate.is_some() {
            self.tasks.complete(task_token, &TaskOutcome::Success("{}".to_owned())).await?;
        } else if let Some(report) = self.first_boot(&order).await?.report {
            self.tasks.complete(task_token, &outcome(&report)).await?;
        }
        Ok(TaskOutput::default())
    }

    /// Looks once whether the desktop answers.
    pub(super) async fn probe_rdp(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        if order.status != OrderStatus::Provisioning {
            return Err(TaskError::OrderGivenUp);
        }
        let instance = self.instance(&order).await?;
        if instance.certificate.is_some() {
            return Ok(TaskOutput::default());
        }
        self.not_late(&order, self.world.now())?;
        let (found, instance) = self.addressed(instance).await?;
        let vm = &found.vm;
        if let VmState::Failed(word) | VmState::Held(word) = &vm.state {
            return self.will_not_be(&order, vm, word).await;
        }
        let Some(address) = instance.address else {
            return Err(TaskError::NotReady("the machine has no address yet".to_owned()));
        };
        let probe = self.probe.probe(address, RDP_PORT).await;
        let first_boot = self.first_boot(&order).await?;
        let verdict = judge(
            &vm.state,
            &probe,
            first_boot.report.as_ref(),
            first_boot.first_pass.as_ref(),
            self.policy.probe_pause,
            self.world.now(),
        );
        match verdict {
            Verdict::Ready(certificate) => {
                self.know_password(&order, &instance, found.password).await?;
                self.answers(&order, instance, certificate).await
            }
            Verdict::LookAgain(pass) => {
                self.store
                    .commit(vec![Write::FirstBoot(FirstBoot { first_pass: Some(pass), ..first_boot })])
                    .await?;
                Err(TaskError::NotReady("it answers; looking once more".to_owned()))
            }
            Verdict::NotYet(why) => {
                if first_boot.first_pass.is_some() {
                    self.store
                        .commit(vec![Write::FirstBoot(FirstBoot { first_pass: None, ..first_boot })])
                        .await?;
                }
                Err(TaskError::NotReady(why))
            }
            Verdict::SetupFailed => Err(TaskError::FirstBootFailed),
        }
    }

    async fn answers(
        &self,
        order: &Order,
        mut instance: Instance,
        certificate: Fingerprints,
    ) -> Result<TaskOutput, TaskError> {
        instance.certificate = Some(certificate);
        let writes = vec![Write::Instance(instance)];
        self.record(order, &OrderEvent::Progress(Step::DesktopAnswers), writes).await?;
        Ok(TaskOutput::default())
    }

    /// A machine that its provider will not finish, or not before a person has done something there: the operator is
    /// told in its words, and the order goes on elsewhere.
    async fn will_not_be(&self, order: &Order, vm: &Vm, word: &str) -> Result<TaskOutput, TaskError> {
        let note = format!(
            "{} says {word} of {} ({}): look there; the order goes on elsewhere",
            vm.provider, vm.name, vm.id.0
        );
        let what = format!("machine-{}", vm.name);
        let alert = Mail::alert(&order.id.to_string(), &what, note, Some(order.id), self.world.now());
        self.store.commit(vec![Write::MailIfNew(alert.clone())]).await?;
        announce(&self.queue, &[alert]).await;
        Err(TaskError::FirstBootFailed)
    }

    /// Where the provider tells the password only some minutes after the start, a desktop without it is not ready.
    async fn know_password(
        &self,
        order: &Order,
        instance: &Instance,
        told: Option<Secret<String>>,
    ) -> Result<(), TaskError> {
        let mut attempt = self.attempt(order).await?.ok_or(TaskError::NotFound("attempt"))?;
        if attempt.password_ciphertext.is_some() {
            return Ok(());
        }
        let password =
            told.ok_or_else(|| TaskError::NotReady("the provider has not told the password yet".to_owned()))?;
        attempt.password_ciphertext = Some(self.keys.encrypt(instance.id, &password).await?);
        self.store.commit(vec![Write::Attempt(attempt)]).await?;
        Ok(())
    }

    /// The machine as the provider shows it now, and the desktop with its address.
    async fn addressed(&self, mut instance: Instance) -> Result<(CreatedVm, Instance), TaskError> {
        let id =
            instance.vm.clone().ok_or_else(|| TaskError::Internal("no machine is recorded".to_owned()))?;
        let Offering { provider, provider_region, .. } = &instance.offering;
        let found = match self.providers.at(*provider, provider_region)?.get(&id).await {
            Ok(found) => found,
            // A machine that the provider has lost is waited for: its list may lag, and the deadline holds.
            Err(VmError::NotFound) => {
                return Err(TaskError::NotReady("the provider does not list it".to_owned()));
            }
            // Nor is one whose provider does not answer, or refuses our key since: it may be working.
            Err(error) => return Err(TaskError::NotReady(error.to_string())),
        };
        if found.vm.address.is_some() {
            instance.address = found.vm.address;
        }
        Ok((found, instance))
    }

    async fn first_boot(&self, order: &Order) -> Result<FirstBoot, TaskError> {
        let found = self.store.first_boot(order.instance, order.attempt, 1).await?;
        found.ok_or(TaskError::NotFound("first boot"))
    }

    pub(super) fn setup_seconds(order: &Order, now: Timestamp) -> Option<u32> {
        let since = order.wanted_at()?;
        u32::try_from(now.duration_since(since).as_secs()).ok()
    }
}
