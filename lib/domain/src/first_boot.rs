//! The machine's own word that its first boot has finished.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::InstanceId;

/// The digests of a certificate, lower-case hex. Windows reports SHA-1, Ubuntu SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fingerprints {
    /// 64 hex digits.
    pub sha256: Option<String>,
    /// 40 hex digits.
    pub sha1: Option<String>,
}

impl Fingerprints {
    /// Whether both name the same certificate: at least one digest stands on both sides, and none differs.
    pub fn names(&self, seen: &Self) -> bool {
        let compare = |a: &Option<String>, b: &Option<String>| match (a, b) {
            (Some(a), Some(b)) => Some(a == b),
            _ => None,
        };
        let (long, short) = (compare(&self.sha256, &seen.sha256), compare(&self.sha1, &seen.sha1));
        (long == Some(true) || short == Some(true)) && long != Some(false) && short != Some(false)
    }

    /// Whether there is a digest at all.
    pub const fn is_empty(&self) -> bool {
        self.sha256.is_none() && self.sha1.is_none()
    }
}

/// Reads a digest as machines write it (colons, upper case); `None` unless it has exactly `digits` digits.
pub fn parse_digest(text: &str, digits: usize) -> Option<String> {
    let plain: String =
        text.chars().filter(|c| !matches!(c, ':' | ' ')).collect::<String>().to_ascii_lowercase();
    (plain.len() == digits && plain.bytes().all(|b| b.is_ascii_hexdigit())).then_some(plain)
}

/// What a machine says of its first boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether its set-up script came to its end.
    pub succeeded: bool,
    /// The certificate that its remote desktop answers with.
    pub certificate: Fingerprints,
    /// When it reported.
    pub at: Timestamp,
}

/// The wait for one first boot, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstBoot {
    /// Which desktop.
    pub instance: InstanceId,
    /// Which of its machines.
    pub attempt: u16,
    /// Which of its boots: see `Instance::boot`.
    pub boot: u16,
    /// Since when it is awaited.
    pub created_at: Timestamp,
    /// Who waits: the workflow's task token. It is a capability, so it never leaves the store.
    pub task_token: Option<String>,
    /// The machine's word.
    pub report: Option<Report>,
    /// The first good probe, when there is no word to compare it with.
    pub first_pass: Option<crate::readiness::Pass>,
    /// Counts the writes.
    pub version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prints(long: Option<&str>, short: Option<&str>) -> Fingerprints {
        Fingerprints { sha256: long.map(str::to_owned), sha1: short.map(str::to_owned) }
    }

    #[test]
    fn certificates_agree_only_on_a_digest_that_both_sides_have() {
        let seen = prints(Some("aa"), Some("bb"));
        assert!(prints(Some("aa"), None).names(&seen));
        assert!(prints(None, Some("bb")).names(&seen));
        assert!(!prints(None, None).names(&seen));
        assert!(!prints(Some("aa"), Some("cc")).names(&seen));
        assert!(!prints(Some("cc"), None).names(&seen));
    }

    #[test]
    fn digests_are_read_as_openssl_and_windows_write_them() {
        assert_eq!(parse_digest("AA:0b", 4), Some("aa0b".to_owned()));
        assert_eq!(parse_digest("aa0b", 6), None);
        assert_eq!(parse_digest("zz0b", 4), None);
    }
}
