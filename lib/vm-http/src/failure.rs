//! What went wrong, in the port's words, as far as every provider says it alike.
//!
//! Most have no codes: a refusal is an HTTP status and a sentence, and what the sentence is about shows in its words. A
//! sentence that no word fits is a plain refusal, and is kept.

use app::ports::{Deleted, VmError};
use http_call::{Answer, NoAnswer};

use crate::is_done;

/// The longest sentence of theirs that is kept, in characters.
pub const TEXT_CHARS_MAX: usize = 300;

/// A call without an answer.
pub fn no_answer(why: NoAnswer) -> VmError {
    if why.nothing_happened() {
        tracing::warn!(error = &why as &dyn std::error::Error, "the provider cannot be reached");
        return VmError::Busy { retry_after: None };
    }
    VmError::Unclear { what: why.to_string(), source: Some(Box::new(why)) }
}

/// An answer that cannot be made sense of.
pub fn unclear(answer: &Answer) -> VmError {
    VmError::Unclear { what: answer.outline(), source: None }
}

/// An answer that is no success, by its status.
///
/// `sentence`: the provider's own. Without one nothing is a refusal: a proxy's page says nothing about what was done.
/// `retry_after`: seconds that a 429 asks for.
pub fn refused(answer: &Answer, sentence: Option<String>, retry_after: Option<u32>) -> VmError {
    match (answer.status, sentence) {
        (429, _) => VmError::Busy { retry_after },
        (408, _) => unclear(answer),
        (401 | 403, Some(text)) => VmError::Unauthorized(text),
        (404, Some(_)) => VmError::NotFound,
        (400..500, Some(text)) => VmError::Refused(text),
        _ => unclear(answer),
    }
}

