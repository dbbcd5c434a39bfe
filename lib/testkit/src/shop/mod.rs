//! The shop as people see it: customers order and pay, workers work, the sweep comes by every minute.

mod customer;
mod log;
mod rest;
mod secrets;
mod staff;

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use app::inventory::Found;
use app::ports::{Clock as _, ExecutionStatus, WorkKind};
use domain::Timestamp;
use domain::ids::OrderId;
use domain::order::Order;
use domain::vm::VmId;
use jiff::SignedDuration;

use crate::campaign::Watch;
use crate::functions;
use crate::machine::Machine;
use crate::sim::{Crashed, Executor, GoingOn};
use crate::walker::walk;
use crate::world::{Work, World};

pub use customer::Customer;
use log::Log;

/// How long it may take until nothing is left to do.
const IDLE_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// How often the inventory looks at a shop in which nothing is left to do, before no machine is excused any more:
/// twice to see what is missing, twice to see what is gone, and once for what these have set going.
const LOOKS_AT_REST: u32 = 5;
/// Between two runs of the sweep.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Between two runs of the inventory.
const RECONCILE_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Between two tries of a webhook that was not answered with 200. Source: Paystack, webhooks.
const WEBHOOK_AGAIN: SignedDuration = SignedDuration::from_mins(3);
const WEBHOOK_TRIES_MAX: u32 = 5;
/// Between two tries of a machine that could not report.
const REPORT_AGAIN: SignedDuration = SignedDuration::from_secs(10);
const REPORT_TRIES_MAX: u32 = 8;

/// A shop with everything around it. When it is dropped, what must be true at rest is checked.
pub struct Shop {
    /// The ports, and the switches for faults.
    pub world: World,
    executor: Executor,
    machine: Arc<Machine>,
    customers: u32,
    orders: u32,
    log: Option<Log>,
    ghosts_allowed: bool,
    sweeps: bool,
    /// Whether somebody else has looked at what is broken.
    let_go: bool,
    /// Whether the inventory has had its time: from then on no machine is excused.
    pub(crate) inventory_has_looked: bool,
    next_inventory: Timestamp,
}

impl Default for Shop {
    fn default() -> Self {
        Self::open()
    }
}

impl Shop {
    /// An empty shop.
    pub fn open() -> Self {
        Self::seeded(1)
    }

