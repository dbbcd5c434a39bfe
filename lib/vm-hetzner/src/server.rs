//! A machine, as Hetzner writes it.

use std::net::{IpAddr, Ipv4Addr};

use app::ports::{CreatedVm, Traffic};
use domain::Timestamp;
use domain::catalogue::Provider;
use domain::secret::Secret;
use domain::vm::{Vm, VmId, VmState};
use http_call::{bounded, lenient};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::labels::{self, Labels};
use crate::names;

/// The longest word of theirs that is kept.
const WORD_CHARS_MAX: usize = 60;

/// `POST /servers`. There is no field for a password: Hetzner makes one up for root when it is given no key.
#[derive(Serialize)]
pub(crate) struct CreateBody<'a> {
    pub(crate) name: &'a str,
    pub(crate) server_type: &'a str,
    /// By name.
    pub(crate) image: &'a str,
    pub(crate) location: &'a str,
    pub(crate) labels: &'a Labels,
    /// Plain text.
    pub(crate) user_data: &'a str,
    pub(crate) start_after_create: bool,
    pub(crate) public_net: PublicNetWish,
}

#[derive(Serialize)]
pub(crate) struct PublicNetWish {
    pub(crate) enable_ipv4: bool,
    pub(crate) enable_ipv6: bool,
}

/// Around one machine.
#[derive(Deserialize)]
pub(crate) struct OneServer {
    pub(crate) server: Server,
}

/// What a create answers.
#[derive(Deserialize)]
pub(crate) struct Created {
    server: Server,
    #[serde(default)]
    action: Option<Action>,
    /// What follows, such as its start.
    #[serde(default)]
    next_actions: Option<Vec<Action>>,
    #[serde(default, deserialize_with = "vm_http::secret")]
    root_password: Option<Secret<String>>,
}

/// What a rebuild and a reset of the password answer.
#[derive(Deserialize)]
pub(crate) struct Acted {
    #[serde(default, deserialize_with = "vm_http::secret")]
    pub(crate) root_password: Option<Secret<String>>,
}

/// What was done to a machine, oldest first.
#[derive(Deserialize)]
pub(crate) struct Actions {
    actions: Vec<Action>,
}

/// Something that is being done. Its `error` may be filled while it runs: only the status counts.
#[derive(Deserialize)]
struct Action {
    #[serde(default, deserialize_with = "lenient::word")]
    command: String,
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
    #[serde(default)]
    error: Option<ActionError>,
}

#[derive(Deserialize)]
struct ActionError {
    #[serde(default, deserialize_with = "lenient::word")]
    code: String,
}

/// What is read of a machine. Only the id has to be there.
#[derive(Deserialize)]
pub(crate) struct Server {
    id: u64,
    #[serde(default, deserialize_with = "lenient::word")]
    name: String,
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
    #[serde(default, deserialize_with = "lenient::text")]
    created: Option<String>,
    #[serde(default)]
    public_net: Option<PublicNet>,
    #[serde(default)]
    server_type: Option<Named>,
    #[serde(default)]
    location: Option<Named>,
    /// Gone since July 2026; the place stood in it before.
    #[serde(default)]
    datacenter: Option<DataCenter>,
    #[serde(default, deserialize_with = "label_map")]
    labels: Labels,
    #[serde(default, deserialize_with = "lenient::integer")]
    ingoing_traffic: Option<i64>,
    #[serde(default, deserialize_with = "lenient::integer")]
    outgoing_traffic: Option<i64>,
}

#[derive(Deserialize)]
struct PublicNet {
    #[serde(default)]
    ipv4: Option<Ipv4>,
}

#[derive(Deserialize)]
struct Ipv4 {
    #[serde(default, deserialize_with = "lenient::text")]
    ip: Option<String>,
    /// For abuse.
    #[serde(default)]
    blocked: Option<bool>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default, deserialize_with = "lenient::word")]
    name: String,
}

#[derive(Deserialize)]
struct DataCenter {
    #[serde(default)]
    location: Option<Named>,
}

impl Action {
    fn failed(&self) -> bool {
        self.status == "error"
    }

    fn state(&self) -> VmState {
        let code = self.error.as_ref().map(|error| error.code.as_str()).unwrap_or_default();
        VmState::Failed(bounded(code, WORD_CHARS_MAX))
    }
}

