//! The end of the workflow: credentials, handing over, or the operator's ticket.

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::circuit::EVERYWHERE;
use domain::create::Attempt;
use domain::ids::{OrderId, TicketId};
use domain::instance::{InstanceStatus, StoredCredentials};
use domain::inventory::was_lost;
use domain::mail::MailKind;
use domain::order::{Failure, Order, OrderEvent, OrderStatus, Step};
use domain::vm::VmId;

use super::create_vm::trace;
use super::{Provisioning, State, TaskError, TaskOutput, World};
use crate::error::Chain;
use crate::mails::announce;
use crate::ports::{
    CompleteTask, Encrypt, PaymentGateway, ProbeRdp, QueueMail, Ticket, VmError, VmHost, VmHosts, Write,
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
    /// Fixes which credentials are the desktop's, and owes the mail that tells them.
    pub(super) async fn store_credentials(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        if order.status != OrderStatus::Provisioning {
            return Err(TaskError::OrderGivenUp);
        }
        if order.has_done(Step::CredentialsStored) {
            return Ok(TaskOutput::default());
        }
        let attempt = self.attempt(&order).await?.ok_or(TaskError::NotFound("attempt"))?;
        let instance = self.instance(&order).await?;
        let now = self.world.now();
        let credentials = StoredCredentials {
            instance: instance.id,
            username: instance.username,
            ciphertext: attempt.password_ciphertext.ok_or(TaskError::PasswordLost)?,
            stored_at: now,
            // Those of a machine that was lost are there already.
            version: self.store.credentials(instance.id).await?.map_or(0, |known| known.version),
        };
        let mail = order.mail(MailKind::Ready, now);
        let writes = vec![Write::Credentials(credentials), Write::Mail(mail.clone())];
        self.record(&order, &OrderEvent::Progress(Step::CredentialsStored), writes).await?;
        // The state machine itself sends the first machine's.
        if order.losses() > 0 {
            announce(&self.queue, &[mail]).await;
        }
        Ok(TaskOutput::default())
    }

    /// Hands the desktop over: the last look that there is one machine, then order and desktop are active.
    pub(super) async fn activate(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        match order.status {
            OrderStatus::Active => return Ok(TaskOutput::default()),
            OrderStatus::Provisioning => {}
            _ => return Err(TaskError::OrderGivenUp),
        }
        let mut instance = self.instance(&order).await?;
        // Only an attempt that was written off can have left a machine. A first attempt has made one by a single
        // call, and a provider that does not answer now must not cost the customer a desktop that works.
        let now = self.world.now();
        let mut writes = Vec::new();
        if order.attempt > 1 {
            let left = self.delete_others(&order, instance.vm.as_ref()).await?;
            writes.extend(left.into_iter().map(|attempt| Write::Attempt(attempt.left_behind(now))));
        }
        instance.status = InstanceStatus::Active;
        instance.ready_at = Some(now);
        instance.setup_seconds = Self::setup_seconds(&order, now);
        let setup_seconds = instance.setup_seconds;
        writes.push(Write::Instance(instance));
        self.record(&order, &OrderEvent::Delivered, writes).await?;
        tracing::info!(order = %id, setup_seconds, "desktop delivered");
        // What staff order has another set-up than what customers buy: its time is no estimate for theirs.
        if let Some(seconds) = setup_seconds.filter(|_| order.staff.is_none()) {
            self.remember_setup(&order, seconds).await;
        }
        Ok(TaskOutput::default())
    }

    /// Deletes what earlier attempts may have left; the attempts whose provider does not let itself be asked are the
    /// answer, to be left behind: a desktop that works, and whose credentials are out, is not taken back for that.
    async fn delete_others(&self, order: &Order, ours: Option<&VmId>) -> Result<Vec<Attempt>, TaskError> {
        let attempts = self.store.attempts(order.id).await?;
        let mut left = Vec::new();
        for provider in Provider::ALL {
            let here = attempts.iter().filter(|a| a.offering.provider == *provider && !a.made_nothing());
            let here: Vec<Attempt> = here.cloned().collect();
            // What was left behind before is not waited for: it is looked after until its provider answers.
            let other = |a: &Attempt| (a.vm.is_none() || a.vm.as_ref() != ours) && !a.is_left_behind();
            if !here.iter().any(other) {
                continue;
            }
            match self.delete_others_at(order, *provider, &here, ours).await {
                Ok(()) => {}
                Err(error) if self.still_waits(order) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(order = %order.id, %provider, error = %Chain(&error), "attempts left behind, outcome unknown");
                    left.extend(here.into_iter().filter(|a| other(a) && a.number != order.attempt));
                }
            }
        }
        Ok(left)
    }

    async fn delete_others_at(
        &self,
        order: &Order,
        provider: Provider,
        attempts: &[Attempt],
        ours: Option<&VmId>,
    ) -> Result<(), VmError> {
        let host = self.providers.at(provider, EVERYWHERE)?;
        for vm in host.find(&trace(order, attempts)).await?.iter().filter(|vm| !vm.is_over()) {
            // One that was delivered, lost and is there again holds what its customer left on it: the inventory's.
            let returned = attempts.iter().any(|attempt| was_lost(vm, order, attempt));
            if Some(&vm.id) != ours && !returned {
                tracing::warn!(order = %order.id, vm = vm.id.0, name = vm.name, "deleting a machine of a written-off attempt");
                host.delete(&vm.id).await?;
            }
        }
        Ok(())
    }

    /// Whether a desktop that is ready can still wait for a provider to be asked: as long as for a lost answer.
    fn still_waits(&self, order: &Order) -> bool {
        let ready = order.timeline.iter().rev().find(|done| done.step == Step::CredentialsStored);
        ready.is_some_and(|done| self.world.now().duration_since(done.at) < self.policy.quarantine)
    }

    /// Adds to the estimate for the next customer: by itself, because orders that are delivered at the same
    /// moment would otherwise wait for each other, and without much ado, because it is an estimate.
    async fn remember_setup(&self, order: &Order, seconds: u32) {
        let remembered = async {
            let recent = self.store.setup_times(order.plan, order.os).await?;
            let time = Write::SetupTime { plan: order.plan, os: order.os, seconds, recent };
            self.store.commit(vec![time]).await
        };
        if let Err(error) = remembered.await {
            tracing::warn!(order = %order.id, error = %Chain(&error), "set-up time not kept");
        }
    }

    /// One ticket per order that was given up, so that a person knows the story.
    pub(super) async fn open_ticket(&self, id: OrderId) -> Result<TaskOutput, TaskError> {
        let order = self.order(id).await?;
        let now = self.world.now();
        let ticket = ticket(&order, order.failure.unwrap_or(Failure::Internal), now)?;
        self.store.commit(vec![Write::Ticket(ticket)]).await?;
        Ok(TaskOutput::default())
    }
}

/// The ticket of an order that cannot be delivered. Its id follows from the order's, so there is one.
pub(super) fn ticket(order: &Order, failure: Failure, now: Timestamp) -> Result<Ticket, TaskError> {
    let id = order.id;
    let after = match &order.staff {
        None => format!("Its machines are destroyed and {} goes back.", order.price),
        Some(vps) => {
            format!("It was to trade for MT5 account {}, at {}.", vps.mt5_account_id, vps.offering)
        }
    };
    let message =
        format!("Order {id} ({} {}) could not be delivered: {failure}. {after}", order.plan, order.os);
    Ok(Ticket {
        id: TicketId::parse(&format!("{}{}", TicketId::PREFIX, id.bare()))
            .map_err(|error| TaskError::Internal(error.to_string()))?,
        customer: order.customer.clone(),
        order: id,
        subject: "Your desktop could not be delivered".to_owned(),
        message,
        created_at: now,
    })
}
