//! What went wrong, in the port's words.

use app::ports::GatewayError;
use http_call::{Answer, NoAnswer, bounded};

use crate::wire::Refusal;

/// The longest sentence of theirs that is kept.
const TEXT_CHARS_MAX: usize = 300;

/// What the call named, which decides what "not found" is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// A reference that may be unknown there.
    Reference,
    /// Nothing of theirs.
    Nothing,
}

/// A call without an answer.
pub(crate) fn no_answer(why: NoAnswer) -> GatewayError {
    if why.nothing_happened() {
        tracing::warn!(error = &why as &dyn std::error::Error, "the gateway cannot be reached");
        return GatewayError::Busy { retry_after: None };
    }
    GatewayError::Unclear { what: why.to_string(), source: Some(Box::new(why)) }
}

/// An answer that is no success: by its HTTP status, or by its envelope.
///
/// A page of a proxy in place of JSON says nothing about what the gateway did, whatever its status.
pub(crate) fn refused(answer: &Answer, names: Names) -> GatewayError {
    match answer.status {
        429 => return GatewayError::Busy { retry_after: answer.retry_after },
        401 => return GatewayError::Unauthorized,
        408 => return unclear(answer),
        200..=299 | 400..=499 => {}
        _ => return unclear(answer),
    }
    let Ok(refusal) = answer.json::<Refusal>() else { return unclear(answer) };
    if refusal.status {
        return unclear(answer);
    }
    let code = refusal.code.unwrap_or_default();
    let message = refusal.message.unwrap_or_default();
    let said = message.to_ascii_lowercase();
    if code == "duplicate_reference" || said.contains("duplicate transaction reference") {
        return GatewayError::DuplicateReference;
    }
    if said.contains("invalid key") {
        return GatewayError::Unauthorized;
    }
    let unknown = answer.status == 404 || code.ends_with("not_found") || said.contains("not found");
    if names == Names::Reference && unknown {
        return GatewayError::NotFound;
    }
    let text = if message.is_empty() { format!("HTTP {} {code}", answer.status) } else { message };
    GatewayError::Refused(bounded(&text, TEXT_CHARS_MAX))
}

/// An answer that cannot be made sense of.
pub(crate) fn unclear(answer: &Answer) -> GatewayError {
    GatewayError::Unclear { what: answer.outline(), source: None }
}

/// A success without something that has to be in it.
pub(crate) fn lacking(what: &str) -> GatewayError {
    GatewayError::Unclear { what: format!("a success without a usable {what}"), source: None }
}
