//! A machine, as Vultr writes it.

use std::net::{IpAddr, Ipv4Addr};

use app::ports::CreatedVm;
use domain::Timestamp;
use domain::catalogue::Provider;
use domain::secret::Secret;
use domain::vm::{Vm, VmId, VmState};
use http_call::{bounded, lenient};
use serde::{Deserialize, Serialize};

/// The longest word of theirs that is kept.
const WORD_CHARS_MAX: usize = 60;

/// `POST /instances`. There is no field for a password: Vultr makes it up.
#[derive(Serialize)]
pub(crate) struct CreateBody<'a> {
    pub(crate) region: &'a str,
    pub(crate) plan: &'a str,
    pub(crate) os_id: i64,
    pub(crate) label: &'a str,
    pub(crate) hostname: &'a str,
    pub(crate) tags: &'a [String],
    /// Base64; for systems with cloud-init.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_data: Option<String>,
    /// A startup script; for Windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) script_id: Option<String>,
    /// A word, not a bool; `enabled` costs a fifth more.
    pub(crate) backups: &'a str,
    pub(crate) activation_email: bool,
    pub(crate) enable_ipv6: bool,
}

/// Around one machine.
#[derive(Deserialize)]
pub(crate) struct OneInstance {
    pub(crate) instance: Instance,
}

/// What is read of a machine. Only the id has to be there.
#[derive(Deserialize)]
pub(crate) struct Instance {
    id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    label: String,
    #[serde(default, deserialize_with = "lenient::text")]
    os: Option<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    region: String,
    #[serde(default, deserialize_with = "lenient::word")]
    plan: String,
    #[serde(default, deserialize_with = "lenient::text")]
    date_created: Option<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    firewall_group_id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    main_ip: Option<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
    #[serde(default, deserialize_with = "lenient::word")]
    power_status: String,
    #[serde(default, deserialize_with = "lenient::word")]
    server_status: String,
    #[serde(default, deserialize_with = "lenient::words")]
    tags: Vec<String>,
    /// In the answers of the first ten minutes only.
    #[serde(default, deserialize_with = "vm_http::secret")]
    default_password: Option<Secret<String>>,
}

impl Instance {
    /// Its label; empty when it has none.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The firewall group that it is in; empty when it is in none.
    pub(crate) fn firewall_group(&self) -> &str {
        &self.firewall_group_id
    }

    /// Whether a startup script may belong to it: not when its system is known and is no Windows.
    pub(crate) fn may_have_script(&self) -> bool {
        self.os.as_deref().is_none_or(|os| os.contains("Windows"))
    }

    /// The password, while Vultr tells it.
    pub(crate) fn password(self) -> Option<Secret<String>> {
        self.default_password
    }

    /// In our words, with the password beside it.
    pub(crate) fn read(self) -> CreatedVm {
        let vm = Vm {
            provider: Provider::Vultr,
            state: self.state(),
            address: self.address(),
            created_at: self.created_at(),
            id: VmId(self.id),
            name: self.label,
            tags: self.tags,
            region: self.region,
            plan: self.plan,
            ends_on: None,
        };
        CreatedVm { vm, password: self.default_password }
    }

    /// `2021-09-14T13:22:20+00:00`
    fn created_at(&self) -> Option<Timestamp> {
        self.date_created.as_deref()?.parse().ok()
    }

    /// The public address; `0.0.0.0` until there is one.
    fn address(&self) -> Option<IpAddr> {
        let address: Ipv4Addr = self.main_ip.as_deref()?.parse().ok()?;
        (!address.is_unspecified()).then_some(address.into())
    }

    /// Three words of theirs to one of ours. They are not monotonic: a new machine has been seen as
    /// `pending/running/none`, then `active/stopped/locked`, then `active/running/ok`.
    fn state(&self) -> VmState {
        let unknown = |word: &str| VmState::Unknown(bounded(word, WORD_CHARS_MAX));
        match self.status.as_str() {
            "pending" | "resizing" => return VmState::Pending,
            "suspended" => return VmState::Suspended,
            "active" => {}
            other => return unknown(other),
        }
        match self.server_status.as_str() {
            "none" | "locked" | "installingbooting" | "isomounting" => return VmState::Pending,
            "ok" => {}
            other => return unknown(other),
        }
        match self.power_status.as_str() {
            "running" if self.address().is_none() => VmState::Pending,
            "running" => VmState::Running,
            "stopped" => VmState::Stopped,
            other => unknown(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn instance(value: Value) -> Instance {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn three_words_become_one_state() {
        let unknown = |word: &str| VmState::Unknown(word.to_owned());
        for (status, power, server, ip, state) in [
            ("pending", "running", "none", "0.0.0.0", VmState::Pending),
            ("active", "stopped", "locked", "192.0.2.9", VmState::Pending),
            ("active", "running", "installingbooting", "192.0.2.9", VmState::Pending),
            ("active", "running", "isomounting", "192.0.2.9", VmState::Pending),
            ("active", "running", "ok", "0.0.0.0", VmState::Pending),
            ("active", "running", "ok", "192.0.2.9", VmState::Running),
            ("active", "stopped", "ok", "192.0.2.9", VmState::Stopped),
            ("suspended", "stopped", "ok", "192.0.2.9", VmState::Suspended),
            ("resizing", "running", "ok", "192.0.2.9", VmState::Pending),
            ("dreaming", "running", "ok", "192.0.2.9", unknown("dreaming")),
            ("active", "dozing", "ok", "192.0.2.9", unknown("dozing")),
            ("active", "running", "humming", "192.0.2.9", unknown("humming")),
            ("", "", "", "", unknown("")),
        ] {
            let value = json!({
                "id": "1", "status": status, "power_status": power, "server_status": server, "main_ip": ip,
            });
            assert_eq!(instance(value.clone()).read().vm.state, state, "{value}");
        }
    }

    #[test]
    fn only_the_id_has_to_be_there() {
        let bare = instance(json!({"id": "1"})).read();
        assert_eq!((bare.vm.id.0.as_str(), bare.vm.address, bare.password.is_none()), ("1", None, true));
        assert_eq!((bare.vm.plan.as_str(), bare.vm.created_at, bare.vm.ends_on), ("", None, None));
        let odd = instance(json!({
            "id": "1", "tags": "a tag", "main_ip": "::1", "default_password": {"x": 1}, "label": null, "region": 7,
            "date_created": "yesterday",
        }));
        let odd = odd.read();
        assert_eq!((odd.vm.tags, odd.vm.address, odd.password.is_none()), (vec![], None, true));
        assert_eq!(odd.vm.created_at, None);
        assert!(serde_json::from_value::<Instance>(json!({"label": "x"})).is_err());
    }
}
