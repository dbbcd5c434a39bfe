//! A machine, as Contabo writes it.

use std::net::{IpAddr, Ipv4Addr};

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::vm::{Vm, VmId, VmState};
use http_call::{bounded, lenient};
use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The longest word of theirs that is kept.
const WORD_CHARS_MAX: usize = 60;

/// What is read of a machine. Only the id has to be there; in the answer to a create no name and no address is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instance {
    #[serde(deserialize_with = "id")]
    instance_id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    display_name: String,
    #[serde(default, deserialize_with = "lenient::word")]
    region: String,
    #[serde(default, deserialize_with = "lenient::word")]
    product_id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
    #[serde(default, deserialize_with = "lenient::word")]
    os_type: String,
    #[serde(default, deserialize_with = "lenient::word")]
    default_user: String,
    #[serde(default, rename = "ipConfig", deserialize_with = "address")]
    address: Option<IpAddr>,
    #[serde(default, deserialize_with = "lenient::text")]
    created_date: Option<String>,
    #[serde(default, deserialize_with = "date")]
    cancel_date: Option<Date>,
}

impl Instance {
    /// The day on which it ends, once it is cancelled.
    pub(crate) const fn ends_on(&self) -> Option<Date> {
        self.cancel_date
    }

    /// In our words. There are no tags: Contabo's are objects of their own that a create cannot name.
    pub(crate) fn read(self) -> Vm {
        Vm {
            provider: Provider::Contabo,
            state: self.state(),
            id: VmId(self.instance_id),
            name: self.display_name,
            tags: Vec::new(),
            address: self.address,
            region: self.region,
            plan: self.product_id,
            created_at: self.created_date.and_then(|text| text.parse::<Timestamp>().ok()),
            ends_on: self.cancel_date,
        }
    }

    /// Whether anything of it may run, by Contabo's own word: what failed by our judgement can run.
    pub(crate) fn may_run(&self) -> bool {
        !matches!(
            self.status.as_str(),
            "stopped"
                | "error"
                | "product_not_available"
                | "manual_provisioning"
                | "verification_required"
                | "pending_payment"
        )
    }

    /// Of a cancelled machine it only counts whether it runs, so that one of the wrong system is turned off.
    ///
    /// Source: `instanceStatus` of the OpenAPI file, where `unknown` and `other` are words too.
    fn state(&self) -> VmState {
        let word = || bounded(&self.status, WORD_CHARS_MAX);
        match self.status.as_str() {
            "running" | "stopped" if self.is_other_system() && self.cancel_date.is_none() => {
                VmState::Failed("not Windows any more".to_owned())
            }
            "running" if self.address.is_none() => VmState::Pending,
            "running" => VmState::Running,
            "stopped" => VmState::Stopped,
            "provisioning" | "installing" | "uninstalled" | "reset_password" | "rescue" => VmState::Pending,
            "error" | "product_not_available" => VmState::Failed(word()),
            "manual_provisioning" | "verification_required" | "pending_payment" => VmState::Held(word()),
            _ => VmState::Unknown(word()),
        }
    }

    /// Whether it was made as Windows, which alone has this user, and has become Linux: seen after user data of the
    /// wrong kind.
    fn is_other_system(&self) -> bool {
        self.default_user == "administrator" && self.os_type.eq_ignore_ascii_case("linux")
    }
}

/// An id, which is a number, in digits.
pub(crate) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    lenient::text(deserializer)?.ok_or_else(|| serde::de::Error::custom("no id"))
}

/// `{"v4":{"ip":"192.0.2.1",…},…}`; an empty or unspecified address is none.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let config = Value::deserialize(deserializer)?;
    let ip = config.pointer("/v4/ip").and_then(Value::as_str);
    let ip: Option<Ipv4Addr> = ip.and_then(|text| text.trim().parse().ok());
    Ok(ip.filter(|ip| !ip.is_unspecified()).map(IpAddr::V4))
}

