//! The providers of machines, which boot on virtual time and call home. One cloud keeps all of them; each
//! provider's client is a handle on it.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use app::ports::{
    Account, Capabilities, Clock as _, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion,
    Reinstall, ResetPassword, Trace, Traffic, UserData, VmError, VmHosts, WindowsPassword, WindowsSetup,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::Timestamp;
use domain::catalogue::{Offering, Os, Provider};
use domain::first_boot::Fingerprints;
use domain::ids::OrderId;
use domain::secret::Secret;
use domain::vm::{Vm, VmId, VmState};
use jiff::SignedDuration;
use jiff::civil::Date;

use super::{BootPlan, HostBug, HostFault, Op, vm_offers};
use crate::sim::{Chance, Sim};
use crate::world::Work;

/// One machine, as the provider knows it.
#[derive(Clone)]
pub struct Machine {
    /// Who makes it.
    pub provider: Provider,
    /// The provider's id.
    pub id: VmId,
    /// Our name for it.
    pub name: String,
    /// Our tags.
    pub tags: Vec<String>,
    /// The provider's id of its size.
    pub plan: String,
    /// The provider's id of its region.
    pub region: String,
    /// Its system.
    pub os: Os,
    /// Its address.
    pub address: IpAddr,
    /// The provider's password (Windows), or the hash from its user data (Linux).
    pub password: String,
    /// The address that it calls home to.
    pub report_url: String,
    /// Whether it is turned on.
    pub on: bool,
    /// How often it was made as new.
    pub installs: u32,
    /// The day on which it ends, once it was cancelled where machines are rented by the month.
    pub ends_on: Option<Date>,
    /// How long after its create it was listed for the first time.
    late_by: SignedDuration,
    /// When it is listed at the earliest: a late create lies in the future.
    exists_from: Timestamp,
    deleted_at: Option<Timestamp>,
    /// When its desktop answers; `None` for never.
    answers_from: Option<Timestamp>,
}

impl Machine {
    /// How long after its create it was listed for the first time.
    pub const fn late_by(&self) -> SignedDuration {
        self.late_by
    }

    /// Whether it is gone, or cancelled and off.
    fn is_over(&self) -> bool {
        self.deleted_at.is_some() || (self.ends_on.is_some() && !self.on)
    }

    /// The certificate that its present system answers with.
    pub fn certificate(&self) -> Fingerprints {
        let text = format!("{}#{}", self.id.0, self.installs);
        let mut stream = Chance::new(7, &text);
        let mut digits = |n: usize| (0..n).map(|_| format!("{:x}", stream.below(16))).collect::<String>();
        Fingerprints { sha256: Some(digits(64)), sha1: Some(digits(40)) }
    }

    /// What it says of itself: Windows knows SHA-1, Ubuntu SHA-256.
    pub fn own_word(&self) -> Fingerprints {
        let all = self.certificate();
        match self.os {
            Os::Windows => Fingerprints { sha256: None, ..all },
            Os::Linux => Fingerprints { sha1: None, ..all },
        }
    }
}

#[derive(Default)]
struct State {
    machines: Vec<Machine>,
    faults: Vec<(Option<Provider>, Op, HostFault, u32)>,
    outages: Vec<(Provider, Timestamp, HostFault)>,
    boots: VecDeque<BootPlan>,
    sold_out: BTreeSet<String>,
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
pub struct Hosts(Vec<VmHost>);

impl VmHosts for Hosts {
    type Host = VmHost;

    fn host(&self, provider: Provider) -> Option<&VmHost> {
        self.0.iter().find(|host| host.provider == provider)
    }
}

/// From create to an address, and from create (or reinstall, or start) to a desktop that answers.
const ADDRESS_TAKES: SignedDuration = SignedDuration::from_secs(12);
const LINUX_BOOT_TAKES: SignedDuration = SignedDuration::from_secs(110);
const WINDOWS_BOOT_TAKES: SignedDuration = SignedDuration::from_secs(240);
const RESTART_TAKES: SignedDuration = SignedDuration::from_secs(30);

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

    /// A machine disappears as if nobody had ever made it.
    pub fn vanish(&self, id: &VmId) {
        let now = self.sim.now();
        self.with(|s| {
            s.machines.iter_mut().filter(|m| m.id == *id).for_each(|m| m.deleted_at = Some(now));
        });
    }

