//! What went wrong, in the port's words.
//!
//! EC2 and CloudWatch have codes, and they decide, not the HTTP status: no stock is a 500 there. An answer without a
//! code says nothing about what was done.

use std::error::Error;
use std::io::ErrorKind;

use app::ports::VmError;
use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use http_call::bounded;

/// The longest code and sentence of theirs that are kept.
const TEXT_CHARS_MAX: usize = 300;

/// Our key, or what it may do.
const UNAUTHORIZED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

/// What the account may not have, or not yet.
const QUOTA: &[&str] = &[
    "AddressLimitExceeded",
    "Blocked",
    "InstanceLimitExceeded",
    "MaxIOPSLimitExceeded",
    "PendingVerification",
    "VcpuLimitExceeded",
    "VolumeLimitExceeded",
];

/// Too many requests, or a machine in the middle of something.
const BUSY: &[&str] = &[
    "EC2ThrottledException",
    "IncorrectInstanceState",
    "IncorrectState",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
];

/// EC2 itself does not know what came of it.
const UNCLEAR: &[&str] = &["InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable"];

/// The code of a refusal; empty when there is none.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

/// A call that did not succeed. `action`: its name at AWS.
pub(crate) fn of<E>(action: &'static str, error: SdkError<E, HttpResponse>) -> VmError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    if let Some(told) = error.as_service_error().and_then(|refusal| refused(refusal, status)) {
        return told;
    }
    let (what, nothing_happened) = match &error {
        SdkError::ConstructionFailure(_) => {
            return VmError::Refused(format!("{action}: the request cannot be written"));
        }
        SdkError::TimeoutError(_) => ("the time is up".to_owned(), false),
        SdkError::DispatchFailure(failure) => {
            let source = failure.as_connector_error().and_then(Error::source);
            ("no connection, or it broke".to_owned(), failure.is_user() || never_connected(source))
        }
        _ => (format!("HTTP {} that does not read as documented", status.unwrap_or_default()), false),
    };
    // Without the response itself: its body stays out of the log.
    let source = error.into_source().ok();
    if nothing_happened {
        tracing::warn!(
            action,
            source = source.as_deref().map(tracing::field::display),
            "AWS cannot be reached"
        );
        return VmError::Busy { retry_after: None };
    }
    VmError::Unclear { what: format!("{action}: {what}"), source }
}

/// A refusal with a code; `None` when it tells nothing.
fn refused(refusal: &impl ProvideErrorMetadata, status: Option<u16>) -> Option<VmError> {
    let code = refusal.code().filter(|code| !code.is_empty())?;
    let text = bounded(&format!("{code}: {}", refusal.message().unwrap_or_default()), TEXT_CHARS_MAX);
    let is = |codes: &[&str]| codes.contains(&code);
    Some(if code == "InvalidInstanceID.NotFound" {
        VmError::NotFound
    } else if code.contains("Capacity") {
        VmError::OutOfStock(text)
    } else if is(QUOTA) {
        VmError::Quota(text)
    } else if is(UNAUTHORIZED) {
        VmError::Unauthorized(text)
    } else if is(BUSY) {
        VmError::Busy { retry_after: None }
    } else if is(UNCLEAR) || status.is_none_or(|status| !(400..500).contains(&status)) {
        VmError::Unclear { what: text, source: None }
    } else {
        VmError::Refused(text)
    })
}

/// The same for `RunInstances`: there, no answer is about a machine that exists.
pub(crate) fn of_create<E>(error: SdkError<E, HttpResponse>) -> VmError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let is_unsupported = matches!(code(&error), "Unsupported" | "InsufficientFreeAddressesInSubnet");
    match of("RunInstances", error) {
        // Not this type in this zone, or no address left in it.
        VmError::Refused(text) if is_unsupported => VmError::OutOfStock(text),
        VmError::NotFound => VmError::Refused("InvalidInstanceID.NotFound".to_owned()),
        other => other,
    }
}

/// The same for `TerminateInstances`, which is never refused for good: what is not deleted is paid for.
pub(crate) fn of_delete<E>(error: SdkError<E, HttpResponse>) -> VmError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match of("TerminateInstances", error) {
        VmError::Refused(text) => {
            tracing::warn!(text, "EC2 refuses a delete for now");
            VmError::Busy { retry_after: None }
        }
        other => other,
    }
}

/// Whether the other end has certainly seen nothing of the request.
fn never_connected(source: Option<&(dyn Error + 'static)>) -> bool {
    std::iter::successors(source, |&error| error.source()).any(|error| {
        error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect)
            || error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    })
}
