//! [`Instance`]

use std::net::IpAddr;

use app::ports::WorkKind;
use domain::Timestamp;
use domain::catalogue::{Os, Plan};
use domain::command::CommandKind;
use domain::customer::CustomerId;
use domain::ids::{InstanceId, OrderId};
use domain::instance::{CommandInProgress, Instance, InstanceStatus};
use domain::vm::VmId;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::{FingerprintsPart, MoneyPart, OfferingPart, StoredTime};
use crate::row::{Listed, Thing};

#[derive(Serialize, Deserialize)]
pub(crate) struct InstanceItem {
    id: InstanceId,
    order: OrderId,
    customer: CustomerId,
    plan: Plan,
    os: Os,
    status: InstanceStatus,
    attempt: u16,
    offering: OfferingPart,
    price: Option<MoneyPart>,
    vm: Option<VmId>,
    address: Option<IpAddr>,
    username: String,
    certificate: Option<FingerprintsPart>,
    command: Option<CommandPart>,
    last_error: Option<String>,
    boot: u16,
    created_at: StoredTime,
    ready_at: Option<StoredTime>,
    setup_seconds: Option<u32>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct CommandPart {
    kind: CommandKind,
    since: StoredTime,
    sent: bool,
    before: InstanceStatus,
}

impl From<&Instance> for InstanceItem {
    fn from(instance: &Instance) -> Self {
        Self {
            id: instance.id,
            order: instance.order,
            customer: instance.customer.clone(),
            plan: instance.plan,
            os: instance.os,
            status: instance.status,
            attempt: instance.attempt,
            offering: (&instance.offering).into(),
            price: instance.price.map(Into::into),
            vm: instance.vm.clone(),
            address: instance.address,
            username: instance.username.clone(),
            certificate: instance.certificate.as_ref().map(Into::into),
            command: instance.command.as_ref().map(|command| CommandPart {
                kind: command.kind,
                since: command.since.into(),
                sent: command.sent,
                before: command.before,
            }),
            last_error: instance.last_error.clone(),
            boot: instance.boot,
            created_at: instance.created_at.into(),
            ready_at: instance.ready_at.map(Into::into),
            setup_seconds: instance.setup_seconds,
            version: instance.version,
        }
    }
}

impl From<InstanceItem> for Instance {
    fn from(item: InstanceItem) -> Self {
        Self {
            id: item.id,
            order: item.order,
            customer: item.customer,
            plan: item.plan,
            os: item.os,
            status: item.status,
            attempt: item.attempt,
            offering: item.offering.into(),
            price: item.price.map(Into::into),
            vm: item.vm,
            address: item.address,
            username: item.username,
            certificate: item.certificate.map(Into::into),
            command: item.command.map(|part| CommandInProgress {
                kind: part.kind,
                since: part.since.into(),
                sent: part.sent,
                before: part.before,
            }),
            last_error: item.last_error,
            boot: item.boot,
            created_at: item.created_at.into(),
            ready_at: item.ready_at.map(Into::into),
            setup_seconds: item.setup_seconds,
            version: item.version,
        }
    }
}

impl Thing for Instance {
    type Item = InstanceItem;

    fn key(&self) -> Key {
        keys::instance(self.id)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }

    fn in_by_customer(&self) -> Option<Key> {
        Some(keys::instance_of_customer(&self.customer, self.id))
    }

    fn in_rented(&self) -> Option<Key> {
        let over = matches!(self.status, InstanceStatus::Terminated | InstanceStatus::Failed);
        (self.vm.is_some() && !over).then(|| keys::instance_rented_at(self.provider(), self.id))
    }

    fn work(&self) -> Option<(WorkKind, Timestamp)> {
        self.command.as_ref().map(|command| (WorkKind::BusyInstance, command.since))
    }
}

impl Listed for Instance {
    type Id = InstanceId;

    fn listing(customer: &CustomerId) -> Key {
        keys::instances_of(customer)
    }

    fn place(customer: &CustomerId, id: InstanceId) -> Key {
        keys::instance_of_customer(customer, id)
    }

    fn key_of(id: InstanceId) -> Key {
        keys::instance(id)
    }

    fn id(&self) -> InstanceId {
        self.id
    }
}
