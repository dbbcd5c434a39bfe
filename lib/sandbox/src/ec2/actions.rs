//! `TerminateInstances`, `StopInstances`, `StartInstances`, `RebootInstances`: of several ids all or none.

use axum::response::Response;

use super::describe::not_there;
use super::query::Query;
use super::shown::{self, State};
use super::view::{View, write_state};
use super::xml::answer;
use super::{Ec2, refused};
use crate::machines::{Machine, Play as _, Power, destroy, subject, switch};
use crate::world::{Shared, World, locked};

/// What came of one instance.
struct Change {
    id: String,
    before: State,
    after: State,
}

/// Ends instances; one that was terminated already is answered like the others.
pub(super) async fn terminate(world: &Shared, query: &Query) -> Response {
    let ids = query.list("InstanceId");
    let subject = subjects(world, &ids);
    let call = Ec2::call("ec2.delete", &subject);
    call.run(world, async {
        match ending(world, query, &ids) {
            Err(refusal) => *refusal,
            Ok(changes) => {
                for change in changes.iter().filter(|change| change.after != change.before) {
                    destroy::<Ec2>(world, &change.id).await;
                }
                answered("TerminateInstances", &changes)
            }
        }
    })
    .await
}

/// Notes which instances end now; of those nothing but the machine itself is left to take away.
fn ending(world: &Shared, query: &Query, ids: &[&str]) -> Result<Vec<Change>, Box<Response>> {
    let now = world.clock.now_ms();
    let mut changes = found(world, query, ids)?;
    for change in &mut changes {
        let view = with(world, query, &change.id, |machine| View::of(machine, world.clock, now));
        if let Some(view) = view {
            locked(&world.ec2.ended).add(view, now);
            change.after = State::ShuttingDown;
        }
    }
    Ok(changes)
}

/// Stops instances; they keep their disks and lose their addresses.
pub(super) async fn stop(world: &Shared, query: &Query) -> Response {
    acting(world, query, "ec2.stop", |ids| {
        let changes = ready(world, query, ids, &[State::Running, State::Stopping, State::Stopped])?;
        switched(world, ids, Power::Off);
        Ok(answered("StopInstances", &reached(changes, State::Running, State::Stopping)))
    })
    .await
}

/// Starts instances, at other addresses.
pub(super) async fn start(world: &Shared, query: &Query) -> Response {
    acting(world, query, "ec2.start", |ids| {
        let changes = ready(world, query, ids, &[State::Pending, State::Running, State::Stopped])?;
        switched(world, ids, Power::On);
        Ok(answered("StartInstances", &reached(changes, State::Stopped, State::Pending)))
    })
    .await
}

/// Reboots instances that run.
pub(super) async fn reboot(world: &Shared, query: &Query) -> Response {
    acting(world, query, "ec2.reboot", |ids| {
        ready(world, query, ids, &[State::Running])?;
        switched(world, ids, Power::Reboot);
        Ok(answer("RebootInstances", |xml| _ = xml.text("return", true)))
    })
    .await
}

async fn acting(
    world: &Shared,
    query: &Query,
    target: &'static str,
    act: impl FnOnce(&[&str]) -> Result<Response, Box<Response>> + Send,
) -> Response {
    let ids = query.list("InstanceId");
    let subject = subjects(world, &ids);
    let call = Ec2::call(target, &subject);
    call.run(world, async { act(&ids).unwrap_or_else(|refusal| *refusal) }).await
}

/// What a fault's `match` looks into.
pub(super) fn subjects(world: &World, ids: &[&str]) -> String {
    ids.iter().map(|id| subject::<Ec2>(world, id)).collect::<Vec<_>>().join(" ")
}

/// Does something with a visible machine of the region.
fn with<T>(world: &Shared, query: &Query, id: &str, act: impl FnOnce(&mut Machine<Ec2>) -> T) -> Option<T> {
    let now = world.clock.now_ms();
    let mut inventory = locked(&world.ec2.inventory);
    let machine = inventory.find_mut(id)?;
    (machine.region == query.region && machine.visible_at_ms <= now).then(|| act(machine))
}

/// An instance before anything is done to it; `None` when there is none.
fn seen(world: &Shared, query: &Query, id: &str, now_ms: i64) -> Option<Change> {
    let alive = with(world, query, id, |machine| shown::of(machine, world.clock, now_ms).state);
    let state = alive.or_else(|| {
        let ended = locked(&world.ec2.ended).views(world.clock, now_ms);
        ended.into_iter().find(|view| view.id == id && view.region == query.region).map(|view| view.state)
    })?;
    Some(Change { id: id.to_owned(), before: state, after: state })
}

/// Every instance, or the refusal of the first that is not there.
fn found(world: &Shared, query: &Query, ids: &[&str]) -> Result<Vec<Change>, Box<Response>> {
    if ids.is_empty() {
        return Err(Box::new(refused(
            "MissingParameter",
            "The request must contain the parameter InstanceId",
        )));
    }
    let now = world.clock.now_ms();
    let found = ids.iter().map(|id| seen(world, query, id, now).ok_or_else(|| Box::new(not_there(id))));
    found.collect()
}

/// The same, none of which may be in another than these states, or still be installed: what boots cannot be
/// interrupted here, which the real one would let happen.
fn ready(
    world: &Shared,
    query: &Query,
    ids: &[&str],
    states: &[State],
) -> Result<Vec<Change>, Box<Response>> {
    let changes = found(world, query, ids)?;
    for Change { id, before, .. } in &changes {
        let settled = with(world, query, id, |machine| machine.settled()).unwrap_or(false);
        if !states.contains(before) || !settled {
            let text = format!("The instance '{id}' is not in a state from which it can do that.");
            return Err(Box::new(refused("IncorrectInstanceState", &text)));
        }
    }
    Ok(changes)
}

fn switched(world: &Shared, ids: &[&str], power: Power) {
    let now = world.clock.now_ms();
    let mut inventory = locked(&world.ec2.inventory);
    for id in ids {
        if let Some(machine) = inventory.find_mut(id) {
            if power == Power::On && machine.halted {
                machine.own.launched_at_ms = now;
            }
            switch(world, machine, power);
        }
    }
}

/// Those that were in one state are in the other now.
fn reached(mut changes: Vec<Change>, from: State, to: State) -> Vec<Change> {
    for change in changes.iter_mut().filter(|change| change.before == from) {
        change.after = to;
    }
    changes
}

fn answered(action: &str, changes: &[Change]) -> Response {
    answer(action, |xml| {
        xml.set("instancesSet", changes, |xml, change| {
            xml.text("instanceId", &change.id)
                .within("currentState", |xml| write_state(xml, change.after))
                .within("previousState", |xml| write_state(xml, change.before));
        });
    })
}
