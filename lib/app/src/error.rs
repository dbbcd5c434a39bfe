//! What a use case can end in besides its answer.

use crate::deliverable::Alternative;
use crate::ports::{CryptError, GatewayError, MailError, QueueError, StoreError, VmError, WorkflowError};

/// The error of a use case. What a caller may read stands in the variants with a sentence; everything else
/// is for the log, and the edge tells the caller only that it was our fault.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Not there, or not the caller's: the same answer. HTTP 404.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A field of the request is wrong. HTTP 422.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which field, as the caller wrote it.
        field: &'static str,
        /// A sentence that the caller can act on.
        reason: String,
    },
    /// Nobody makes what is wanted where it is wanted; or nobody can now. HTTP 422.
    #[error("{field}: {reason}")]
    NotDeliverable {
        /// Which field, as the caller wrote it.
        field: &'static str,
        /// A sentence that the caller can act on.
        reason: String,
        /// Whether it is offered, and may be had again later.
        passing: bool,
        /// What can be had now instead, closest first.
        alternatives: Vec<Alternative>,
    },
    /// The idempotency key was used for another request. HTTP 422.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// What is wanted does not go with the state of things. HTTP 409.
    #[error("{0}")]
    Conflict(String),
    /// The caller may not, whatever they send: an unverified address, say. HTTP 403.
    #[error("{0}")]
    Forbidden(String),
    /// The gateway does not answer; nothing was charged. HTTP 503, retryable with the same key.
    #[error("the payment gateway does not answer")]
    Gateway(#[from] GatewayError),
    /// The provider does not answer. HTTP 503.
    #[error("the provider does not answer")]
    Provider(#[from] VmError),
    /// The store failed. HTTP 503 when it may pass, otherwise 500.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A queue failed. HTTP 503.
    #[error("a queue failed")]
    Queue(#[from] QueueError),
    /// The key service failed. HTTP 503.
    #[error("the key service failed")]
    Crypt(#[from] CryptError),
    /// A mail did not go out; it stays owed. HTTP 503.
    #[error("the mail service did not take the mail")]
    Mail(#[from] MailError),
    /// The workflow service failed. HTTP 503.
    #[error("the workflow service failed")]
    Workflow(#[from] WorkflowError),
    /// Something that cannot be, was. HTTP 500.
    #[error("internal fault: {0}")]
    Fault(String),
}

impl AppError {
    /// Whether the same call may work later.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Gateway(GatewayError::Busy { .. } | GatewayError::Unclear { .. })
            | Self::Provider(VmError::Busy { .. } | VmError::Unclear { .. } | VmError::LeftAlone { .. })
            | Self::Store(StoreError::Unavailable { .. } | StoreError::Conflict)
            | Self::Queue(_)
            | Self::Crypt(_)
            | Self::Mail(MailError::Unavailable { .. })
            | Self::Workflow(_) => true,
            Self::NotFound(_)
            | Self::Invalid { .. }
            | Self::NotDeliverable { .. }
            | Self::KeyReused
            | Self::Conflict(_)
            | Self::Forbidden(_)
            | Self::Gateway(_)
            | Self::Provider(_)
            | Self::Store(_)
            | Self::Mail(_)
            | Self::Fault(_) => false,
        }
    }
}

/// An error with everything underneath it, for one log line: `the store failed: GetItem: access denied`.
pub struct Chain<'a>(pub &'a dyn std::error::Error);

/// Causes shown at most.
const CAUSES_MAX: usize = 12;

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let causes = std::iter::successors(self.0.source(), |cause| cause.source());
        causes.take(CAUSES_MAX).try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// How often a decision is taken again after somebody else wrote first.
pub const CONFLICTS_MAX: usize = 5;

/// Takes a decision again while somebody else writes first, at most [`CONFLICTS_MAX`] times, and gives the last
/// outcome: `undisturbed!(async { read; decide; commit })`.
///
/// A macro, since the future of an async closure cannot be shown to be `Send` in general.
macro_rules! undisturbed {
    ($attempt:expr) => {{
        let mut left = $crate::error::CONFLICTS_MAX;
        loop {
            left -= 1;
            match $attempt.await {
                Err($crate::AppError::Store($crate::ports::StoreError::Conflict)) if left > 0 => {}
                other => break other,
            }
        }
    }};
}
pub(crate) use undisturbed;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_tells_every_cause_once_and_in_order() {
        let source = std::io::Error::other("access denied");
        let error = StoreError::Unavailable { what: "GetItem", source: Some(Box::new(source)) };
        let chain = Chain(&AppError::from(error)).to_string();
        assert_eq!(chain, "the store failed: the store did not answer: GetItem: access denied");
    }
}
