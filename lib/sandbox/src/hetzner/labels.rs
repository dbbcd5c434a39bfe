//! Labels: their rules, and the selectors that lists are filtered by.

use std::collections::BTreeMap;

use serde_json::Value;

pub(super) type Labels = BTreeMap<String, String>;

const PART_MAX: usize = 63;
const LABELS_MAX: usize = 64;

/// The `labels` of a body; none when absent.
///
/// # Errors
/// What breaks the rules.
pub(super) fn of(fields: &Value) -> Result<Option<Labels>, String> {
    let labels = match fields.get("labels") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(labels)) if labels.len() <= LABELS_MAX => labels,
        Some(_) => return Err("invalid input in field 'labels'".into()),
    };
    let checked = labels.iter().map(|(key, value)| {
        let value = value.as_str().filter(|value| value.is_empty() || is_part(value));
        match value.filter(|_| is_key(key)) {
            Some(value) => Ok((key.clone(), value.to_owned())),
            None => Err(format!("invalid input in field 'labels': {key}")),
        }
    });
    checked.collect::<Result<_, _>>().map(Some)
}

/// A key is a name, perhaps behind a DNS prefix and a slash.
pub(super) fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => {
            let dns = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
            !prefix.is_empty() && prefix.len() <= 253 && prefix.bytes().all(dns) && is_part(name)
        }
        None => is_part(key),
    }
}

/// 1 to 63 of `[A-Za-z0-9._-]`, beginning and ending with a letter or digit.
fn is_part(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let outer = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= PART_MAX && bytes.iter().copied().all(inner) && outer(bytes.first()) && outer(bytes.last())
}

/// Whether labels fit a selector: `key`, `!key`, `key=value`, `key==value`, `key!=value`, joined by commas.
pub(super) fn fit(labels: &Labels, selector: &str) -> bool {
    selector.split(',').map(str::trim).filter(|term| !term.is_empty()).all(|term| {
        if let Some((key, value)) = term.split_once("!=") {
            return labels.get(key.trim()).map(String::as_str) != Some(value.trim());
        }
        if let Some((key, value)) = term.split_once('=') {
            let value = value.strip_prefix('=').unwrap_or(value);
            return labels.get(key.trim()).map(String::as_str) == Some(value.trim());
        }
        match term.strip_prefix('!') {
            Some(key) => !labels.contains_key(key.trim()),
            None => labels.contains_key(term),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_keep_their_rules() {
        for (labels, taken) in [
            (json!({"order": "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF", "example.com/my": "", "a.b-c_d": "1"}), true),
            (json!({"order": "_x"}), false),
            (json!({"-order": "x"}), false),
            (json!({"order": "x".repeat(64)}), false),
            (json!({"order": 1}), false),
            (json!(["order"]), false),
        ] {
            assert_eq!(of(&json!({"labels": labels})).is_ok(), taken, "{labels}");
        }
        assert_eq!(of(&json!({})), Ok(None));
    }

    #[test]
    fn a_selector_chooses_by_whole_values() {
        let labels =
            Labels::from([("order".to_owned(), "a1".to_owned()), ("paid".to_owned(), String::new())]);
        for (selector, fits) in [
            ("order=a1", true),
            ("order==a1", true),
            ("order=a", false),
            ("order!=a", true),
            ("paid", true),
            ("!paid", false),
            ("order=a1,paid", true),
            ("order=a1,!paid", false),
            ("", true),
        ] {
            assert_eq!(fit(&labels, selector), fits, "{selector}");
        }
    }
}
