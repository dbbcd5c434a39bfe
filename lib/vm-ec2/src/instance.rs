//! A machine, as EC2 writes it.

use std::net::IpAddr;

use aws_sdk_ec2::types::{Instance, InstanceStateName, InstanceType, PlatformValues, Tag};
use aws_smithy_types::DateTime;
use domain::Timestamp;
use domain::catalogue::Provider;
use domain::vm::{Vm, VmState};
use http_call::bounded;

use crate::place;

/// The longest word of theirs that is kept.
const WORD_CHARS_MAX: usize = 60;

/// The tag that makes an instance ours; its value is the caller's tags, separated by spaces.
pub(crate) const OUR_TAG: &str = "nemordp";
/// The tag that the console shows as an instance's name.
pub(crate) const NAME_TAG: &str = "Name";

/// In our words; `None` for an instance that is gone or going, and for one without an id. One that runs is
/// [`VmState::Running`], whatever its status checks say: they are another call.
pub(crate) fn read(instance: &Instance, region: &str) -> Option<Vm> {
    let state = state(instance)?;
    let id = instance.instance_id().filter(|id| !id.is_empty())?;
    let address = instance.public_ip_address().and_then(|text| text.parse::<IpAddr>().ok());
    let address = address.filter(|address| !address.is_unspecified());
    let name = tag(instance, NAME_TAG).or(instance.client_token()).unwrap_or_default();
    let tags = tag(instance, OUR_TAG).unwrap_or_default().split_ascii_whitespace();
    Some(Vm {
        provider: Provider::Ec2,
        id: place::vm_id(region, id),
        name: name.to_owned(),
        tags: tags.map(str::to_owned).collect(),
        state: if state == VmState::Running && address.is_none() { VmState::Pending } else { state },
        address,
        region: region.to_owned(),
        plan: instance.instance_type().map(InstanceType::as_str).unwrap_or_default().to_owned(),
        // That of its last start: EC2 does not keep the first.
        created_at: instance.launch_time().and_then(timestamp),
        ends_on: None,
    })
}

/// Whether an instance carries our tag.
pub(crate) fn is_ours(instance: &Instance) -> bool {
    tag(instance, OUR_TAG).is_some()
}

pub(crate) fn is_windows(instance: &Instance) -> bool {
    instance
        .platform()
        .is_some_and(|platform| platform.as_str().eq_ignore_ascii_case(PlatformValues::Windows.as_str()))
}

/// `None` when it is gone or going.
fn state(instance: &Instance) -> Option<VmState> {
    let name = instance.state().and_then(|state| state.name());
    Some(match name {
        Some(InstanceStateName::Pending) => VmState::Pending,
        Some(InstanceStateName::Running) => VmState::Running,
        Some(InstanceStateName::Stopping | InstanceStateName::Stopped) => VmState::Stopped,
        Some(InstanceStateName::ShuttingDown | InstanceStateName::Terminated) => return None,
        other => {
            let word = other.map(InstanceStateName::as_str).unwrap_or_default();
            VmState::Unknown(bounded(word, WORD_CHARS_MAX))
        }
    })
}

fn tag<'a>(instance: &'a Instance, key: &str) -> Option<&'a str> {
    instance.tags().iter().find(|tag| tag.key() == Some(key)).and_then(Tag::value)
}

fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::InstanceState;

    use super::*;

    fn instance(state: &str) -> aws_sdk_ec2::types::builders::InstanceBuilder {
        let state = InstanceState::builder().name(InstanceStateName::from(state)).build();
        Instance::builder().instance_id("i-01234567").state(state).public_ip_address("192.0.2.7")
    }

    #[test]
    fn every_state_has_a_word_of_ours_or_is_kept() {
        for (theirs, ours) in [
            ("pending", Some(VmState::Pending)),
            ("running", Some(VmState::Running)),
            ("stopping", Some(VmState::Stopped)),
            ("stopped", Some(VmState::Stopped)),
            ("shutting-down", None),
            ("terminated", None),
            ("hovering", Some(VmState::Unknown("hovering".to_owned()))),
            ("", Some(VmState::Unknown(String::new()))),
        ] {
            let seen = read(&instance(theirs).build(), "us-east-1").map(|vm| vm.state);
            assert_eq!(seen, ours, "{theirs}");
        }
    }

    #[test]
    fn only_the_id_has_to_be_there() {
        let bare = read(&Instance::builder().instance_id("i-01234567").build(), "us-east-1").unwrap();
        assert_eq!(bare.id.0, "us-east-1/i-01234567");
        assert_eq!((bare.name.as_str(), bare.plan.as_str(), bare.address), ("", "", None));
        assert_eq!(read(&Instance::builder().build(), "us-east-1"), None);
        let homeless = instance("running").set_public_ip_address(None).client_token("ord_1-1").build();
        let homeless = read(&homeless, "us-east-1").unwrap();
        assert_eq!((homeless.state, homeless.name.as_str()), (VmState::Pending, "ord_1-1"));
    }

    #[test]
    fn an_address_of_nobody_is_none_and_an_empty_id_no_machine() {
        let nowhere = read(&instance("running").public_ip_address("0.0.0.0").build(), "us-east-1").unwrap();
        assert_eq!((nowhere.state, nowhere.address), (VmState::Pending, None));
        assert_eq!(read(&instance("running").instance_id("").build(), "us-east-1"), None);
    }

    #[test]
    fn our_tags_are_read_out_of_one_tag() {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let vm =
            instance("running").tags(tag("Name", "ord_1-1")).tags(tag("nemordp", "nemordp  ord_1")).build();
        assert!(is_ours(&vm));
        let vm = read(&vm, "us-east-1").unwrap();
        assert_eq!((vm.name.as_str(), vm.tags), ("ord_1-1", vec!["nemordp".to_owned(), "ord_1".to_owned()]));
        assert!(!is_ours(&instance("running").tags(tag("Name", "web")).build()));
    }
}