impl Actions {
    /// The end of a machine that will never run: it could not be made, or no start of it has gone well so far. `None`
    /// also for one of which the list does not tell the beginning.
    pub(crate) fn failure(&self) -> Option<VmState> {
        let of = |command: &'static str| self.actions.iter().filter(move |one| one.command == command);
        let made = of("create_server").next()?;
        if made.failed() {
            return Some(made.state());
        }
        let first_start = of("start_server").next()?;
        of("start_server").all(Action::failed).then(|| first_start.state())
    }
}

impl Created {
    /// In our words; failed when an action that makes or starts it already has.
    pub(crate) fn read(self) -> CreatedVm {
        let mut made = self.server.read();
        let mut actions = self.action.iter().chain(self.next_actions.iter().flatten());
        if let Some(action) = actions.find(|action| action.failed()) {
            made.vm.state = action.state();
        }
        CreatedVm { password: self.root_password, ..made }
    }
}

impl Server {
    /// In our words. The password is never beside it: it is told once, at create.
    pub(crate) fn read(self) -> CreatedVm {
        let (state, address) = (self.state(), self.address());
        let place = self.location.or_else(|| self.datacenter.and_then(|center| center.location));
        let vm = Vm {
            provider: Provider::Hetzner,
            id: VmId(self.id.to_string()),
            name: names::ours(&self.name),
            tags: labels::tags(&self.labels),
            state,
            address,
            region: place.map(|place| place.name).unwrap_or_default(),
            plan: self.server_type.map(|one| one.name).unwrap_or_default(),
            created_at: self.created.as_deref().and_then(|text| text.parse::<Timestamp>().ok()),
            ends_on: None,
        };
        CreatedVm { vm, password: None }
    }

    /// What it used in the current period, as one entry of the day on which that was said.
    pub(crate) fn traffic(&self, said_at: Option<Timestamp>) -> Vec<Traffic> {
        let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
        let (incoming, outgoing) = (bytes(self.ingoing_traffic), bytes(self.outgoing_traffic));
        if incoming.is_none() && outgoing.is_none() {
            return Vec::new();
        }
        let at = said_at.or_else(|| self.created.as_deref()?.parse().ok());
        let entry = |at: Timestamp| Traffic {
            day: at.strftime("%Y-%m-%d").to_string(),
            incoming_bytes: incoming.unwrap_or(0),
            outgoing_bytes: outgoing.unwrap_or(0),
        };
        at.map(entry).into_iter().collect()
    }

    fn address(&self) -> Option<IpAddr> {
        let address: Ipv4Addr = self.public_net.as_ref()?.ipv4.as_ref()?.ip.as_deref()?.parse().ok()?;
        (!address.is_unspecified()).then_some(address.into())
    }

    /// Whether it may never have run.
    pub(crate) fn is_not_up(&self) -> bool {
        matches!(self.status.as_str(), "initializing" | "starting" | "off")
    }

    fn is_blocked(&self) -> bool {
        let ipv4 = self.public_net.as_ref().and_then(|net| net.ipv4.as_ref());
        ipv4.and_then(|ipv4| ipv4.blocked).unwrap_or(false)
    }

    /// `running` is said long before anything in the machine answers.
    fn state(&self) -> VmState {
        match self.status.as_str() {
            "running" if self.is_blocked() => VmState::Suspended,
            "running" if self.address().is_none() => VmState::Pending,
            "running" => VmState::Running,
            "off" => VmState::Stopped,
            "initializing" | "starting" | "stopping" | "rebuilding" | "migrating" | "deleting" => {
                VmState::Pending
            }
            other => VmState::Unknown(bounded(other, WORD_CHARS_MAX)),
        }
    }
}

