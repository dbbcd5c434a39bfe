//! A machine, as Linode writes it.

use std::net::{IpAddr, Ipv4Addr};

use app::ports::CreatedVm;
use domain::Timestamp;
use domain::catalogue::Provider;
use domain::vm::{Vm, VmId, VmState};
use http_call::{bounded, lenient};
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::Deserialize;

/// The longest word of theirs that is kept.
const WORD_CHARS_MAX: usize = 60;

/// What is read of a machine. Only the id has to be there.
#[derive(Deserialize)]
pub(crate) struct Instance {
    #[serde(deserialize_with = "lenient::digits")]
    id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    label: String,
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
    #[serde(default, deserialize_with = "lenient::words")]
    ipv4: Vec<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    region: String,
    #[serde(default, deserialize_with = "lenient::word", rename = "type")]
    plan: String,
    #[serde(default, deserialize_with = "lenient::words")]
    tags: Vec<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    created: String,
}

impl Instance {
    /// In our words. The password is ours: it is never told.
    pub(crate) fn read(self) -> CreatedVm {
        let vm = Vm {
            provider: Provider::Linode,
            state: self.state(),
            address: self.address(),
            created_at: time(&self.created),
            id: VmId(self.id),
            name: self.label,
            tags: self.tags,
            region: self.region,
            plan: self.plan,
            ends_on: None,
        };
        CreatedVm { vm, password: None }
    }

    /// The public address, which is there from the beginning; a private one may stand beside it.
    fn address(&self) -> Option<IpAddr> {
        let addresses = self.ipv4.iter().filter_map(|text| text.parse::<Ipv4Addr>().ok());
        let mut public = addresses.filter(|one| !one.is_private() && !one.is_unspecified());
        public.next().map(IpAddr::V4)
    }

    fn state(&self) -> VmState {
        match self.status.as_str() {
            "provisioning" | "booting" | "rebooting" | "shutting_down" | "rebuilding" => VmState::Pending,
            "migrating" | "resizing" | "cloning" | "restoring" | "busy" => VmState::Pending,
            "running" if self.address().is_none() => VmState::Pending,
            "running" => VmState::Running,
            "offline" | "stopped" => VmState::Stopped,
            "billing_suspension" => VmState::Suspended,
            "deleting" => VmState::Failed("deleting".to_owned()),
            other => VmState::Unknown(bounded(other, WORD_CHARS_MAX)),
        }
    }
}

/// `2018-01-01T00:01:01`, without a zone, is UTC.
fn time(text: &str) -> Option<Timestamp> {
    let utc = |at: DateTime| Offset::UTC.to_timestamp(at).ok();
    text.parse::<Timestamp>().ok().or_else(|| text.parse::<DateTime>().ok().and_then(utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn instance(value: Value) -> Vm {
        serde_json::from_value::<Instance>(value).unwrap().read().vm
    }

    #[test]
    fn a_word_becomes_a_state_and_an_address_proves_nothing() {
        for (status, state) in [
            ("provisioning", VmState::Pending),
            ("booting", VmState::Pending),
            ("running", VmState::Running),
            ("rebooting", VmState::Pending),
            ("shutting_down", VmState::Pending),
            ("rebuilding", VmState::Pending),
            ("migrating", VmState::Pending),
            ("resizing", VmState::Pending),
            ("cloning", VmState::Pending),
            ("restoring", VmState::Pending),
            ("busy", VmState::Pending),
            ("offline", VmState::Stopped),
            ("stopped", VmState::Stopped),
            ("billing_suspension", VmState::Suspended),
            ("deleting", VmState::Failed("deleting".to_owned())),
            ("dreaming", VmState::Unknown("dreaming".to_owned())),
            ("", VmState::Unknown(String::new())),
        ] {
            let vm = instance(json!({"id": 1, "status": status, "ipv4": ["192.0.2.9"]}));
            assert_eq!(vm.state, state, "{status}");
            assert_eq!(vm.address.map(|a| a.to_string()).as_deref(), Some("192.0.2.9"));
        }
        assert_eq!(instance(json!({"id": 1, "status": "running"})).state, VmState::Pending);
    }

    #[test]
    fn the_public_address_counts_and_times_are_utc() {
        let vm = instance(json!({
            "id": 1, "ipv4": ["192.168.133.7", "nonsense", "203.0.113.1"], "created": "2018-01-01T00:01:01",
        }));
        assert_eq!(vm.address.map(|a| a.to_string()).as_deref(), Some("203.0.113.1"));
        assert_eq!(vm.created_at.map(|at| at.to_string()).as_deref(), Some("2018-01-01T00:01:01Z"));
    }

    #[test]
    fn only_the_id_has_to_be_there_and_it_is_a_number() {
        let bare = instance(json!({"id": 9_007_199_254_740_993_u64}));
        assert_eq!((bare.id.0.as_str(), bare.address, bare.created_at), ("9007199254740993", None, None));
        let odd = instance(json!({
            "id": "1", "label": 7, "ipv4": "192.0.2.9", "region": null, "tags": {}, "created": "soon",
        }));
        assert_eq!((odd.name.as_str(), odd.address, odd.created_at), ("7", None, None));
        for wrong in [json!({"label": "x"}), json!({"id": null}), json!({"id": "../1"}), json!({"id": 1.5})] {
            assert!(serde_json::from_value::<Instance>(wrong).is_err());
        }
    }
}
