//! What must hold after every step, not only at rest.

use std::collections::BTreeSet;

use domain::ids::OrderId;
use domain::instance::Instance;
use domain::order::OrderStatus;
use domain::trading::is_over;

use crate::World;
use crate::ports::VmMachine;
use crate::world::PROMISED_QUARANTINE;

/// Looks at a world after each of its steps. A look costs three counters; only what is new is examined.
pub(crate) struct Watch {
    world: World,
    ended: usize,
    refunds: u32,
    mails: usize,
    refunded: BTreeSet<String>,
    broken: Vec<String>,
}

impl Watch {
    /// Looks at `world` from now on.
    pub(crate) fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
            ended: 0,
            refunds: 0,
            mails: 0,
            refunded: BTreeSet::new(),
            broken: Vec::new(),
        }
    }

    /// One look.
    pub(crate) fn look(&mut self) {
        let ended = self.world.store.ends();
        while self.ended < ended {
            match self.world.store.end(self.ended) {
                Some((order, OrderStatus::Active)) => self.delivered_well(order),
                Some((order, _)) => self.undone_well(order),
                None => {}
            }
            self.ended += 1;
        }
        if self.world.gateway.refunds_accepted() != self.refunds {
            self.refunds = self.world.gateway.refunds_accepted();
            self.refunded_well();
        }
        let mails = self.world.outbox.count();
        while self.mails < mails {
            self.mailed_well(self.mails);
            self.mails += 1;
        }
    }

    fn instance_of(&self, order: OrderId) -> Option<Instance> {
        self.world.store.look_order(order).and_then(|o| self.world.store.look_instance(o.instance))
    }

    /// Every broken promise seen so far.
    pub(crate) fn broken(self) -> Vec<String> {
        self.broken
    }

    fn says(&mut self, what: String) {
        if self.broken.len() < 20 {
            self.broken.push(what);
        }
    }

    /// The machines of an order that exist now and that somebody could know of: not those that appeared only after
    /// the quarantine and that nobody has recorded, which the inventory finds, nor those that the order lost and that
    /// are there again, which it keeps.
    fn known_machines(&self, order: OrderId) -> Vec<VmMachine> {
        let attempts = self.world.store.look_attempts(order);
        let mut machines = self.world.host.machines_of(order);
        machines.retain(|m| {
            (m.late_by() < PROMISED_QUARANTINE || attempts.iter().any(|a| a.vm.as_ref() == Some(&m.id)))
                && !m.came_back_to(&attempts)
        });
        machines
    }

    /// Delivered is what has exactly one machine, the recorded one, and it answers.
    fn delivered_well(&mut self, order: OrderId) {
        self.accounts_are_held_once();
        let recorded = self.instance_of(order).and_then(|i| i.vm);
        let known = self.known_machines(order);
        let ours = known.iter().filter(|m| Some(&m.id) == recorded.as_ref()).count();
        if ours != 1 {
            self.says(format!("{order} was delivered without its machine"));
        }
        let attempts = self.world.store.look_attempts(order);
        let left: BTreeSet<String> =
            attempts.iter().filter(|a| a.is_left_behind()).map(|a| a.vm_name()).collect();
        if let Some(other) =
            known.iter().find(|m| Some(&m.id) != recorded.as_ref() && !left.contains(&m.name))
        {
            self.says(format!("{order} was delivered beside another machine, {}", other.name));
        }
        if !known.iter().any(|m| Some(&m.id) == recorded.as_ref() && self.world.host.has_answered(m)) {
            self.says(format!("{order} was delivered and has never answered"));
        }
    }

    /// An order ends undone when nothing of it runs: of what staff ordered, only this frees the MT5 account.
    fn undone_well(&mut self, order: OrderId) {
        if let Some(machine) = self.known_machines(order).first() {
            self.says(format!("{order} ended undone while {} existed", machine.name));
        }
    }

    /// One MT5 account never has two desktops, whoever asks for them at the same moment.
    fn accounts_are_held_once(&mut self) {
        let store = &self.world.store;
        let mut held = BTreeSet::new();
        let mut twice = None;
        for order in store.orders() {
            let Some(vps) = &order.staff else { continue };
            let holds = store.look_instance(order.instance).is_some_and(|i| !is_over(&order, &i));
            if holds && !held.insert(vps.mt5_account_id.clone()) {
                twice =
                    Some(format!("MT5 account {} has two desktops, one of {}", vps.mt5_account_id, order.id));
            }
        }
        if let Some(twice) = twice {
            self.says(twice);
        }
    }

    /// No money goes back while a machine of the order runs.
    fn refunded_well(&mut self) {
        for reference in self.world.gateway.refunded_references() {
            if !self.refunded.insert(reference.clone()) {
                continue;
            }
            let payments = self.world.store.payments();
            let Some(payment) = payments.iter().find(|p| reference.contains(p.id.bare().as_str())) else {
                self.says(format!("a refund of {reference}, which nobody asked to pay"));
                continue;
            };
            let order = payment.order;
            let known = self.known_machines(order);
            if let Some(machine) = known.first() {
                self.says(format!("{order} got its money back while {} existed", machine.name));
            }
        }
    }

    /// Credentials go out only for a desktop that was seen to answer.
    fn mailed_well(&mut self, place: usize) {
        let Some(mail) = self.world.outbox.nth(place).filter(|m| m.kind == "ready") else { return };
        let Some(order) = mail.order else { return };
        let answered = self.instance_of(order).is_some_and(|i| i.certificate.is_some());
        // What was delivered may be made as new by its owner while the mail is on its way.
        let delivered = self.world.store.look_order(order).is_some_and(|o| o.status == OrderStatus::Active);
        if !answered && !delivered {
            self.says(format!("the credentials of {order} went out before its desktop answered"));
        }
    }
}
