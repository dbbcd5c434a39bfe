//! Faults on demand: what shall go wrong, where, how often, and for whom.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::world::locked;

/// Faults held at once; setting more is refused.
const FAULTS_MAX: usize = 200;
/// The longest wait a fault may ask for.
const DELAY_MS_MAX: u64 = 600_000;

macro_rules! targets {
    ($($service:literal: $($operation:literal)*;)*) => {
        /// Every operation that a fault can strike. A target ending in `.*` strikes all of that service.
        pub(crate) const TARGETS: &[&str] = &[$($(concat!($service, ".", $operation)),*),*];
    };
}

targets! {
    "paystack": "initialize" "verify" "list" "refund" "refund_get" "refund_list" "webhook";
    "vultr": "create" "get" "list" "update" "delete" "reboot" "start" "halt" "reinstall" "user_data" "bandwidth"
        "account" "regions" "availability" "plans" "os" "startup_scripts" "firewalls" "upgrades";
    "contabo": "token" "create" "get" "list" "update" "cancel" "reboot" "start" "stop" "reinstall" "reset_password"
        "audits" "secrets" "regions" "plans" "images" "tags" "firewalls" "other";
    "digitalocean": "create" "get" "list" "update" "delete" "reboot" "start" "stop" "reinstall" "reset_password"
        "actions" "traffic" "account" "regions" "availability" "plans" "images" "tags" "firewalls" "other";
    "linode": "create" "get" "list" "update" "delete" "reboot" "start" "stop" "reinstall" "reset_password" "traffic"
        "account" "regions" "availability" "plans" "images" "firewalls" "other";
    "hetzner": "create" "get" "list" "update" "delete" "reboot" "start" "stop" "reinstall" "reset_password" "actions"
        "traffic" "account" "regions" "availability" "plans" "images" "firewalls" "other";
    "ec2": "create" "get" "list" "update" "delete" "reboot" "start" "stop" "reinstall" "password_data" "user_data"
        "traffic" "regions" "availability" "plans" "images" "tags" "firewalls" "other";
}

/// What goes wrong. README.md tells each one's effect in full.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Refuse,
    Delay,
    FailBefore,
    FailAfterEffect,
    DropAfterEffect,
    OutOfStock,
    NeverBoot,
    BootSilent,
    RefundFails,
    RefundNeedsAttention,
    LateCreate,
    StaleList,
    RateLimited,
    HtmlAnswer,
    UnknownStatus,
    DropBefore,
    Quota,
    Unauthorized,
    Held,
    ActionFails,
    PasswordLater,
}

impl Kind {
    /// Whether it strikes the answer of `target` on the wire, rather than what the operation does.
    pub(crate) fn on_the_wire(self, target: &str) -> bool {
        match self {
            // In a catalogue it is the play that shows nothing in stock.
            Self::OutOfStock => operation(target) == "create",
            Self::Refuse
            | Self::Delay
            | Self::FailBefore
            | Self::FailAfterEffect
            | Self::DropAfterEffect
            | Self::DropBefore
            | Self::Quota
            | Self::Unauthorized
            | Self::RateLimited
            | Self::HtmlAnswer => true,
            Self::NeverBoot
            | Self::BootSilent
            | Self::RefundFails
            | Self::RefundNeedsAttention
            | Self::LateCreate
            | Self::StaleList
            | Self::Held
            | Self::ActionFails
            | Self::PasswordLater
            | Self::UnknownStatus => false,
        }
    }

    /// Operations on which this kind means something, with or without their service; `None` = any.
    fn only_on(self) -> Option<&'static [&'static str]> {
        match self {
            Self::OutOfStock => Some(&["create", "availability"]),
            Self::NeverBoot | Self::BootSilent => Some(&["create", "reinstall"]),
            Self::LateCreate | Self::Quota => Some(&["create"]),
            Self::Held => Some(&["contabo.create"]),
            Self::ActionFails => Some(&["digitalocean.create", "hetzner.create"]),
            Self::PasswordLater => Some(&["vultr.reinstall"]),
            Self::StaleList => Some(&MACHINE_LISTS),
            Self::UnknownStatus => Some(&UNKNOWN_STATUSES),
            Self::RefundFails | Self::RefundNeedsAttention => Some(&["paystack.refund"]),
            _ => None,
        }
    }
}

