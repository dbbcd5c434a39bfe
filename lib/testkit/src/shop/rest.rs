//! What must be true when nothing is left to do.

use domain::catalogue::Os;
use domain::create::Attempt;
use domain::instance::{Instance, InstanceStatus};
use domain::inventory::{Report, too_many};
use domain::ledger;
use domain::mail::MailStatus;
use domain::order::{Order, OrderStatus};
use domain::payment::{Payment, PaymentStatus, RefundStatus};
use domain::vm::parse_vm_name;

use super::Shop;
use super::secrets::Secrets;
use crate::ports::VmMachine;
use crate::world::PROMISED_QUARANTINE;

impl Shop {
    /// Every broken promise, as a sentence; empty when all is well. Call it at rest.
    pub fn broken_promises(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for order in self.world.store.orders() {
            self.check_order(&order, &mut broken);
        }
        self.check_owners(&mut broken);
        self.check_trading_accounts(&mut broken);
        if self.world.queues.open() > 0 {
            broken.push(format!("{} messages are left in the queues", self.world.queues.open()));
        }
        self.check_secrets(&mut broken);
        broken
    }

    fn payment_of(&self, order: &Order) -> Payment {
        self.world.store.look_payment(order.payment).expect("an order has a payment")
    }

    /// A refund that the gateway could not make waits for a person: so the operator was told.
    pub(super) fn refund_needs_a_person(&self, order: &Order) -> bool {
        let refund = self.payment_of(order).refund.map(|r| r.status);
        matches!(refund, Some(RefundStatus::Failed | RefundStatus::NeedsAttention))
    }

    fn check_order(&self, order: &Order, broken: &mut Vec<String>) {
        let id = order.id;
        let attempts = self.world.store.look_attempts(id);
        let mut machines = self.world.host.machines_ever_of(id);
        machines.retain(|m| !self.left_to_the_inventory(m, &attempts) && !m.came_back_to(&attempts));
        for machine in self.world.host.taken_early_of(id).iter().filter(|m| m.came_back_to(&attempts)) {
            broken.push(format!("{id} lost {}, and it was deleted as soon as it was back", machine.name));
        }
        let instance = self.world.store.look_instance(order.instance);
        let terminated = instance.as_ref().is_some_and(|i| i.status == InstanceStatus::Terminated);

        let waits = machines.is_empty() && instance.as_ref().is_some_and(|i| self.waits_for_a_person(i));
        let wanted = usize::from(order.status == OrderStatus::Active && !terminated && !waits);
        if machines.len() != wanted && !self.ghosts_allowed {
            broken.push(format!("{id} is {} and has {} machines", order.status, machines.len()));
        }
        if wanted == 1
            && !machines.iter().any(|m| instance.as_ref().is_some_and(|i| i.vm.as_ref() == Some(&m.id)))
        {
            broken.push(format!("{id} is active without the machine that it records"));
        }
        // A command that failed may have left a password that nobody knows; its owner was told so.
        let told_of_failure = instance.as_ref().is_some_and(|i| i.last_error.is_some());
        if wanted == 1 && order.os == Os::Windows && !told_of_failure {
            self.check_password(order, &machines, broken);
        }
        let tickets = self.world.store.tickets().iter().filter(|t| t.order == id).count();
        if tickets != usize::from(order.failure.is_some()) {
            broken.push(format!("{id} has {tickets} tickets"));
        }
        if order.status == OrderStatus::Active
            && let Some(instance) = &instance
            && matches!(
                instance.status,
                InstanceStatus::Provisioning | InstanceStatus::Failed | InstanceStatus::Busy
            )
        {
            broken.push(format!("{id} is active, its desktop is {}", instance.status));
        }
        if order.staff.is_some() {
            self.check_staff_order(order, broken);
        } else {
            self.check_money(order, broken);
        }
    }

    /// Whether a desktop lost its machine together with most others at its provider: nothing is made anew then, as it is
    /// rather our key that is wrong, and the operator was told.
    fn waits_for_a_person(&self, instance: &Instance) -> bool {
        let provider = instance.offering.provider;
        let in_bulk = |report: &Report| {
            too_many(report.tally.missing as usize, report.recorded as usize)
                && report.tally.missing_found.iter().any(|m| m.instance == instance.id && !m.rebuilt)
        };
        let told = format!("inventory.{provider}.alert.missing-");
        self.world
            .store
            .all_inventories()
            .iter()
            .any(|i| i.provider == provider && i.report.as_ref().is_some_and(in_bulk))
            && self
                .world
                .store
                .mails()
                .iter()
                .any(|m| m.id.starts_with(&told) && m.status == MailStatus::Sent)
    }

