//! The account's machines, scripts and firewall groups.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::boot::{Shown, timeline};
use super::catalogue::{OperatingSystem, Plan, Region};
use super::firewalls::Group;
use super::scripts::Script;
use crate::clock::{Clock, iso_seconds};
use crate::desktops::{DesktopSpec, Os};
use crate::random;

/// Machines alive at once; more are refused, as an account's limit does.
pub(super) const MACHINES_MAX: usize = 2_000;
const DESTROYED_MAX: usize = 2_000;
/// 127.64.0.0/10 begins here and holds this many addresses.
const ADDRESSES_FIRST: u32 = 0x7f40_0000;
const ADDRESSES: u32 = 1 << 22;
/// Addresses tried before a machine is refused.
const ADDRESS_TRIES: u32 = 2_000;
const RDP_PORT: u16 = 3_389;

/// Serialises what is done to one desktop, in the order in which it was asked for.
pub(super) type Turn = Arc<tokio::sync::Mutex<()>>;

pub(super) struct Machine {
    /// Its place in the order of creation.
    pub(super) place: u64,
    pub(super) id: String,
    pub(super) label: String,
    pub(super) hostname: String,
    pub(super) tags: Vec<String>,
    pub(super) region: &'static Region,
    pub(super) plan: &'static Plan,
    pub(super) os: &'static OperatingSystem,
    pub(super) address: Ipv4Addr,
    pub(super) password: String,
    /// As given, base64.
    pub(super) user_data: String,
    pub(super) script_id: String,
    pub(super) script: Option<Vec<u8>>,
    pub(super) firewall_group_id: String,
    pub(super) features: Vec<&'static str>,
    pub(super) user_scheme: String,
    pub(super) created_at_ms: i64,
    /// Hidden from the API until then.
    pub(super) visible_at_ms: i64,
    /// When the current installation began.
    pub(super) installed_at_ms: i64,
    pub(super) reinstalled: bool,
    pub(super) halted: bool,
    pub(super) never_boots: bool,
    pub(super) calls_home: bool,
    /// When it first answered RDP, and when it could first be used for good.
    pub(super) first_answer_at_ms: Option<i64>,
    pub(super) booted_at_ms: Option<i64>,
    /// Why the desktop behind it did not come up.
    pub(super) guest_error: Option<String>,
    /// Raised by every action; background work of an older one ends.
    pub(super) generation: u64,
    pub(super) turn: Turn,
}

impl Machine {
    pub(super) fn desktop(&self) -> Os {
        self.os.desktop()
    }

    /// Whether installation is over, so that power actions are taken.
    pub(super) fn settled(&self) -> bool {
        self.booted_at_ms.is_some()
    }

    fn shown(&self, clock: Clock, now_ms: i64) -> Shown {
        let elapsed = now_ms - self.installed_at_ms;
        let mut shown = timeline(self.desktop()).at(elapsed, clock, self.reinstalled, self.never_boots);
        if self.halted {
            shown.power = "stopped";
        }
        shown
    }

    /// An instance as get, list, update and reinstall write it: without the password.
    pub(super) fn shape(&self, clock: Clock, now_ms: i64) -> Value {
        let shown = self.shown(clock, now_ms);
        let [a, b, c, _] = self.address.octets();
        let address = |text: String| if shown.address { text } else { "0.0.0.0".to_owned() };
        let kvm = format!("https://my.vultr.com/subs/vps/novnc/api.php?data={}", self.place);
        json!({
            "id": self.id,
            "os": self.os.name,
            "ram": self.plan.ram,
            "disk": if shown.address { self.plan.disk } else { 0 },
            "main_ip": address(self.address.to_string()),
            "vcpu_count": self.plan.vcpus,
            "region": self.region.id,
            "plan": self.plan.id,
            "date_created": iso_seconds(self.created_at_ms),
            "status": shown.status,
            "allowed_bandwidth": self.plan.bandwidth,
            "netmask_v4": if shown.address { "255.255.254.0" } else { "" },
            "gateway_v4": address(format!("{a}.{b}.{c}.1")),
            "power_status": shown.power,
            "server_status": shown.server,
            "v6_network": "",
            "v6_main_ip": "",
            "v6_network_size": 0,
            "label": self.label,
            "internal_ip": "",
            "vpc_only": false,
            "kvm": if shown.address { kvm.as_str() } else { "" },
            "hostname": self.hostname,
            "tag": self.tags.first().map_or("", String::as_str),
            "tags": self.tags,
            "os_id": self.os.id,
            "app_id": 0,
            "image_id": "",
            "snapshot_id": "",
            "firewall_group_id": self.firewall_group_id,
            "features": self.features,
            "user_scheme": self.user_scheme,
        })
    }

    /// A machine as the control API shows it. No password, no user data.
    pub(super) fn summary(&self, clock: Clock, now_ms: i64) -> Value {
        let shown = self.shown(clock, now_ms);
        json!({
            "id": self.id,
            "label": self.label,
            "tags": self.tags,
            "hostname": self.hostname,
            "address": self.address,
            "os": os_name(self.desktop()),
            "os_id": self.os.id,
            "region": self.region.id,
            "plan": self.plan.id,
            "power": shown.power,
            "status": shown.status,
            "server_status": shown.server,
            "reinstalled": self.reinstalled,
            "never_boots": self.never_boots,
            "calls_home": self.calls_home,
            "script_id": self.script_id,
            "guest_error": self.guest_error,
            "created_at_ms": self.created_at_ms,
            "visible_at_ms": self.visible_at_ms,
            "first_answer_at_ms": self.first_answer_at_ms,
            "booted_at_ms": self.booted_at_ms,
        })
    }

