//! Runs one plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::AppError;
use app::trading::PlaceVps;
use domain::ids::OrderId;
use domain::instance::InstanceStatus;
use domain::order::OrderStatus;
use domain::vm::VmId;
use jiff::SignedDuration;

use super::watch::Watch;
use super::{Bug, Event, Plan, StaffWish, Wish};
use crate::catalogues::six_providers;
use crate::sim::{Fault, Trigger};
use crate::{Customer, Machine, Shop};

/// How long it may take until everything has come to rest, after the longest outage.
const REST_WITHIN: SignedDuration = SignedDuration::from_hours(72);

/// How often staff send a request that gets no answer.
const STAFF_TRIES: u32 = 3;

/// What became of one plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Orders placed.
    pub orders: usize,
    /// Of them by staff.
    pub staff: usize,
    /// Of all delivered.
    pub delivered: usize,
    /// Of all refunded or, without money, undone.
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
    let staff = shop.customer("desk@example.com");
    let mut run = Run { shop: &mut shop, plan: &plan, orders: Vec::new(), vanished: BTreeMap::new(), staff };
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
    /// Those placed so far, and whose they are.
    orders: Vec<(Customer, OrderId)>,
    /// The machines that disappeared, by the place of their order.
    vanished: BTreeMap<usize, VmId>,
    staff: Customer,
}

impl Run<'_> {
    fn all(&mut self, watch: &mut Watch) {
        let Plan { orders, boots, list_lag, twice_permille, messages_late, inventory, .. } = self.plan;
        (self.shop.world.bounds.page, self.shop.world.bounds.pages) = *inventory;
        let ada = self.shop.customer("ada@example.com");
        for Wish { os, region } in orders {
            let order = self.shop.orders_in(&ada, *os, *region);
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
            Event::StaffOrder(wish) => self.staff_orders(*wish),
            Event::Decommission(order) => {
                if let Some((who, id)) = self.orders.get(*order).cloned() {
                    let desktop = self.shop.order(id).instance;
                    drop(self.shop.decommission_vps(&who, desktop));
                }
            }
            Event::Abort(order) => {
                if let Some((_, id)) = self.orders.get(*order) {
                    let name = self.shop.order(*id).execution_name();
                    self.shop.abort(&name);
                }
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
                let placed = self.orders.get(*order);
                let desktop = placed.and_then(|(_, id)| self.shop.desktop(*id));
                let active = desktop.filter(|i| i.status == InstanceStatus::Active);
                if let Some(vm) = active.and_then(|i| i.vm) {
                    world.host.vanish(&vm);
                    self.vanished.insert(*order, vm);
                }
            }
            Event::ComesBack(order) => {
                if let Some(vm) = self.vanished.remove(order) {
                    world.host.come_back(&vm);
                }
            }
            Event::MailDown(mails) => world.outbox.fail(*mails),
            Event::Command(order, kind) => {
                if let Some((who, id)) = self.orders.get(*order).cloned()
                    && self.shop.desktop(id).is_some()
                {
                    drop(self.shop.commands(&who, id, *kind));
                }
            }
        }
    }

    /// Staff ask for a trading desktop, again when they get no answer; what came of it is read from the table, as an
    /// answer may be lost.
    fn staff_orders(&mut self, wish: StaffWish) {
        let first = PlaceVps {
            provider: Some(wish.provider.to_string()),
            region: wish.region.to_owned(),
            ..self.shop.vps_wish(&self.staff, wish.account)
        };
        let others = (1..wish.requests).map(|number| match wish.repeated {
            true => first.clone(),
            false => PlaceVps { key: format!("{}-{number}", first.key), ..first.clone() },
        });
        let mut wishes: Vec<PlaceVps> = std::iter::once(first.clone()).chain(others).collect();
        for _ in 0..STAFF_TRIES {
            let outcomes = self.shop.place_vps_at_once(wishes.clone());
            let mut outcomes = outcomes.iter();
            let refused = |error: &AppError| {
                use AppError as E;
                matches!(error, E::Conflict(_) | E::NotDeliverable { .. } | E::Invalid { .. })
            };
            wishes.retain(|_| match outcomes.next() {
                Some(Err(error)) => !refused(error),
                Some(Ok(_)) | None => false,
            });
            if wishes.is_empty() {
                break;
            }
        }
        let orders = self.shop.world.store.orders();
        for order in orders.iter().filter(|order| order.staff.is_some()) {
            if !self.orders.iter().any(|(_, id)| *id == order.id) {
                self.orders.push((self.staff.clone(), order.id));
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let stands = |wanted: OrderStatus| {
            self.orders.iter().filter(|(_, id)| self.shop.order(*id).status == wanted).count()
        };
        Outcome {
            orders: self.orders.len(),
            staff: self.orders.len() - self.plan.orders.len(),
            delivered: stands(OrderStatus::Active),
            refunded: stands(OrderStatus::Refunded),
            calls: self.shop.world.sim.calls(),
            broken: self.shop.broken_promises(),
            trace: Vec::new(),
            log: self.shop.logged(),
        }
    }
}