    fn check_money(&self, order: &Order, broken: &mut Vec<String>) {
        let (id, payment) = (order.id, self.payment_of(order));
        let paid = payment.status == PaymentStatus::Paid;
        let rests = match order.status {
            OrderStatus::Active | OrderStatus::Refunded => paid,
            OrderStatus::AwaitingPayment | OrderStatus::Expired => !paid,
            OrderStatus::Refunding => paid && self.refund_needs_a_person(order),
            OrderStatus::Paid | OrderStatus::Provisioning | OrderStatus::Undoing => false,
        };
        if !rests {
            broken.push(format!("{id} rests as {} with a payment that is {}", order.status, payment.status));
        }
        self.check_ledger(order, &payment, broken);
    }

    /// The password that the customer was told last opens the desktop. (Ubuntu has a hash of it, which is slow to try.)
    fn check_password(&self, order: &Order, machines: &[VmMachine], broken: &mut Vec<String>) {
        if let Some(told) = self.world.outbox.last_password(order.id)
            && machines.iter().all(|m| m.password != *told.expose())
        {
            broken.push(format!("{}: the password that was mailed opens nothing", order.id));
        }
    }

    /// Whether only the inventory can find a machine: it came after the quarantine, or its attempt was left behind.
    fn left_to_the_inventory(&self, machine: &VmMachine, attempts: &[Attempt]) -> bool {
        let left = |a: &Attempt| a.is_left_behind() && a.vm_name() == machine.name;
        let recorded = attempts.iter().any(|a| a.vm.as_ref() == Some(&machine.id));
        let late = machine.late_by() >= PROMISED_QUARANTINE;
        !self.inventory_has_looked && (attempts.iter().any(left) || (late && !recorded))
    }

    fn check_ledger(&self, order: &Order, payment: &Payment, broken: &mut Vec<String>) {
        let entries = self.world.store.look_ledger(order.id);
        let balance = ledger::balance(&entries, order.price.currency).map(|money| money.minor);
        // Money that is not what was asked for is a person's business and not in the ledger yet.
        let kept = match payment.status {
            PaymentStatus::Paid => (1..=payment.references)
                .map(|number| self.world.gateway.kept(&format!("pay-{}-{number}", payment.id.bare())))
                .sum(),
            _ => 0,
        };
        if balance != Some(kept) {
            broken.push(format!("{}: the ledger says {balance:?}, the gateway kept {kept}", order.id));
        }
        if order.status == OrderStatus::Refunded && kept != 0 {
            broken.push(format!("{} is refunded, and the gateway still has {kept}", order.id));
        }
        if order.status == OrderStatus::Active && kept != order.price.minor && payment.refund.is_none() {
            broken.push(format!("{} is active for {kept}", order.id));
        }
    }

    fn check_owners(&self, broken: &mut Vec<String>) {
        let orders = self.world.store.orders();
        for machine in self.world.host.machines() {
            if parse_vm_name(&machine.name).is_some()
                && !orders.iter().any(|o| machine.tags.contains(&o.id.to_string()))
            {
                broken.push(format!("the machine {} belongs to nobody", machine.name));
            }
        }
    }

    fn check_secrets(&self, broken: &mut Vec<String>) {
        let world = &self.world;
        let secrets = Secrets::new(world.canaries());
        let mut look = |place: &str, text: &str| {
            if secrets.are_in(text) {
                broken.push(format!("{place} holds a secret"));
            }
        };
        look("the log", &self.logged());
        world.queues.each_body(|body| look("a message", body));
        world.workflows.each_history(|history| look("an execution", history));
        world.store.mails().iter().for_each(|mail| look("a mail's record", &format!("{mail:?}")));
        world.store.tickets().iter().for_each(|ticket| look("a ticket", &format!("{ticket:?}")));
        world.store.audit_entries().iter().for_each(|line| look("the audit log", &format!("{line:?}")));
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.let_go {
            let broken = self.broken_promises();
            assert!(broken.is_empty(), "{}\n\n{}", broken.join("\n"), self.world.sim.trace().join("\n"));
        }
    }
}