    /// The next machine that is made (or made as new) comes up like this.
    pub fn next_boot(&self, plan: BootPlan) {
        self.with(|s| s.boots.push_back(plan));
    }

    /// From now on nothing can be had in `region`.
    pub fn sell_out(&self, region: &str) {
        self.with(|s| s.sold_out.insert(region.to_owned()));
    }

    /// From now on lists are this old: a new machine is not in them yet, a deleted one still.
    pub fn lists_lag(&self, lag: SignedDuration) {
        self.with(|s| s.list_lag = lag);
    }

    /// Puts a known bug back.
    pub(crate) fn put_back(&self, bug: HostBug) {
        self.with(|s| s.bug = Some(bug));
    }

    fn bug(&self) -> Option<HostBug> {
        self.with(|s| s.bug)
    }

    /// The machines of an order that exist now.
    pub(crate) fn machines_of(&self, order: OrderId) -> Vec<Machine> {
        let tag = order.to_string();
        let mut machines = self.machines();
        machines.retain(|m| m.tags.contains(&tag));
        machines
    }

    /// Whether a machine's desktop has come up by now.
    pub(crate) fn has_answered(&self, machine: &Machine) -> bool {
        machine.answers_from.is_some_and(|at| at <= self.sim.now())
    }

    /// The machine at an address, whatever it does.
    pub(super) fn at_address(&self, address: IpAddr) -> Option<Machine> {
        self.machines().into_iter().find(|m| m.address == address)
    }

    /// Puts a machine there that this program never made, `age` old.
    pub fn plant(&self, provider: Provider, name: &str, tags: &[&str], age: SignedDuration) -> VmId {
        let made_at = self.sim.now().checked_sub(age).expect("a time within range");
        self.with(|s| {
            let id = VmId(format!("planted-{}", s.machines.len() + 1));
            let number = s.machines.len();
            s.machines.push(Machine {
                provider,
                id: id.clone(),
                name: name.to_owned(),
                tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
                plan: "small".to_owned(),
                region: "east".to_owned(),
                os: Os::Linux,
                address: IpAddr::V4(Ipv4Addr::from(0xC633_0000 + u32::try_from(number).unwrap_or(0))),
                password: "nobody's password".to_owned(),
                report_url: "https://example.com/planted-machine".to_owned(),
                on: true,
                installs: 0,
                ends_on: None,
                late_by: SignedDuration::ZERO,
                exists_from: made_at,
                deleted_at: None,
                answers_from: Some(made_at),
            });
            id
        })
    }

    /// Changes a machine behind everybody's back: turned off from inside, another address.
    pub fn meddle(&self, id: &VmId, change: impl FnOnce(&mut Machine)) {
        self.with(|s| change(s.machines.iter_mut().find(|m| m.id == *id).expect("a machine of that id")));
    }

    /// How many calls were made, of every provider.
    pub fn calls(&self) -> u32 {
        self.with(|s| s.calls)
    }

    /// The next `times` listings that go on from a cursor are refused.
    pub fn forget_cursors(&self, times: u32) {
        self.with(|s| s.forgets_cursors = times);
    }

    /// How often a create had its effect.
    pub fn creates(&self) -> u32 {
        self.with(|s| s.creates)
    }

    /// The machines that exist now, late ones not before their time.
    pub fn machines(&self) -> Vec<Machine> {
        let now = self.sim.now();
        self.with(|s| s.machines.iter().filter(|m| m.exists_from <= now && !m.is_over()).cloned().collect())
    }

    /// The machines that exist or will appear.
    pub fn machines_ever(&self) -> Vec<Machine> {
        self.with(|s| s.machines.iter().filter(|m| !m.is_over()).cloned().collect())
    }

    /// Every secret that any machine ever had: passwords and one-time addresses.
    pub fn secrets(&self) -> Vec<String> {
        self.with(|s| {
            let token = |m: &Machine| m.report_url.rsplit('/').next().unwrap_or_default().to_owned();
            s.machines.iter().flat_map(|m| [m.password.clone(), token(m)]).collect()
        })
    }

