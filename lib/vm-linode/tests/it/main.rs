//! Linode's adapter at the wire: what it sends, and what it makes of every answer.

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
use vm_linode::Client;

/// The order in these tests, its first machine, and that machine's id.
const ORDER: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF";
const NAME: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1";
const ID: &str = "61234567";
const PASSWORD: &str = "n0body-keeps-this!";

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
            provider: Provider::Linode,
            plan: "g6-standard-2".to_owned(),
            region: "us-east".to_owned(),
            provider_region: "us-ord".to_owned(),
            image: Image {
                name_prefix: "Ubuntu 24.04".to_owned(),
                fallback_id: "linode/ubuntu24.04".to_owned(),
            },
        },
        os: Os::Linux,
        name: NAME.to_owned(),
        request_id: "0b9f2f3c-6f0a-4a4e-9d1e-0c0f8a7b6c5d".to_owned(),
        host_name: "desk-9r2c4dfgh".to_owned(),
        tags: vec!["nemordp".to_owned(), ORDER.to_owned()],
        user_data: UserData::CloudConfig("#cloud-config\n".to_owned()),
        password: Secret::new(PASSWORD.to_owned()),
    }
}

/// A machine as Linode writes it, with some fields changed; `null` takes one away.
fn machine(changes: Value) -> Value {
    let mut machine = json!({
        "id": 61_234_567, "label": NAME, "group": "", "status": "running", "created": "2026-11-20T08:15:11",
        "updated": "2026-11-20T08:15:11", "type": "g6-standard-2", "ipv4": ["192.0.2.123"],
        "ipv6": "2600:3c06::f03c:95ff:fe00:1/128", "image": "linode/ubuntu24.04", "region": "us-ord",
        "specs": {"disk": 81920, "memory": 4096, "vcpus": 2, "gpus": 0, "transfer": 4000},
        "alerts": {"cpu": 180}, "backups": {"enabled": false}, "hypervisor": "kvm", "watchdog_enabled": true,
        "tags": ["nemordp", ORDER], "host_uuid": "3a3ddd59", "has_user_data": true,
        "placement_group": null, "lke_cluster_id": null, "capabilities": [],
    });
    for (name, value) in changes.as_object().expect("an object") {
        machine[name] = value.clone();
    }
    machine.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    machine
}

fn one(changes: Value) -> Reply {
    Reply::json(200, machine(changes).to_string())
}

/// One page of a list that has so many.
fn page(items: Value, number: u32, pages: u32) -> Reply {
    let page = json!({"data": items, "page": number, "pages": pages, "results": 3});
    Reply::json(200, page.to_string())
}

fn regions() -> Reply {
    let region = |id: &str, label: &str, country: &str, capabilities: Value| {
        json!({"id": id, "label": label, "country": country, "capabilities": capabilities, "status": "ok",
               "site_type": "core"})
    };
    page(
        json!([
            region("us-ord", "Chicago, IL", "us", json!(["Linodes", "Metadata", "Premium Plans"])),
            region("us-old", "Newark, NJ, USA", "us", json!(["Linodes"])),
            region("nl-obj", "Amsterdam, NL", "nl", json!(["Object Storage"])),
        ]),
        1,
        1,
    )
}

fn images() -> Reply {
    let image = |id: &str, label: &str| {
        json!({"id": id, "label": label, "vendor": "Ubuntu", "deprecated": false, "is_public": true,
               "capabilities": ["cloud-init"], "status": "available"})
    };
    page(
        json!([
            image("linode/ubuntu22.04", "Ubuntu 22.04 LTS"),
            image("linode/ubuntu24.04", "Ubuntu 24.04 LTS"),
        ]),
        1,
        1,
    )
}

fn refusal(status: u16, reason: &str) -> Reply {
    Reply::json(status, json!({"errors": [{"reason": reason}]}).to_string())
}

fn refused_field(field: &str, reason: &str) -> Reply {
    Reply::json(400, json!({"errors": [{"field": field, "reason": reason}]}).to_string())
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
