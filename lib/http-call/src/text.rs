//! Words of others, made fit for a log line and an error.

/// At most `chars_max` characters of a text, control characters as spaces.
pub fn bounded(text: &str, chars_max: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.trim().chars().take(chars_max).map(plain).collect();
    if text.trim().chars().nth(chars_max).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn a_text_becomes_one_short_line() {
        for (text, short) in
            [("", ""), (" ok\n", "ok"), ("a\nb\u{7}c", "a b c"), ("äöüß", "äöü…"), ("äöü", "äöü")]
        {
            let max = if text.starts_with('ä') { 3 } else { 10 };
            assert_eq!(bounded(text, max), short);
        }
    }
}