    /// The machine at an address, if its desktop answers there now.
    pub(super) fn answering(&self, address: IpAddr) -> Option<Machine> {
        let now = self.sim.now();
        self.machines()
            .into_iter()
            .find(|m| m.address == address && m.on && m.answers_from.is_some_and(|at| at <= now))
    }

    /// One call: takes its time and goes wrong as arranged.
    async fn op<T: Send>(
        &self,
        op: Op,
        name: &'static str,
        effect: impl FnOnce(&mut State, Timestamp) -> Result<T, VmError> + Send,
    ) -> Result<T, VmError> {
        let (provider, now) = (self.provider, self.sim.now());
        self.broken_by(move |s| s.take_fault(provider, op, now), name, effect).await
    }

    async fn broken_by<T: Send>(
        &self,
        fault: impl FnOnce(&mut State) -> Option<HostFault> + Send,
        name: &'static str,
        effect: impl FnOnce(&mut State, Timestamp) -> Result<T, VmError> + Send,
    ) -> Result<T, VmError> {
        let perform = || {
            let now = self.sim.now();
            self.with(|s| s.calls += 1);
            self.with(|s| match fault(s) {
                None | Some(HostFault::Late(_)) => effect(s, now),
                Some(HostFault::Refuse) => Err(VmError::Refused("not allowed".to_owned())),
                Some(HostFault::Unauthorized) => Err(VmError::Unauthorized("unknown key".to_owned())),
                Some(HostFault::Quota) => Err(VmError::Quota("too many machines".to_owned())),
                Some(HostFault::OutOfStock) => Err(VmError::OutOfStock("none left".to_owned())),
                Some(HostFault::Busy) => Err(VmError::Busy { retry_after: Some(1) }),
                Some(HostFault::Unreachable) => Err(VmError::Busy { retry_after: None }),
                Some(HostFault::FailBefore) => Err(unclear("500 Internal Server Error")),
                Some(HostFault::FailAfter) => {
                    effect(s, now).and_then(|_| Err(unclear("500 Internal Server Error")))
                }
                Some(HostFault::DropAfter) => effect(s, now).and_then(|_| Err(unclear("connection reset"))),
            })
        };
        self.sim.call(name, || unclear("the answer was lost"), perform).await
    }

    fn call_home_later(&self, machine: &Machine, plan: BootPlan) {
        let (true, Some(answers)) =
            (!matches!(plan, BootPlan::Never | BootPlan::Silent), machine.answers_from)
        else {
            return;
        };
        let certificate = match plan {
            BootPlan::WrongCertificate => {
                Fingerprints { sha256: Some("0".repeat(64)), sha1: Some("0".repeat(40)) }
            }
            _ => machine.own_word(),
        };
        let call = Work::CallHome {
            vm: machine.id.clone(),
            installs: machine.installs,
            url: machine.report_url.clone(),
            succeeded: plan != BootPlan::SetupFails,
            certificate,
            tries: 0,
        };
        self.sim.schedule(answers.duration_since(self.sim.now()), call);
    }

