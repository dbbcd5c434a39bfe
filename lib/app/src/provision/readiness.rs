//! Waiting until the desktop is really ready: the machine's word, and a look of our own.

use domain::Timestamp;
use domain::first_boot::{Fingerprints, FirstBoot};
use domain::ids::OrderId;
use domain::instance::Instance;
use domain::order::{Order, OrderEvent, OrderStatus, Step};
use domain::readiness::{Verdict, judge};
use domain::vm::{RDP_PORT, Vm};

use super::{Provisioning, State, TaskError, TaskOutput, World};
use crate::first_boot::outcome;
use crate::ports::{
    CompleteTask, Encrypt, PaymentGateway, ProbeRdp, QueueMail, TaskOutcome, VmError, VmHost, Write,
};

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
        let (vm, instance) = self.addressed(instance).await?;
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
            Verdict::Ready(certificate) => self.answers(&order, instance, certificate).await,
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

    /// The machine as the provider shows it now, and the desktop with its address.
    async fn addressed(&self, mut instance: Instance) -> Result<(Vm, Instance), TaskError> {
        let id =
            instance.vm.clone().ok_or_else(|| TaskError::Internal("no machine is recorded".to_owned()))?;
        let vm = match self.host.get(&id).await {
            Ok(found) => found.vm,
            // A machine that the provider has lost is waited for: its list may lag, and the deadline holds.
            Err(VmError::NotFound) => {
                return Err(TaskError::NotReady("the provider does not list it".to_owned()));
            }
            Err(VmError::Unclear { .. } | VmError::Busy { .. }) => {
                return Err(TaskError::NotReady("the provider does not answer".to_owned()));
            }
            Err(error) => return Err(error.into()),
        };
        if vm.address.is_some() {
            instance.address = vm.address;
        }
        Ok((vm, instance))
    }

    async fn first_boot(&self, order: &Order) -> Result<FirstBoot, TaskError> {
        let found = self.store.first_boot(order.instance, order.attempt, 1).await?;
        found.ok_or(TaskError::NotFound("first boot"))
    }

    pub(super) fn setup_seconds(order: &Order, now: Timestamp) -> Option<u32> {
        let since = order.paid_at?;
        u32::try_from(now.duration_since(since).as_secs()).ok()
    }
}
