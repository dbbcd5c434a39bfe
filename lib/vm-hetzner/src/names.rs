//! A machine's name, which at Hetzner has to be a host name (RFC 1123) and unique in the project.
//!
//! `ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1` is written `ord-01kah8zj5v3w1q6yb7t9r2c4df-1`: host names have no underscore,
//! and may be compared without regard to case. Ids are in Crockford's base 32, which has one case, so that the way
//! back is clear; a name that would not come back as it went is never sent.

use app::ports::VmError;
use domain::ids::OrderId;
use domain::vm::parse_vm_name;

const PREFIX: &str = "ord-";

/// Our name as Hetzner takes it.
///
/// # Errors
/// `Refused` for a name that would be read back as another one, or that is no host name.
pub(crate) fn spelled(name: &str) -> Result<String, VmError> {
    let spelled = name.to_ascii_lowercase().replace('_', "-");
    if ours(&spelled) == name && is_host_name(&spelled) {
        return Ok(spelled);
    }
    Err(VmError::Refused(format!("{name} cannot be written as a host name")))
}

/// Their name as we wrote it; as it stands when it is none of ours.
pub(crate) fn ours(name: &str) -> String {
    let wanted = || {
        let (bare, attempt) = name.strip_prefix(PREFIX)?.split_once('-')?;
        let ours = format!("{}{}-{attempt}", OrderId::PREFIX, bare.to_ascii_uppercase());
        parse_vm_name(&ours).map(|_| ours)
    };
    wanted().unwrap_or_else(|| name.to_owned())
}

fn is_host_name(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::vm::vm_name;
    use proptest::prelude::*;

    #[test]
    fn a_name_of_ours_is_a_host_name_and_comes_back() {
        let name = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-12";
        assert_eq!(spelled(name).ok().as_deref(), Some("ord-01kah8zj5v3w1q6yb7t9r2c4df-12"));
        assert_eq!(ours("ord-01kah8zj5v3w1q6yb7t9r2c4df-12"), name);
        assert_eq!(spelled("web-1").ok().as_deref(), Some("web-1"));
    }

    #[test]
    fn what_would_come_back_as_another_name_is_never_sent() {
        for name in ["web_1", "Web-1", "ord-01kah8zj5v3w1q6yb7t9r2c4df-12", "-web", "web-", "", "wéb"] {
            assert!(spelled(name).is_err(), "{name}");
        }
    }

    #[test]
    fn names_of_others_stay_as_they_are() {
        for name in ["web-1", "ord-1", "ord-01kah8zj5v3w1q6yb7t9r2c4df-012", "My.Server", ""] {
            assert_eq!(ours(name), name);
        }
    }

    proptest! {
        #[test]
        fn every_machines_name_comes_back(millis in 0i64..4_000_000_000_000, random: u128, attempt: u16) {
            let order = OrderId::new(Timestamp::from_millisecond(millis).unwrap(), random);
            let name = vm_name(order, attempt);
            prop_assert_eq!(ours(&spelled(&name).unwrap()), name);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            let _ = ours(&text);
            if let Ok(spelled) = spelled(&text) {
                prop_assert_eq!(ours(&spelled), text);
            }
        }
    }
}
