//! One listed machine: right, to be repaired, or nobody's.

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::circuit::EVERYWHERE;
use domain::create::Attempt;
use domain::ids::InstanceId;
use domain::instance::{Instance, InstanceStatus};
use domain::inventory::{
    DoubleFound, GhostFound, Known, Memory, RETURNED_GRACE, Recorded, Sighting, StateSays, Verdict, Why,
    compare, is_ours, judge, name_mark, too_many,
};
use domain::mail::Mail;
use domain::order::Order;
use domain::vm::{Vm, VmId, parse_vm_name};

use super::look::{Look, mark, name};
use super::{Reconciler, State};
use crate::error::{AppError, Chain};
use crate::ports::{Clock, Ids, StoreError, VmError, VmHost, VmHosts, Write};

/// What is stored about the order that a machine's name speaks of.
struct Story {
    order: Option<Order>,
    attempt: Option<Attempt>,
    instance: Option<Instance>,
}

impl<V, S, W> Reconciler<V, S, W>
where
    V: VmHosts + Sync,
    S: State,
    W: Clock + Ids + Sync,
{
    pub(super) async fn compare(&self, look: &mut Look, vm: &Vm) -> Result<(), AppError> {
        let recorded = look.recorded.get(&vm.id).cloned();
        if recorded.is_none() && !is_ours(vm) {
            look.count(|tally| &mut tally.foreign);
            return Ok(());
        }
        // A list that is read while it changes shows a machine on two pages.
        if !look.marks.insert(mark(vm)) {
            return Ok(());
        }
        look.count(|tally| &mut tally.machines);
        match recorded {
            Some(recorded) => self.put_right(look, &recorded, vm).await,
            None => {
                // Whatever is decided about it: an attempt of this name has a machine.
                if !vm.is_over() {
                    look.marks.insert(name_mark(&vm.name));
                }
                self.look_up(look, vm).await
            }
        }
    }

    /// Holds a machine against the desktop that records it.
    async fn put_right(&self, look: &mut Look, recorded: &Recorded, vm: &Vm) -> Result<(), AppError> {
        let says = compare(recorded, vm);
        let mut believed = says.address.is_some();
        match says.state {
            StateSays::Fits => {}
            // A machine that restarts is off for a moment.
            StateSays::Is(_) if look.inventory.before.turned.contains(&recorded.instance) => believed = true,
            StateSays::Is(_) => {
                let turned = &mut look.inventory.listing.memory.turned;
                if turned.len() < Memory::MAX {
                    turned.push(recorded.instance);
                }
            }
            StateSays::Odd(what) => {
                look.odd(recorded.instance.to_string(), &what);
            }
        }
        if believed && look.changes_left > 0 {
            look.changes_left -= 1;
            if self.repair(recorded.instance, vm, &look.inventory.before).await? {
                look.count(|tally| &mut tally.repaired);
            }
        }
        Ok(())
    }

    /// Writes what the provider says into a desktop's record; `false` when somebody else is at it.
    async fn repair(&self, id: InstanceId, vm: &Vm, before: &Memory) -> Result<bool, AppError> {
        let Some(mut instance) = self.store.instance(id).await? else { return Ok(false) };
        let Some(recorded) = Recorded::of(&instance).filter(|recorded| recorded.vm == vm.id) else {
            return Ok(false);
        };
        let says = compare(&recorded, vm);
        let mut action = "sync";
        if let Some(address) = says.address {
            instance.address = Some(address);
            action = "sync_address";
        }
        if let StateSays::Is(status) = says.state
            && before.turned.contains(&id)
        {
            instance.status = status;
            // Some providers lend the address of a stopped machine to others.
            if status == InstanceStatus::Stopped {
                instance.address = vm.address;
            }
            action = "sync_status";
        }
        if action == "sync" {
            return Ok(false);
        }
        tracing::info!(instance = %id, action, status = %instance.status, "desktop's record put right");
        let writes = vec![Write::Instance(instance), self.audit(id, action)?];
        match self.store.commit(writes).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn story(&self, vm: &Vm) -> Result<Story, AppError> {
        let nothing = Story { order: None, attempt: None, instance: None };
        let Some((order, number)) = parse_vm_name(&vm.name) else { return Ok(nothing) };
        let Some(order) = self.store.order(order).await? else { return Ok(nothing) };
        let attempts = self.store.attempts(order.id).await?;
        let attempt = attempts.into_iter().find(|attempt| attempt.number == number);
        let instance = self.store.instance(order.instance).await?;
        Ok(Story { order: Some(order), attempt, instance })
    }

    /// Asks the records about a machine that no desktop was known to record.
    async fn look_up(&self, look: &mut Look, vm: &Vm) -> Result<(), AppError> {
        if vm.is_over() {
            look.count(|tally| &mut tally.ending);
            return Ok(());
        }
        if look.lookups_left == 0 || self.is_over(look.began) {
            look.all_judged = false;
            return Ok(());
        }
        look.lookups_left -= 1;
        let story = self.story(vm).await?;
        let known = Known {
            order: story.order.as_ref(),
            attempt: story.attempt.as_ref(),
            instance: story.instance.as_ref(),
        };
        let now = self.world.now();
        let since = look.inventory.before.first_seen(&vm.id).unwrap_or(now);
        let verdict = judge(vm, known, since, self.policy.quarantine, now);
        let why = match verdict {
            Verdict::Recorded | Verdict::InHand => return Ok(()),
            Verdict::Over => {
                look.count(|tally| &mut tally.ending);
                return Ok(());
            }
            Verdict::Double { keep } => return self.double(look, vm, &story, keep).await,
            Verdict::TooYoung(why) | Verdict::Ghost(why) => why,
        };
        let strangers = &mut look.inventory.listing.memory.strangers;
        if strangers.len() < Memory::MAX {
            strangers.push(Sighting { vm: vm.id.clone(), since });
        }
        match why {
            Why::Stranger => self.stranger(look, vm).await?,
            Why::Returned => self.returned(look, vm, &story, since).await?,
            Why::LeftBehind | Why::WrittenOff | Why::Undone | Why::Terminated => {}
        }
        if matches!(verdict, Verdict::Ghost(_)) {
            let deleted = self.delete_ghost(look, vm, &story, why).await?;
            look.count(|tally| &mut tally.ghosts);
            let ghost = GhostFound { vm: vm.id.clone(), name: vm.name.clone(), why, since, deleted };
            name(&mut look.tally().ghosts_found, ghost);
        }
        Ok(())
    }

    /// A machine with a name of ours that nothing recorded explains is told at once and deleted late.
    async fn stranger(&self, look: &mut Look, vm: &Vm) -> Result<(), AppError> {
        look.count(|tally| &mut tally.strangers);
        look.odd(vm.name.clone(), "carries a name of ours, and nothing recorded explains it");
        let note = format!(
            "the machine {} ({}) at {} carries a name of ours and belongs to no order here; it is deleted a day after \
             it was first seen. Does another installation use this account?",
            vm.name, vm.id.0, vm.provider
        );
        self.tell(vm.provider, &format!("stranger-{}", vm.id.0), note).await
    }

    /// A machine that was lost, made anew, and is there again: told at once, deleted late.
    async fn returned(
        &self,
        look: &mut Look,
        vm: &Vm,
        story: &Story,
        since: Timestamp,
    ) -> Result<(), AppError> {
        let Some(order) = &story.order else { return Ok(()) };
        look.odd(
            vm.name.clone(),
            "was lost after it was delivered and is there again, with its customer's data",
        );
        let until = since.checked_add(RETURNED_GRACE).unwrap_or(since);
        let meanwhile = if story.instance.as_ref().is_some_and(Instance::rents) {
            "another one was made meanwhile, and both are paid for".to_owned()
        } else {
            format!(
                "no other one is the desktop's now, its order is {}, and this one is paid for",
                order.status
            )
        };
        let note = format!(
            "{} lists the machine {} ({}) of the desktop {} again, which it had not known for a while: {meanwhile}. What \
             its customer left is on it: it is deleted on {}, unless it loses its tag or name of ours at the provider before.",
            vm.provider,
            vm.name,
            vm.id.0,
            order.instance,
            until.strftime("%F")
        );
        self.tell(vm.provider, &format!("returned-{}", vm.id.0), note).await
    }

    async fn delete_ghost(
        &self,
        look: &mut Look,
        vm: &Vm,
        story: &Story,
        why: Why,
    ) -> Result<bool, AppError> {
        if why == Why::Stranger && strangers_rule(look) {
            return Ok(false);
        }
        // From here on the attempt says that its machine was seen: until two listings are without it, it is unknown.
        if let Some(attempt) = story.attempt.as_ref().filter(|attempt| attempt.is_left_behind()) {
            let seen = attempt.clone().turned_up(Some(vm.id.clone()));
            if seen != *attempt {
                match self.store.commit(vec![Write::Attempt(seen)]).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict) => return Ok(false),
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let action = format!("sync_ghost_deleted_{why}");
        self.delete(look, vm, story, &action).await
    }

    async fn double(&self, look: &mut Look, vm: &Vm, story: &Story, keep: VmId) -> Result<(), AppError> {
        let Some(order) = &story.order else { return Ok(()) };
        let note = format!(
            "{} has two machines at {}: {} is its desktop's and kept, {} is deleted",
            order.id, vm.provider, keep.0, vm.id.0
        );
        self.tell(vm.provider, &format!("double-{}", vm.id.0), note).await?;
        let deleted = self.delete(look, vm, story, "sync_double_deleted").await?;
        look.count(|tally| &mut tally.doubles);
        let double = DoubleFound { order: order.id, kept: keep, vm: vm.id.clone(), deleted };
        name(&mut look.tally().doubles_found, double);
        Ok(())
    }

    /// Deletes a machine. The line in the audit log comes first: one too many is better than one too few.
    async fn delete(&self, look: &mut Look, vm: &Vm, story: &Story, action: &str) -> Result<bool, AppError> {
        if look.changes_left == 0 || self.is_over(look.began) {
            return Ok(false);
        }
        look.changes_left -= 1;
        tracing::warn!(provider = %vm.provider, vm = vm.id.0, name = vm.name, action, "deleting a machine that is nobody's");
        if let Some(order) = &story.order {
            self.store.commit(vec![self.audit(order.instance, action)?]).await?;
        }
        let deleted = self.providers.at(vm.provider, EVERYWHERE)?.delete(&vm.id).await;
        if matches!(deleted, Err(VmError::LeftAlone { .. })) {
            // The provider is not to be asked for changes now, nor will it be later in this run.
            look.changes_left = 0;
            return Ok(false);
        }
        look.count(|tally| &mut tally.calls);
        match deleted {
            Ok(_) => {
                look.count(|tally| &mut tally.deleted);
                Ok(true)
            }
            Err(error) => {
                tracing::warn!(provider = %vm.provider, vm = vm.id.0, error = %Chain(&error), "not deleted; the next listing tries again");
                Ok(false)
            }
        }
    }

    /// Tells the operator, once. The sweep sends it.
    pub(super) async fn tell(&self, provider: Provider, what: &str, note: String) -> Result<(), AppError> {
        let subject = format!("inventory.{provider}");
        let alert = Mail::alert(&subject, what, note, None, self.world.now());
        self.store.commit(vec![Write::MailIfNew(alert)]).await?;
        Ok(())
    }
}

/// Whether so much of what a provider lists is unknown here that it is rather our records that are wrong, or that
/// somebody else's machines carry our names. By the last whole listing; before the first nothing is known.
fn strangers_rule(look: &Look) -> bool {
    let Some(report) = &look.inventory.report else { return true };
    too_many(report.tally.strangers as usize, report.tally.machines as usize)
}