    /// What the desktop is started with.
    pub(super) fn spec(&self) -> DesktopSpec {
        let os = self.desktop();
        let user_data = STANDARD.decode(&self.user_data).ok().filter(|data| !data.is_empty());
        DesktopSpec {
            machine_id: self.id.clone(),
            address: self.address,
            os,
            hostname: self.hostname.clone(),
            admin_password: (os == Os::Windows).then(|| self.password.clone()),
            user_data,
            startup_script: self.script.clone(),
            calls_home: self.calls_home,
        }
    }
}

pub(super) fn os_name(os: Os) -> &'static str {
    match os {
        Os::Windows => "windows",
        Os::Linux => "linux",
    }
}

/// Bounded by [`MACHINES_MAX`] and the like; the list of destroyed machines forgets its oldest.
pub(super) struct Inventory {
    machines: BTreeMap<u64, Machine>,
    by_id: HashMap<String, u64>,
    destroyed: VecDeque<Value>,
    pub(super) scripts: BTreeMap<u64, Script>,
    pub(super) groups: BTreeMap<u64, Group>,
    last_place: u64,
    next_address: u32,
}

impl Inventory {
    pub(super) fn new() -> Self {
        Self {
            machines: BTreeMap::new(),
            by_id: HashMap::new(),
            destroyed: VecDeque::new(),
            scripts: BTreeMap::new(),
            groups: BTreeMap::new(),
            last_place: 0,
            // Somewhere else each time: several sandboxes may run on one machine.
            next_address: random::below(ADDRESSES),
        }
    }

    pub(super) fn next_place(&mut self) -> u64 {
        self.last_place += 1;
        self.last_place
    }

    /// The next loopback address never used here, not ending in 0 or 255, whose RDP port is free.
    pub(super) fn next_address(&mut self) -> Option<Ipv4Addr> {
        for _ in 0..ADDRESS_TRIES {
            let address = Ipv4Addr::from(ADDRESSES_FIRST + self.next_address % ADDRESSES);
            self.next_address = (self.next_address + 1) % ADDRESSES;
            if matches!(address.octets()[3], 0 | 255) {
                continue;
            }
            if std::net::TcpListener::bind((address, RDP_PORT)).is_ok() {
                return Some(address);
            }
        }
        None
    }

    pub(super) fn add(&mut self, machine: Machine) {
        self.by_id.insert(machine.id.clone(), machine.place);
        self.machines.insert(machine.place, machine);
    }

    /// Oldest first, hidden ones too.
    pub(super) fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.machines.values()
    }

    pub(super) fn count(&self) -> usize {
        self.machines.len()
    }

    pub(super) fn find(&self, id: &str) -> Option<&Machine> {
        self.machines.get(self.by_id.get(id)?)
    }

    pub(super) fn find_mut(&mut self, id: &str) -> Option<&mut Machine> {
        self.machines.get_mut(self.by_id.get(id)?)
    }

    /// The present content of a machine's startup script; `None` without one, or when it was deleted.
    pub(super) fn script_of(&self, machine_id: &str) -> Option<Vec<u8>> {
        let wanted = &self.find(machine_id)?.script_id;
        self.scripts.values().find(|script| script.id == *wanted).map(|script| script.bytes.clone())
    }

    /// Takes every machine out of a firewall group.
    pub(super) fn ungroup(&mut self, group_id: &str) {
        for machine in self.machines.values_mut().filter(|m| m.firewall_group_id == group_id) {
            machine.firewall_group_id.clear();
        }
    }

    /// Takes a machine out for good.
    pub(super) fn remove(&mut self, id: &str, now_ms: i64) -> Option<Machine> {
        let machine = self.machines.remove(&self.by_id.remove(id)?)?;
        if self.destroyed.len() >= DESTROYED_MAX {
            self.destroyed.pop_back();
        }
        self.destroyed.push_front(json!({
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
    pub(super) fn destroyed(&self) -> Vec<Value> {
        self.destroyed.iter().cloned().collect()
    }

    /// Empties everything; the machines whose desktops have to go.
    pub(super) fn clear(&mut self) -> Vec<(String, Turn)> {
        self.by_id.clear();
        self.destroyed.clear();
        self.scripts.clear();
        self.groups.clear();
        std::mem::take(&mut self.machines).into_values().map(|m| (m.id, m.turn)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_loopback_unique_and_never_end_in_0_or_255() {
        let mut inventory = Inventory::new();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..600 {
            let address = inventory.next_address().expect("there are four million");
            let octets = address.octets();
            assert!(octets[0] == 127 && (64..128).contains(&octets[1]), "{address}");
            assert!(!matches!(octets[3], 0 | 255), "{address}");
            assert!(seen.insert(address), "{address}");
        }
    }
}
