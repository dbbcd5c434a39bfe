//! Paystack writes one field in several ways: numbers as strings, nothing as `{}`, `""` or `0`. Here each is
//! read whichever way it comes, and what cannot be read counts as absent.

pub(crate) use http_call::lenient::{integer, text};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

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
