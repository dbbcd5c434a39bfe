//! What went wrong, in the port's words.
//!
//! Vultr has no codes: a refusal is an HTTP status and a sentence. Some sentences are recognised by words in
//! them. Those words are guesses from what has been seen and from what the portal says; a sentence that
//! none of them fits is a plain refusal, and is kept.

use app::ports::VmError;
use http_call::{Answer, NoAnswer, bounded};
use serde::Deserialize;

/// The longest sentence of theirs that is kept.
const TEXT_CHARS_MAX: usize = 300;

/// What a refused key is most often about.
const KEY_ADVICE: &str = "Vultr's keys work only from listed addresses; \
                          add the egress address under Account > API > Access Control";

/// Guesses: this size cannot be had in this region now. "temporarily sold-out" has been seen.
const OUT_OF_STOCK: &[&str] = &[
    "not available",
    "unavailable",
    "not currently available",
    "available in the selected",
    "out of stock",
    "sold out",
    "sold-out",
    "capacity",
];

/// Guesses: our account may not have more. "You have reached the maximum number of active virtual machines
/// for this account" and "… maximum monthly fee limit …" have been seen.
const QUOTA: &[&str] = &[
    "reached the maximum",
    "maximum number",
    "limit raised",
    "limit reached",
    "limit exceeded",
    "quota",
    "insufficient funds",
    "insufficient credit",
    "add funds",
    "past due",
    "payment method",
    "billing",
];

/// Guesses: the machine is in the middle of something, and the same request may pass later.
const PASSING: &[&str] = &["locked", "in progress", "try again", "not ready", "pending", "currently"];

#[derive(Deserialize)]
struct Refusal {
    error: String,
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
/// Only a refusal in Vultr's own words counts as one: a proxy's page says nothing about what was done.
pub(crate) fn refused(answer: &Answer) -> VmError {
    if answer.status == 429 {
        return VmError::Busy { retry_after: answer.retry_after };
    }
    if !(400..500).contains(&answer.status) || answer.status == 408 {
        return unclear(answer);
    }
    let Ok(refusal) = answer.json::<Refusal>() else { return unclear(answer) };
    let text = bounded(&refusal.error, TEXT_CHARS_MAX);
    match answer.status {
        401 | 403 => VmError::Unauthorized(format!("{text} ({KEY_ADVICE})")),
        404 => VmError::NotFound,
        _ => VmError::Refused(text),
    }
}

/// The same for a create: there, no answer is about a machine that exists.
pub(crate) fn refused_create(answer: &Answer) -> VmError {
    let text = match refused(answer) {
        VmError::Refused(text) => text,
        VmError::NotFound => {
            answer.json::<Refusal>().map(|r| bounded(&r.error, TEXT_CHARS_MAX)).unwrap_or_default()
        }
        other => return other,
    };
    if says(&text, OUT_OF_STOCK) {
        VmError::OutOfStock(text)
    } else if says(&text, QUOTA) {
        VmError::Quota(text)
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

/// The same for a delete, which is never refused for good: the old API refused it for a machine's first five
/// minutes, and what is not deleted is paid for.
pub(crate) fn refused_delete(answer: &Answer) -> VmError {
    match refused(answer) {
        VmError::Refused(text) => later(&text),
        other => other,
    }
}

/// A failure before anything was asked of the machine itself: whatever it was, no machine was made or changed.
pub(crate) fn before_acting(error: VmError) -> VmError {
    match error {
        VmError::Unclear { what, source } => {
            tracing::warn!(
                what,
                source = source.as_deref().map(tracing::field::display),
                "a preparation failed"
            );
            VmError::Busy { retry_after: None }
        }
        VmError::NotFound => VmError::Busy { retry_after: None },
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

fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}
