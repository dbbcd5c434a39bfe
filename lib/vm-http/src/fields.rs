//! Ids in a path, and what must not be seen in an answer.

use app::ports::VmError;
use domain::secret::Secret;
use domain::vm::VmId;
use serde::Deserializer;

/// An id as it stands in a path, at a provider whose ids are whole numbers.
///
/// # Errors
/// `Refused` for what is no number from 1 to `max`: it would lead to another path.
pub fn number(id: &VmId, max: u64) -> Result<&str, VmError> {
    let digits = id.0.bytes().all(|b| b.is_ascii_digit());
    match id.0.parse::<u64>() {
        Ok(number) if digits && (1..=max).contains(&number) => Ok(&id.0),
        _ => Err(VmError::Refused("an id that is none of the provider's".to_owned())),
    }
}

/// A secret, for `#[serde(default, deserialize_with = "…")]`. Whatever stands there, this does not fail: it must not
/// turn up in an error message of serde.
///
/// # Errors
/// Only those of the deserializer: input that is not JSON.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(http_call::lenient::text(deserializer)?.map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_their_numbers_are_ids() {
        for (id, is) in [
            ("42", true),
            ("9007199254740992", true),
            ("9007199254740993", false),
            ("0", false),
            ("", false),
            ("+42", false),
            ("42/actions/poweroff", false),
            ("..", false),
            ("٤٢", false),
        ] {
            assert_eq!(number(&VmId(id.to_owned()), 1 << 53).is_ok(), is, "{id}");
        }
    }
}