/// `paystack.list` is one too, but not of machines.
const MACHINE_LISTS: [&str; 6] =
    ["vultr.list", "contabo.list", "digitalocean.list", "linode.list", "hetzner.list", "ec2.list"];
const UNKNOWN_STATUSES: [&str; 8] = [
    "get",
    "paystack.verify",
    "vultr.list",
    "contabo.list",
    "digitalocean.list",
    "linode.list",
    "hetzner.list",
    "ec2.list",
];

/// `create` of `vultr.create`.
fn operation(target: &str) -> &str {
    target.split_once('.').map_or("", |(_, operation)| operation)
}

/// What `POST /control/faults` takes.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    target: String,
    kind: Kind,
    /// How often it strikes; 0 = until cleared.
    #[serde(default = "once")]
    times: u32,
    /// Strikes only where the label, tag or reference contains this.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    contains: Option<String>,
    /// Real milliseconds, not compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    /// The HTTP status of `refuse` (default 400) and `html_answer` (default 200).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

fn once() -> u32 {
    1
}

/// One that strikes now.
pub(crate) struct Strike {
    pub(crate) kind: Kind,
    pub(crate) delay: Option<Duration>,
    pub(crate) status: Option<u16>,
}

#[derive(Clone, Serialize)]
struct Held {
    id: u64,
    /// How often it has struck.
    struck: u32,
    #[serde(flatten)]
    order: Order,
}

/// The faults in force, oldest first.
#[derive(Default)]
pub(crate) struct Faults {
    held: Mutex<VecDeque<Held>>,
    last_id: AtomicU64,
}

impl Faults {
    /// Takes an order in; returns its id, or why it makes no sense.
    pub(crate) fn add(&self, order: Order) -> Result<u64, String> {
        let service = order.target.strip_suffix(".*");
        let known = match service {
            Some(service) => TARGETS.iter().any(|t| t.split('.').next() == Some(service)),
            None => TARGETS.contains(&order.target.as_str()),
        };
        if !known {
            return Err(format!("unknown target `{}`; known: {}", order.target, TARGETS.join(", ")));
        }
        if let Some(only) = order.kind.only_on().filter(|only| {
            let target = order.target.as_str();
            !only.contains(&target) && !only.contains(&operation(target))
        }) {
            return Err(format!("this kind strikes only {}", only.join(", ")));
        }
        if order.kind == Kind::Delay && order.delay_ms.is_none() {
            return Err("a delay needs delay_ms".into());
        }
        if order.delay_ms.is_some_and(|ms| ms > DELAY_MS_MAX) {
            return Err(format!("delay_ms is at most {DELAY_MS_MAX}"));
        }
        if order.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err("status is an HTTP status from 200 to 599".into());
        }
        let mut held = locked(&self.held);
        if held.len() >= FAULTS_MAX {
            return Err(format!("at most {FAULTS_MAX} faults at once"));
        }
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        held.push_back(Held { id, struck: 0, order });
        Ok(id)
    }

    /// The oldest fault that strikes `target` for `subject` and that `wanted` asks for; used up by one.
    pub(crate) fn take(&self, target: &str, subject: &str, wanted: impl Fn(Kind) -> bool) -> Option<Strike> {
        let mut held = locked(&self.held);
        let index = held.iter().position(|h| h.order.strikes(target, subject) && wanted(h.order.kind))?;
        let found = held.get_mut(index)?;
        found.struck += 1;
        let strike = Strike {
            kind: found.order.kind,
            delay: found.order.delay_ms.map(Duration::from_millis),
            status: found.order.status,
        };
        if found.order.times != 0 && found.struck >= found.order.times {
            held.remove(index);
        }
        Some(strike)
    }

    /// Every fault in force, for the control API.
    pub(crate) fn all(&self) -> serde_json::Value {
        serde_json::to_value(&*locked(&self.held)).unwrap_or_default()
    }

    /// Lifts one fault; whether it was in force.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut held = locked(&self.held);
        let before = held.len();
        held.retain(|h| h.id != id);
        held.len() < before
    }

    pub(crate) fn clear(&self) {
        locked(&self.held).clear();
    }
}

