//! The machines of one account.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Value, json};

use super::{Machine, Play, Turn};

const DESTROYED_MAX: usize = 2_000;

/// Bounded by the number of machines; the list of destroyed ones forgets its oldest.
pub(crate) struct Inventory<P: Play> {
    machines: BTreeMap<u64, Machine<P>>,
    by_id: HashMap<String, u64>,
    destroyed: VecDeque<Value>,
    last_place: u64,
}

impl<P: Play> Default for Inventory<P> {
    fn default() -> Self {
        Self { machines: BTreeMap::new(), by_id: HashMap::new(), destroyed: VecDeque::new(), last_place: 0 }
    }
}

impl<P: Play> Inventory<P> {
    /// The next place in the order of creation; also for what is not a machine.
    pub(crate) fn next_place(&mut self) -> u64 {
        self.last_place += 1;
        self.last_place
    }

    pub(super) fn add(&mut self, machine: Machine<P>) {
        self.by_id.insert(machine.id.clone(), machine.place);
        self.machines.insert(machine.place, machine);
    }

    /// Oldest first, hidden ones too.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &Machine<P>> {
        self.machines.values()
    }

    /// Oldest first, hidden ones too.
    pub(crate) fn machines_mut(&mut self) -> impl Iterator<Item = &mut Machine<P>> {
        self.machines.values_mut()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Machine<P>> {
        self.machines.get(self.by_id.get(id)?)
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut Machine<P>> {
        self.machines.get_mut(self.by_id.get(id)?)
    }

    /// Takes a machine out for good.
    pub(super) fn remove(&mut self, id: &str, now_ms: i64) -> Option<Machine<P>> {
        let machine = self.machines.remove(&self.by_id.remove(id)?)?;
        if self.destroyed.len() >= DESTROYED_MAX {
            self.destroyed.pop_back();
        }
        self.destroyed.push_front(json!({
            "provider": P::SERVICE.name(),
            "id": machine.id,
            "label": machine.label,
            "tags": machine.tags,
            "created_at_ms": machine.created_at_ms,
            "booted_at_ms": machine.booted_at_ms,
            "destroyed_at_ms": now_ms,
        }));
        Some(machine)
    }

    /// Newest first.
    pub(super) fn destroyed(&self) -> impl Iterator<Item = &Value> {
        self.destroyed.iter()
    }

    /// Empties everything; the machines whose desktops have to go.
    pub(super) fn clear(&mut self) -> Vec<(String, Turn)> {
        self.by_id.clear();
        self.destroyed.clear();
        let machines = std::mem::take(&mut self.machines).into_values();
        machines.filter(|m| m.has_desktop).map(|m| (m.id, m.turn)).collect()
    }
}
