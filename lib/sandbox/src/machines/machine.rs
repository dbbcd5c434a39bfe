//! One machine, as far as all providers know such a thing.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Play, Seat, Turn};
use crate::clock::Clock;
use crate::desktops::{DesktopSpec, Os};
use crate::world::World;

/// What a play wants to be made. Its checks are done.
pub(crate) struct New<P: Play> {
    /// As the API spells it; unique over all providers: `random::uuid()` or `world.machines.number()`.
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) tags: Vec<String>,
    /// Letters, digits, `-`, `_` and `.`, 1 to 64 of them.
    pub(crate) hostname: String,
    pub(crate) region: String,
    pub(crate) plan: String,
    pub(crate) os: Os,
    /// Windows: Administrator's, required. Linux: that of `root`, where the provider sets one.
    pub(crate) password: Option<String>,
    /// Decoded, as the guest reads it.
    pub(crate) user_data: Option<Vec<u8>>,
    /// A startup script beside the user data, decoded.
    pub(crate) script: Option<Vec<u8>>,
    pub(crate) own: P::Own,
}

/// The last thing that was done to a machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Last {
    Install,
    PowerOff,
    PowerOn,
    Reboot,
}

/// Times are real milliseconds since 1970.
pub(crate) struct Machine<P: Play> {
    /// Its place in the order of creation.
    pub(crate) place: u64,
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) tags: Vec<String>,
    pub(crate) hostname: String,
    pub(crate) region: String,
    pub(crate) plan: String,
    pub(crate) os: Os,
    pub(crate) address: Ipv4Addr,
    pub(crate) password: Option<String>,
    pub(crate) user_data: Option<Vec<u8>>,
    pub(crate) script: Option<Vec<u8>>,
    pub(crate) own: P::Own,
    pub(crate) created_at_ms: i64,
    /// Hidden from the API until then.
    pub(crate) visible_at_ms: i64,
    /// When the current installation began.
    pub(crate) installed_at_ms: i64,
    pub(crate) last: Last,
    /// When `last` was asked for.
    pub(crate) acted_at_ms: i64,
    pub(crate) reinstalled: bool,
    pub(crate) halted: bool,
    pub(crate) never_boots: bool,
    pub(crate) calls_home: bool,
    /// The provider waits for a person: it shows that, and the machine never boots.
    pub(crate) held: bool,
    /// The action that makes it ends in error, and it never boots.
    pub(crate) creation_fails: bool,
    /// False for one that was put in by the control API: nothing stands behind it.
    pub(super) has_desktop: bool,
    /// When it first answered RDP, and when it could first be used for good.
    pub(crate) first_answer_at_ms: Option<i64>,
    pub(crate) booted_at_ms: Option<i64>,
    /// Why the desktop behind it did not come up.
    pub(crate) guest_error: Option<String>,
    /// Raised by every action; background work of an older one ends.
    pub(super) generation: u64,
    pub(super) turn: Turn,
    _seat: Seat,
}

impl<P: Play> Machine<P> {
    pub(super) fn new(new: New<P>, place: u64, address: Ipv4Addr, seat: Seat, now_ms: i64) -> Self {
        Self {
            place,
            id: new.id,
            label: new.label,
            tags: new.tags,
            hostname: new.hostname,
            region: new.region,
            plan: new.plan,
            os: new.os,
            address,
            password: new.password,
            user_data: new.user_data,
            script: new.script,
            own: new.own,
            created_at_ms: now_ms,
            visible_at_ms: now_ms,
            installed_at_ms: now_ms,
            last: Last::Install,
            acted_at_ms: now_ms,
            reinstalled: false,
            halted: false,
            never_boots: false,
            calls_home: true,
            held: false,
            creation_fails: false,
            has_desktop: true,
            first_answer_at_ms: None,
            booted_at_ms: None,
            guest_error: None,
            generation: 0,
            turn: Turn::default(),
            _seat: seat,
        }
    }

    /// Whether installation is over, so that power actions are taken.
    pub(crate) fn settled(&self) -> bool {
        self.booted_at_ms.is_some()
    }

    /// The provider's time since the current installation began.
    pub(crate) fn age(&self, clock: Clock, now_ms: i64) -> Duration {
        clock.stretched(now_ms - self.installed_at_ms)
    }

    /// The provider's time since the last action was asked for.
    pub(crate) fn since_action(&self, clock: Clock, now_ms: i64) -> Duration {
        clock.stretched(now_ms - self.acted_at_ms)
    }

    /// What a fault's `match` looks into.
    pub(crate) fn subject(&self) -> String {
        format!("{} {} {}", self.label, self.tags.join(" "), self.id)
    }

    /// As the control API shows it. No password, no user data.
    pub(super) fn summary(&self, world: &World, now_ms: i64) -> Value {
        let mut summary = json!({
            "provider": P::SERVICE.name(),
            "id": self.id,
            "label": self.label,
            "tags": self.tags,
            "hostname": self.hostname,
            "address": self.address,
            "os": os_name(self.os),
            "region": self.region,
            "plan": self.plan,
            "reinstalled": self.reinstalled,
            "never_boots": self.never_boots,
            "calls_home": self.calls_home,
            "held": self.held,
            "has_desktop": self.has_desktop,
            "rdp_from": P::rdp_from(world, self),
            "guest_error": self.guest_error,
            "created_at_ms": self.created_at_ms,
            "visible_at_ms": self.visible_at_ms,
            "first_answer_at_ms": self.first_answer_at_ms,
            "booted_at_ms": self.booted_at_ms,
        });
        if let (Value::Object(all), Value::Object(own)) =
            (&mut summary, P::summary(self, world.clock, now_ms))
        {
            all.extend(own);
        }
        summary
    }

    /// What the desktop is started with.
    pub(super) fn spec(&self) -> DesktopSpec {
        DesktopSpec {
            machine_id: self.id.clone(),
            address: self.address,
            os: self.os,
            hostname: self.hostname.clone(),
            admin_user: P::administrator(self),
            admin_password: self.password.clone(),
            user_data: self.user_data.clone().filter(|data| !data.is_empty()),
            startup_script: self.script.clone(),
            calls_home: self.calls_home,
        }
    }
}

fn os_name(os: Os) -> &'static str {
    match os {
        Os::Windows => "windows",
        Os::Linux => "linux",
    }
}
