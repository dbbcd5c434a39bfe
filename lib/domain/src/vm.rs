//! Virtual machines as every provider's API can describe them.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::catalogue::Provider;
use crate::ids::OrderId;

/// A provider's own id of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VmId(pub String);

/// What a machine is doing, in our words. Providers report states out of order and invent new ones, so
/// nothing but [`VmState::Running`] ever proves anything, and no state by itself means that it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VmState {
    /// Not there yet: being made, or installing its system.
    Pending,
    /// Up, by the provider's word.
    Running,
    /// Off. While a machine is being made this is a passing state at some providers.
    Stopped,
    /// Cut off by the provider, for instance for an unpaid account.
    Suspended,
    /// It does not go on before a person has done something at the provider (pay, verify); in its word.
    Held(String),
    /// The provider says that this machine will never be; in its word.
    Failed(String),
    /// A word we do not know: kept as it came, and treated as not yet.
    Unknown(String),
}

/// A machine as the provider lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vm {
    /// Whose id it has.
    pub provider: Provider,
    /// The provider's id.
    pub id: VmId,
    /// The name we gave it; see [`vm_name`].
    pub name: String,
    /// The tags we gave it.
    pub tags: Vec<String>,
    /// What it is doing.
    pub state: VmState,
    /// Its public IPv4 address, once assigned.
    pub address: Option<IpAddr>,
    /// The provider's region id.
    pub region: String,
    /// The provider's id of its size; empty when it does not say.
    pub plan: String,
    /// When the provider made it, where it says so.
    pub created_at: Option<Timestamp>,
    /// The day on which it ends by itself, because it was cancelled where machines are rented by the month.
    pub ends_on: Option<Date>,
}

impl Vm {
    /// Whether nothing of it runs and nothing more can be done: cancelled, and not running. One that hangs in its
    /// installation takes no power action; if it comes up after all it is listed as running, and is turned off then.
    pub fn is_over(&self) -> bool {
        self.ends_on.is_some() && self.state != VmState::Running
    }
}

/// The name of the machine that one attempt of an order makes: unique, and the same for every repeat of the
/// attempt, so that a machine is found again after any unclear answer.
pub fn vm_name(order: OrderId, attempt: u16) -> String {
    format!("{order}-{attempt}")
}

/// The order and attempt a machine was made for, or `None` for a machine that is not ours.
pub fn parse_vm_name(name: &str) -> Option<(OrderId, u16)> {
    let (order, attempt) = name.rsplit_once('-')?;
    let attempt: u16 = attempt.parse().ok()?;
    let order = OrderId::parse(order).ok()?;
    (vm_name(order, attempt) == name).then_some((order, attempt))
}

/// The machine's host name: at most 15 characters (NetBIOS), from the random end of the order id.
pub fn host_name(order: OrderId, attempt: u16) -> String {
    let bare = order.bare().to_ascii_lowercase();
    let tail = &bare[bare.len() - 9..];
    format!("desk-{tail}{}", char::from(b'a' + u8::try_from(attempt % 26).unwrap_or(0)))
}

/// The account a customer signs in with on an Ubuntu desktop; also unique per order.
pub fn linux_user(order: OrderId) -> String {
    let bare = order.bare().to_ascii_lowercase();
    format!("desk{}", &bare[bare.len() - 8..])
}

/// The account that a provider's Windows image comes with.
pub const WINDOWS_USER: &str = "Administrator";

/// The port RDP answers on.
pub const RDP_PORT: u16 = 3389;

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> OrderId {
        OrderId::new(Timestamp::from_millisecond(1_790_000_000_000).unwrap(), u128::MAX / 3)
    }

    #[test]
    fn a_machines_name_leads_back_to_its_order() {
        let name = vm_name(order(), 12);
        assert_eq!(parse_vm_name(&name), Some((order(), 12)));
        for foreign in
            ["", "web-1", &name.replace("ord_", "srv_"), &format!("{name} "), &name.replace("-12", "-012")]
        {
            assert_eq!(parse_vm_name(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn host_names_fit_netbios_and_differ_per_attempt() {
        let name = host_name(order(), 1);
        assert!(
            name.len() <= 15
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        );
        assert_ne!(name, host_name(order(), 2));
        let user = linux_user(order());
        let own = user.strip_prefix("desk").unwrap();
        assert!(own.len() == 8 && order().to_string().to_ascii_lowercase().ends_with(own), "{user}");
    }
}
