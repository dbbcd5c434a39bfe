//! What went wrong, in the port's words.
//!
//! A refusal is an HTTP status and a list of sentences, each with the field it is about where it is about one. Whether
//! a create was refused for want of stock or for our account's limit stands in the sentence only. The words looked
//! for are guesses from sentences that have been seen; one that none of them fits is a plain refusal, and is kept.

use app::ports::VmError;
use http_call::{Answer, bounded, lenient};
use serde::Deserialize;
use vm_http::failure::{self, Kind, TEXT_CHARS_MAX};

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

/// The limit first: "a limit that is not available to you" is no want of stock.
const KINDS: &[Kind<'_>] = &[(QUOTA, VmError::Quota), (OUT_OF_STOCK, VmError::OutOfStock)];

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

/// Whether the API is closed: documented as the one 503 that is not to be repeated, and nothing has been done.
pub(crate) fn is_maintenance(answer: &Answer) -> bool {
    answer.status == 503 && answer.header("x-maintenance-mode").is_some()
}

/// An answer that is no success.
pub(crate) fn refused(answer: &Answer) -> VmError {
    let retry_after = answer.retry_after.or_else(|| answer.seconds_until("x-ratelimit-reset"));
    if is_maintenance(answer) {
        return VmError::Busy { retry_after };
    }
    failure::refused(answer, sentence(answer), retry_after)
}

/// The same for a create.
pub(crate) fn refused_create(answer: &Answer) -> VmError {
    failure::of_create(refused(answer), sentence(answer), KINDS)
}

/// Whether a create was refused because a machine has its label already.
pub(crate) fn label_is_taken(answer: &Answer) -> bool {
    let taken = |one: &Refusal| one.field == "label" && one.reason.to_ascii_lowercase().contains("unique");
    answer.status == 400 && refusals(answer).is_some_and(|all| all.iter().any(taken))
}

/// The same for an action on a machine.
pub(crate) fn refused_action(answer: &Answer) -> VmError {
    failure::of_action(refused(answer), PASSING)
}

fn refusals(answer: &Answer) -> Option<Vec<Refusal>> {
    answer.json::<Refusals>().ok().map(|all| all.errors).filter(|all| !all.is_empty())
}

/// All of Linode's own sentences: `label: Label must be …; Invalid region`.
fn sentence(answer: &Answer) -> Option<String> {
    let one = |one: &Refusal| match one.field.as_str() {
        "" => one.reason.clone(),
        field => format!("{field}: {}", one.reason),
    };
    let all: Vec<String> = refusals(answer)?.iter().map(one).collect();
    Some(bounded(&all.join("; "), TEXT_CHARS_MAX))
}
