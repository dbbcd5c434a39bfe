//! What went wrong, in the port's words.
//!
//! A refusal is an HTTP status, a short id that says the same, and a sentence. Whether a create was refused for want
//! of stock or for our account's limit stands in the sentence only, under 422 `unprocessable_entity`. The words looked
//! for are guesses from sentences that have been seen; one that none of them fits is a plain refusal, and is kept.

use app::ports::VmError;
use http_call::{Answer, NoAnswer, bounded};
use serde::Deserialize;

/// The longest sentence of theirs that is kept.
const TEXT_CHARS_MAX: usize = 300;
/// The longest wait that is believed, in seconds: the hourly limit is over within it.
const RETRY_AFTER_MAX: i64 = 3600;

/// Guesses: this size cannot be had in this region now. "Size is not available in this region.", "Region is not
/// available" and "size is unavailable" have been seen.
const OUT_OF_STOCK: &[&str] =
    &["not available", "unavailable", "not currently available", "out of stock", "sold out", "capacity"];

/// Guesses: our account may not have more. "creating this/these droplet(s) will exceed your droplet limit" and "This
/// size is currently restricted please send an additional payment to unlock." have been seen.
const QUOTA: &[&str] = &[
    "droplet limit",
    "exceed your",
    "limit reached",
    "limit exceeded",
    "quota",
    "restricted",
    "payment",
    "billing",
    "past due",
    "account is locked",
];

/// Guesses: the machine is in the middle of something, and the same request may pass later. "Droplet already has a
/// pending event." has been seen.
const PASSING: &[&str] = &["pending", "locked", "in progress", "try again", "not ready", "currently"];

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// A call without an answer.
pub(crate) fn no_answer(why: NoAnswer) -> VmError {
    if why.nothing_happened() {
        tracing::warn!(error = &why as &dyn std::error::Error, "the provider cannot be reached");
        return VmError::Busy { retry_after: None };
    }
    VmError::Unclear { what: why.to_string(), source: Some(Box::new(why)) }
}

/// An answer that is no success.
///
/// Only a refusal in DigitalOcean's own words counts as one: a proxy's page says nothing about what was done.
pub(crate) fn refused(answer: &Answer) -> VmError {
    if answer.status == 429 {
        return VmError::Busy { retry_after: retry_after(answer) };
    }
    if !(400..500).contains(&answer.status) || answer.status == 408 {
        return unclear(answer);
    }
    let Some(text) = sentence(answer) else { return unclear(answer) };
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
        VmError::Unauthorized(text) if answer.status == 403 && says(&text, QUOTA) => text,
        VmError::NotFound => sentence(answer).unwrap_or_default(),
        other => return other,
    };
    // The limit first: "a limit that is not available to you" is no want of stock.
    if says(&text, QUOTA) {
        VmError::Quota(text)
    } else if says(&text, OUT_OF_STOCK) {
        VmError::OutOfStock(text)
    } else {
        VmError::Refused(text)
    }
}

/// The same for an action on a machine: what may pass later is no refusal for good.
pub(crate) fn refused_action(answer: &Answer) -> VmError {
    match refused(answer) {
        VmError::Refused(text) if says(&text, PASSING) => later(&text),
        other => other,
    }
}

/// The same for a delete, which is never refused for good: what is not deleted is paid for.
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

/// What may pass later.
pub(crate) fn later(text: &str) -> VmError {
    tracing::warn!(text, "the provider refuses for now");
    VmError::Busy { retry_after: None }
}

/// Seconds to wait: as told, or until the oldest request of the hour expires, by the provider's own clock. A burst
/// over the minute's limit carries `retry-after`; the hour's limit only `ratelimit-reset`, a Unix time.
fn retry_after(answer: &Answer) -> Option<u32> {
    answer.retry_after.or_else(|| {
        let reset: i64 = answer.header("ratelimit-reset")?.trim().parse().ok()?;
        let wait = reset.checked_sub(answer.date()?.as_second())?;
        u32::try_from(wait.clamp(1, RETRY_AFTER_MAX)).ok()
    })
}

fn sentence(answer: &Answer) -> Option<String> {
    answer.json::<Refusal>().ok().map(|refusal| bounded(&refusal.message, TEXT_CHARS_MAX))
}

fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}
