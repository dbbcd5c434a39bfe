//! Addresses under a configured base.

use std::fmt::Write;

/// The longest path segment that is sent.
const SEGMENT_MAX: usize = 256;

/// A base URL, without a slash at its end.
#[derive(Debug, Clone)]
pub struct Base(String);

impl Base {
    /// Takes `https://host` or `https://host/v2`, with or without a slash at the end.
    pub fn new(url: &str) -> Self {
        Self(url.trim().trim_end_matches('/').to_owned())
    }

    /// The address of a path, whose segments are escaped: an id of others cannot lead to another path.
    ///
    /// Returns `None` for a segment that is empty, too long, or only dots.
    pub fn at(&self, segments: &[&str]) -> Option<String> {
        let mut url = self.0.clone();
        for segment in segments {
            if segment.is_empty() || segment.len() > SEGMENT_MAX || segment.bytes().all(|b| b == b'.') {
                return None;
            }
            url.push('/');
            for byte in segment.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~=".contains(&byte) {
                    url.push(char::from(byte));
                } else {
                    write!(url, "%{byte:02X}").ok()?;
                }
            }
        }
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_a_segment() {
        let base = Base::new("https://api.test/v2/ ");
        for (segment, url) in [
            ("4f0f12e5-1f84", Some("https://api.test/v2/x/4f0f12e5-1f84")),
            ("pay_1=a.b", Some("https://api.test/v2/x/pay_1=a.b")),
            ("a/b?c#d e%", Some("https://api.test/v2/x/a%2Fb%3Fc%23d%20e%25")),
            ("", None),
            ("..", None),
        ] {
            assert_eq!(base.at(&["x", segment]).as_deref(), url, "{segment}");
        }
        assert_eq!(base.at(&[&"a".repeat(257)]), None);
    }
}
