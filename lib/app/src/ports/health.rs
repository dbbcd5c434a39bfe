//! Whether what we depend on answers.

use std::future::Future;

use super::StoreError;

/// `dynamodb:GetItem`
pub trait CheckStore {
    /// Reads a key that is never there.
    fn check(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// `sqs:GetQueueAttributes`
pub trait CheckQueues {
    /// Each queue by its name, and whether it answers.
    fn check(&self) -> impl Future<Output = Vec<(&'static str, bool)>> + Send;
}
