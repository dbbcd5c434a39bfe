//! What Linode keeps and shows of an instance, and when.

use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};

use super::catalogue::{self, Image, Region, Type};
use super::{Linode, not_found};
use crate::clock::{Clock, iso_seconds};
use crate::desktops::Os;
use crate::machines::{Inventory, Last, Machine, New, Play, Stocked, Timeline};
use crate::operation::Service;
use crate::random;
use crate::world::World;

/// What machines get that are put in without a wish.
const STOCKED_REGION: &str = "us-ord";
const STOCKED_TYPE: &str = "g6-standard-2";
const STOCKED_IMAGE: &str = "linode/ubuntu24.04";
/// What a guest is called before its user data says otherwise.
const HOST_NAME: &str = "localhost";

/// An instance is called running long before anything in it answers.
const GUEST: Timeline =
    Timeline { answers: Duration::from_secs(60), reboots: None, power_on: Duration::from_secs(20) };

/// The disk is written; then it boots; then it runs.
const WRITTEN: Duration = Duration::from_secs(14);
const RUNNING: Duration = Duration::from_secs(35);
/// A power action takes so long.
const SWITCHING: Duration = Duration::from_secs(5);

pub(crate) struct Own {
    pub(super) region: &'static Region,
    pub(super) kind: &'static Type,
    pub(super) image: &'static Image,
}

impl Play for Linode {
    const SERVICE: Service = Service::Linode;
    type Own = Own;

    fn of(world: &World) -> &Self {
        &world.linode
    }

    fn inventory(&self) -> &std::sync::Mutex<Inventory<Self>> {
        &self.inventory
    }

    fn timeline(_: Os) -> &'static Timeline {
        &GUEST
    }

    fn summary(machine: &Machine<Self>, clock: Clock, now_ms: i64) -> Value {
        let power = if machine.halted { "stopped" } else { "running" };
        json!({"power": power, "status": status(machine, clock, now_ms)})
    }

    fn no_such_machine(_: &str) -> Response {
        not_found()
    }

    fn stocked(world: &World, wish: Stocked) -> Result<New<Self>, String> {
        let region = wish.region.as_deref().unwrap_or(STOCKED_REGION);
        let kind = wish.plan.as_deref().unwrap_or(STOCKED_TYPE);
        let own = Own {
            region: catalogue::find_region(region).ok_or("no such region")?,
            kind: catalogue::find_type(kind).ok_or("no such type")?,
            image: catalogue::find_image(STOCKED_IMAGE).ok_or("no such image")?,
        };
        Ok(new(world, wish.name, wish.tags, own, random::password(), None))
    }
}

/// An instance with an id of its own. Its user data is kept where the guest gets any.
pub(super) fn new(
    world: &World,
    label: String,
    tags: Vec<String>,
    own: Own,
    root_pass: String,
    user_data: Option<Vec<u8>>,
) -> New<Linode> {
    New {
        id: world.machines.number().to_string(),
        label,
        tags,
        hostname: HOST_NAME.into(),
        region: own.region.id.into(),
        plan: own.kind.id.into(),
        os: Os::Linux,
        password: Some(root_pass),
        user_data: user_data.filter(|_| own.region.has_metadata() && own.image.runs_user_data()),
        script: None,
        own,
    }
}

/// Whether something is being done to it, so that nothing else can be.
pub(super) fn is_busy(machine: &Machine<Linode>, clock: Clock, now_ms: i64) -> bool {
    match machine.last {
        Last::Install => machine.age(clock, now_ms) < RUNNING || !machine.settled(),
        Last::PowerOff | Last::PowerOn | Last::Reboot => machine.since_action(clock, now_ms) < SWITCHING,
    }
}

pub(super) fn status(machine: &Machine<Linode>, clock: Clock, now_ms: i64) -> &'static str {
    let busy = machine.since_action(clock, now_ms) < SWITCHING;
    match machine.last {
        Last::Install => match machine.age(clock, now_ms) {
            age if age < WRITTEN && machine.reinstalled => "rebuilding",
            age if age < WRITTEN => "provisioning",
            age if age < RUNNING || machine.never_boots => "booting",
            _ => "running",
        },
        Last::PowerOff if busy => "shutting_down",
        Last::PowerOff => "offline",
        Last::PowerOn if busy => "booting",
        Last::Reboot if busy => "rebooting",
        Last::PowerOn | Last::Reboot => "running",
    }
}

/// A time as the API writes it: UTC, without saying so.
fn zoneless(at_ms: i64) -> String {
    iso_seconds(at_ms).replace("+00:00", "")
}

/// An instance as the API writes it.
pub(super) fn shape(machine: &Machine<Linode>, clock: Clock, now_ms: i64) -> Value {
    let kind = machine.own.kind;
    json!({
        "id": machine.id.parse::<u64>().unwrap_or_default(),
        "label": machine.label,
        "group": "",
        "status": status(machine, clock, now_ms),
        "created": zoneless(machine.created_at_ms),
        "updated": zoneless(machine.acted_at_ms),
        "type": kind.id,
        "ipv4": [machine.address],
        "ipv6": format!("2600:3c00::f03c:95ff:fe{:02x}:{:x}/128", machine.place % 256, machine.place / 256),
        "image": machine.own.image.id,
        "region": machine.own.region.id,
        "specs": {
            "disk": kind.disk, "memory": kind.memory, "vcpus": kind.vcpus, "gpus": kind.gpus(),
            "transfer": kind.transfer,
        },
        "alerts": {
            "cpu": 180, "network_in": 10, "network_out": 10, "transfer_quota": 80, "io": 10_000,
        },
        "backups": {
            "enabled": false, "available": false, "schedule": {"day": null, "window": null},
            "last_successful": null,
        },
        "hypervisor": "kvm",
        "watchdog_enabled": true,
        "tags": machine.tags,
        "host_uuid": "3a3ddd59d9a78bb8de041391075df44de62bfec8",
        "has_user_data": machine.user_data.is_some(),
        "placement_group": null,
        "lke_cluster_id": null,
        "capabilities": [],
    })
}
