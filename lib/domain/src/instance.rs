//! The desktop a customer holds.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Offering, Os, Plan, Provider, word_enum};
use crate::command::CommandKind;
use crate::customer::CustomerId;
use crate::first_boot::Fingerprints;
use crate::ids::{InstanceId, OrderId};
use crate::money::Money;
use crate::vm::VmId;

word_enum! {
    /// Where a desktop stands.
    InstanceStatus {
        /// Being made.
        Provisioning = "provisioning",
        /// Working.
        Active = "active",
        /// Turned off.
        Stopped = "stopped",
        /// A command is being carried out; `Instance::command` says which.
        Busy = "busy",
        /// Gone, at the customer's wish.
        Terminated = "terminated",
        /// Never came to be: its order was given up.
        Failed = "failed",
    }
}

/// A command that is being carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandInProgress {
    /// Which.
    pub kind: CommandKind,
    /// When the customer asked.
    pub since: Timestamp,
    /// Whether the provider has accepted it; before that it may be sent again.
    pub sent: bool,
    /// The state to go back to when it cannot be done.
    pub before: InstanceStatus,
}

/// One desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id, minted with the order.
    pub id: InstanceId,
    /// The order that paid for it.
    pub order: OrderId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The size.
    pub plan: Plan,
    /// The system.
    pub os: Os,
    /// Where it stands.
    pub status: InstanceStatus,
    /// Which machine of the order it is: see `domain::vm::vm_name`.
    pub attempt: u16,
    /// Where it was made.
    pub offering: Offering,
    /// The machine.
    pub vm: Option<VmId>,
    /// Its address.
    pub address: Option<IpAddr>,
    /// What its customer pays a month; `None` in records of before it was kept.
    pub price: Option<Money>,
    /// The account the credentials are for.
    pub username: String,
    /// The certificate it answers with, to compare by eye on first connection.
    pub certificate: Option<Fingerprints>,
    /// The command being carried out.
    pub command: Option<CommandInProgress>,
    /// Why the last command did not work, as a sentence for the customer.
    pub last_error: Option<String>,
    /// Counts the first boots: 1 for the first, one more for each reinstall. Part of the first-boot token.
    pub boot: u16,
    /// When it was first recorded.
    pub created_at: Timestamp,
    /// When it was delivered.
    pub ready_at: Option<Timestamp>,
    /// From paid to delivered.
    pub setup_seconds: Option<u32>,
    /// Counts the writes.
    pub version: u64,
}

impl Instance {
    /// Who makes it.
    pub const fn provider(&self) -> Provider {
        self.offering.provider
    }

    /// Whether a machine is rented for it: recorded, and neither terminated nor failed.
    pub const fn rents(&self) -> bool {
        self.vm.is_some() && !matches!(self.status, InstanceStatus::Terminated | InstanceStatus::Failed)
    }
}

/// A desktop's stored credentials: the password is ciphertext under KMS, bound to the instance.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCredentials {
    /// Whose.
    pub instance: InstanceId,
    /// The account.
    pub username: String,
    /// KMS ciphertext of the password; the encryption context is the instance id.
    pub ciphertext: Vec<u8>,
    /// Since when it holds.
    pub stored_at: Timestamp,
    /// Counts the writes.
    pub version: u64,
}