impl Order {
    fn strikes(&self, target: &str, subject: &str) -> bool {
        let on_target = match self.target.strip_suffix('*') {
            Some(prefix) => target.starts_with(prefix),
            None => self.target == target,
        };
        on_target && self.contains.as_deref().is_none_or(|part| subject.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(text: &str) -> Order {
        serde_json::from_str(text).expect("a fault order")
    }

    fn takes(faults: &Faults, target: &str, subject: &str) -> Option<Kind> {
        faults.take(target, subject, |_| true).map(|strike| strike.kind)
    }

    #[test]
    fn a_fault_strikes_once_unless_told_otherwise() {
        let faults = Faults::default();
        faults.add(order(r#"{"target":"vultr.create","kind":"fail_before"}"#)).expect("accepted");
        assert_eq!(takes(&faults, "vultr.get", ""), None);
        assert_eq!(takes(&faults, "vultr.create", ""), Some(Kind::FailBefore));
        assert_eq!(takes(&faults, "vultr.create", ""), None);
    }

    #[test]
    fn zero_times_means_until_cleared_and_a_match_limits_it() {
        let faults = Faults::default();
        let text = r#"{"target":"vultr.*","kind":"delay","times":0,"match":"ord_1","delay_ms":5}"#;
        let id = faults.add(order(text)).expect("accepted");
        for _ in 0..5 {
            assert_eq!(takes(&faults, "vultr.list", "label ord_1"), Some(Kind::Delay));
        }
        assert_eq!(takes(&faults, "vultr.list", "label ord_2"), None);
        assert_eq!(takes(&faults, "paystack.verify", "ord_1"), None);
        assert!(faults.remove(id));
        assert_eq!(takes(&faults, "vultr.list", "label ord_1"), None);
    }

    #[test]
    fn every_provider_takes_the_faults_of_machines() {
        let faults = Faults::default();
        for provider in ["vultr", "contabo", "digitalocean", "linode", "hetzner", "ec2"] {
            for (operation, kind) in [
                ("create", "out_of_stock"),
                ("create", "quota"),
                ("create", "late_create"),
                ("create", "never_boot"),
                ("create", "boot_silent"),
                ("create", "unauthorized"),
                ("delete", "drop_before"),
                ("reinstall", "never_boot"),
                ("list", "stale_list"),
                ("list", "unknown_status"),
                ("get", "unknown_status"),
            ] {
                // There is no such call at Contabo.
                let operation =
                    if (provider, operation) == ("contabo", "delete") { "cancel" } else { operation };
                let text = format!(r#"{{"target":"{provider}.{operation}","kind":"{kind}"}}"#);
                assert!(faults.add(order(&text)).is_ok(), "{text}");
            }
            let held = format!(r#"{{"target":"{provider}.create","kind":"held"}}"#);
            assert_eq!(faults.add(order(&held)).is_ok(), provider == "contabo", "{held}");
            let failing = format!(r#"{{"target":"{provider}.create","kind":"action_fails"}}"#);
            let has_actions = matches!(provider, "digitalocean" | "hetzner");
            assert_eq!(faults.add(order(&failing)).is_ok(), has_actions, "{failing}");
        }
        assert!(faults.add(order(r#"{"target":"paystack.list","kind":"stale_list"}"#)).is_err());
    }

    #[test]
    fn stock_strikes_a_create_on_the_wire_and_a_catalogue_in_the_play() {
        assert!(Kind::OutOfStock.on_the_wire("linode.create"));
        assert!(!Kind::OutOfStock.on_the_wire("linode.availability"));
    }

    #[test]
    fn orders_that_make_no_sense_are_refused() {
        let faults = Faults::default();
        for text in [
            r#"{"target":"vultr.dance","kind":"delay"}"#,
            r#"{"target":"nobody.*","kind":"delay"}"#,
            r#"{"target":"vultr.get","kind":"never_boot"}"#,
            r#"{"target":"vultr.get","kind":"delay"}"#,
            r#"{"target":"vultr.get","kind":"delay","delay_ms":99999999}"#,
            r#"{"target":"vultr.get","kind":"refuse","status":99}"#,
        ] {
            assert!(faults.add(order(text)).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Order>(r#"{"target":"vultr.get","kind":"melt"}"#).is_err());
    }
}
