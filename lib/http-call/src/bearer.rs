//! The key, in the header.

use reqwest::header::HeaderValue;

/// `Bearer <key>`, marked as sensitive; `None` for a key that is empty or cannot stand in a header.
pub fn bearer(key: &str) -> Option<HeaderValue> {
    let key = key.trim();
    if key.is_empty() {
        return None;
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
