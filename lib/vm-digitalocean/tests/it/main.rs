//! DigitalOcean's adapter at the wire: what it sends, and what it makes of every answer.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod actions;
mod answers;
mod contract;
mod create;
mod lists;
mod offers;
mod sandbox;

use app::ports::{CreateVm, UserData, VmError};
use domain::catalogue::{Image, Offering, Os, Provider};
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::peer::{Peer, Reply, client};
use serde_json::{Value, json};
use vm_digitalocean::Client;

/// The order in these tests, its first machine in our and in their spelling, and that machine's id.
const ORDER: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF";
const NAME: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1";
const THEIR_NAME: &str = "ord.01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1";
const ID: &str = "3164444";

/// The adapter in front of a scripted peer.
fn adapter(peer: &Peer) -> Client {
    Client::new(client(), peer.url(), Secret::new("EXAMPLETOKEN".to_owned()))
}

fn id() -> VmId {
    VmId(ID.to_owned())
}

fn request() -> CreateVm {
    CreateVm {
        offering: Offering {
            provider: Provider::Digitalocean,
            plan: "s-2vcpu-4gb".to_owned(),
            region: "us-east".to_owned(),
            provider_region: "nyc3".to_owned(),
            image: Image {
                name_prefix: "Ubuntu 24.04".to_owned(),
                fallback_id: "ubuntu-24-04-x64".to_owned(),
            },
        },
        os: Os::Linux,
        name: NAME.to_owned(),
        request_id: "0b9f2f3c-6f0a-4a4e-9d1e-0c0f8a7b6c5d".to_owned(),
        host_name: "desk-9r2c4dfgh".to_owned(),
        tags: vec!["nemordp".to_owned(), ORDER.to_owned()],
        user_data: UserData::CloudConfig("#cloud-config\n".to_owned()),
        password: Secret::new("n0body-keeps-this".to_owned()),
    }
}

/// A machine as DigitalOcean writes it, with some fields changed; `null` takes one away.
fn machine(changes: Value) -> Value {
    let mut machine = json!({
        "id": 3_164_444, "name": THEIR_NAME, "memory": 4096, "vcpus": 2, "disk": 80,
        "disk_info": [{"type": "local", "size": {"amount": 80, "unit": "gib"}}], "locked": false,
        "status": "active", "kernel": null, "created_at": "2026-11-20T08:15:11Z", "features": ["monitoring"],
        "backup_ids": [], "next_backup_window": null, "snapshot_ids": [], "volume_ids": [],
        "size": {"slug": "s-2vcpu-4gb", "price_monthly": 24.0}, "size_slug": "s-2vcpu-4gb",
        "networks": {
            "v4": [
                {"ip_address": "10.128.192.124", "netmask": "255.255.0.0", "gateway": "nil", "type": "private"},
                {"ip_address": "192.0.2.123", "netmask": "255.255.255.0", "gateway": "192.0.2.1", "type": "public"},
            ],
            "v6": [],
        },
        "region": {"name": "New York 3", "slug": "nyc3", "features": [], "available": true, "sizes": []},
        "tags": ["nemordp", ORDER],
    });
    for (name, value) in changes.as_object().expect("an object") {
        machine[name] = value.clone();
    }
    machine.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    machine
}

fn one(status: u16, changes: Value) -> Reply {
    Reply::json(status, json!({"droplet": machine(changes)}).to_string())
}

/// A page of a list; `goes_on` names another one.
fn page(name: &str, items: Value, goes_on: bool) -> Reply {
    let pages = if goes_on {
        json!({"next": format!("https://api.digitalocean.com/v2/{name}?page=2"), "last": "…"})
    } else {
        json!({"first": "…", "prev": "…"})
    };
    Reply::json(200, json!({name: items, "links": {"pages": pages}, "meta": {"total": 3}}).to_string())
}

fn images() -> Reply {
    let image = |id, name: &str, slug: &str| {
        json!({"id": id, "name": name, "distribution": "Ubuntu", "slug": slug, "public": true,
               "regions": ["nyc3", "lon1"], "type": "base", "status": "available"})
    };
    let images = json!([
        image(63_663_980, "22.04 (LTS) x64", "ubuntu-22-04-x64"),
        image(159_651_797, "24.04 (LTS) x64", "ubuntu-24-04-x64"),
    ]);
    Reply::json(200, json!({"images": images, "links": {}, "meta": {"total": 2}}).to_string())
}

fn refusal(status: u16, text: &str) -> Reply {
    let id = match status {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        422 => "unprocessable_entity",
        429 => "too_many_requests",
        _ => "server_error",
    };
    Reply::json(status, json!({"id": id, "message": text}).to_string())
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
        VmError::LeftAlone { .. } => "left alone".to_owned(),
        VmError::Unsupported { .. } => format!("unsupported: {error}"),
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
