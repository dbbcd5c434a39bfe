//! What Contabo keeps and shows of a machine.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::catalogue::{self, Image, Product, Region, os_type};
use super::{CUSTOMER, Contabo, TENANT, error, status};
use crate::clock::{Clock, iso_millis};
use crate::desktops::Os;
use crate::machines::{Inventory, Machine, New, Play, Stocked, Timeline};
use crate::operation::Service;
use crate::world::{World, locked};

/// What machines get that are put in without a wish.
const STOCKED_REGION: &str = "EU";
const STOCKED_PRODUCT: &str = "V153";
const STOCKED_IMAGE: &str = "d64d5c6c-9dda-4e38-8174-0ee282474d8a";

pub(crate) struct Own {
    pub(super) region: &'static Region,
    pub(super) product: &'static Product,
    pub(super) image: &'static Image,
    pub(super) default_user: String,
    /// Months that are paid at a time.
    pub(super) period: i8,
    /// The day on which it ends.
    pub(super) cancel_date: Option<Date>,
    /// When its password was last set from outside.
    pub(super) reset_at_ms: Option<i64>,
}

impl Play for Contabo {
    const SERVICE: Service = Service::Contabo;
    type Own = Own;

    fn of(world: &World) -> &Self {
        &world.contabo
    }

    fn inventory(&self) -> &std::sync::Mutex<Inventory<Self>> {
        &self.inventory
    }

    fn timeline(os: Os) -> &'static Timeline {
        status::timeline(os)
    }

    fn administrator(machine: &Machine<Self>) -> String {
        match machine.own.default_user.as_str() {
            "administrator" => "Administrator".into(),
            other => other.into(),
        }
    }

    fn summary(machine: &Machine<Self>, clock: Clock, now_ms: i64) -> Value {
        json!({
            "power": if machine.halted { "stopped" } else { "running" },
            "status": status::shown(machine, clock, now_ms).0,
            "image": machine.own.image.name,
            "cancel_date": machine.own.cancel_date,
        })
    }

    fn no_such_machine(_: &str) -> Response {
        error(StatusCode::NOT_FOUND, "Entry Instance not found")
    }

    fn stocked(world: &World, wish: Stocked) -> Result<New<Self>, String> {
        let region = wish.region.as_deref().unwrap_or(STOCKED_REGION);
        let product = wish.plan.as_deref().unwrap_or(STOCKED_PRODUCT);
        let own = Own {
            region: catalogue::find_region(region).ok_or("no such region")?,
            product: catalogue::find_product(product).ok_or("no such product")?,
            image: catalogue::find_image(STOCKED_IMAGE).ok_or("no such image")?,
            default_user: "root".into(),
            period: 1,
            cancel_date: None,
            reset_at_ms: None,
        };
        Ok(New { tags: wish.tags, ..new(world, wish.name, own, None, None) })
    }

    fn forget(&self) {
        self.tokens.clear();
        *locked(&self.secrets) = Default::default();
        *locked(&self.audits) = Default::default();
    }
}

/// A machine with an id of its own.
pub(super) fn new(
    world: &World,
    display_name: String,
    own: Own,
    password: Option<String>,
    user_data: Option<Vec<u8>>,
) -> New<Contabo> {
    let id = world.machines.number().to_string();
    New {
        hostname: format!("vmi{id}"),
        id,
        label: display_name,
        tags: Vec::new(),
        region: own.region.id.into(),
        plan: own.product.id.into(),
        os: system(own.image, user_data.as_deref()),
        password,
        user_data,
        script: None,
        own,
    }
}

/// What comes up. A script for Linux has turned a Windows machine into Ubuntu.
pub(super) fn system(image: &Image, user_data: Option<&[u8]>) -> Os {
    let is_for_linux =
        user_data.is_some_and(|data| data.starts_with(b"#!") || data.starts_with(b"#cloud-config"));
    if is_for_linux { Os::Linux } else { image.os }
}

/// An instance id as the API writes it.
pub(super) fn number(machine: &Machine<Contabo>) -> u64 {
    machine.id.parse().unwrap_or_default()
}

pub(super) fn link(machine: &Machine<Contabo>) -> String {
    format!("/v1/compute/instances/{}", machine.id)
}

/// An instance as get and list write it.
pub(super) fn shape(machine: &Machine<Contabo>, clock: Clock, now_ms: i64) -> Value {
    let (word, has_address) = status::shown(machine, clock, now_ms);
    let own = &machine.own;
    let [a, b, c, _] = machine.address.octets();
    let (ip, gateway) = if has_address {
        (machine.address.to_string(), format!("{a}.{b}.{c}.1"))
    } else {
        (String::new(), String::new())
    };
    json!({
        "tenantId": TENANT,
        "customerId": CUSTOMER,
        "additionalIps": [],
        "name": machine.hostname,
        "displayName": machine.label,
        "instanceId": number(machine),
        "dataCenter": own.region.data_center(),
        "region": own.region.id,
        "regionName": own.region.name,
        "productId": own.product.id,
        "productName": own.product.name,
        "productType": own.product.kind,
        "imageId": own.image.id,
        "ipConfig": {
            "v4": {"ip": ip, "netmaskCidr": 24, "gateway": gateway},
            "v6": {"ip": "", "netmaskCidr": 64, "gateway": ""},
        },
        "macAddress": "00:50:56:5f:2a:10",
        "ramMb": own.product.memory_mb,
        "cpuCores": own.product.vcpus,
        "diskMb": own.product.disk_mb,
        "osType": os_type(machine.os),
        "sshKeys": [],
        "createdDate": iso_millis(machine.created_at_ms),
        "cancelDate": own.cancel_date.map_or_else(String::new, |day| day.to_string()),
        "status": word,
        "vHostId": 73_395,
        "vHostNumber": 1001,
        "vHostName": "m1001",
        "addOns": [],
        "errorMessage": "",
        "defaultUser": own.default_user,
    })
}

/// What the answer to a create says of it: no name, no address, no user.
pub(super) fn created_shape(machine: &Machine<Contabo>, clock: Clock, now_ms: i64) -> Value {
    json!({
        "tenantId": TENANT,
        "customerId": CUSTOMER,
        "instanceId": number(machine),
        "createdDate": iso_millis(machine.created_at_ms),
        "imageId": machine.own.image.id,
        "productId": machine.own.product.id,
        "region": machine.own.region.id,
        "addOns": [],
        "osType": os_type(machine.os),
        "status": status::shown(machine, clock, now_ms).0,
        "sshKeys": [],
    })
}

/// What the answer to an action says of it.
pub(super) fn acted_shape(machine: &Machine<Contabo>, action: &str) -> Value {
    json!({"tenantId": TENANT, "customerId": CUSTOMER, "instanceId": number(machine), "action": action})
}

/// What the answer to a change says of it.
pub(super) fn changed_shape(machine: &Machine<Contabo>) -> Value {
    json!({
        "tenantId": TENANT,
        "customerId": CUSTOMER,
        "instanceId": number(machine),
        "createdDate": iso_millis(machine.created_at_ms),
    })
}
