//! What went wrong, in the port's words.
//!
//! Contabo answers with a status and a sentence, `{"statusCode":400,"message":"…"}`. Some sentences are recognised by
//! words in them. Of those "No offer was found for product ID …" has been seen; the others are guesses, and a sentence
//! that none of them fits is a plain refusal, and is kept.

use std::time::Duration;

use app::ports::{SeemsBlocked, VmError};
use http_call::{Answer, bounded};
use serde::Deserialize;
use serde_json::Value;
use vm_http::failure::{self, Kind, TEXT_CHARS_MAX, later};

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

/// A create that fails as fast as this was not tried: a blocked account has been seen to get its 500 within 3 ms, to which
/// comes the way there and back, and sometimes a token.
const AT_ONCE: Duration = Duration::from_millis(500);

const KINDS: &[Kind<'_>] = &[(OUT_OF_STOCK, VmError::OutOfStock), (QUOTA, VmError::Quota)];

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

/// Whether the token was not taken, by the API itself and not by a page in front of it.
pub(crate) fn is_token_rejected(answer: &Answer) -> bool {
    answer.status == 401 && answer.media_type != "text/html"
}

/// Seconds to wait, when a 429 or 503 said so; Contabo documents no such header.
pub(crate) fn retry_after(answer: &Answer) -> Option<u32> {
    matches!(answer.status, 429 | 503).then_some(answer.retry_after).flatten()
}

/// An answer that is no success.
pub(crate) fn refused(answer: &Answer) -> VmError {
    match (answer.status, sentence(answer)) {
        (401, None) if is_token_rejected(answer) => {
            VmError::Unauthorized("the token is not taken".to_owned())
        }
        (402, Some(text)) => VmError::Quota(text),
        (_, sentence) => failure::refused(answer, sentence, answer.retry_after),
    }
}

/// The same for a create, which took so long. A 5xx stays unclear however fast it came, also the one by which a blocked
/// account shows: only a look-up tells whether it made something.
pub(crate) fn refused_create(answer: &Answer, took: Duration) -> VmError {
    let sentence = sentence(answer);
    let at_once = answer.status == 500 && sentence.is_some() && took < AT_ONCE;
    match failure::of_create(refused(answer), sentence, KINDS) {
        VmError::Unclear { what, source: None } if at_once => {
            VmError::Unclear { what, source: Some(Box::new(SeemsBlocked)) }
        }
        other => other,
    }
}

/// The same for an action on a machine.
pub(crate) fn refused_action(answer: &Answer) -> VmError {
    match failure::of_action(refused(answer), PASSING) {
        VmError::Refused(text) if answer.status == 409 => later(&text),
        other => other,
    }
}

/// The same for turning a cancelled machine off: what runs can be signed in to.
pub(crate) fn refused_stop(answer: &Answer) -> VmError {
    failure::never_for_good(refused(answer))
}

#[cfg(test)]
mod tests {
    use http_call::peer::{Peer, Reply, client};

    use super::*;

    #[tokio::test]
    async fn only_a_500_of_contabos_own_that_comes_at_once_looks_like_a_blocked_account() {
        let own = |status| Reply::json(status, r#"{"statusCode":500,"message":"Internal server error"}"#);
        let fast = Duration::from_millis(40);
        for (reply, took, blocked) in [
            (own(500), fast, true),
            (own(500), AT_ONCE, false),
            (own(503), fast, false),
            (own(429), fast, false),
            (Reply::html(500), fast, false),
            (Reply::empty(500), fast, false),
        ] {
            let peer = Peer::start(vec![reply]).await;
            let answer = http_call::send(client().get(peer.url()), 999).await.unwrap();
            let error = refused_create(&answer, took);
            assert_eq!(error.seems_blocked(), blocked, "{} {took:?}", answer.outline());
        }
    }
}
