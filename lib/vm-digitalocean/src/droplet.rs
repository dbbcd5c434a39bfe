//! A machine, as DigitalOcean writes it.

use std::net::{IpAddr, Ipv4Addr};

use app::ports::CreatedVm;
use domain::Timestamp;
use domain::catalogue::Provider;
use domain::vm::{Vm, VmId, VmState};
use http_call::{bounded, lenient};
use serde::Deserialize;
use serde_json::Value;

use crate::name;

/// The longest word of theirs that is kept.
const WORD_CHARS_MAX: usize = 60;

/// Around one machine.
#[derive(Deserialize)]
pub(crate) struct OneDroplet {
    pub(crate) droplet: Droplet,
}

/// What is read of a machine. Only the id has to be there.
#[derive(Deserialize)]
pub(crate) struct Droplet {
    #[serde(deserialize_with = "lenient::digits")]
    id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    name: String,
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
    #[serde(default, deserialize_with = "lenient::word")]
    created_at: String,
    #[serde(default, deserialize_with = "lenient::word")]
    size_slug: String,
    #[serde(default)]
    networks: Value,
    #[serde(default)]
    region: Value,
    #[serde(default, deserialize_with = "lenient::words")]
    tags: Vec<String>,
}

impl Droplet {
    /// Whether it has not been up yet.
    pub(crate) fn is_new(&self) -> bool {
        self.status == "new"
    }

    /// In our words.
    pub(crate) fn read(self) -> CreatedVm {
        let vm = Vm {
            provider: Provider::Digitalocean,
            state: self.state(),
            address: self.address(),
            region: self.region["slug"].as_str().unwrap_or_default().to_owned(),
            created_at: self.created_at.parse::<Timestamp>().ok(),
            id: VmId(self.id),
            name: name::read(&self.name),
            tags: self.tags,
            plan: self.size_slug,
            ends_on: None,
        };
        CreatedVm { vm, password: None }
    }

    /// The public address; there is none at first, and a private one may stand before it.
    fn address(&self) -> Option<IpAddr> {
        let public = |entry: &&Value| entry["type"].as_str() == Some("public");
        let entry = self.networks["v4"].as_array()?.iter().find(public)?;
        let address: Ipv4Addr = entry["ip_address"].as_str()?.parse().ok()?;
        (!address.is_unspecified()).then_some(address.into())
    }

    /// `locked` changes nothing here: a machine runs on while something is done to it, and what cannot be done
    /// meanwhile is refused as busy. `archive` is a documented word without a documented meaning.
    fn state(&self) -> VmState {
        match self.status.as_str() {
            "new" => VmState::Pending,
            "active" if self.address().is_none() => VmState::Pending,
            "active" => VmState::Running,
            "off" => VmState::Stopped,
            other => VmState::Unknown(bounded(other, WORD_CHARS_MAX)),
        }
    }
}

/// What was done to a droplet.
#[derive(Deserialize)]
pub(crate) struct Actions {
    actions: Vec<Action>,
}

/// Around one action.
#[derive(Deserialize)]
pub(crate) struct OneAction {
    pub(crate) action: Action,
}

#[derive(Deserialize)]
pub(crate) struct Action {
    #[serde(default, deserialize_with = "lenient::word", rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
}

impl Action {
    pub(crate) fn failed(&self) -> bool {
        self.status == "errored"
    }
}

impl Actions {
    /// Whether its creation has failed: such a droplet stays `new` for ever.
    pub(crate) fn creation_failed(&self) -> bool {
        self.actions.iter().any(|action| action.kind == "create" && action.failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn droplet(value: Value) -> Vm {
        serde_json::from_value::<Droplet>(value).unwrap().read().vm
    }

    #[test]
    fn a_word_becomes_a_state_and_running_needs_a_public_address() {
        let unknown = |word: &str| VmState::Unknown(word.to_owned());
        let none = json!([]);
        let private = json!([{"ip_address": "10.1.2.3", "type": "private"}]);
        let both = json!([
            {"ip_address": "10.1.2.3", "type": "private"}, {"ip_address": "192.0.2.9", "type": "public"},
        ]);
        for (status, v4, state) in [
            ("new", &none, VmState::Pending),
            ("new", &both, VmState::Pending),
            ("active", &none, VmState::Pending),
            ("active", &private, VmState::Pending),
            ("active", &both, VmState::Running),
            ("off", &both, VmState::Stopped),
            ("archive", &both, unknown("archive")),
            ("dreaming", &both, unknown("dreaming")),
            ("", &none, unknown("")),
        ] {
            let vm = droplet(json!({"id": 1, "status": status, "networks": {"v4": v4, "v6": []}}));
            assert_eq!(vm.state, state, "{status} {v4}");
        }
    }

    #[test]
    fn only_the_id_has_to_be_there_and_it_is_a_number() {
        let bare = droplet(json!({"id": 9_007_199_254_740_993_u64}));
        assert_eq!((bare.id.0.as_str(), bare.address, bare.created_at), ("9007199254740993", None, None));
        let odd = droplet(json!({
            "id": "1", "name": 7, "networks": [], "region": null, "tags": {}, "created_at": "soon",
            "size_slug": null,
        }));
        assert_eq!((odd.name.as_str(), odd.address, odd.tags), ("7", None, vec![]));
        let odd = droplet(json!({
            "id": 1, "networks": {"v4": [{"type": "public", "ip_address": "::1"}, 7]}, "region": "nyc3",
        }));
        assert_eq!((odd.address, odd.region.as_str()), (None, ""));
        for wrong in [json!({"name": "x"}), json!({"id": null}), json!({"id": "../1"}), json!({"id": 1.5})] {
            assert!(serde_json::from_value::<Droplet>(wrong).is_err());
        }
    }
}
