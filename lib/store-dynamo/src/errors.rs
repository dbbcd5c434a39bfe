//! What DynamoDB says instead of an answer, as the ports' errors.

use app::ports::StoreError;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

/// Codes of a request that a condition or another transaction stopped.
const CONFLICTS: [&str; 2] = ["ConditionalCheckFailedException", "TransactionConflictException"];
/// Codes, sent with status 400, of a request that may work later as it stands.
const PASSING: [&str; 7] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
    "LimitExceededException",
    "ExpiredTokenException",
    "RequestExpired",
];

/// The error of `call` as the store's.
///
/// A refused condition is `Conflict`. What may pass (no answer, throttled, 5xx) is `Unavailable` with its
/// source; what would be refused again is `Invalid`.
pub(crate) fn store_error<E>(call: &'static str, error: SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.code().unwrap_or_default();
    if CONFLICTS.contains(&code) {
        return StoreError::Conflict;
    }
    let refused = match &error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            status < 500 && status != 429 && !PASSING.contains(&code)
        }
        SdkError::ConstructionFailure(_) => true,
        _ => false,
    };
    if refused {
        StoreError::Invalid { what: format!("{call}: {}", DisplayErrorContext(&error)) }
    } else {
        StoreError::Unavailable { what: call, source: Some(Box::new(error)) }
    }
}

/// The error of a transaction: a cancelled one says for each of its writes what became of it.
pub(crate) fn transaction_error(error: SdkError<TransactWriteItemsError, HttpResponse>) -> StoreError {
    const CALL: &str = "TransactWriteItems";
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
    else {
        return store_error(CALL, error);
    };
    let reasons = cancelled.cancellation_reasons().iter();
    let codes: Vec<&str> = reasons.map(|reason| reason.code().unwrap_or_default()).collect();
    if codes.iter().any(|code| matches!(*code, "ConditionalCheckFailed" | "TransactionConflict")) {
        return StoreError::Conflict;
    }
    if codes.iter().any(|code| matches!(*code, "ValidationError" | "ItemCollectionSizeLimitExceeded")) {
        return StoreError::Invalid { what: format!("{CALL}: {}", DisplayErrorContext(&error)) };
    }
    StoreError::Unavailable { what: CALL, source: Some(Box::new(error)) }
}
