//! A trading desktop as staff see it, the same for every provider.

use std::net::IpAddr;

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::command::CommandKind;
use domain::ids::{InstanceId, OrderId};
use domain::instance::Instance;
use domain::inventory::{Recorded, StateSays, compare};
use domain::order::{Failure, Order, StepDone};
use domain::trading::VpsStatus;
use domain::vm::{RDP_PORT, Vm, VmId, VmState, vm_name};
use serde::Serialize;

/// A trading desktop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VpsView {
    /// Its id: a desktop's.
    pub vps_id: InstanceId,
    /// The order that made it.
    pub order_id: OrderId,
    /// The MT5 account that it trades for.
    pub mt5_account_id: String,
    /// What the staff call it.
    pub vps_name: Option<String>,
    /// Where it stands.
    pub status: VpsStatus,
    /// Who makes it.
    pub provider: Provider,
    /// The provider's id of the machine, once there is one.
    pub provider_instance_id: Option<VmId>,
    /// The provider's id of the region.
    pub provider_region: String,
    /// The provider's id of the size.
    pub provider_plan: String,
    /// What else is known of it there.
    pub provider_metadata: ProviderMetadata,
    /// Its address.
    pub ip_address: Option<IpAddr>,
    /// The port of RDP.
    pub port: u16,
    /// The account to sign in with.
    pub username: String,
    /// The command that is being carried out.
    pub command: Option<CommandKind>,
    /// Why the last command did not work.
    pub last_error: Option<String>,
    /// Why it could not be made.
    pub failure: Option<Failure>,
    /// What happened so far.
    pub timeline: Vec<StepDone>,
    /// When it was ordered.
    pub created_at: Timestamp,
    /// When it was delivered.
    pub ready_at: Option<Timestamp>,
}

/// What is known of a machine at its provider beside its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderMetadata {
    /// The provider's id of the image.
    pub image_id: String,
    /// The image's name.
    pub image_name: String,
    /// The name that it has there, once it was asked for.
    pub machine_name: Option<String>,
    /// What the provider says it is doing; only where it was asked just now. `missing`: it knows no such machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What a person should look at there; only where it was asked just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
}

impl VpsView {
    pub(super) fn of(order: &Order, instance: &Instance) -> Self {
        let vps = order.staff.as_ref();
        let place = &instance.offering;
        Self {
            vps_id: instance.id,
            order_id: order.id,
            mt5_account_id: vps.map(|vps| vps.mt5_account_id.clone()).unwrap_or_default(),
            vps_name: vps.and_then(|vps| vps.vps_name.clone()),
            status: VpsStatus::of(order, instance),
            provider: place.provider,
            provider_instance_id: instance.vm.clone(),
            provider_region: place.provider_region.clone(),
            provider_plan: place.plan.clone(),
            provider_metadata: ProviderMetadata {
                image_id: place.image.fallback_id.clone(),
                image_name: place.image.name_prefix.clone(),
                machine_name: (instance.attempt > 0).then(|| vm_name(order.id, instance.attempt)),
                state: None,
                note: None,
                seen_at: None,
            },
            ip_address: instance.address,
            port: RDP_PORT,
            username: instance.username.clone(),
            command: instance.command.as_ref().map(|command| command.kind),
            last_error: instance.last_error.clone(),
            failure: order.failure,
            timeline: order.timeline.clone(),
            created_at: order.created_at,
            ready_at: instance.ready_at,
        }
    }

    /// The same with what the provider has just said of the machine; `None`: that it knows no such machine.
    pub(super) fn seen(mut self, instance: &Instance, vm: Option<&Vm>, now: Timestamp) -> Self {
        let odd = vm.and_then(|vm| match compare(&Recorded::of(instance)?, vm).state {
            StateSays::Odd(what) => Some(format!("the machine {what}")),
            StateSays::Fits | StateSays::Is(_) => None,
        });
        self.provider_metadata.state = Some(vm.map_or_else(|| "missing".to_owned(), |vm| word(&vm.state)));
        self.provider_metadata.note = odd;
        self.provider_metadata.seen_at = Some(now);
        self
    }
}

fn word(state: &VmState) -> String {
    match state {
        VmState::Pending => "pending".to_owned(),
        VmState::Running => "running".to_owned(),
        VmState::Stopped => "stopped".to_owned(),
        VmState::Suspended => "suspended".to_owned(),
        VmState::Held(word) => format!("held: {word}"),
        VmState::Failed(word) => format!("failed: {word}"),
        VmState::Unknown(word) => word.clone(),
    }
}
