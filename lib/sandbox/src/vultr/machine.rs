//! What Vultr keeps and shows of a machine.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::boot::{Shown, states, timeline};
use super::catalogue::{self, OperatingSystem, Plan, Region};
use super::{Vultr, no_such};
use crate::clock::{Clock, iso_seconds};
use crate::desktops::Os;
use crate::machines::{Machine, New, Play, Stocked, Timeline};
use crate::operation::Service;
use crate::random;
use crate::world::{World, locked};

/// What machines get that are put in without a wish: `ewr`, `vc2-2c-4gb`, Ubuntu 24.04.
const STOCKED_REGION: &str = "ewr";
const STOCKED_PLAN: &str = "vc2-2c-4gb";
const STOCKED_SYSTEM: u64 = 2_284;

pub(crate) struct Own {
    pub(super) region: &'static Region,
    pub(super) plan: &'static Plan,
    pub(super) os: &'static OperatingSystem,
    /// As given, base64.
    pub(super) user_data: String,
    pub(super) script_id: String,
    pub(super) firewall_group_id: String,
    pub(super) features: Vec<&'static str>,
    pub(super) user_scheme: String,
    /// Until when it is shown with its password, where a reinstall was answered without it.
    pub(super) password_until_ms: Option<i64>,
}

impl Play for Vultr {
    const SERVICE: Service = Service::Vultr;
    type Own = Own;

    fn of(world: &World) -> &Self {
        &world.vultr
    }

    fn inventory(&self) -> &std::sync::Mutex<crate::machines::Inventory<Self>> {
        &self.inventory
    }

    fn timeline(os: Os) -> &'static Timeline {
        timeline(os)
    }

    fn summary(machine: &Machine<Self>, clock: Clock, now_ms: i64) -> Value {
        let shown = shown(machine, clock, now_ms);
        json!({
            "os_id": machine.own.os.id,
            "power": shown.power,
            "status": shown.status,
            "server_status": shown.server,
            "script_id": machine.own.script_id,
            "firewall_group_id": machine.own.firewall_group_id,
        })
    }

    fn rdp_from(world: &World, machine: &Machine<Self>) -> Option<Vec<String>> {
        locked(&world.vultr.things).rdp_from(&machine.own.firewall_group_id)
    }

    fn no_such_machine(_: &str) -> Response {
        no_such("instance")
    }

    fn stocked(_: &World, wish: Stocked) -> Result<New<Self>, String> {
        let region = wish.region.as_deref().unwrap_or(STOCKED_REGION);
        let plan = wish.plan.as_deref().unwrap_or(STOCKED_PLAN);
        let own = Own {
            region: catalogue::find_region(region).ok_or("Invalid region.")?,
            plan: catalogue::find_plan(plan).ok_or("Invalid plan chosen.")?,
            os: catalogue::find_system(STOCKED_SYSTEM).ok_or("Invalid operating system chosen.")?,
            user_data: String::new(),
            script_id: String::new(),
            firewall_group_id: String::new(),
            features: Vec::new(),
            user_scheme: "root".into(),
            password_until_ms: None,
        };
        Ok(new(wish.name, wish.tags, "vultr".into(), own, None))
    }

    fn forget(&self) {
        *locked(&self.things) = super::Things::default();
    }
}

/// A machine with an id and a password of its own.
pub(super) fn new(
    label: String,
    tags: Vec<String>,
    hostname: String,
    own: Own,
    script: Option<Vec<u8>>,
) -> New<Vultr> {
    New {
        id: random::uuid(),
        label,
        tags,
        hostname,
        region: own.region.id.into(),
        plan: own.plan.id.into(),
        os: own.os.desktop(),
        password: Some(random::password()),
        user_data: decoded(&own.user_data),
        script,
        own,
    }
}

/// User data as the guest reads it.
pub(super) fn decoded(user_data: &str) -> Option<Vec<u8>> {
    STANDARD.decode(user_data).ok().filter(|data| !data.is_empty())
}

fn shown(machine: &Machine<Vultr>, clock: Clock, now_ms: i64) -> Shown {
    let elapsed = machine.age(clock, now_ms);
    let mut shown = states(machine.os).at(elapsed, machine.reinstalled, machine.never_boots);
    if machine.halted {
        shown.power = "stopped";
    }
    shown
}

/// An instance as get, list, update and reinstall write it: without the password.
pub(super) fn shape(machine: &Machine<Vultr>, clock: Clock, now_ms: i64) -> Value {
    let shown = shown(machine, clock, now_ms);
    let own = &machine.own;
    let [a, b, c, _] = machine.address.octets();
    let address = |text: String| if shown.address { text } else { "0.0.0.0".to_owned() };
    let kvm = format!("https://my.vultr.com/subs/vps/novnc/api.php?data={}", machine.place);
    json!({
        "id": machine.id,
        "os": own.os.name,
        "ram": own.plan.ram,
        "disk": if shown.address { own.plan.disk } else { 0 },
        "main_ip": address(machine.address.to_string()),
        "vcpu_count": own.plan.vcpus,
        "region": own.region.id,
        "plan": own.plan.id,
        "date_created": iso_seconds(machine.created_at_ms),
        "status": shown.status,
        "allowed_bandwidth": own.plan.bandwidth,
        "netmask_v4": if shown.address { "255.255.254.0" } else { "" },
        "gateway_v4": address(format!("{a}.{b}.{c}.1")),
        "power_status": shown.power,
        "server_status": shown.server,
        "v6_network": "",
        "v6_main_ip": "",
        "v6_network_size": 0,
        "v6_networks": [],
        "label": machine.label,
        "internal_ip": "",
        "vpc_only": false,
        "kvm": if shown.address { kvm.as_str() } else { "" },
        "hostname": machine.hostname,
        "tag": machine.tags.first().map_or("", String::as_str),
        "tags": machine.tags,
        "os_id": own.os.id,
        "app_id": 0,
        "image_id": "",
        "snapshot_id": "",
        "firewall_group_id": own.firewall_group_id,
        "features": own.features,
        "user_scheme": own.user_scheme,
    })
}

/// The same with the password, as create and reinstall answer.
pub(super) fn shape_with_password(machine: &Machine<Vultr>, clock: Clock, now_ms: i64) -> Value {
    let mut instance = shape(machine, clock, now_ms);
    instance["default_password"] = json!(machine.password);
    instance
}
