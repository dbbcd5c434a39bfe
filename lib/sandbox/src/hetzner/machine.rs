//! What Hetzner keeps and shows of a server.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::catalogue::{self, Image, Location, ServerType};
use super::labels::{Labels, is_key};
use super::{Hetzner, error};
use crate::clock::{Clock, iso_seconds};
use crate::desktops::Os;
use crate::machines::{Inventory, Last, Machine, New, Play, Stocked, Timeline};
use crate::operation::Service;
use crate::random;
use crate::world::{World, locked};

/// What machines get that are put in without a wish.
const STOCKED_LOCATION: &str = "fsn1";
const STOCKED_TYPE: &str = "cpx22";
const STOCKED_IMAGE: &str = "ubuntu-24.04";

/// Bytes a second of a simulated desktop.
const INGOING_RATE: u64 = 12_000;
const OUTGOING_RATE: u64 = 48_000;

/// Hetzner calls a server running long before anything in it answers.
const GUEST: Timeline =
    Timeline { answers: Duration::from_secs(60), reboots: None, power_on: Duration::from_secs(20) };

/// The disk is being written.
const WRITTEN: Duration = Duration::from_secs(8);
/// It is there, and off.
const SWITCHED_ON: Duration = Duration::from_secs(11);
/// It is on.
pub(super) const STARTED: Duration = Duration::from_secs(18);
/// A power action takes so long.
pub(super) const SWITCHING: Duration = Duration::from_secs(5);

pub(crate) struct Own {
    pub(super) labels: Labels,
    pub(super) location: &'static Location,
    pub(super) server_type: &'static ServerType,
    pub(super) image: &'static Image,
}

impl Play for Hetzner {
    const SERVICE: Service = Service::Hetzner;
    type Own = Own;

    fn of(world: &World) -> &Self {
        &world.hetzner
    }

    fn inventory(&self) -> &std::sync::Mutex<Inventory<Self>> {
        &self.inventory
    }

    fn timeline(_: Os) -> &'static Timeline {
        &GUEST
    }

    fn summary(machine: &Machine<Self>, clock: Clock, now_ms: i64) -> Value {
        let power = if machine.halted { "stopped" } else { "running" };
        json!({"power": power, "status": status(machine, clock, now_ms), "labels": machine.own.labels})
    }

    fn no_such_machine(id: &str) -> Response {
        error(StatusCode::NOT_FOUND, &format!("server with ID '{id}' not found"))
    }

    fn stocked(world: &World, wish: Stocked) -> Result<New<Self>, String> {
        let location = wish.region.as_deref().unwrap_or(STOCKED_LOCATION);
        let plan = wish.plan.as_deref().unwrap_or(STOCKED_TYPE);
        let server_type = catalogue::find_type(plan).ok_or("no such server type")?;
        let own = Own {
            labels: stocked_labels(&wish.tags)?,
            location: catalogue::find_location(location).ok_or("no such location")?,
            server_type,
            image: catalogue::find_image(STOCKED_IMAGE, server_type).ok_or("no such image")?,
        };
        Ok(new(world, host_name(&wish.name), own, None))
    }

    fn forget(&self) {
        locked(&self.actions).clear();
    }
}

/// `key=value` as it says; anything else is a label without a value.
fn stocked_labels(tags: &[String]) -> Result<Labels, String> {
    let label = |tag: &String| {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        if is_key(key) { Ok((key.to_owned(), value.to_owned())) } else { Err(format!("no label: {tag}")) }
    };
    tags.iter().map(label).collect()
}

/// A name as a host name must be written: wishes may come as other providers spell them.
fn host_name(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// A server with an id and a password of its own.
pub(super) fn new(world: &World, name: String, own: Own, user_data: Option<Vec<u8>>) -> New<Hetzner> {
    New {
        id: world.machines.number().to_string(),
        hostname: name.clone(),
        label: name,
        tags: tags(&own.labels),
        region: own.location.name.into(),
        plan: own.server_type.name.into(),
        os: Os::Linux,
        password: Some(random::password()),
        user_data,
        script: None,
        own,
    }
}

/// What the control API calls tags: the labels' values, or their names where there is none.
pub(super) fn tags(labels: &Labels) -> Vec<String> {
    labels.iter().map(|(key, value)| if value.is_empty() { key.clone() } else { value.clone() }).collect()
}

/// Whether something is being done to it, so that nothing else can be.
pub(super) fn is_locked(machine: &Machine<Hetzner>, clock: Clock, now_ms: i64) -> bool {
    match machine.last {
        Last::Install => machine.age(clock, now_ms) < STARTED || !(machine.settled() || machine.never_boots),
        Last::PowerOff | Last::PowerOn | Last::Reboot => machine.since_action(clock, now_ms) < SWITCHING,
    }
}

pub(super) fn status(machine: &Machine<Hetzner>, clock: Clock, now_ms: i64) -> &'static str {
    let busy = machine.since_action(clock, now_ms) < SWITCHING;
    match machine.last {
        Last::Install if machine.creation_fails => "initializing",
        Last::Install => match machine.age(clock, now_ms) {
            age if age < WRITTEN && machine.reinstalled => "rebuilding",
            age if age < WRITTEN => "initializing",
            age if age < SWITCHED_ON => "off",
            age if age < STARTED => "starting",
            _ => "running",
        },
        Last::PowerOff if busy => "stopping",
        Last::PowerOff => "off",
        Last::PowerOn if busy => "starting",
        Last::PowerOn | Last::Reboot => "running",
    }
}

/// A server as the API writes it.
pub(super) fn shape(machine: &Machine<Hetzner>, clock: Clock, now_ms: i64) -> Value {
    let seconds = u64::try_from((now_ms - machine.created_at_ms) / 1_000).unwrap_or(0);
    json!({
        "id": machine.id.parse::<u64>().unwrap_or_default(),
        "name": machine.label,
        "status": status(machine, clock, now_ms),
        "created": iso_seconds(machine.created_at_ms),
        "public_net": {
            "ipv4": {
                "id": 1,
                "ip": machine.address,
                "blocked": false,
                "dns_ptr": format!("static.{}.clients.sandbox.example", machine.address),
            },
            "ipv6": null,
            "floating_ips": [],
            "firewalls": [],
        },
        "private_net": [],
        "server_type": machine.own.server_type.shape(&[]),
        "location": machine.own.location.shape(),
        "image": machine.own.image.shape(),
        "iso": null,
        "rescue_enabled": false,
        "locked": is_locked(machine, clock, now_ms),
        "backup_window": null,
        "outgoing_traffic": seconds * OUTGOING_RATE,
        "ingoing_traffic": seconds * INGOING_RATE,
        "included_traffic": 21_990_232_555_520_u64,
        "protection": {"delete": false, "rebuild": false},
        "labels": machine.own.labels,
        "volumes": [],
        "load_balancers": [],
        "primary_disk_size": machine.own.server_type.disk_gb,
        "placement_group": null,
    })
}
