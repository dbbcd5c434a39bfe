//! What went wrong, in the port's words.
//!
//! Hetzner names what went wrong by a code, and the code counts, not the HTTP status: the status of some codes is not
//! documented.

use app::ports::VmError;
use http_call::{Answer, bounded};
use serde::Deserialize;
use vm_http::failure::{TEXT_CHARS_MAX, unclear};

/// The longest pause that is believed, in seconds. The limit of an hour comes back one request a second, so that
/// there is room again long before all of it is back.
const PAUSE_MAX: u32 = 60;
/// A guess from what has been seen: the size exists, but not there.
const NOT_THERE: &str = "unsupported location";

#[derive(Deserialize)]
struct Refusal {
    error: Words,
}

#[derive(Deserialize)]
struct Words {
    code: String,
    #[serde(default, deserialize_with = "http_call::lenient::word")]
    message: String,
}

/// The code of an answer that is no success, if it is Hetzner's own.
pub(crate) fn code(answer: &Answer) -> Option<String> {
    answer.json::<Refusal>().ok().map(|refusal| refusal.error.code)
}

/// An answer that is no success.
///
/// Only a refusal in Hetzner's own words counts as one: a proxy's page says nothing about what was done.
pub(crate) fn refused(answer: &Answer) -> VmError {
    let Ok(Refusal { error }) = answer.json::<Refusal>() else {
        return if answer.status == 429 { busy(answer) } else { unclear(answer) };
    };
    let text = bounded(&format!("{} ({})", error.message, error.code), TEXT_CHARS_MAX);
    match error.code.as_str() {
        "unauthorized" | "forbidden" | "token_readonly" => VmError::Unauthorized(text),
        "not_found" => VmError::NotFound,
        "resource_unavailable" | "placement_error" => VmError::OutOfStock(text),
        "resource_limit_exceeded" => VmError::Quota(text),
        "rate_limit_exceeded" => busy(answer),
        "locked" | "conflict" | "maintenance" => {
            tracing::warn!(text, "the provider refuses for now");
            busy(answer)
        }
        "server_error" | "service_error" | "unavailable" | "timeout" | "bad_gateway" => unclear(answer),
        _ if matches!(answer.status, 423 | 429) => busy(answer),
        _ if (400..500).contains(&answer.status) && answer.status != 408 => VmError::Refused(text),
        _ => unclear(answer),
    }
}

/// The same for a create: there, no answer is about a machine that exists.
pub(crate) fn refused_create(answer: &Answer) -> VmError {
    match refused(answer) {
        VmError::NotFound => VmError::Refused("the image, size or location does not exist".to_owned()),
        VmError::Refused(text) if text.contains(NOT_THERE) => VmError::OutOfStock(text),
        other => other,
    }
}

fn busy(answer: &Answer) -> VmError {
    let reset = || (answer.status == 429).then(|| answer.seconds_until("ratelimit-reset")).flatten();
    VmError::Busy { retry_after: answer.retry_after.or_else(reset).map(|seconds| seconds.min(PAUSE_MAX)) }
}
