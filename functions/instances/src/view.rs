//! A desktop as its customer sees it.

use std::net::IpAddr;

use domain::Timestamp;
use domain::catalogue::{Os, Plan};
use domain::command::CommandKind;
use domain::first_boot::Fingerprints;
use domain::ids::{InstanceId, OrderId};
use domain::instance::{Instance, InstanceStatus};
use domain::vm::RDP_PORT;
use serde::Serialize;

/// One desktop. No password: see `GET /instances/{id}/credentials`.
#[derive(Debug, Serialize)]
pub(crate) struct InstanceView {
    id: InstanceId,
    order_id: OrderId,
    plan: Plan,
    os: Os,
    region: String,
    status: InstanceStatus,
    /// The command that is being carried out.
    command: Option<CommandKind>,
    /// Why the last command did not work.
    last_error: Option<String>,
    address: Option<IpAddr>,
    port: u16,
    username: String,
    /// What the client shows on first connection, to compare.
    certificate: Option<Fingerprints>,
    created_at: Timestamp,
    ready_at: Option<Timestamp>,
    setup_seconds: Option<u32>,
}

/// A page of desktops.
#[derive(Debug, Serialize)]
pub(crate) struct InstancePage {
    pub(crate) instances: Vec<InstanceView>,
    pub(crate) next_cursor: Option<String>,
}

impl From<&Instance> for InstanceView {
    fn from(instance: &Instance) -> Self {
        Self {
            id: instance.id,
            order_id: instance.order,
            plan: instance.plan,
            os: instance.os,
            region: instance.offering.region.clone(),
            status: instance.status,
            command: instance.command.as_ref().map(|c| c.kind),
            last_error: instance.last_error.clone(),
            address: instance.address,
            port: RDP_PORT,
            username: instance.username.clone(),
            certificate: instance.certificate.clone(),
            created_at: instance.created_at,
            ready_at: instance.ready_at,
            setup_seconds: instance.setup_seconds,
        }
    }
}
