//! What a machine may be called.

/// Whether a label is one: 3 to 64 of `[A-Za-z0-9_.-]`, a letter first, a letter or digit last, and none of `--`,
/// `__` and `..` in it.
///
/// Source: the pattern of `label` in the OpenAPI file, and the sentences beside it.
pub(crate) fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    (3..=64).contains(&bytes.len())
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(plain)
        && !["--", "__", ".."].iter().any(|twice| label.contains(twice))
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn a_label_keeps_every_rule() {
        for good in ["ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1", "abc", "a-_.9", &"a".repeat(64)] {
            assert!(is_label(good), "{good}");
        }
        let long = "a".repeat(65);
        for bad in ["", "ab", "1bc", "_bc", "ab-", "ab_", "a--b", "a__b", "a..b", "a b", "aäb", &long] {
            assert!(!is_label(bad), "{bad}");
        }
    }
}
