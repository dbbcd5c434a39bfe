//! Where a machine is: region and instance id, as one [`VmId`].

use app::ports::VmError;
use domain::vm::VmId;

/// `us-east-1/i-0123456789abcdef0`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) region: String,
    pub(crate) instance_id: String,
}

impl Place {
    /// Reads an id. The region becomes part of a host name, so nothing but one passes.
    ///
    /// # Errors
    /// [`VmError::Refused`] for any other text.
    pub(crate) fn parse(id: &VmId) -> Result<Self, VmError> {
        match id.0.split_once('/') {
            Some((region, instance_id)) if is_region(region) && is_instance_id(instance_id) => {
                Ok(Self { region: region.to_owned(), instance_id: instance_id.to_owned() })
            }
            _ => Err(VmError::Refused("an id that is not `<region>/<instance id>`".to_owned())),
        }
    }
}

/// The id of an instance in a region.
pub(crate) fn vm_id(region: &str, instance_id: &str) -> VmId {
    VmId(format!("{region}/{instance_id}"))
}

/// `us-east-1`, `us-gov-west-1`: at most 32 characters, parts of lower-case letters and digits.
pub(crate) fn is_region(text: &str) -> bool {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 32 && text.split('-').count() >= 3 && text.split('-').all(part)
}

/// `i-` and 8 or 17 hexadecimal digits.
fn is_instance_id(text: &str) -> bool {
    text.strip_prefix("i-").is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_region_and_an_instance_and_nothing_else() {
        for good in [
            "us-east-1/i-0123456789abcdef0",
            "us-gov-west-1/i-01234567",
            "ap-southeast-7/i-0123456789abcdef0",
        ] {
            let place = Place::parse(&VmId(good.to_owned())).unwrap();
            assert_eq!(vm_id(&place.region, &place.instance_id).0, good);
        }
        for bad in [
            "",
            "/",
            "i-0123456789abcdef0",
            "us-east-1/",
            "us-east-1/i-",
            "us-east-1/i-0123456789ABCDEF0",
            "us-east-1/i-0123456789abcdef0/",
            "us-east-1/i-0123456789abcdef0 ",
            "us-east-1/i-012345678",
            "us-east-1/vol-01234567",
            "us-east/i-01234567",
            "us--1/i-01234567",
            "evil.example.com/i-01234567",
            "us-east-1.evil/i-01234567",
            "US-EAST-1/i-01234567",
        ] {
            assert!(Place::parse(&VmId(bad.to_owned())).is_err(), "{bad}");
        }
    }
}
