//! What the control API does to the plays, without knowing which one it is.

use serde::Deserialize;
use serde_json::Value;

use super::{Machine, Play, Turn};
use crate::world::{Shared, World, locked};

/// How long ago a machine that is put in counts as installed: long enough to be up at any provider.
const INSTALLED_AGO_MS: i64 = 24 * 3_600_000;

/// A machine to put in. The play chooses what is missing.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stocked {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    pub(crate) region: Option<String>,
    pub(crate) plan: Option<String>,
    /// How old it says it is; default a day.
    age_s: Option<u32>,
}

impl Stocked {
    pub(crate) fn named(name: String, tags: Vec<String>) -> Self {
        Self { name, tags, region: None, plan: None, age_s: None }
    }
}

/// A play whose machines' own data nobody needs.
pub(crate) trait AnyPlay: Sync {
    fn name(&self) -> &'static str;

    /// Machines alive, oldest first.
    fn alive(&self, world: &World) -> Vec<Value>;

    /// Machines destroyed, newest first, bounded.
    fn destroyed(&self) -> Vec<Value>;

    fn machine(&self, world: &World, id: &str) -> Option<Value>;

    /// Puts machines in that run without a desktop; their ids. All or none.
    ///
    /// # Errors
    /// What the play says about a wish, or that there is no room.
    fn stock(&self, world: &Shared, wishes: Vec<Stocked>) -> Result<Vec<String>, String>;

    /// Empties everything; the machines whose desktops have to go.
    fn clear(&self) -> Vec<(String, Turn)>;
}

impl<P: Play> AnyPlay for P {
    fn name(&self) -> &'static str {
        P::SERVICE.name()
    }

    fn alive(&self, world: &World) -> Vec<Value> {
        let now = world.clock.now_ms();
        locked(self.inventory()).machines().map(|m| m.summary(world, now)).collect()
    }

    fn destroyed(&self) -> Vec<Value> {
        locked(self.inventory()).destroyed().cloned().collect()
    }

    fn machine(&self, world: &World, id: &str) -> Option<Value> {
        locked(self.inventory()).find(id).map(|m| m.summary(world, world.clock.now_ms()))
    }

    fn stock(&self, world: &Shared, wishes: Vec<Stocked>) -> Result<Vec<String>, String> {
        let now = world.clock.now_ms();
        let mut ready = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let age_ms = wish.age_s.map_or(INSTALLED_AGO_MS, |s| i64::from(s) * 1_000);
            let seat = world.machines.seat(false).ok_or("there is no room for so many machines")?;
            ready.push((P::stocked(world, wish)?, seat, age_ms));
        }
        let mut inventory = locked(self.inventory());
        let mut addresses = locked(&world.machines.addresses);
        let mut ids = Vec::with_capacity(ready.len());
        for (new, seat, age_ms) in ready {
            let mut machine = Machine::new(new, inventory.next_place(), addresses.next_any(), seat, now);
            machine.created_at_ms = now - age_ms;
            machine.visible_at_ms = machine.created_at_ms;
            machine.installed_at_ms = now - INSTALLED_AGO_MS;
            machine.acted_at_ms = machine.installed_at_ms;
            machine.has_desktop = false;
            machine.first_answer_at_ms = Some(machine.created_at_ms);
            machine.booted_at_ms = Some(machine.created_at_ms);
            ids.push(machine.id.clone());
            inventory.add(machine);
        }
        Ok(ids)
    }

    fn clear(&self) -> Vec<(String, Turn)> {
        let machines = locked(self.inventory()).clear();
        self.forget();
        machines
    }
}
