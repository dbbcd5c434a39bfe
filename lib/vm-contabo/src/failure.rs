//! What went wrong, in the port's words.
//!
//! Contabo answers with a status and a sentence, `{"statusCode":400,"message":"…"}`. Some sentences are recognised by
//! words in them. Of those "No offer was found for product ID …" has been seen; the others are guesses, and a sentence
//! that none of them fits is a plain refusal, and is kept.

use app::ports::VmError;
use http_call::{Answer, NoAnswer, bounded};
use serde::Deserialize;
use serde_json::Value;

/// The longest sentence of theirs that is kept.
const TEXT_CHARS_MAX: usize = 300;

/// This size cannot be had in this region, or not by this account.
const OUT_OF_STOCK: &[&str] =
    &["no offer was found", "not available", "unavailable", "out of stock", "sold out", "capacity"];

/// Our account may not have more.
const QUOTA: &[&str] =
    &["quota", "maximum number", "limit reached", "limit exceeded", "unpaid", "overdue", "payment"];

/// The machine is in the middle of something, and the same request may pass later.
const PASSING: &[&str] = &[
    "in progress",
    "try again",
    "not ready",
    "pending",
    "currently",
    "locked",
    "provisioning",
    "installing",
    "being installed",
];

#[derive(Deserialize)]
struct Refusal {
    /// A sentence, or several in a list.
    message: Value,
}

/// The provider's sentence, when the answer is the provider's.
fn sentence(answer: &Answer) -> Option<String> {
    let text = match answer.json::<Refusal>().ok()?.message {
        Value::String(text) => text,
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "),
        _ => return None,
    };
    Some(bounded(&text, TEXT_CHARS_MAX))
}

/// A call without an answer.
pub(crate) fn no_answer(why: NoAnswer) -> VmError {
    if why.nothing_happened() {
        tracing::warn!(error = &why as &dyn std::error::Error, "the provider cannot be reached");
        return VmError::Busy { retry_after: None };
    }
    VmError::Unclear { what: why.to_string(), source: Some(Box::new(why)) }
}

/// Whether the token was not taken, by the API itself and not by a page in front of it.
pub(crate) fn is_token_rejected(answer: &Answer) -> bool {
    answer.status == 401 && answer.media_type != "text/html"
}

/// Seconds to wait, when a 429 or 503 said so; Contabo documents no such header.
pub(crate) fn retry_after(answer: &Answer) -> Option<u32> {
    matches!(answer.status, 429 | 503).then_some(answer.retry_after).flatten()
}

/// An answer that is no success.
///
/// Only a refusal in Contabo's own words counts as one: a proxy's page says nothing about what was done.
pub(crate) fn refused(answer: &Answer) -> VmError {
    if answer.status == 429 {
        return VmError::Busy { retry_after: answer.retry_after };
    }
    if is_token_rejected(answer) {
        return VmError::Unauthorized(
            sentence(answer).unwrap_or_else(|| "the token is not taken".to_owned()),
        );
    }
    if !(400..500).contains(&answer.status) || answer.status == 408 {
        return unclear(answer);
    }
    let Some(text) = sentence(answer) else { return unclear(answer) };
    match answer.status {
        401 | 403 => VmError::Unauthorized(text),
        402 => VmError::Quota(text),
        404 => VmError::NotFound,
        _ => VmError::Refused(text),
    }
}

/// The same for a create: there, no answer is about a machine that exists. A 5xx stays unclear however fast it came,
/// also the one by which a blocked account shows: only a look-up tells whether it made something.
pub(crate) fn refused_create(answer: &Answer) -> VmError {
    let text = match refused(answer) {
        VmError::Refused(text) => text,
        VmError::NotFound => sentence(answer).unwrap_or_default(),
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
        VmError::Refused(text) if answer.status == 409 || says(&text, PASSING) => later(&text),
        other => other,
    }
}

/// The same for turning a cancelled machine off, which is never refused for good: what runs can be signed in to.
pub(crate) fn refused_stop(answer: &Answer) -> VmError {
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
