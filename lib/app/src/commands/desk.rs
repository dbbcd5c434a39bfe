//! Takes commands: from then on the desktop is busy.

use domain::command::{CommandKind, accept};
use domain::customer::CustomerId;
use domain::ids::{AuditId, InstanceId};
use domain::instance::Instance;

use crate::error::{AppError, Chain, undisturbed};
use crate::ports::{AuditEntry, Clock, CommandMessage, Commit, Ids, QueueCommand, ReadInstances, Write};

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
