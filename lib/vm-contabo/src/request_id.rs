//! The id that every call carries.

use std::hash::{BuildHasher, Hasher};

/// A fresh UUID v4. It names a call in Contabo's logs and nothing depends on it; the seeds of the standard library's
/// hashes are random enough to keep calls apart.
pub(crate) fn fresh() -> String {
    let random = || std::hash::RandomState::new().build_hasher().finish();
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        8 + (low >> 62),
        (low >> 48) & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

/// Whether Contabo takes it. Source: the pattern of `x-request-id` in its OpenAPI file, which a UUID v7 does not match.
pub(crate) fn is_valid(id: &str) -> bool {
    id.len() == 36
        && id.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => (b'0'..=b'5').contains(&byte),
            19 => matches!(byte, b'0' | b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_are_version_4_and_differ() {
        let ids: std::collections::BTreeSet<_> = (0..200).map(|_| fresh()).collect();
        assert_eq!(ids.len(), 200);
        for id in ids {
            assert!(is_valid(&id) && id.as_bytes()[14] == b'4', "{id}");
        }
    }

    #[test]
    fn only_uuids_up_to_version_5_are_taken() {
        for (id, taken) in [
            ("00000000-0000-0000-0000-000000000000", true),
            ("4F0F12E5-1F84-404F-AA84-85F431EA5EC2", true),
            ("0199a1b2-1f84-704f-aa84-85f431ea5ec2", false),
            ("4f0f12e5-1f84-404f-ca84-85f431ea5ec2", false),
            ("4f0f12e51f84404faa8485f431ea5ec2", false),
            ("ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1____", false),
            ("", false),
        ] {
            assert_eq!(is_valid(id), taken, "{id}");
        }
    }
}
