//! Paystack writes one field in several ways: numbers as strings, nothing as `{}`, `""` or `0`. Here each is
//! read whichever way it comes, and what cannot be read counts as absent.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// An id or a word: a string as it is, a number in digits. Empty text is nothing.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A whole number, also as a string. A fraction is nothing: amounts are never rounded here.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// ISO 8601 text.
pub(crate) fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// An object with something in it, also as JSON text. `{}`, `""`, `0` and `null` are nothing.
pub(crate) fn object(value: &Value) -> Option<Map<String, Value>> {
    let found = match value {
        Value::Object(map) => map.clone(),
        Value::String(text) => serde_json::from_str(text).ok()?,
        _ => return None,
    };
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for (written, number) in [
            (json!(4_500_000), Some(4_500_000)),
            (json!("4500000"), Some(4_500_000)),
            (json!(-1), Some(-1)),
            (json!("45,000"), None),
            (json!(45.5), None),
            (json!(u64::MAX), None),
            (json!({}), None),
            (json!(null), None),
        ] {
            assert_eq!(integer(written.clone()).ok(), Some(number), "{written}");
        }
    }

    #[test]
    fn ids_are_text_whatever_they_came_as() {
        for (written, id) in [
            (json!(3_627_584_721_u64), Some("3627584721")),
            (json!("17"), Some("17")),
            (json!(""), None),
            (json!([]), None),
        ] {
            assert_eq!(text(written.clone()).ok(), Some(id.map(str::to_owned)), "{written}");
        }
    }

    #[test]
    fn nothing_has_four_spellings() {
        for nothing in [json!({}), json!(""), json!(0), json!(null), json!([]), json!("{}"), json!("plain")] {
            assert_eq!(object(&nothing), None, "{nothing}");
        }
        for something in [json!({"order_id": "ord_1"}), json!(r#"{"order_id":"ord_1"}"#)] {
            assert_eq!(object(&something).map(|map| map["order_id"].clone()), Some(json!("ord_1")));
        }
    }

    #[test]
    fn times_are_read_and_nonsense_is_nothing() {
        assert!(matches!(timestamp(json!("2026-11-20T08:15:11.000Z")), Ok(Some(_))));
        assert!(matches!(timestamp(json!("2026-11-20T08:15:11+01:00")), Ok(Some(_))));
        assert!(matches!(timestamp(json!("yesterday")), Ok(None)));
        assert!(matches!(timestamp(json!(1_790_000_000)), Ok(None)));
    }
}
