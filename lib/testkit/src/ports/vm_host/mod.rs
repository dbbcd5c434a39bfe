//! The providers of machines, which boot on virtual time and call home. One cloud keeps all of them; each
//! provider's client is a handle on it.
//!
//! - `machine`: one machine, as its provider knows it; `user_data`: what it reads there.
//! - `port`: what a client answers; `offers`: what every provider says it has.
//! - `faults`: what can go wrong at a provider; `bugs`: known bugs of ours in speaking to one.
//! - `planted`: machines that this program never made.

mod bugs;
mod faults;
mod machine;
mod offers;
mod planted;
mod port;
mod user_data;

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use app::ports::{Clock as _, VmError, VmHosts};
use domain::Timestamp;
use domain::catalogue::Provider;
use domain::first_boot::Fingerprints;
use domain::ids::OrderId;
use domain::vm::VmId;
use jiff::SignedDuration;

use crate::sim::Sim;
pub use bugs::HostBug;
pub use faults::{BootPlan, HostFault, Op};
pub use machine::Machine;

#[derive(Default)]
struct State {
    machines: Vec<Machine>,
    faults: Vec<(Option<Provider>, Op, HostFault, u32)>,
    outages: Vec<(Provider, Timestamp, HostFault)>,
    boots: VecDeque<BootPlan>,
    sold_out: BTreeSet<String>,
    unlisted: BTreeSet<String>,
    list_lag: SignedDuration,
    creates: u32,
    /// Calls of all clients, except those that ask for nothing about machines.
    calls: u32,
    /// The next listings with a cursor do not know it.
    forgets_cursors: u32,
    bug: Option<HostBug>,
}

/// One provider's client, or (from [`VmHost::new`]) the whole cloud, to look at and to break.
#[derive(Clone)]
pub struct VmHost {
    sim: Sim,
    state: Arc<Mutex<State>>,
    provider: Provider,
}

/// The providers that are set up: a client for each.
#[derive(Clone)]
pub struct Hosts(Arc<[VmHost]>);

impl VmHosts for Hosts {
    type Host = VmHost;

    fn host(&self, provider: Provider) -> Option<&VmHost> {
        self.0.iter().find(|host| host.provider == provider)
    }
}

impl VmHost {
    /// A cloud without machines.
    pub fn new(sim: Sim) -> Self {
        Self { sim, state: Arc::default(), provider: Provider::Vultr }
    }