    /// An empty shop in which everything follows from `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self::with_machine(seed, Arc::new(Machine::provision_desktop()), true)
    }

    /// The same with a state machine that was read before, and with or without its log kept.
    pub(crate) fn with_machine(seed: u64, machine: Arc<Machine>, logged: bool) -> Self {
        let world = World::seeded(seed);
        Self {
            executor: Executor::new(world.sim.clone()),
            machine,
            customers: 0,
            orders: 0,
            log: logged.then(Log::capture),
            ghosts_allowed: false,
            sweeps: true,
            let_go: false,
            inventory_has_looked: false,
            next_inventory: Timestamp::MIN,
            world,
        }
    }

    /// Ends the shop without its last check: somebody has made it.
    pub fn let_go(mut self) {
        self.let_go = true;
    }

    /// A known bug, put back: the sweep never comes by.
    pub(crate) fn without_sweep(&mut self) {
        self.sweeps = false;
    }

    /// For a fault outside the promise: a machine that turns up long after everybody stopped waiting for it.
    pub const fn allow_ghosts(&mut self) {
        self.ghosts_allowed = true;
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.world.sim.now()
    }

    /// An order as it is now.
    pub fn order(&self, id: OrderId) -> Order {
        self.world.store.look_order(id).expect("an order of that id")
    }

    /// Runs one call as a process of its own, with everything else going on around it.
    ///
    /// # Errors
    /// `Crashed` when the switch ended the process.
    pub fn call<T: 'static>(&mut self, work: impl Future<Output = T> + 'static) -> Result<T, Crashed> {
        self.at_once(vec![Box::pin(work)]).pop().expect("one outcome")
    }

    /// Runs several calls at the same time; their outcomes in the same order.
    pub fn at_once<T: 'static>(
        &mut self,
        calls: Vec<Pin<Box<dyn Future<Output = T>>>>,
    ) -> Vec<Result<T, Crashed>> {
        let outcomes = Rc::new(RefCell::new((0..calls.len()).map(|_| None).collect::<Vec<_>>()));
        for (place, call) in calls.into_iter().enumerate() {
            let (sim, outcomes) = (self.world.sim.clone(), Rc::clone(&outcomes));
            self.executor.spawn(format!("call {place}"), async move {
                let outcome = sim.process(call).await;
                outcomes.borrow_mut()[place] = Some(outcome);
            });
        }
        let limit = self.now().checked_add(SignedDuration::from_mins(10)).expect("a time within range");
        let all = Rc::clone(&outcomes);
        self.run(limit, move || all.borrow().iter().all(Option::is_some));
        let outcomes = std::mem::take(&mut *outcomes.borrow_mut());
        outcomes.into_iter().map(|o| o.expect("a call ends within ten minutes")).collect()
    }

    fn run(&mut self, limit: Timestamp, done: impl FnMut() -> bool) {
        let (world, machine) = (self.world.clone(), Arc::clone(&self.machine));
        self.executor.run(limit, done, &mut move |work| perform(&world, &machine, work));
    }

    /// As [`Shop::run_for`], with a look after every step.
    pub(crate) fn run_watched(&mut self, duration: SignedDuration, watch: &mut Watch) {
        let end = self.now().checked_add(duration).expect("a time within range");
        while self.now() < end {
            if self.now() >= self.next_inventory {
                self.reconcile_beside();
                self.next_inventory = self.now().checked_add(RECONCILE_EVERY).expect("a time within range");
            }
            let minute = self.now().checked_add(SWEEP_EVERY).expect("a time within range").min(end);
            self.run(minute, || {
                watch.look();
                false
            });
            if self.world.store.has_work(self.now()) {
                self.sweep();
            }
        }
    }

    /// Lets time pass, watched, until nothing is left to do and nothing that was paid is unknown; what is still open
    /// after `limit` is a broken promise that the last check finds.
    pub(crate) fn rest_watched(&mut self, limit: SignedDuration, watch: &mut Watch) {
        let limit = self.now().checked_add(limit).expect("a time within range");
        let mut looks = 0;
        while self.now() < limit && looks < if self.is_in_order() { 1 } else { LOOKS_AT_REST } {
            self.run_watched(SWEEP_EVERY, watch);
            if self.is_busy() || !self.every_payment_is_known() {
                looks = 0;
                continue;
            }
            if self.world.host.is_anyone_down() {
                self.run_watched(RECONCILE_EVERY, watch);
                looks = 0;
                continue;
            }
            // Everybody has finished: now the inventory looks, until it has nothing more to do.
            self.next_inventory = self.now();
            self.run_watched(RECONCILE_EVERY, watch);
            let unknown = self.world.store.has_work_of(|kind| kind == WorkKind::UnknownAttempt);
            looks = match unknown || self.is_busy() {
                true => 0,
                // A listing that takes several runs is one look.
                false => looks + u32::from(!self.is_amid_a_listing()),
            };
        }
        self.inventory_has_looked = true;
    }

    /// Whether every machine is the recorded one of a desktop and every desktop has its machine: then one look of the
    /// inventory has to show that it changes nothing.
    fn is_in_order(&self) -> bool {
        let rented: Vec<VmId> =
            self.world.store.instances().into_iter().filter(|i| i.rents()).filter_map(|i| i.vm).collect();
        let machines = self.world.host.ids_ever();
        machines.len() == rented.len() && machines.iter().all(|id| rented.contains(id))
    }

    /// Whether the inventory has seen a part of some provider's machines only.
    fn is_amid_a_listing(&self) -> bool {
        self.world.store.all_inventories().iter().any(|inventory| inventory.listing.cursor.is_some())
    }

    /// Whether the shop knows of all money that the gateway has.
    fn every_payment_is_known(&self) -> bool {
        let orders = self.world.store.orders();
        let mut unpaid = orders.iter().filter(|o| !o.status.was_paid());
        unpaid.all(|o| !self.world.gateway.was_paid(&self.reference(o.id)))
    }

    /// Lets time pass, with the sweep every minute.
    pub fn run_for(&mut self, duration: SignedDuration) {
        let end = self.now().checked_add(duration).expect("a time within range");
        while self.now() < end {
            let minute = self.now().checked_add(SWEEP_EVERY).expect("a time within range").min(end);
            self.run(minute, || false);
            // A sweep that finds nothing does nothing: days without work cost no time.
            if self.world.store.has_work(self.now()) {
                self.world.sim.schedule(SignedDuration::ZERO, Work::Sweep);
            }
        }
        let after = self.now().checked_add(SignedDuration::from_secs(5)).expect("a time within range");
        self.run(after, || false);
    }

    /// Lets time pass until nothing is left to do. Orders that nobody has paid are left as they are.
    pub fn run_until_idle(&mut self) {
        let limit = self.now().checked_add(IDLE_WITHIN).expect("a time within range");
        loop {
            let minute = self.now().checked_add(SWEEP_EVERY).expect("a time within range");
            self.run(minute, || false);
            let left = self.left();
            if left.is_empty() {
                return;
            }
            assert!(self.now() < limit, "still not at rest:\n{}", left.join("\n"));
            self.world.sim.schedule(SignedDuration::ZERO, Work::Sweep);
        }
    }

    /// Whether a kind of work keeps the shop from being at rest.
    const fn is_awaited(kind: WorkKind) -> bool {
        // Nobody waits for the inventory here: it comes by on its own schedule.
        !matches!(kind, WorkKind::OpenPayment | WorkKind::UnknownAttempt)
    }

    /// Whether anything is still to be done.
    fn is_busy(&self) -> bool {
        !self.executor.is_empty()
            || self.world.store.has_work_of(Self::is_awaited)
            || self.world.queues.open() > 0
            || self.world.sim.agenda_before(Timestamp::MAX)
    }

    /// What is still to be done.
    fn left(&self) -> Vec<String> {
        let mut left = self.executor.names();
        for (kind, at, id) in self.world.store.work() {
            if Self::is_awaited(kind) {
                left.push(format!("{kind:?} {id} since {at}"));
            }
        }
        if self.world.queues.open() > 0 {
            left.push(format!("{} messages", self.world.queues.open()));
        }
        if self.world.sim.agenda_before(Timestamp::MAX) {
            left.push("something on the agenda".to_owned());
        }
        left
    }

    /// Ends an execution from outside, as an operator or a time-out would.
    pub fn abort(&mut self, execution: &str) {
        self.executor.kill(execution);
        self.world.workflows.note(execution, |e| e.status = ExecutionStatus::Dead("ABORTED".to_owned()));
    }

    /// Calls an execution dead while it goes on: worse than what AWS does, where only the function that runs at
    /// that moment comes to its end.
    pub fn disown(&mut self, execution: &str) {
        self.world.workflows.note(execution, |e| e.status = ExecutionStatus::Dead("ABORTED".to_owned()));
    }

    /// Runs the sweep once more, now.
    pub fn sweep(&mut self) {
        if self.sweeps {
            self.world.sim.schedule(SignedDuration::ZERO, Work::Sweep);
        }
    }

    /// Runs the inventory once, beside whatever goes on.
    pub fn reconcile_beside(&mut self) {
        self.world.sim.schedule(SignedDuration::ZERO, Work::Reconcile);
    }

    /// Runs the inventory once, and waits for what it found.
    pub fn reconcile(&mut self) -> Found {
        let reconciler = self.world.reconciler();
        let found = self.call(async move { Box::pin(reconciler.run()).await });
        found.expect("no crash").expect("the inventory runs")
    }

    /// Runs the inventory every ten minutes, with the sweep in between.
    pub fn reconcile_for(&mut self, duration: SignedDuration) {
        let end = self.now().checked_add(duration).expect("a time within range");
        while self.now() < end {
            self.reconcile();
            self.run_for(RECONCILE_EVERY);
        }
    }

    /// What was logged so far.
    pub fn logged(&self) -> String {
        self.log.as_ref().map(Log::text).unwrap_or_default()
    }
}

