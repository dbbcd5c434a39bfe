//! Our machines' names, which hold `_`, in DigitalOcean's spelling, which does not.
//!
//! `_` is written as `.` and read back. Our names hold no `.`, so nothing is lost. A droplet that is not ours may show
//! another name here than in the portal; it is nobody's business then.

/// The longest name.
const CHARS_MAX: usize = 255;

/// The name in their spelling; `None` where they would refuse it: `^[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]$`.
pub(crate) fn spelled(name: &str) -> Option<String> {
    let ours = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let fits = name.len() <= CHARS_MAX
        && name.bytes().all(ours)
        && name.as_bytes().last().is_some_and(u8::is_ascii_alphanumeric);
    fits.then(|| name.replace('_', "."))
}

/// The name in our spelling.
pub(crate) fn read(name: &str) -> String {
    name.replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_spelled_without_underscores_or_not_at_all() {
        for (name, expected) in [
            ("ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1", Some("ord.01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1")),
            ("a", Some("a")),
            ("_a", Some(".a")),
            ("a_", None),
            ("a-", None),
            ("a.b", None),
            ("a b", None),
            ("", None),
        ] {
            assert_eq!(spelled(name).as_deref(), expected, "{name}");
        }
        assert_eq!(spelled(&"a".repeat(256)), None);
    }

    proptest! {
        #[test]
        fn what_was_spelled_reads_back(name in "[A-Za-z0-9_-]{0,62}[A-Za-z0-9]") {
            let pattern = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
            let theirs = spelled(&name).unwrap();
            prop_assert!(theirs.bytes().all(pattern));
            prop_assert_eq!(read(&theirs), name);
        }
    }
}
