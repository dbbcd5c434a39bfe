//! Contabo's adapter at the wire: what it sends, and what it makes of every answer.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod actions;
mod answers;
mod cancel;
mod contract;
mod create;
mod lists;
mod offers;
mod secrets;
mod token;

use app::ports::{CreateVm, UserData, VmError};
use domain::catalogue::{Image, Offering, Os, Provider};
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::peer::{Peer, Reply, client};
use serde_json::{Value, json};
use vm_contabo::{Client, Credentials};

/// The order in these tests, its first machine, that machine's id, and the request id of its create.
const ORDER: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF";
const NAME: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1";
const ID: &str = "5000000012";
const REQUEST_ID: &str = "4f0f12e5-1f84-404f-aa84-85f431ea5ec2";
const UBUNTU: &str = "d64d5c6c-9dda-4e38-8174-0ee282474d8a";
const WINDOWS: &str = "afecbb85-e2fc-46f0-9684-b46b1faf00bb";

/// The adapter in front of a scripted peer, which is the API and gives out the tokens.
fn adapter(peer: &Peer) -> Client {
    Client::new(client(), peer.url(), peer.url(), credentials())
}

fn credentials() -> Credentials {
    let secret = |text: &str| Secret::new(text.to_owned());
    Credentials {
        client_id: secret("INT-100"),
        client_secret: secret("s3cr&t+="),
        user: secret("ops@example.com"),
        password: secret("api pässword"),
    }
}

fn token() -> Reply {
    let body = json!({
        "access_token": "EXAMPLETOKEN", "expires_in": 300, "refresh_expires_in": 1800,
        "refresh_token": "r", "token_type": "Bearer",
    });
    Reply::json(200, body.to_string())
}

/// A peer that gives out one token and then plays the script.
async fn peer(script: impl IntoIterator<Item = Reply>) -> Peer {
    Peer::start(std::iter::once(token()).chain(script).collect()).await
}

/// The first lines of what the API was asked.
fn lines(peer: &Peer) -> Vec<String> {
    let is_token = |line: &String| line.ends_with("/openid-connect/token");
    peer.lines().into_iter().filter(|line| !is_token(line)).collect()
}

fn id() -> VmId {
    VmId(ID.to_owned())
}

fn password() -> Secret<String> {
    Secret::new("Abcdefgh23456_xyzABCDEFG".to_owned())
}

fn image(os: Os) -> Image {
    let (name_prefix, fallback_id) = match os {
        Os::Windows => ("windows-server-2022-de", WINDOWS),
        Os::Linux => ("ubuntu-24.04", UBUNTU),
    };
    Image { name_prefix: name_prefix.to_owned(), fallback_id: fallback_id.to_owned() }
}

fn user_data(os: Os) -> UserData {
    match os {
        Os::Windows => UserData::PowerShell("Write-Host first\r\n".to_owned()),
        Os::Linux => UserData::CloudConfig("#cloud-config\nusers: []\n".to_owned()),
    }
}

fn request(os: Os) -> CreateVm {
    CreateVm {
        offering: Offering {
            provider: Provider::Contabo,
            plan: "V153".to_owned(),
            region: "eu-central".to_owned(),
            provider_region: "EU".to_owned(),
            image: image(os),
        },
        os,
        name: NAME.to_owned(),
        request_id: REQUEST_ID.to_owned(),
        host_name: "desk-9r2c4dfgh".to_owned(),
        tags: vec!["nemordp".to_owned(), ORDER.to_owned()],
        user_data: user_data(os),
        password: password(),
    }
}

/// A machine as Contabo writes it, with some fields changed; `null` takes one away.
fn machine(changes: Value) -> Value {
    let mut machine = json!({
        "tenantId": "DE", "customerId": "54321", "additionalIps": [], "name": "vmi5000000012",
        "displayName": NAME, "instanceId": 5_000_000_012_i64, "dataCenter": "European Union 1",
        "region": "EU", "regionName": "European Union", "productId": "V153",
        "productName": "Cloud VPS 4 SSD", "productType": "ssd", "imageId": UBUNTU,
        "ipConfig": {
            "v4": {"ip": "192.0.2.123", "netmaskCidr": 24, "gateway": "192.0.2.1"},
            "v6": {"ip": "2001:db8::1", "netmaskCidr": 64, "gateway": "fe80::1"},
        },
        "macAddress": "F2:65:50:F3:63:A1", "ramMb": 8192, "cpuCores": 4, "diskMb": 102_400,
        "osType": "Linux", "sshKeys": [], "createdDate": "2026-11-20T08:15:11.363Z", "cancelDate": "",
        "status": "running", "vHostId": 73_395, "vHostNumber": 1001, "vHostName": "m1001",
        "addOns": [], "errorMessage": null, "defaultUser": "root",
    });
    for (name, value) in changes.as_object().expect("an object") {
        machine[name] = value.clone();
    }
    machine.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    machine
}

/// An answer about one object.
fn one(status: u16, object: Value) -> Reply {
    Reply::json(status, json!({"data": [object], "_links": {"self": "/v1"}}).to_string())
}

/// A page of a list, of so many pages.
fn page(items: Value, number: u32, pages: u32) -> Reply {
    let pagination = json!({"size": 100, "totalElements": 3, "totalPages": pages, "page": number});
    Reply::json(200, json!({"data": items, "_links": {}, "_pagination": pagination}).to_string())
}

fn images() -> Reply {
    page(
        json!([
            {"imageId": "11111111-9dda-4e38-8174-0ee282474d8a", "name": "ubuntu-24.04-plesk", "osType": "Linux"},
            {"imageId": UBUNTU, "name": "ubuntu-24.04", "osType": "Linux", "standardImage": true},
            {"imageId": WINDOWS, "name": "windows-server-2022-de", "osType": "Windows", "standardImage": true},
        ]),
        1,
        1,
    )
}

/// The answer to a secret that is handed over.
fn secret_made() -> Reply {
    one(
        201,
        json!({"tenantId": "DE", "customerId": "54321", "secretId": 777, "name": NAME, "type": "password"}),
    )
}

fn no_secrets() -> Reply {
    page(json!([]), 1, 0)
}

fn refusal(status: u16, text: &str) -> Reply {
    Reply::json(status, json!({"statusCode": status, "message": text}).to_string())
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
        VmError::Unsupported { provider, what } => format!("{provider} cannot {what}"),
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