    /// Clients of these providers.
    pub fn hosts(&self, providers: &[Provider]) -> Hosts {
        Hosts(providers.iter().map(|provider| Self { provider: *provider, ..self.clone() }).collect())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().expect("one thread"))
    }

    /// The next `times` calls of `op` at any provider do this instead.
    pub fn fail(&self, op: Op, fault: HostFault, times: u32) {
        self.with(|s| s.faults.push((None, op, fault, times)));
    }

    /// The next `times` calls of `op` at one provider do this instead.
    pub fn fail_at(&self, provider: Provider, op: Op, fault: HostFault, times: u32) {
        self.with(|s| s.faults.push((Some(provider), op, fault, times)));
    }

    /// No further faults of single calls.
    pub fn heal(&self) {
        self.with(|s| s.faults.clear());
    }

    /// Every call of one provider does this instead, for so long.
    pub fn take_down(&self, provider: Provider, fault: HostFault, lasts: SignedDuration) {
        let until = self.sim.now().checked_add(lasts).expect("a time within range");
        self.with(|s| s.outages.push((provider, until, fault)));
    }

    /// Whether a provider is down now.
    pub(crate) fn is_anyone_down(&self) -> bool {
        let now = self.sim.now();
        self.with(|s| s.outages.iter().any(|(_, until, _)| now < *until))
    }

    /// The next machine that is made (or made as new) comes up like this.
    pub fn next_boot(&self, plan: BootPlan) {
        self.with(|s| s.boots.push_back(plan));
    }

    /// From now on nothing can be had in `region`.
    pub fn sell_out(&self, region: &str) {
        self.with(|s| s.sold_out.insert(region.to_owned()));
    }

    /// From now on the machines in `region` are in no list, as where each region is asked for itself.
    pub fn unlist(&self, region: &str) {
        self.with(|s| s.unlisted.insert(region.to_owned()));
    }

    /// Every region is listed again.
    pub fn list_everywhere(&self) {
        self.with(|s| s.unlisted.clear());
    }

    /// From now on lists are this old: a new machine is not in them yet, a deleted one still.
    pub fn lists_lag(&self, lag: SignedDuration) {
        self.with(|s| s.list_lag = lag);
    }

    /// The next `times` listings that go on from a cursor are refused.
    pub fn forget_cursors(&self, times: u32) {
        self.with(|s| s.forgets_cursors = times);
    }

    /// How many calls were made, of every provider.
    pub fn calls(&self) -> u32 {
        self.with(|s| s.calls)
    }

    /// How often a create had its effect.
    pub fn creates(&self) -> u32 {
        self.with(|s| s.creates)
    }

    /// The machines that exist now, late ones not before their time.
    pub fn machines(&self) -> Vec<Machine> {
        let now = self.sim.now();
        self.with(|s| s.machines.iter().filter(|m| m.exists(now)).cloned().collect())
    }

    /// The machines of an order that exist now.
    pub(crate) fn machines_of(&self, order: OrderId) -> Vec<Machine> {
        let (now, tag) = (self.sim.now(), order.to_string());
        let ours = |m: &&Machine| m.exists(now) && m.tags.contains(&tag);
        self.with(|s| s.machines.iter().filter(ours).cloned().collect())
    }

    /// The machines that exist or will appear.
    pub fn machines_ever(&self) -> Vec<Machine> {
        self.with(|s| s.machines.iter().filter(|m| !m.is_over()).cloned().collect())
    }

    /// The machines of an order that exist or will appear.
    pub(crate) fn machines_ever_of(&self, order: OrderId) -> Vec<Machine> {
        let tag = order.to_string();
        let ours = |m: &&Machine| !m.is_over() && m.tags.contains(&tag);
        self.with(|s| s.machines.iter().filter(ours).cloned().collect())
    }

    /// The machines of an order that we deleted within a week after they had come back.
    pub(crate) fn taken_early_of(&self, order: OrderId) -> Vec<Machine> {
        let tag = order.to_string();
        let taken = |m: &&Machine| m.was_taken_early() && m.tags.contains(&tag);
        self.with(|s| s.machines.iter().filter(taken).cloned().collect())
    }

    /// The ids of the machines that exist or will appear.
    pub(crate) fn ids_ever(&self) -> Vec<VmId> {
        self.with(|s| s.machines.iter().filter(|m| !m.is_over()).map(|m| m.id.clone()).collect())
    }

    /// Every secret that any machine ever had: passwords and one-time addresses.
    pub fn secrets(&self) -> Vec<String> {
        self.with(|s| {
            let token = |m: &Machine| m.report_url.rsplit('/').next().unwrap_or_default().to_owned();
            s.machines.iter().flat_map(|m| [m.password.clone(), token(m)]).collect()
        })
    }

    /// Whether a machine's desktop has come up by now.
    pub(crate) fn has_answered(&self, machine: &Machine) -> bool {
        machine.has_answered(self.sim.now())
    }

    /// Whether a machine is still there, with the system that it had.
    pub(crate) fn is_still(&self, id: &VmId, installs: u32) -> bool {
        let now = self.sim.now();
        self.with(|s| {
            s.machines.iter().any(|m| m.exists(now) && m.id == *id && m.installs == installs && m.on)
        })
    }

    /// The certificate at an address where a desktop answers now or, if `silent`, where there is a machine at all.
    pub(super) fn certificate_at(&self, address: IpAddr, silent: bool) -> Option<Fingerprints> {
        let now = self.sim.now();
        let answers = |m: &Machine| silent || (m.on && m.has_answered(now));
        self.with(|s| {
            let there = s.machines.iter().find(|m| m.exists(now) && m.address == address && answers(m));
            there.map(Machine::certificate)
        })
    }
}

impl State {
    fn take_fault(&mut self, provider: Provider, op: Op, now: Timestamp) -> Option<HostFault> {
        let outage = self.outages.iter().find(|(p, until, _)| *p == provider && now < *until);
        if let Some((_, _, fault)) = outage {
            return Some(*fault);
        }
        let strikes = |(p, o, _, left): &(Option<Provider>, Op, HostFault, u32)| {
            p.is_none_or(|p| p == provider) && *o == op && *left > 0
        };
        let place = self.faults.iter().position(strikes)?;
        self.faults[place].3 -= 1;
        Some(self.faults[place].2)
    }

    fn machine(&mut self, provider: Provider, id: &VmId, now: Timestamp) -> Result<&mut Machine, VmError> {
        let found = self.machines.iter_mut().find(|m| {
            m.provider == provider && m.id == *id && m.exists_from <= now && m.deleted_at.is_none()
        });
        found.ok_or(VmError::NotFound)
    }
}