/// Turns what is due into something that goes on: its name, and what it does.
fn perform(world: &World, machine: &Arc<Machine>, work: Work) -> (Cow<'static, str>, GoingOn) {
    let world = world.clone();
    let name = match &work {
        Work::Execution { name, .. } => Cow::Owned(name.clone()),
        other => Cow::Borrowed(other.name()),
    };
    let machine = Arc::clone(machine);
    let going_on: GoingOn = match work {
        Work::Execution { name, order } => Box::pin(walk(world, machine, name, order)),
        Work::Message(delivery) => Box::pin(async move {
            if !world.queues.begin(&delivery) {
                return;
            }
            let outcome = world.sim.process(functions::work(&world, &delivery)).await;
            world.queues.end(delivery, matches!(outcome, Ok(Ok(()))));
        }),
        Work::Webhook { body, tries } => Box::pin(async move {
            let outcome = world.sim.process(functions::webhook(&world, &body)).await;
            if !matches!(outcome, Ok(Ok(()))) && tries < WEBHOOK_TRIES_MAX {
                world.sim.schedule(WEBHOOK_AGAIN, Work::Webhook { body, tries: tries + 1 });
            }
        }),
        Work::RefundEnds { reference, id } => {
            Box::pin(async move { world.gateway.end_refund(&reference, &id) })
        }
        Work::CallHome { vm, installs, url, succeeded, certificate, tries } => Box::pin(async move {
            if !world.host.is_still(&vm, installs) {
                return;
            }
            let call = functions::call_home(&world, &url, succeeded, certificate.clone());
            let outcome = world.sim.process(call).await;
            if !matches!(outcome, Ok(Ok(()))) && tries < REPORT_TRIES_MAX {
                let again = Work::CallHome { vm, installs, url, succeeded, certificate, tries: tries + 1 };
                world.sim.schedule(REPORT_AGAIN, again);
            }
        }),
        Work::Reconcile => Box::pin(async move {
            let reconciler = world.reconciler();
            if let Ok(Err(error)) = world.sim.process(Box::pin(reconciler.run())).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the inventory did not run");
            }
        }),
        Work::Sweep => Box::pin(async move {
            let sweep = world.sweep();
            if let Ok(Err(error)) = world.sim.process(Box::pin(sweep.run())).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the sweep did not run");
            }
        }),
    };
    (name, going_on)
}