    /// Whether a machine is still there, with the system that it had.
    pub(crate) fn is_still(&self, id: &VmId, installs: u32) -> bool {
        self.machines().iter().any(|m| m.id == *id && m.installs == installs && m.on)
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

    fn make(
        &mut self,
        provider: Provider,
        request: &CreateVm,
        password: String,
        exists_from: Timestamp,
        late_by: SignedDuration,
    ) -> (Machine, BootPlan) {
        let plan = self.boots.pop_front().unwrap_or(BootPlan::Well);
        let number = u8::try_from(self.machines.len() % 250).unwrap_or(0) + 1;
        let third = u8::try_from(self.machines.len() / 250).unwrap_or(0);
        self.creates += 1;
        let listed_after = late_by + self.list_lag;
        let machine = Machine {
            provider,
            id: VmId(format!("vm-{}", self.machines.len() + 1)),
            name: request.name.clone(),
            tags: request.tags.clone(),
            plan: request.offering.plan.clone(),
            region: request.offering.provider_region.clone(),
            os: request.os,
            address: IpAddr::V4(Ipv4Addr::new(198, 51, third, number)),
            password,
            report_url: report_url(&request.user_data),
            on: true,
            installs: 0,
            ends_on: None,
            late_by: listed_after,
            exists_from,
            deleted_at: None,
            answers_from: answers_from(plan, request.os, exists_from),
        };
        self.machines.push(machine.clone());
        (machine, plan)
    }
}

fn answers_from(plan: BootPlan, os: Os, from: Timestamp) -> Option<Timestamp> {
    let takes = match (plan, os) {
        (BootPlan::Never, _) => return None,
        (_, Os::Windows) => WINDOWS_BOOT_TAKES,
        (_, Os::Linux) => LINUX_BOOT_TAKES,
    };
    from.checked_add(takes).ok()
}

/// The text that a machine would run, whatever it is wrapped in.
fn script_text(data: &UserData) -> String {
    match data {
        UserData::CloudConfig(text) | UserData::PowerShell(text) => text.clone(),
        UserData::Batch(text) => {
            let mut plain = String::new();
            for word in text.split_whitespace().filter(|word| word.len() > 200) {
                let bytes = BASE64_STANDARD.decode(word).expect("-EncodedCommand is base64");
                let units: Vec<u16> = bytes.chunks(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
                plain.push_str(&String::from_utf16(&units).expect("-EncodedCommand is UTF-16"));
            }
            plain
        }
    }
}

fn report_url(data: &UserData) -> String {
    let text = script_text(data);
    let begin = text.find("https://api.example.com/first-boot/").expect("an address to call home to");
    let end = text[begin..].find(['\'', '"', '\n', ' ']).map_or(text.len(), |length| begin + length);
    text[begin..end].to_owned()
}

/// The `$6$` hash in a cloud-config; a Linux machine's password is what fits it.
fn password_hash(data: &UserData) -> Option<String> {
    let text = script_text(data);
    let begin = text.find("$6$")?;
    let end = text[begin..].find(['\'', '"', '\n', ' ']).map_or(text.len(), |length| begin + length);
    Some(text[begin..end].to_owned())
}

fn unclear(what: &str) -> VmError {
    VmError::Unclear { what: what.to_owned(), source: None }
}

fn shown(machine: &Machine, now: Timestamp) -> Vm {
    let age = now.duration_since(machine.exists_from);
    let state = match (machine.on, machine.answers_from) {
        (false, _) => VmState::Stopped,
        (true, Some(at)) if at <= now => VmState::Running,
        // Providers say "running" while the system is still being installed, and take it back.
        (true, Some(_)) if age.as_secs() % 60 > 40 => VmState::Running,
        (true, Some(_)) if age.as_secs() % 60 > 30 => VmState::Unknown("rebuilding".to_owned()),
        (true, _) => VmState::Pending,
    };
    Vm {
        provider: machine.provider,
        id: machine.id.clone(),
        name: machine.name.clone(),
        tags: machine.tags.clone(),
        state,
        address: (age >= ADDRESS_TAKES).then_some(machine.address),
        region: machine.region.clone(),
        plan: machine.plan.clone(),
        created_at: Some(machine.exists_from),
        ends_on: machine.ends_on,
    }
}

/// How each provider sets Windows up, where it has it.
const fn windows_at(provider: Provider) -> Option<WindowsSetup> {
    match provider {
        Provider::Vultr => Some(WindowsSetup { batch: true, password: WindowsPassword::Told }),
        Provider::Contabo => Some(WindowsSetup { batch: false, password: WindowsPassword::Chosen }),
        Provider::Ec2 => Some(WindowsSetup { batch: false, password: WindowsPassword::Fetched }),
        Provider::Digitalocean | Provider::Linode | Provider::Hetzner => None,
    }
}

impl VmHost {
    /// One create, as the provider does it.
    async fn make_one(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        let made =
            format!("Canary-Windows-{:x}_7", Chance::new(self.sim.below(u64::MAX), &request.name).next());
        let setup = windows_at(self.provider).filter(|_| request.os == Os::Windows);
        let password = match setup.map(|setup| setup.password) {
            None => password_hash(&request.user_data).unwrap_or_else(|| made.clone()),
            Some(WindowsPassword::Chosen) => request.password.expose().clone(),
            Some(WindowsPassword::Told | WindowsPassword::Fetched) => made.clone(),
        };
        let (provider, begun) = (self.provider, self.sim.now());
        let fault = self.with(|s| s.take_fault(provider, Op::Create, begun));
        let late = match fault {
            Some(HostFault::Late(by)) => Some(by),
            _ => None,
        };
        let told = setup.is_some_and(|setup| setup.password == WindowsPassword::Told);
        let region = &request.offering.provider_region;
        let make = |s: &mut State, now: Timestamp| {
            if s.sold_out.contains(region) {
                return Err(VmError::OutOfStock(region.clone()));
            }
            let from = now.checked_add(late.unwrap_or_default()).unwrap_or(now);
            let (machine, plan) = s.make(provider, request, password, from, late.unwrap_or_default());
            Ok((machine, plan, now))
        };
        // The call home is arranged with the effect, not with the answer.
        let host = self.clone();
        let result = self
            .broken_by(
                move |_| fault,
                "vm.create",
                move |s, now| {
                    let (machine, plan, now) = make(s, now)?;
                    Ok((machine, plan, now))
                        .inspect(|(machine, plan, _)| host.call_home_later(machine, *plan))
                },
            )
            .await;
        match (result, late) {
            (Ok(_), Some(_)) => Err(unclear("504 Gateway Timeout")),
            (Ok((machine, _, now)), None) => {
                let password = told.then(|| Secret::new(machine.password.clone()));
                Ok(CreatedVm { vm: shown(&machine, now), password })
            }
            (Err(error), _) => Err(error),
        }
    }
}

impl app::ports::VmHost for VmHost {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            windows: windows_at(self.provider),
            power: true,
            reinstall: self.provider != Provider::Ec2,
            reset_password: ResetPassword::No,
            immediate_delete: self.provider != Provider::Contabo,
            firewall: false,
            traffic: true,
            balance: true,
        }
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        match (self.make_one(request).await, self.bug()) {
            (Err(VmError::Unclear { .. }), Some(HostBug::CreatesAgain)) => self.make_one(request).await,
            (Err(VmError::Unclear { what, .. }), Some(HostBug::UnclearIsRefused)) => {
                Err(VmError::Refused(what))
            }
            (done, _) => done,
        }
    }

    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        let provider = self.provider;
        let fetched = windows_at(provider).is_some_and(|setup| setup.password == WindowsPassword::Fetched);
        let wrong = self.bug() == Some(HostBug::TellsAnotherPassword);
        self.op(Op::Get, "vm.get", |s, now| {
            let machine = s.machine(provider, id, now)?;
            // Told in the answer to create and never again, or from some minutes after the start.
            let readable = fetched
                && machine.os == Os::Windows
                && machine.answers_from.is_some_and(|answers| answers <= now);
            let mut password = readable.then(|| Secret::new(machine.password.clone()));
            if wrong && machine.os == Os::Windows {
                password = Some(Secret::new("not its password".to_owned()));
            }
            Ok(CreatedVm { vm: shown(machine, now), password })
        })
        .await
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let provider = self.provider;
        self.op(Op::Find, "vm.find", |s, now| {
            let seen_at = now.checked_sub(s.list_lag).unwrap_or(now);
            let listed =
                |m: &&Machine| m.exists_from <= seen_at && m.deleted_at.is_none_or(|at| at > seen_at);
            let ours = s.machines.iter().filter(listed).filter(|m| {
                m.provider == provider && (m.tags.contains(&trace.tag) || trace.names.contains(&m.name))
            });
            let mut found: Vec<Vm> = ours.map(|m| shown(m, now)).collect();
            if let Some(HostBug::FindsNothing | HostBug::DeleteOnlyBelieved) = s.bug {
                found.clear();
            }
            Ok(found)
        })
        .await
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let provider = self.provider;
        let from: usize = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        self.op(Op::List, "vm.list", |s, now| {
            if from > 0 && s.forgets_cursors > 0 {
                s.forgets_cursors -= 1;
                return Err(VmError::Refused("no such cursor".to_owned()));
            }
            let seen_at = now.checked_sub(s.list_lag).unwrap_or(now);
            let listed = |m: &&Machine| {
                m.provider == provider
                    && m.exists_from <= seen_at
                    && m.deleted_at.is_none_or(|at| at > seen_at)
            };
            let all: Vec<Vm> = s.machines.iter().filter(listed).map(|m| shown(m, now)).collect();
            let end = (from + usize::from(limit)).min(all.len());
            let next = (end < all.len()).then(|| end.to_string());
            Ok((all.get(from..end).unwrap_or_default().to_vec(), next))
        })
        .await
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        let provider = self.provider;
        self.op(Op::Reboot, "vm.reboot", |s, now| {
            let machine = s.machine(provider, id, now)?;
            machine.answers_from = machine.answers_from.and(now.checked_add(RESTART_TAKES).ok());
            Ok(())
        })
        .await
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        let provider = self.provider;
        self.op(Op::Start, "vm.start", |s, now| {
            let machine = s.machine(provider, id, now)?;
            machine.on = true;
            machine.answers_from = machine.answers_from.and(now.checked_add(RESTART_TAKES).ok());
            Ok(())
        })
        .await
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        let provider = self.provider;
        self.op(Op::Halt, "vm.halt", |s, now| {
            s.machine(provider, id, now)?.on = false;
            Ok(())
        })
        .await
    }

    async fn reinstall(&self, id: &VmId, request: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        let provider = self.provider;
        let user_data = &request.user_data;
        let setup = windows_at(provider).filter(|_| request.os == Os::Windows);
        let made = match setup.map(|setup| setup.password) {
            Some(WindowsPassword::Chosen) => request.password.expose().clone(),
            _ => format!("Canary-Windows-{:x}_8", Chance::new(self.sim.below(u64::MAX), &id.0).next()),
        };
        let password = password_hash(user_data).unwrap_or(made);
        let told = setup.is_some_and(|setup| setup.password == WindowsPassword::Told);
        let host = self.clone();
        self.op(Op::Reinstall, "vm.reinstall", move |s, now| {
            let plan = s.boots.pop_front().unwrap_or(BootPlan::Well);
            let machine = s.machine(provider, id, now)?;
            machine.installs += 1;
            machine.on = true;
            machine.password = password;
            machine.report_url = report_url(user_data);
            machine.answers_from = answers_from(plan, machine.os, now);
            host.call_home_later(machine, plan);
            Ok(told.then(|| Secret::new(machine.password.clone())))
        })
        .await
    }

    async fn reset_password(
        &self,
        _id: &VmId,
        _password: &Secret<String>,
    ) -> Result<Option<Secret<String>>, VmError> {
        Err(VmError::Unsupported { provider: self.provider, what: "set a password from outside" })
    }

    async fn allow_rdp_from(&self, _id: &VmId, _sources: &[IpAddr]) -> Result<(), VmError> {
        Err(VmError::Unsupported { provider: self.provider, what: "limit who reaches RDP" })
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        let provider = self.provider;
        let believed = self.bug() == Some(HostBug::DeleteOnlyBelieved);
        let done = self.op(Op::Delete, "vm.delete", |s, now| {
            let Ok(machine) = s.machine(provider, id, now) else { return Ok(Deleted::Gone) };
            if provider == Provider::Contabo {
                let ends = now.to_zoned(jiff::tz::TimeZone::UTC).date();
                machine.on = false;
                return Ok(Deleted::EndsOn(*machine.ends_on.get_or_insert(ends)));
            }
            machine.deleted_at = Some(now);
            Ok(Deleted::Gone)
        });
        match done.await {
            Err(_) if believed => Ok(Deleted::Gone),
            done => done,
        }
    }

    async fn traffic(&self, _id: &VmId, _days: u16) -> Result<Vec<Traffic>, VmError> {
        Ok(Vec::new())
    }

    async fn account(&self) -> Result<Account, VmError> {
        Ok(Account { balance_usd_cents: Some(100_000), pending_usd_cents: Some(0) })
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        self.op(Op::Offers, "vm.offers", |_, _| Ok(vm_offers::regions())).await
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        self.op(Op::Offers, "vm.offers", |_, _| Ok(vm_offers::plans())).await
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        self.op(Op::Offers, "vm.offers", |_, _| Ok(vm_offers::images())).await
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        Ok(self.with(|s| !s.sold_out.contains(&offering.provider_region)))
    }
}