/// A day, also as the beginning of a time such as `2026-06-09T00:00:00.000+0000`; empty text is none.
pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = lenient::text(deserializer)?;
    Ok(text.and_then(|text| text.get(..10)?.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(value: Value) -> Vm {
        serde_json::from_value::<Instance>(value).unwrap().read()
    }

    #[test]
    fn every_word_of_the_documentation_has_a_state() {
        let failed = |word: &str| VmState::Failed(word.to_owned());
        let held = |word: &str| VmState::Held(word.to_owned());
        let unknown = |word: &str| VmState::Unknown(word.to_owned());
        for (word, state) in [
            ("provisioning", VmState::Pending),
            ("installing", VmState::Pending),
            ("uninstalled", VmState::Pending),
            ("reset_password", VmState::Pending),
            ("rescue", VmState::Pending),
            ("running", VmState::Running),
            ("stopped", VmState::Stopped),
            ("error", failed("error")),
            ("product_not_available", failed("product_not_available")),
            ("manual_provisioning", held("manual_provisioning")),
            ("verification_required", held("verification_required")),
            ("pending_payment", held("pending_payment")),
            ("unknown", unknown("unknown")),
            ("other", unknown("other")),
            ("dreaming", unknown("dreaming")),
            ("", unknown("")),
        ] {
            let vm = read(json!({"instanceId": 1, "status": word, "ipConfig": {"v4": {"ip": "192.0.2.9"}}}));
            assert_eq!(vm.state, state, "{word}");
        }
    }

    #[test]
    fn without_an_address_nothing_runs() {
        for config in [
            json!(null),
            json!({}),
            json!({"v4": {"ip": ""}}),
            json!({"v4": {"ip": "0.0.0.0"}}),
            json!("192.0.2.9"),
        ] {
            let vm = read(json!({"instanceId": 1, "status": "running", "ipConfig": config}));
            assert_eq!((vm.state, vm.address), (VmState::Pending, None), "{config}");
        }
    }

    #[test]
    fn a_windows_machine_that_became_linux_has_failed() {
        for (user, system, state) in [
            ("administrator", "Windows", VmState::Running),
            ("administrator", "", VmState::Running),
            ("root", "Linux", VmState::Running),
            ("administrator", "Linux", VmState::Failed("not Windows any more".to_owned())),
        ] {
            let vm = read(json!({
                "instanceId": 1, "status": "running", "defaultUser": user, "osType": system,
                "ipConfig": {"v4": {"ip": "192.0.2.9"}},
            }));
            assert_eq!(vm.state, state, "{user} {system}");
        }
    }

    #[test]
    fn one_that_is_cancelled_is_over_only_when_it_is_off() {
        for (status, is_over) in [("running", false), ("stopped", true)] {
            let vm = read(json!({
                "instanceId": 1, "status": status, "defaultUser": "administrator", "osType": "Linux",
                "ipConfig": {"v4": {"ip": "192.0.2.9"}}, "cancelDate": "2026-12-20",
            }));
            assert_eq!(vm.is_over(), is_over, "{status}");
        }
    }

    #[test]
    fn only_the_id_has_to_be_there() {
        let bare = read(json!({"instanceId": 9_007_199_254_740_993_i64}));
        assert_eq!((bare.id.0.as_str(), bare.name.as_str(), bare.ends_on), ("9007199254740993", "", None));
        let odd = read(json!({
            "instanceId": "7", "displayName": null, "cancelDate": 5, "createdDate": "yesterday", "region": {},
        }));
        assert_eq!((odd.id.0.as_str(), odd.created_at, odd.ends_on), ("7", None, None));
        for none in [json!({"displayName": "x"}), json!({"instanceId": null}), json!({"instanceId": ""})] {
            assert!(serde_json::from_value::<Instance>(none).is_err());
        }
    }

    #[test]
    fn days_are_read_with_and_without_a_time_behind_them() {
        for (written, day) in [
            ("2026-06-09", Some(jiff::civil::date(2026, 6, 9))),
            ("2026-06-09T00:00:00.000+0000", Some(jiff::civil::date(2026, 6, 9))),
            ("", None),
            ("2026-6-9", None),
            ("äöüäöü-06-09", None),
        ] {
            assert_eq!(read(json!({"instanceId": 1, "cancelDate": written})).ends_on, day, "{written}");
        }
    }

    /// Any JSON, two deep.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z0-9:./T-]{0,24}".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("v4|ip|x", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    const FIELDS: [&str; 10] = [
        "displayName",
        "region",
        "productId",
        "status",
        "osType",
        "defaultUser",
        "ipConfig",
        "createdDate",
        "cancelDate",
        "addOns",
    ];

    proptest! {
        #[test]
        fn with_an_id_it_reads_whatever_else_stands_there(values in prop::collection::vec(any_json(), FIELDS.len())) {
            let mut instance = json!({"instanceId": 7});
            for (field, value) in FIELDS.iter().zip(values) {
                instance[*field] = value;
            }
            let vm = serde_json::from_value::<Instance>(instance).unwrap().read();
            prop_assert_eq!(vm.id.0.as_str(), "7");
            prop_assert!(vm.state != VmState::Running || vm.address.is_some());
        }

        #[test]
        fn no_text_makes_it_panic(status in ".{0,80}", day in ".{0,14}", ip in ".{0,20}", time in ".{0,30}") {
            let vm = read(json!({
                "instanceId": 1, "status": status, "cancelDate": day, "createdDate": time,
                "ipConfig": {"v4": {"ip": ip}},
            }));
            let is_clear = ["running", "stopped"].contains(&status.as_str());
            prop_assert!(is_clear || !matches!(vm.state, VmState::Running | VmState::Stopped));
        }
    }
}
