//! What went wrong, in the port's words.
//!
//! A refusal is an HTTP status and a list of sentences, each with the field it is about where it is about one. Whether
//! a create was refused for want of stock or for our account's limit stands in the sentence only. The words looked
//! for are guesses from sentences that have been seen; one that none of them fits is a plain refusal, and is kept.

use app::ports::VmError;
use http_call::{Answer, NoAnswer, bounded, lenient};
use serde::Deserialize;

/// The longest text of theirs that is kept.
const TEXT_CHARS_MAX: usize = 300;
/// The longest wait that is believed, in seconds.
const RETRY_AFTER_MAX: i64 = 3600;

/// Guesses: this type cannot be had in this region now. "No open slots for this plan!" has been seen, of the old API.
const OUT_OF_STOCK: &[&str] =
    &["no open slots", "not available", "unavailable", "out of stock", "sold out", "capacity"];

/// Guesses: our account may not have more. "Account Limit reached. Please open a support ticket." has been seen; an
/// outstanding balance is documented for a resize.
const QUOTA: &[&str] = &[
    "limit reached",
    "limit exceeded",
    "account limit",
    "quota",
    "outstanding balance",
    "past due",
    "payment",
    "billing",
];

/// Documented: "Linode busy."; the others are guesses. The same request may pass later.
const PASSING: &[&str] = &["busy", "locked", "in progress", "try again", "not ready", "pending", "currently"];

#[derive(Deserialize)]
struct Refusals {
    errors: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    reason: String,
    #[serde(default, deserialize_with = "lenient::word")]
    field: String,
}

/// A call without an answer.
pub(crate) fn no_answer(why: NoAnswer) -> VmError {
    if why.nothing_happened() {
        tracing::warn!(error = &why as &dyn std::error::Error, "the provider cannot be reached");
        return VmError::Busy { retry_after: None };
    }
    VmError::Unclear { what: why.to_string(), source: Some(Box::new(why)) }
}

/// Whether the API is closed: documented as the one 503 that is not to be repeated, and nothing has been done.
pub(crate) fn is_maintenance(answer: &Answer) -> bool {
    answer.status == 503 && answer.header("x-maintenance-mode").is_some()
}

/// An answer that is no success.
///
/// Only a refusal in Linode's own words counts as one: a proxy's page says nothing about what was done.
pub(crate) fn refused(answer: &Answer) -> VmError {
    if answer.status == 429 || is_maintenance(answer) {
        return VmError::Busy { retry_after: retry_after(answer) };
    }
    if !(400..500).contains(&answer.status) || answer.status == 408 {
        return unclear(answer);
    }
    let Some(refusals) = refusals(answer) else { return unclear(answer) };
    let text = text(&refusals);
    match answer.status {
        401 | 403 => VmError::Unauthorized(text),
        404 => VmError::NotFound,
        _ => VmError::Refused(text),
    }
}

/// The same for a create: there, no answer is about a machine that exists.
pub(crate) fn refused_create(answer: &Answer) -> VmError {
    let text = match refused(answer) {
        VmError::Refused(text) => text,
        VmError::NotFound => refusals(answer).as_deref().map(text).unwrap_or_default(),
        other => return other,
    };
    if says(&text, QUOTA) {
        VmError::Quota(text)
    } else if says(&text, OUT_OF_STOCK) {
        VmError::OutOfStock(text)
    } else {
        VmError::Refused(text)
    }
}

/// Whether a create was refused because a machine has its label already.
pub(crate) fn label_is_taken(answer: &Answer) -> bool {
    let taken = |one: &Refusal| one.field == "label" && one.reason.to_ascii_lowercase().contains("unique");
    answer.status == 400 && refusals(answer).is_some_and(|all| all.iter().any(taken))
}

/// The same for an action on a machine: what may pass later is no refusal for good.
pub(crate) fn refused_action(answer: &Answer) -> VmError {
    match refused(answer) {
        VmError::Refused(text) if says(&text, PASSING) => later(&text),
        other => other,
    }
}

/// The same for a delete, which is never refused for good: what is not deleted is paid for. Machines that are being
/// cloned or restored cannot be deleted yet.
pub(crate) fn refused_delete(answer: &Answer) -> VmError {
    match refused(answer) {
        VmError::Refused(text) => later(&text),
        other => other,
    }
}

/// An answer that cannot be made sense of.
pub(crate) fn unclear(answer: &Answer) -> VmError {
    VmError::Unclear { what: answer.outline(), source: None }
}

fn later(text: &str) -> VmError {
    tracing::warn!(text, "the provider refuses for now");
    VmError::Busy { retry_after: None }
}

/// Seconds to wait: as told, or until the limit is reset (a Unix time), by the provider's own clock.
fn retry_after(answer: &Answer) -> Option<u32> {
    answer.retry_after.or_else(|| {
        let reset: i64 = answer.header("x-ratelimit-reset")?.trim().parse().ok()?;
        let wait = reset.checked_sub(answer.date()?.as_second())?;
        u32::try_from(wait.clamp(1, RETRY_AFTER_MAX)).ok()
    })
}

fn refusals(answer: &Answer) -> Option<Vec<Refusal>> {
    answer.json::<Refusals>().ok().map(|all| all.errors).filter(|all| !all.is_empty())
}

/// All sentences: `label: Label must be …; Invalid region`.
fn text(refusals: &[Refusal]) -> String {
    let one = |one: &Refusal| match one.field.as_str() {
        "" => one.reason.clone(),
        field => format!("{field}: {}", one.reason),
    };
    bounded(&refusals.iter().map(one).collect::<Vec<_>>().join("; "), TEXT_CHARS_MAX)
}

fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}
