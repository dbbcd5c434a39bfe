//! Desktops whose machine is in no page of a whole listing: made anew, or given back.

use domain::Timestamp;
use domain::circuit::EVERYWHERE;
use domain::create::{AttemptState, Setback};
use domain::instance::{Instance, InstanceStatus};
use domain::inventory::{Memory, MissingFound, Recorded, Suspicion, seen_mark, suspicion, too_many};
use domain::mail::Mail;
use domain::order::{Applied, OrderEvent, OrderStatus};

use super::look::{Look, name};
use super::{Reconciler, State};
use crate::error::{AppError, Chain};
use crate::mails::{owed, owed_writes};
use crate::ports::{Clock, Ids, StoreError, VmError, VmHost, VmHosts, Write};

impl<V, S, W> Reconciler<V, S, W>
where
    V: VmHosts + Sync,
    S: State,
    W: Clock + Ids + Sync,
{
    /// Judges every desktop whose machine this listing, which began at `began_at`, did not show.
    pub(super) async fn find_missing(&self, look: &mut Look, began_at: Timestamp) -> Result<(), AppError> {
        let (mut again, mut unlisted) = (Vec::<(Recorded, Timestamp)>::new(), Vec::new());
        for recorded in look.recorded.values().filter(|r| !look.marks.contains(&seen_mark(&r.vm))) {
            if look.unlisted.contains(&recorded.instance) {
                unlisted.push(recorded.instance);
                continue;
            }
            let since = look.inventory.before.missing_since(recorded.instance);
            let known = since.unwrap_or(began_at);
            match suspicion(recorded, began_at, since, self.policy.quarantine) {
                Suspicion::None => continue,
                Suspicion::First => {}
                Suspicion::Again => again.push((recorded.clone(), known)),
            }
            let missing = &mut look.inventory.listing.memory.missing;
            if missing.len() < Memory::MAX {
                missing.push((recorded.instance, known));
            }
        }
        unlisted.sort();
        for instance in unlisted {
            look.odd(
                instance.to_string(),
                "is in a region that is not listed: whether its machine is there is not known",
            );
        }
        again.sort_by_key(|(recorded, since)| (*since, recorded.instance));
        if too_many(again.len(), look.recorded.len()) {
            let note = format!(
                "{} of {} desktops at {} have no machine there: nothing was made anew. Is the key another account's?",
                again.len(),
                look.recorded.len(),
                look.provider()
            );
            self.tell(look.provider(), &format!("missing-{}", began_at.strftime("%F")), note).await?;
            for (recorded, since) in again {
                missing(look, &recorded, since, false);
            }
            return Ok(());
        }
        for (recorded, since) in again {
            let asked = self.ask_for(look, &recorded, since).await;
            if look.survive(&recorded.instance.to_string(), asked)?.is_none() {
                missing(look, &recorded, since, false);
            }
        }
        Ok(())
    }

    /// Asks for one machine by its id; when the provider does not know it either, another one is made.
    async fn ask_for(&self, look: &mut Look, recorded: &Recorded, since: Timestamp) -> Result<(), AppError> {
        if look.changes_left == 0 || self.is_over(look.began) {
            missing(look, recorded, since, false);
            return Ok(());
        }
        look.changes_left -= 1;
        let found = self.providers.at(look.provider(), EVERYWHERE)?.get(&recorded.vm).await;
        if !matches!(found, Err(VmError::LeftAlone { .. })) {
            look.count(|tally| &mut tally.calls);
        }
        match found {
            Ok(_) => {
                look.odd(recorded.instance.to_string(), "has a machine that the provider does not list");
                look.inventory.listing.memory.missing.retain(|(id, _)| *id != recorded.instance);
            }
            Err(VmError::NotFound) => {
                let rebuilt = self.rebuild(recorded).await?;
                if rebuilt {
                    look.count(|tally| &mut tally.rebuilt);
                }
                missing(look, recorded, since, rebuilt);
            }
            // It says neither, and may for days: the desktop stays suspected.
            Err(error) => {
                tracing::warn!(instance = %recorded.instance, error = %Chain(&error), "missing machine not asked for");
                missing(look, recorded, since, false);
            }
        }
        Ok(())
    }

    /// Sends an order back to have another machine made; `false` when its desktop is not what it was any more.
    ///
    /// The order goes on as one whose machine was lost: the sweep starts its workflow, which makes another machine, or
    /// gives the money back where nobody can.
    async fn rebuild(&self, recorded: &Recorded) -> Result<bool, AppError> {
        let now = self.world.now();
        let Some(instance) = self.store.instance(recorded.instance).await? else { return Ok(false) };
        let Some(order) = self.store.order(instance.order).await? else { return Ok(false) };
        let still = Recorded::of(&instance)
            .is_some_and(|seen| seen.vm == recorded.vm && seen.status == recorded.status);
        let attempts = self.store.attempts(order.id).await?;
        let attempt = attempts.into_iter().find(|a| a.number == instance.attempt);
        let (true, OrderStatus::Active, Some(mut attempt)) = (still, order.status, attempt) else {
            return Ok(false);
        };
        let event = OrderEvent::MachineLost { allowed: self.policy.order_deadline };
        let Ok(Applied::Changed(lost, effects)) = order.apply(&event, now) else { return Ok(false) };
        attempt.state = AttemptState::Absent;
        attempt.setback = Some(Setback::Lost);
        let note = format!(
            "{} has lost the machine {} of the desktop {}: another one is made",
            instance.offering.provider, recorded.vm.0, instance.id
        );
        let what = format!("machine-lost-{}", attempt.number);
        let alert = Mail::alert(&order.id.to_string(), &what, note, Some(order.id), now);
        let emptied = Instance {
            status: InstanceStatus::Provisioning,
            vm: None,
            address: None,
            certificate: None,
            ready_at: None,
            setup_seconds: None,
            ..instance
        };
        let mut writes = owed_writes(&owed(&lost, &effects, now));
        writes.extend([
            self.audit(emptied.id, "sync_machine_lost")?,
            Write::Order(*lost),
            Write::Instance(emptied),
            Write::Attempt(attempt),
        ]);
        match self.store.commit(writes).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        tracing::warn!(order = %order.id, instance = %recorded.instance, vm = recorded.vm.0, "machine lost; another one is made");
        self.store.commit(vec![Write::MailIfNew(alert)]).await?;
        Ok(true)
    }
}

fn missing(look: &mut Look, recorded: &Recorded, since: Timestamp, rebuilt: bool) {
    look.count(|tally| &mut tally.missing);
    let found = MissingFound { instance: recorded.instance, vm: recorded.vm.clone(), since, rebuilt };
    name(&mut look.tally().missing_found, found);
}
