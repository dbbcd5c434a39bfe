//! Trading desktops of the operator's staff: one machine per MT5 account, whoever ordered it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::{Os, Plan, word_enum};
use crate::customer::{CustomerId, Email};
use crate::ids::{InstanceId, OrderId, PaymentId};
use crate::instance::{Instance, InstanceStatus};
use crate::money::{Currency, Money};
use crate::order::{Order, OrderStatus, PaymentMethod, StaffVps, Step, StepDone};
use crate::vm::WINDOWS_USER;

/// An MT5 account's number: 4 to 12 digits, as the terminal writes it. A zero in front would make two of one account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mt5AccountId(String);

/// Text that is not the number of an MT5 account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number of an MT5 account has 4 to 12 digits, the first of them not 0")]
pub struct InvalidMt5AccountId;

impl Mt5AccountId {
    /// Reads a number as the terminal shows it.
    ///
    /// # Errors
    /// `InvalidMt5AccountId` for anything but 4 to 12 ASCII digits, and for a 0 in front.
    pub fn parse(text: &str) -> Result<Self, InvalidMt5AccountId> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let sound = digits && (4..=12).contains(&text.len()) && !text.starts_with('0');
        if sound { Ok(Self(text.to_owned())) } else { Err(InvalidMt5AccountId) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Mt5AccountId {
    type Error = InvalidMt5AccountId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Mt5AccountId> for String {
    fn from(id: Mt5AccountId) -> Self {
        id.0
    }
}

impl fmt::Display for Mt5AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest name that staff can give a trading desktop, in characters.
pub const VPS_NAME_MAX: usize = 48;

/// Whether staff can call a trading desktop this: letters, digits, spaces, `.`, `_` and `-`, beginning with a letter
/// or digit.
pub fn is_vps_name(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b'_' | b'-');
    first && text.len() <= VPS_NAME_MAX && text.bytes().all(known)
}

/// Which desktop trades for an MT5 account, or did last. It is never deleted: whether the account is free again
/// follows from what became of that order, so that nothing has to be remembered to free it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradingAccount {
    /// The account.
    pub mt5_account_id: Mt5AccountId,
    /// The order of its desktop.
    pub order: OrderId,
    /// Its desktop.
    pub instance: InstanceId,
    /// Counts the writes.
    pub version: u64,
}

word_enum! {
    /// Where a trading desktop stands.
    VpsStatus {
        /// Being made, or made anew.
        Provisioning = "provisioning",
        /// Delivered.
        Active = "active",
        /// It could not be made: what there was of it is or is being destroyed.
        Error = "error",
        /// Gone, at the staff's wish.
        Decommissioned = "decommissioned",
    }
}

impl VpsStatus {
    /// Where the desktop of an order stands.
    pub const fn of(order: &Order, instance: &Instance) -> Self {
        match (order.status, instance.status) {
            (OrderStatus::Active, InstanceStatus::Terminated) => Self::Decommissioned,
            (OrderStatus::Active, InstanceStatus::Failed) => Self::Error,
            (OrderStatus::Active, _) => Self::Active,
            (OrderStatus::AwaitingPayment | OrderStatus::Paid | OrderStatus::Provisioning, _) => {
                Self::Provisioning
            }
            (
                OrderStatus::Expired | OrderStatus::Undoing | OrderStatus::Refunding | OrderStatus::Refunded,
                _,
            ) => Self::Error,
        }
    }
}

/// Whether an order holds its MT5 account no longer: its desktop is gone, and never comes back.
pub const fn is_over(order: &Order, instance: &Instance) -> bool {
    match order.status {
        OrderStatus::Refunded => true,
        OrderStatus::Active => matches!(instance.status, InstanceStatus::Terminated),
        _ => false,
    }
}

/// What is written when staff order a trading desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVps {
    /// Which member of the staff.
    pub staff: CustomerId,
    /// Where their mails go.
    pub email: Email,
    /// The size whose software it gets beside the terminal.
    pub plan: Plan,
    /// The account, the name, the place.
    pub vps: StaffVps,
}

/// The order of a trading desktop, which counts as paid from the beginning, and the desktop's record, so that its id
/// can be asked for at once. `ids`: of order, payment and desktop; nothing is ever stored under the payment's.
pub fn place(wish: NewVps, ids: (OrderId, PaymentId, InstanceId), now: Timestamp) -> (Order, Instance) {
    let (order, payment, instance) = ids;
    let free = Money::new(0, Currency::Usd);
    let offering = wish.vps.offering.clone();
    let placed = Order {
        id: order,
        customer: wish.staff.clone(),
        email: wish.email,
        plan: wish.plan,
        os: Os::Windows,
        region: Some(offering.region.clone()),
        staff: Some(wish.vps),
        price: free,
        method: PaymentMethod::Paystack,
        payment,
        instance,
        status: OrderStatus::Paid,
        timeline: vec![StepDone { step: Step::Placed, at: now }],
        created_at: now,
        paid_at: Some(now),
        deadline: None,
        offering: 0,
        attempt: 0,
        failure: None,
        executions: 0,
        restarted_at: None,
        version: 0,
    };
    let desktop = Instance {
        id: instance,
        order,
        customer: wish.staff,
        plan: wish.plan,
        os: Os::Windows,
        status: InstanceStatus::Provisioning,
        attempt: 0,
        offering,
        vm: None,
        address: None,
        price: Some(free),
        username: WINDOWS_USER.to_owned(),
        certificate: None,
        command: None,
        last_error: None,
        boot: 1,
        created_at: now,
        ready_at: None,
        setup_seconds: None,
        version: 0,
    };
    (placed, desktop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_mt5_account_is_4_to_12_digits_without_a_zero_in_front() {
        for good in ["1234", "51234567", "123456789012", "1000"] {
            assert_eq!(Mt5AccountId::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "123",
            "1234567890123",
            "12a4",
            "-1234",
            " 1234",
            "１２３４",
            "1234\n",
            "12.4",
            "0123",
            "0000",
        ] {
            assert_eq!(Mt5AccountId::parse(bad), Err(InvalidMt5AccountId), "{bad:?}");
        }
    }

    #[test]
    fn a_desktops_name_fits_a_line_of_a_mail() {
        for good in ["a", "EA runner 2", "gold.scalper_v1-b", "7", &"n".repeat(VPS_NAME_MAX)] {
            assert!(is_vps_name(good), "{good}");
        }
        let long = "n".repeat(VPS_NAME_MAX + 1);
        for bad in ["", " a", "-a", "a\nb", "a<b>", "müller", "a/b", long.as_str()] {
            assert!(!is_vps_name(bad), "{bad:?}");
        }
    }
}