/// A kind of refusal: words, and what a sentence means that has one of them.
pub type Kind<'a> = (&'a [&'a str], fn(String) -> VmError);

/// The same for a create: there, no answer is about a machine that exists. The first kind that fits counts.
pub fn of_create(refused: VmError, sentence: Option<String>, kinds: &[Kind<'_>]) -> VmError {
    let text = match refused {
        VmError::Refused(text) => text,
        VmError::NotFound => sentence.unwrap_or_default(),
        other => return other,
    };
    let kind = kinds.iter().find(|(words, _)| says(&text, words));
    kind.map_or(VmError::Refused as fn(String) -> VmError, |(_, refusal)| *refusal)(text)
}

/// The same for an action on a machine: what has one of the words `passing` may pass later, and is no refusal for good.
pub fn of_action(refused: VmError, passing: &[&str]) -> VmError {
    match refused {
        VmError::Refused(text) if says(&text, passing) => later(&text),
        other => other,
    }
}

/// The same for what must succeed in the end: it is never refused for good.
pub fn never_for_good(refused: VmError) -> VmError {
    match refused {
        VmError::Refused(text) => later(&text),
        other => other,
    }
}

/// What an immediate delete came to, which is never refused for good: what is not deleted is paid for. What was gone
/// already is deleted.
///
/// # Errors
/// What `refused` says of the answer, as [`never_for_good`].
pub fn deleted(answer: &Answer, refused: fn(&Answer) -> VmError) -> Result<Deleted, VmError> {
    if is_done(answer) {
        return Ok(Deleted::Gone);
    }
    match never_for_good(refused(answer)) {
        VmError::NotFound => Ok(Deleted::Gone),
        error => Err(error),
    }
}

/// A failure before anything was asked of the machine itself: whatever it was, no machine was made or changed.
pub fn before_acting(error: VmError) -> VmError {
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

/// A look-up that failed after a create whose name is taken: a machine is there, so that nothing which means "nothing
/// was done" is true any more.
pub fn of_taken(error: VmError) -> VmError {
    match error {
        unclear @ VmError::Unclear { .. } => unclear,
        error => VmError::Unclear {
            what: "a name that is taken by a machine which cannot be looked at".to_owned(),
            source: Some(Box::new(error)),
        },
    }
}

/// What may pass later.
pub fn later(text: &str) -> VmError {
    tracing::warn!(text, "the provider refuses for now");
    VmError::Busy { retry_after: None }
}

/// Whether a sentence has one of the words, which are in lower case.
pub fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_call::peer::{Peer, Reply, client};

    fn refused_as(answer: &Answer, sentence: Option<&str>) -> VmError {
        super::refused(answer, sentence.map(str::to_owned), Some(7))
    }

    fn refused(text: &str) -> VmError {
        VmError::Refused(text.to_owned())
    }

    #[tokio::test]
    async fn a_status_counts_only_with_the_providers_own_sentence() {
        for (status, with, without) in [
            (400, "refuses: no", "HTTP 400"),
            (401, "refuses our key (is the caller's address on its list?): no", "HTTP 401"),
            (403, "refuses our key (is the caller's address on its list?): no", "HTTP 403"),
            (404, "no such machine", "HTTP 404"),
            (408, "HTTP 408", "HTTP 408"),
            (422, "refuses: no", "HTTP 422"),
            (429, "busy", "busy"),
            (500, "HTTP 500", "HTTP 500"),
            (302, "HTTP 302", "HTTP 302"),
        ] {
            let peer = Peer::start(vec![Reply::empty(status)]).await;
            let answer = http_call::send(client().get(peer.url()), 9).await.unwrap();
            let told = |sentence: Option<&str>| {
                refused_as(&answer, sentence).to_string().replace(", no media type, 0 bytes", "")
            };
            assert!(told(Some("no")).ends_with(with), "{status}: {}", told(Some("no")));
            assert!(told(None).ends_with(without), "{status}: {}", told(None));
        }
    }

    #[test]
    fn the_first_kind_that_fits_counts_at_a_create() {
        let kinds: [Kind<'_>; 2] = [(&["limit"], VmError::Quota), (&["not available"], VmError::OutOfStock)];
        for (error, sentence, told) in [
            (
                refused("A Limit that is not available"),
                None,
                "limit for our account: A Limit that is not available",
            ),
            (refused("this is not available"), None, "out of stock: this is not available"),
            (refused("nonsense"), None, "refuses: nonsense"),
            (VmError::NotFound, Some("the size is not available"), "out of stock: the size is not available"),
            (VmError::NotFound, None, "refuses: "),
            (VmError::Busy { retry_after: Some(3) }, Some("limit"), "busy"),
        ] {
            let error = of_create(error, sentence.map(str::to_owned), &kinds);
            assert!(error.to_string().ends_with(told), "{error}");
        }
    }

    #[test]
    fn what_may_pass_later_is_busy() {
        let passing = |error| of_action(error, &["locked"]);
        assert!(matches!(passing(refused("It is LOCKED")), VmError::Busy { retry_after: None }));
        assert!(matches!(passing(refused("no")), VmError::Refused(_)));
        assert!(matches!(passing(VmError::NotFound), VmError::NotFound));
        assert!(matches!(never_for_good(refused("no")), VmError::Busy { retry_after: None }));
        assert!(matches!(never_for_good(VmError::NotFound), VmError::NotFound));
    }

    #[test]
    fn a_preparation_that_failed_has_changed_no_machine() {
        let unclear = || VmError::Unclear { what: "x".to_owned(), source: None };
        assert!(matches!(before_acting(unclear()), VmError::Busy { .. }));
        assert!(matches!(before_acting(VmError::NotFound), VmError::Busy { .. }));
        assert!(matches!(before_acting(refused("no")), VmError::Refused(_)));
    }

    #[test]
    fn a_taken_name_that_cannot_be_looked_at_is_unclear_whatever_went_wrong() {
        for error in [
            refused("no"),
            VmError::NotFound,
            VmError::Unauthorized("no".to_owned()),
            VmError::Busy { retry_after: Some(60) },
            VmError::Unclear { what: "HTTP 500".to_owned(), source: None },
        ] {
            let told = error.to_string();
            let unclear = of_taken(error);
            assert!(matches!(unclear, VmError::Unclear { .. }), "{told}");
        }
    }
}
