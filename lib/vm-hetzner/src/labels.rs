//! Tags, which at Hetzner are labels: a key and a value.
//!
//! An order's id is the value of `order`, the shop's name that of `managed-by`; any other tag is a key without a value.

use std::collections::BTreeMap;

use app::ports::VmError;
use domain::ids::OrderId;

const ORDER: &str = "order";
const MANAGED_BY: &str = "managed-by";
const SHOP: &str = "nemordp";
/// The longest key or value.
const PART_MAX: usize = 63;

pub(crate) type Labels = BTreeMap<String, String>;

/// The labels that say these tags.
///
/// # Errors
/// `Refused` for a tag that no label can hold, and for a second order.
pub(crate) fn of(tags: &[String]) -> Result<Labels, VmError> {
    let mut labels = Labels::new();
    for tag in tags {
        let refused = || VmError::Refused(format!("{tag} cannot be a label"));
        let (key, value) = label(tag).ok_or_else(refused)?;
        if labels.insert(key.to_owned(), value.to_owned()).is_some_and(|before| before != value) {
            return Err(refused());
        }
    }
    Ok(labels)
}

/// The tags that labels say.
pub(crate) fn tags(labels: &Labels) -> Vec<String> {
    let tag = |(key, value): (&String, &String)| match (key.as_str(), value.as_str()) {
        (ORDER | MANAGED_BY, value) if !value.is_empty() => value.to_owned(),
        (key, "") => key.to_owned(),
        (key, value) => format!("{key}={value}"),
    };
    labels.iter().map(tag).collect()
}

/// What a list is filtered by to find a tag; `None` for a tag that no label can hold.
pub(crate) fn selector(tag: &str) -> Option<String> {
    match label(tag)? {
        (key, "") => Some(key.to_owned()),
        (key, value) => Some(format!("{key}=={value}")),
    }
}

fn label(tag: &str) -> Option<(&str, &str)> {
    if !is_part(tag) {
        None
    } else if tag.starts_with(OrderId::PREFIX) {
        Some((ORDER, tag))
    } else if tag == SHOP {
        Some((MANAGED_BY, tag))
    } else if tag == ORDER || tag == MANAGED_BY {
        None
    } else {
        Some((tag, ""))
    }
}

/// 1 to 63 of `[A-Za-z0-9._-]`, beginning and ending with a letter or digit.
fn is_part(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let outer = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= PART_MAX && bytes.iter().copied().all(inner) && outer(bytes.first()) && outer(bytes.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF";

    fn owned(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn tags_become_labels_and_come_back() {
        let labels = of(&owned(&[ID, "nemordp", "staff"])).unwrap();
        let written: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(written, ["managed-by=nemordp", &format!("order={ID}"), "staff="]);
        assert_eq!(tags(&labels), ["nemordp", ID, "staff"]);
        assert_eq!(selector(ID), Some(format!("order=={ID}")));
        assert_eq!(selector("staff").as_deref(), Some("staff"));
    }

    #[test]
    fn what_no_label_can_hold_is_refused() {
        for tags in [&["a tag"][..], &[""], &["-x"], &["order"], &[ID, "ord_other"], &["x,order==y"]] {
            assert!(of(&owned(tags)).is_err(), "{tags:?}");
        }
        assert_eq!(selector("x,order==y"), None);
    }

    #[test]
    fn labels_of_others_stay_apart() {
        let labels =
            Labels::from([("team".to_owned(), "web".to_owned()), ("order".to_owned(), String::new())]);
        assert_eq!(tags(&labels), ["order", "team=web"]);
    }
}
