//! Vultr's adapter at the wire: what it sends, and what it makes of every answer.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod actions;
mod answers;
mod contract;
mod create;
mod firewall;
mod lists;
mod offers;
mod reinstall;
mod sandbox;

use app::ports::{CreateVm, Reinstall, Trace, UserData, VmError};
use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Provider};
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::peer::{Peer, Reply, client};
use serde_json::{Value, json};
use vm_vultr::Client;

/// The order in these tests, its first machine, and that machine's id.
const ORDER: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF";
const NAME: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1";
const ID: &str = "4f0f12e5-1f84-404f-aa84-85f431ea5ec2";

/// The adapter in front of a scripted peer.
fn adapter(peer: &Peer) -> Client {
    Client::new(client(), &format!("{}/v2", peer.url()), Secret::new("EXAMPLEKEY".to_owned()))
}

fn id() -> VmId {
    VmId(ID.to_owned())
}

fn request(os: Os) -> CreateVm {
    let image = |name: &str, id: &str| Image { name_prefix: name.to_owned(), fallback_id: id.to_owned() };
    let (image, user_data) = match os {
        Os::Windows => (
            image("Windows 2022 Standard", "501"),
            UserData::Batch("@echo off\r\nrem first boot\r\n".to_owned()),
        ),
        Os::Linux => (image("Ubuntu 24.04", "2284"), UserData::CloudConfig("#cloud-config\n".to_owned())),
    };
    CreateVm {
        offering: Offering {
            provider: Provider::Vultr,
            plan: "vc2-2c-4gb".to_owned(),
            region: "us-east".to_owned(),
            provider_region: "ewr".to_owned(),
            image,
        },
        os,
        name: NAME.to_owned(),
        request_id: "0b7f2f0e-5a52-4c1f-9a55-2d1b8f4c7e11".to_owned(),
        host_name: "desk-9r2c4dfgh".to_owned(),
        tags: vec!["nemordp".to_owned(), ORDER.to_owned()],
        user_data,
        password: Secret::new("never sent to Vultr".to_owned()),
    }
}

/// The same machine as new, with another host name.
fn as_new(os: Os, user_data: UserData) -> Reinstall {
    let CreateVm { offering, name, password, .. } = request(os);
    let host_name = "desk-1".to_owned();
    Reinstall { name, host_name, os, image: offering.image, user_data, password }
}

/// What is known of the order's machines.
fn trace() -> Trace {
    Trace {
        tag: ORDER.to_owned(),
        names: vec![NAME.to_owned()],
        calls: Vec::new(),
        regions: vec!["ewr".to_owned()],
        since: Timestamp::UNIX_EPOCH,
    }
}

/// How a refused key ends.
fn unauthorized(text: &str) -> String {
    format!(
        "unauthorized: {text} (Vultr's keys work only from listed addresses; \
         add the egress address under Account > API > Access Control)"
    )
}

/// A machine as Vultr writes it, with some fields changed; `null` takes one away.
fn machine(changes: Value) -> Value {
    let mut machine = json!({
        "id": ID, "os": "Ubuntu 24.04 LTS x64", "ram": 4096, "disk": 80, "main_ip": "192.0.2.123",
        "vcpu_count": 2, "region": "ewr", "plan": "vc2-2c-4gb",
        "date_created": "2026-11-20T08:15:11+00:00", "status": "active", "allowed_bandwidth": 3000,
        "netmask_v4": "255.255.254.0", "gateway_v4": "192.0.2.1", "power_status": "running",
        "server_status": "ok", "v6_network": "", "v6_main_ip": "", "v6_network_size": 0, "label": NAME,
        "internal_ip": "", "vpc_only": false, "kvm": "https://my.vultr.test/subs/vps/novnc/?data=0",
        "hostname": "desk-9r2c4dfgh", "os_id": 2284, "app_id": 0, "image_id": "", "snapshot_id": "",
        "firewall_group_id": "", "features": [], "tags": ["nemordp", ORDER], "user_scheme": "root",
    });
    for (name, value) in changes.as_object().expect("an object") {
        machine[name] = value.clone();
    }
    machine.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    machine
}

fn one(status: u16, changes: Value) -> Reply {
    Reply::json(status, json!({"instance": machine(changes)}).to_string())
}

/// A page of a list.
fn page(name: &str, items: Value, next: &str) -> Reply {
    let meta = json!({"total": 3, "links": {"next": next, "prev": ""}});
    Reply::json(200, json!({name: items, "meta": meta}).to_string())
}

fn systems() -> Reply {
    page(
        "os",
        json!([
            {"id": 240, "name": "Windows 2016 Standard x64", "arch": "x64", "family": "windows"},
            {"id": 521, "name": "Windows Core 2022 Standard x64", "arch": "x64", "family": "windows"},
            {"id": 501, "name": "Windows 2022 Standard x64", "arch": "x64", "family": "windows"},
            {"id": 2284, "name": "Ubuntu 24.04 LTS x64", "arch": "x64", "family": "ubuntu"},
        ]),
        "",
    )
}

fn refusal(status: u16, text: &str) -> Reply {
    Reply::json(status, json!({"error": text, "status": status}).to_string())
}

/// The variant, and what it carries.
fn name(error: &VmError) -> String {
    match error {
        VmError::NotFound => "not found".to_owned(),
        VmError::OutOfStock(text) => format!("out of stock: {text}"),
        VmError::Unauthorized(text) => format!("unauthorized: {text}"),
        VmError::Quota(text) => format!("quota: {text}"),
        VmError::Refused(text) => format!("refused: {text}"),
        VmError::Busy { retry_after } => format!("busy {retry_after:?}"),
        VmError::LeftAlone { until } => format!("left alone until {until}"),
        VmError::Unsupported { .. } => error.to_string(),
        VmError::Unclear { .. } => "unclear".to_owned(),
    }
}

/// The name of how a call ended.
fn outcome<T>(result: Result<T, VmError>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(error) => name(&error),
    }
}
