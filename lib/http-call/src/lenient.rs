//! One field, written in several ways: read whichever way it comes, and absent when it cannot be read.
//!
//! For `#[serde(default, deserialize_with = "…")]`.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// An id or a word: a string as it is, a number in digits. Empty text is nothing.
///
/// # Errors
/// Only those of the deserializer: input that is not JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// The same, with empty text for nothing.
///
/// # Errors
/// Only those of the deserializer: input that is not JSON.
pub fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(text(deserializer)?.unwrap_or_default())
}

/// An id that has to be there and is a whole number, in digits.
///
/// # Errors
/// When it is missing or anything else.
pub fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let plain = |id: &String| id.bytes().all(|b| b.is_ascii_digit());
    text(deserializer)?.filter(plain).ok_or_else(|| D::Error::custom("an id that is no number"))
}

/// The words of a list; what else stands in it, or in its place, is left out.
///
/// # Errors
/// Only those of the deserializer: input that is not JSON.
pub fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let Value::Array(items) = Value::deserialize(deserializer)? else { return Ok(Vec::new()) };
    Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// A part as it should be; its default for whatever else stands there, such as the empty list that PHP makes of an empty
/// object.
///
/// # Errors
/// Only those of the deserializer: input that is not JSON.
pub fn part<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    let written = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(written.get()).unwrap_or_default())
}

/// A whole number, also as a string of digits. A fraction is nothing: amounts are never rounded here. But `80.0` is 80:
/// what is documented as a number may be written so.
///
/// # Errors
/// Only those of the deserializer: input that is not JSON.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").unwrap_or(&text).parse().ok()
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// A count: a whole number as [`integer`] reads it, and 0 for what is missing or negative.
///
/// # Errors
/// Only those of the deserializer: input that is not JSON.
pub fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(integer(deserializer)?.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

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
            (json!(80.0), Some(80)),
            (json!("80.00"), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!({}), None),
            (json!(null), None),
        ] {
            assert_eq!(integer(written.clone()).ok(), Some(number), "{written}");
            let counted = number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
            assert_eq!(count(written.clone()).ok(), Some(counted), "{written}");
        }
    }

    #[test]
    fn a_part_that_is_something_else_is_its_default() {
        #[derive(Deserialize)]
        struct One {
            #[serde(default, deserialize_with = "part")]
            of: BTreeMap<String, u8>,
        }
        for (written, read) in [
            (r#"{"of": {"a": 1}}"#, Some(1)),
            (r#"{"of": {"a": "1"}}"#, None),
            (r#"{"of": []}"#, None),
            (r#"{"of": null}"#, None),
            ("{}", None),
        ] {
            let one: One = serde_json::from_str(written).unwrap();
            assert_eq!(one.of.get("a").copied(), read, "{written}");
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
    fn an_id_of_digits_has_to_be_there() {
        #[derive(Deserialize)]
        struct One {
            #[serde(deserialize_with = "digits")]
            id: String,
        }
        for (written, id) in [
            (json!({"id": 9_007_199_254_740_993_u64}), Some("9007199254740993")),
            (json!({"id": "17"}), Some("17")),
            (json!({"id": "../1"}), None),
            (json!({"id": 1.5}), None),
            (json!({"id": null}), None),
            (json!({}), None),
        ] {
            let read = serde_json::from_value::<One>(written.clone()).ok().map(|one| one.id);
            assert_eq!(read.as_deref(), id, "{written}");
        }
    }

    #[test]
    fn a_list_of_words_keeps_its_words() {
        for (written, list) in [
            (json!(["a tag", "another"]), vec!["a tag", "another"]),
            (json!(["a", 1, null, "b"]), vec!["a", "b"]),
            (json!("a"), vec![]),
            (json!(null), vec![]),
        ] {
            assert_eq!(words(written.clone()).unwrap(), list, "{written}");
        }
    }
}
