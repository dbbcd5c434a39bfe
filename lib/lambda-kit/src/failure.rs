//! Errors of functions that no HTTP caller waits for: a fixed name for `Retry` and `Catch`, a sentence, and no
//! more, because both stand in execution histories.

use app::provision::TaskError;
use app::{AppError, Chain};
use lambda_runtime::Diagnostic;

/// An error with its fixed name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFailure {
    name: &'static str,
    sentence: String,
}

impl From<TaskError> for TaskFailure {
    fn from(error: TaskError) -> Self {
        tracing::warn!(name = error.name(), error = %Chain(&error), "task failed");
        Self { name: error.name(), sentence: error.to_string() }
    }
}

impl From<AppError> for TaskFailure {
    fn from(error: AppError) -> Self {
        let name = if error.retryable() { "Nemo.TryAgain" } else { "Nemo.Internal" };
        tracing::error!(name, error = %Chain(&error), "task failed");
        Self { name, sentence: error.to_string() }
    }
}

impl From<TaskFailure> for Diagnostic {
    fn from(failure: TaskFailure) -> Self {
        Self { error_type: failure.name.to_owned(), error_message: failure.sentence }
    }
}