/// Labels whose values are text; what else stands there is left out.
fn label_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    let Value::Object(labels) = Value::deserialize(deserializer)? else { return Ok(Labels::new()) };
    let text = |(key, value): (String, Value)| Some((key, value.as_str()?.to_owned()));
    Ok(labels.into_iter().filter_map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn server(value: Value) -> Server {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_word_of_theirs_becomes_one_of_ours() {
        for (status, ip, state) in [
            ("initializing", "192.0.2.9", VmState::Pending),
            ("off", "192.0.2.9", VmState::Stopped),
            ("starting", "192.0.2.9", VmState::Pending),
            ("running", "192.0.2.9", VmState::Running),
            ("running", "", VmState::Pending),
            ("stopping", "192.0.2.9", VmState::Pending),
            ("rebuilding", "192.0.2.9", VmState::Pending),
            ("unknown", "192.0.2.9", VmState::Unknown("unknown".to_owned())),
            ("dreaming", "192.0.2.9", VmState::Unknown("dreaming".to_owned())),
        ] {
            let value =
                json!({"id": 1, "status": status, "public_net": {"ipv4": {"ip": ip, "blocked": false}}});
            assert_eq!(server(value).read().vm.state, state, "{status} {ip}");
        }
        let blocked = json!({"id": 1, "status": "running", "public_net": {"ipv4": {"ip": "192.0.2.9", "blocked": true}}});
        assert_eq!(server(blocked).read().vm.state, VmState::Suspended);
    }

    #[test]
    fn only_the_id_has_to_be_there() {
        let bare = server(json!({"id": 9_007_199_254_740_991_u64})).read().vm;
        assert_eq!((bare.id.0.as_str(), bare.address, bare.created_at), ("9007199254740991", None, None));
        let odd = server(json!({
            "id": 1, "labels": ["x"], "public_net": {"ipv4": null}, "created": 7, "location": null,
            "datacenter": {"location": {"name": "fsn1"}}, "server_type": {"name": "cpx22"},
        }));
        let odd = odd.read().vm;
        assert_eq!((odd.region.as_str(), odd.plan.as_str(), odd.tags.len()), ("fsn1", "cpx22", 0));
        assert!(serde_json::from_value::<Server>(json!({"name": "x"})).is_err());
    }

    #[test]
    fn a_running_action_has_not_failed_whatever_its_error_says() {
        for (status, failed) in [("running", false), ("success", false), ("error", true)] {
            let action =
                json!({"status": status, "error": {"code": "action_failed", "message": "Action failed"}});
            let made: Created =
                serde_json::from_value(json!({"server": {"id": 1}, "action": action})).unwrap();
            assert_eq!(
                matches!(made.read().vm.state, VmState::Failed(code) if code == "action_failed"),
                failed
            );
        }
    }

    #[test]
    fn a_start_that_has_failed_fails_the_machine() {
        let made = json!({
            "server": {"id": 1}, "action": {"status": "success"},
            "next_actions": [{"status": "running"}, {"status": "error", "error": {"code": "no_start"}}],
        });
        let made: Created = serde_json::from_value(made).unwrap();
        assert_eq!(made.read().vm.state, VmState::Failed("no_start".to_owned()));
    }

    #[test]
    fn a_machine_that_could_not_be_made_or_was_never_started_has_failed() {
        let create =
            |status: &str| json!({"command": "create_server", "status": status, "error": {"code": "c"}});
        let start =
            |status: &str| json!({"command": "start_server", "status": status, "error": {"code": "s"}});
        let failed = |code: &str| Some(VmState::Failed(code.to_owned()));
        for (actions, failure) in [
            (json!([]), None),
            (json!([create("running")]), None),
            (json!([create("success")]), None),
            (json!([create("error")]), failed("c")),
            (json!([create("error"), start("running")]), failed("c")),
            (json!([create("success"), start("running")]), None),
            (json!([create("success"), start("error")]), failed("s")),
            (json!([create("success"), start("error"), start("running")]), None),
            (json!([create("success"), start("success"), start("error")]), None),
            (json!([start("error")]), None),
            (json!([create("success"), {"command": "stop_server", "status": "error"}]), None),
            (json!([{"command": "create_server", "status": "error"}]), failed("")),
        ] {
            let told: Actions = serde_json::from_value(json!({"actions": actions})).unwrap();
            assert_eq!(told.failure(), failure, "{actions}");
        }
    }

    #[test]
    fn traffic_is_that_of_the_period_on_the_day_of_the_answer() {
        let at = "2026-11-20T23:59:59Z".parse().unwrap();
        let one = server(json!({"id": 1, "ingoing_traffic": 7, "outgoing_traffic": null})).traffic(Some(at));
        assert_eq!((one[0].day.as_str(), one[0].incoming_bytes, one[0].outgoing_bytes), ("2026-11-20", 7, 0));
        assert_eq!(server(json!({"id": 1, "ingoing_traffic": null})).traffic(Some(at)), []);
    }
}
