//! Hetzner's adapter at the wire: what it sends, and what it makes of every answer.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod actions;
mod answers;
mod contract;
mod create;
mod lists;
mod offers;
mod sandbox;

use app::ports::{CreateVm, Reinstall, Trace, UserData, VmError};
use domain::Timestamp;
use domain::catalogue::{Offering, Os, Provider};
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::peer::{Peer, Reply, client};
use serde_json::{Value, json};
use vm_hetzner::Client;

/// The order in these tests, its first machine, that machine's name there and its id.
const ORDER: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF";
const NAME: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1";
const SPELLED: &str = "ord-01kah8zj5v3w1q6yb7t9r2c4df-1";
const ID: &str = "42";

/// The adapter in front of a scripted peer.
fn adapter(peer: &Peer) -> Client {
    Client::new(client(), &format!("{}/v1", peer.url()), Secret::new("EXAMPLETOKEN".to_owned()))
}

fn id() -> VmId {
    VmId(ID.to_owned())
}

fn offering() -> Offering {
    vm_contract::offering(Provider::Hetzner, "cpx22", "fsn1", ("ubuntu-24.04", "ubuntu-24.04"))
}

fn request() -> CreateVm {
    CreateVm {
        offering: offering(),
        os: Os::Linux,
        name: NAME.to_owned(),
        request_id: "0b7bd3ae-6b6c-4a6f-9f27-6a1f6c0f3b1e".to_owned(),
        host_name: "desk-9r2c4dfgh".to_owned(),
        tags: vec![ORDER.to_owned(), "nemordp".to_owned()],
        user_data: UserData::CloudConfig("#cloud-config\n".to_owned()),
        password: Secret::new("Quiet7Harbour!42".to_owned()),
    }
}

fn again() -> Reinstall {
    let CreateVm { name, host_name, os, offering, user_data, password, .. } = request();
    Reinstall { name, host_name, os, image: offering.image, user_data, password }
}

fn trace() -> Trace {
    Trace {
        tag: ORDER.to_owned(),
        names: vec![NAME.to_owned()],
        calls: Vec::new(),
        regions: vec!["fsn1".to_owned()],
        since: Timestamp::UNIX_EPOCH,
    }
}

/// A machine as Hetzner writes it, with some fields changed; `null` takes one away.
fn machine(changes: Value) -> Value {
    let mut machine = json!({
        "id": 42, "name": SPELLED, "status": "running", "locked": false, "created": "2026-11-20T08:15:11Z",
        "public_net": {
            "ipv4": {"id": 1, "ip": "192.0.2.123", "blocked": false, "dns_ptr": "server01.example.com"},
            "ipv6": null, "floating_ips": [], "firewalls": [],
        },
        "private_net": [], "server_type": {"id": 114, "name": "cpx22", "cores": 2, "memory": 4.0},
        "location": {"id": 1, "name": "fsn1", "city": "Falkenstein", "country": "DE"},
        "image": {"id": 161_547_269, "name": "ubuntu-24.04"}, "included_traffic": 654_321,
        "outgoing_traffic": 123_456, "ingoing_traffic": 7, "volumes": [],
        "labels": {"managed-by": "nemordp", "order": ORDER},
    });
    for (name, value) in changes.as_object().expect("an object") {
        machine[name] = value.clone();
    }
    machine.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    machine
}

fn one(changes: Value) -> Reply {
    Reply::json(200, json!({"server": machine(changes)}).to_string())
}

/// The answer to a create: the example of the specification has an error beside a running action.
fn created() -> Reply {
    let error = json!({"code": "action_failed", "message": "Action failed"});
    let action =
        json!({"id": 1, "command": "create_server", "status": "running", "progress": 0, "error": error});
    let net = json!({"ipv4": {"ip": "192.0.2.123", "blocked": false}, "ipv6": null});
    let body = json!({
        "server": machine(json!({"status": "initializing", "public_net": net})),
        "action": action,
        "next_actions": [{"id": 13, "command": "start_server", "status": "running"}],
        "root_password": "YItygq1v3GYjjMomLaKc",
    });
    Reply::json(201, body.to_string())
}

/// A page of a list.
fn page(name: &str, items: Value, next: Value) -> Reply {
    let pagination =
        json!({"page": 1, "per_page": 50, "previous_page": null, "next_page": next, "last_page": 9});
    Reply::json(200, json!({name: items, "meta": {"pagination": pagination}}).to_string())
}

fn images() -> Reply {
    let image = |name: &str| json!({"id": 7, "type": "system", "status": "available", "name": name, "os_flavor": "ubuntu"});
    page("images", json!([image("ubuntu-22.04"), image("ubuntu-24.04")]), Value::Null)
}

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, json!({"error": {"code": code, "message": message, "details": {}}}).to_string())
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
        VmError::Unsupported { .. } => "unsupported".to_owned(),
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
