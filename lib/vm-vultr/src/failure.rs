//! What went wrong, in the port's words.
//!
//! Vultr has no codes: a refusal is an HTTP status and a sentence. Some sentences are recognised by words in
//! them. Those words are guesses from what has been seen and from what the portal says; a sentence that
//! none of them fits is a plain refusal, and is kept.

use app::ports::VmError;
use http_call::{Answer, bounded};
use serde::Deserialize;
use vm_http::failure::{self, Kind, TEXT_CHARS_MAX};

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

const KINDS: &[Kind<'_>] = &[(OUT_OF_STOCK, VmError::OutOfStock), (QUOTA, VmError::Quota)];

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Vultr's own sentence.
fn sentence(answer: &Answer) -> Option<String> {
    answer.json::<Refusal>().ok().map(|refusal| bounded(&refusal.error, TEXT_CHARS_MAX))
}

/// An answer that is no success.
pub(crate) fn refused(answer: &Answer) -> VmError {
    match failure::refused(answer, sentence(answer), answer.retry_after) {
        VmError::Unauthorized(text) => VmError::Unauthorized(format!("{text} ({KEY_ADVICE})")),
        other => other,
    }
}

/// The same for a create.
pub(crate) fn refused_create(answer: &Answer) -> VmError {
    failure::of_create(refused(answer), sentence(answer), KINDS)
}

/// The same for an action on a machine.
pub(crate) fn refused_action(answer: &Answer) -> VmError {
    failure::of_action(refused(answer), PASSING)
}
