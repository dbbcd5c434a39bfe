//! What went wrong, in the port's words.
//!
//! A refusal is an HTTP status, a short id that says the same, and a sentence. Whether a create was refused for want
//! of stock or for our account's limit stands in the sentence only, under 422 `unprocessable_entity`. The words looked
//! for are guesses from sentences that have been seen; one that none of them fits is a plain refusal, and is kept.

use app::ports::VmError;
use http_call::{Answer, bounded};
use serde::Deserialize;
use vm_http::failure::{self, Kind, TEXT_CHARS_MAX, says};

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

/// The limit first: "a limit that is not available to you" is no want of stock.
const KINDS: &[Kind<'_>] = &[(QUOTA, VmError::Quota), (OUT_OF_STOCK, VmError::OutOfStock)];

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// DigitalOcean's own sentence.
fn sentence(answer: &Answer) -> Option<String> {
    answer.json::<Refusal>().ok().map(|refusal| bounded(&refusal.message, TEXT_CHARS_MAX))
}

/// An answer that is no success. A burst over the minute's limit carries `retry-after`; the hour's limit only the time
/// when the oldest request of the hour expires.
pub(crate) fn refused(answer: &Answer) -> VmError {
    let retry_after = answer.retry_after.or_else(|| answer.seconds_until("ratelimit-reset"));
    failure::refused(answer, sentence(answer), retry_after)
}

/// The same for a create.
pub(crate) fn refused_create(answer: &Answer) -> VmError {
    match refused(answer) {
        VmError::Unauthorized(text) if answer.status == 403 && says(&text, QUOTA) => VmError::Quota(text),
        other => failure::of_create(other, sentence(answer), KINDS),
    }
}

/// The same for an action on a machine.
pub(crate) fn refused_action(answer: &Answer) -> VmError {
    failure::of_action(refused(answer), PASSING)
}
