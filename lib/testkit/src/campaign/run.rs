//! Runs one plan.

use std::sync::Arc;

use domain::instance::InstanceStatus;
use domain::order::OrderStatus;
use jiff::SignedDuration;

use super::watch::Watch;
use super::{Bug, Event, Plan};
use crate::catalogues::six_providers;
use crate::sim::{Fault, Trigger};
use crate::{Customer, Machine, Shop};

/// How long it may take until everything has come to rest, after the longest outage.
const REST_WITHIN: SignedDuration = SignedDuration::from_hours(72);

/// What became of one plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Orders placed.
    pub orders: usize,
    /// Of them delivered.
    pub delivered: usize,
    /// Of them refunded.
    pub refunded: usize,
    /// Port calls made.
    pub calls: u64,
    /// Every broken promise, as a sentence; empty when all is well.
    pub broken: Vec<String>,
    /// The last port calls, when something was broken.
    pub trace: Vec<String>,
    /// What was logged, if it was kept.
    pub log: String,
}

/// Runs the plan of `seed` to its end and tells what was broken, with `bug` put back if there is one.
///
/// `logged`: whether the log is kept and searched for secrets too, which takes most of the time.
pub fn lifetimes(seed: u64, machine: &Arc<Machine>, bug: Option<Bug>, logged: bool) -> Outcome {
    let tasks: Vec<String> = machine.tasks().map(|(name, _)| name.clone()).collect();
    let plan = Plan::from_seed(seed, &tasks);
    let mut shop = Shop::with_machine(seed, Arc::clone(machine), logged);
    shop.world.catalogue = six_providers();
    if let Some(bug) = bug {
        bug.put_back(&mut shop);
    }
    let mut watch = Watch::new(&shop.world);
    let mut run = Run { shop: &mut shop, plan: &plan, orders: Vec::new() };
    run.all(&mut watch);
    let mut outcome = run.outcome();
    outcome.broken.extend(watch.broken());
    if !outcome.broken.is_empty() {
        outcome.trace = shop.world.sim.trace();
    }
    shop.let_go();
    outcome
}

struct Run<'a> {
    shop: &'a mut Shop,
    plan: &'a Plan,
    orders: Vec<(Customer, domain::ids::OrderId)>,
}

impl Run<'_> {
    fn all(&mut self, watch: &mut Watch) {
        let Plan { orders, boots, list_lag, twice_permille, messages_late, .. } = self.plan;
        let ada = self.shop.customer("ada@example.com");
        for os in orders {
            let order = self.shop.orders(&ada, *os);
            self.orders.push((ada.clone(), order));
        }
        let world = &self.shop.world;
        boots.iter().for_each(|boot| world.host.next_boot(*boot));
        world.host.lists_lag(*list_lag);
        world.queues.misbehave(*twice_permille, *messages_late);
        let trigger = Trigger::Random {
            permille: self.plan.port_permille,
            most: self.plan.port_faults,
            seed: self.plan.seed,
        };
        world.sim.arm(trigger, Fault::Before);
        let mut now = 0;
        for (minute, event) in &self.plan.events {
            if *minute > now {
                self.shop.run_watched(SignedDuration::from_mins(minute - now), watch);
                now = *minute;
            }
            self.happens(event);
        }
        self.shop.run_watched(SignedDuration::from_mins(10), watch);
        self.shop.world.sim.disarm();
        self.shop.rest_watched(REST_WITHIN, watch);
    }

    fn happens(&mut self, event: &Event) {
        let world = &self.shop.world;
        match event {
            Event::Pays { order, webhooks, late, returns } => {
                let id = self.orders[*order].1;
                let reference = self.shop.pays_silently(id);
                for copy in 0..*webhooks {
                    let late = SignedDuration::from_secs(late * i64::from(copy + 1));
                    self.shop.world.gateway.webhook("charge.success", &reference, late);
                }
                if *returns {
                    self.shop.try_come_back(id);
                }
            }
            Event::Host(None, op, fault, times) => world.host.fail(*op, *fault, *times),
            Event::Host(Some(provider), op, fault, times) => {
                world.host.fail_at(*provider, *op, *fault, *times);
            }
            Event::Outage(provider, fault, lasts) => world.host.take_down(*provider, *fault, *lasts),
            Event::SoldOut(region) => world.host.sell_out(region),
            Event::Gateway(fault, times) => world.gateway.fail(*fault, *times),
            Event::State(state, fault, times) => world.breaks.at(state, *fault, *times),
            Event::Abort(order) => {
                let name = self.shop.order(self.orders[*order].1).execution_name();
                self.shop.abort(&name);
            }
            Event::TwoSweeps => {
                self.shop.sweep();
                self.shop.sweep();
            }
            Event::TwoInventories => {
                self.shop.reconcile_beside();
                self.shop.reconcile_beside();
            }
            Event::Vanishes(order) => {
                let id = self.orders[*order].1;
                let active = self.shop.desktop(id).filter(|i| i.status == InstanceStatus::Active);
                if let Some(vm) = active.and_then(|i| i.vm) {
                    world.host.vanish(&vm);
                }
            }
            Event::MailDown(mails) => world.outbox.fail(*mails),
            Event::Command(order, kind) => {
                let (who, id) = self.orders[*order].clone();
                if self.shop.desktop(id).is_some() {
                    drop(self.shop.commands(&who, id, *kind));
                }
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let stands = |wanted: OrderStatus| {
            self.orders.iter().filter(|(_, id)| self.shop.order(*id).status == wanted).count()
        };
        Outcome {
            orders: self.orders.len(),
            delivered: stands(OrderStatus::Active),
            refunded: stands(OrderStatus::Refunded),
            calls: self.shop.world.sim.calls(),
            broken: self.shop.broken_promises(),
            trace: Vec::new(),
            log: self.shop.logged(),
        }
    }
}
