//! What DigitalOcean keeps and shows of a droplet, and when.

use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};

use super::catalogue::{self, Image, Region, Size};
use super::{DigitalOcean, no_such_thing};
use crate::clock::{Clock, iso_seconds};
use crate::desktops::Os;
use crate::machines::{Inventory, Last, Machine, New, Play, Stocked, Timeline};
use crate::operation::Service;
use crate::world::{World, locked};

/// What machines get that are put in without a wish.
const STOCKED_REGION: &str = "nyc3";
const STOCKED_SIZE: &str = "s-2vcpu-4gb";
const STOCKED_IMAGE: &str = "ubuntu-24-04-x64";
/// The longest host name that a guest gets; a droplet's name may be longer.
const HOST_NAME_MAX: usize = 64;

/// A droplet is called active long before anything in it answers.
const GUEST: Timeline =
    Timeline { answers: Duration::from_secs(60), reboots: None, power_on: Duration::from_secs(20) };

/// It gets its private address, then its public one, then it is active: after the start of its creation.
const PRIVATE: Duration = Duration::from_secs(8);
const PUBLIC: Duration = Duration::from_secs(16);
pub(super) const ACTIVE: Duration = Duration::from_secs(32);
/// A power action takes so long.
pub(super) const SWITCHING: Duration = Duration::from_secs(5);

pub(crate) struct Own {
    pub(super) region: &'static Region,
    pub(super) size: &'static Size,
    pub(super) image: &'static Image,
    pub(super) features: Vec<&'static str>,
}

impl Play for DigitalOcean {
    const SERVICE: Service = Service::DigitalOcean;
    type Own = Own;

    fn of(world: &World) -> &Self {
        &world.digitalocean
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
        no_such_thing()
    }

    fn stocked(world: &World, wish: Stocked) -> Result<New<Self>, String> {
        let region = wish.region.as_deref().unwrap_or(STOCKED_REGION);
        let size = wish.plan.as_deref().unwrap_or(STOCKED_SIZE);
        let own = Own {
            region: catalogue::find_region(region).ok_or("no such region")?,
            size: catalogue::find_size(size).ok_or("no such size")?,
            image: catalogue::find_image(&json!(STOCKED_IMAGE)).ok_or("no such image")?,
            features: Vec::new(),
        };
        // Wishes may come as other providers spell them.
        Ok(new(world, wish.name.replace('_', "."), wish.tags, own, None))
    }

    fn forget(&self) {
        locked(&self.actions).clear();
    }
}

/// A droplet with an id of its own. There is no password.
pub(super) fn new(
    world: &World,
    name: String,
    tags: Vec<String>,
    own: Own,
    user_data: Option<Vec<u8>>,
) -> New<DigitalOcean> {
    New {
        id: world.machines.number().to_string(),
        hostname: name.chars().take(HOST_NAME_MAX).collect(),
        label: name,
        tags,
        region: own.region.slug.into(),
        plan: own.size.slug.into(),
        os: Os::Linux,
        password: None,
        user_data,
        script: None,
        own,
    }
}

/// Whether something is being done to it, so that nothing else can be.
pub(super) fn is_locked(machine: &Machine<DigitalOcean>, clock: Clock, now_ms: i64) -> bool {
    match machine.last {
        Last::Install => machine.age(clock, now_ms) < ACTIVE || !machine.settled(),
        Last::PowerOff | Last::PowerOn | Last::Reboot => machine.since_action(clock, now_ms) < SWITCHING,
    }
}

pub(super) fn status(machine: &Machine<DigitalOcean>, clock: Clock, now_ms: i64) -> &'static str {
    let busy = machine.since_action(clock, now_ms) < SWITCHING;
    match machine.last {
        Last::Install if machine.reinstalled => "active",
        Last::Install if machine.never_boots || machine.age(clock, now_ms) < ACTIVE => "new",
        Last::PowerOff if !busy => "off",
        Last::PowerOn if busy => "off",
        Last::Install | Last::PowerOff | Last::PowerOn | Last::Reboot => "active",
    }
}

/// The addresses it has by now, the private one first.
fn networks(machine: &Machine<DigitalOcean>, clock: Clock, now_ms: i64) -> Value {
    let age = if machine.reinstalled { ACTIVE } else { machine.age(clock, now_ms) };
    let mut v4 = Vec::new();
    let [a, b, c, d] = machine.address.octets();
    if age >= PRIVATE {
        v4.push(json!({
            "ip_address": format!("10.{b}.{c}.{d}"), "netmask": "255.255.0.0", "gateway": "nil", "type": "private",
        }));
    }
    if age >= PUBLIC {
        v4.push(json!({
            "ip_address": machine.address, "netmask": "255.255.255.0", "gateway": format!("{a}.{b}.{c}.1"),
            "type": "public",
        }));
    }
    json!({"v4": v4, "v6": []})
}

/// A time as the API writes it: `2026-11-20T08:07:18Z`.
pub(super) fn zulu(at_ms: i64) -> String {
    iso_seconds(at_ms).replace("+00:00", "Z")
}

/// A droplet as the API writes it.
pub(super) fn shape(machine: &Machine<DigitalOcean>, clock: Clock, now_ms: i64) -> Value {
    let own = &machine.own;
    json!({
        "id": machine.id.parse::<u64>().unwrap_or_default(),
        "name": machine.label,
        "memory": own.size.memory,
        "vcpus": own.size.vcpus,
        "disk": own.size.disk,
        "disk_info": [{"type": "local", "size": {"amount": own.size.disk, "unit": "gib"}}],
        "locked": is_locked(machine, clock, now_ms),
        "status": status(machine, clock, now_ms),
        "kernel": null,
        "created_at": zulu(machine.created_at_ms),
        "features": own.features,
        "backup_ids": [],
        "next_backup_window": null,
        "snapshot_ids": [],
        "image": own.image.shape(),
        "volume_ids": [],
        "size": own.size.shape(&[own.region.slug]),
        "size_slug": own.size.slug,
        "networks": networks(machine, clock, now_ms),
        "region": own.region.shape(),
        "tags": machine.tags,
        "vpc_uuid": "760e09ef-dc84-11e8-981e-3cfdfeaae000",
    })
}
