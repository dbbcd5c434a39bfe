//! The provisioning workflow.

use std::future::Future;

use domain::ids::OrderId;

/// The outcome of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It runs now because of this call.
    Now,
    /// An execution of that name exists or existed.
    Already,
}

/// What an execution is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionStatus {
    /// At work.
    Running,
    /// Came to its end.
    Succeeded,
    /// Failed, timed out or was aborted; in the service's word.
    Dead(String),
    /// There is none of that name.
    Missing,
}

/// What a waiting task is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskOutcome {
    /// It can go on, with this JSON as its output.
    Success(String),
    /// It failed, under this error name.
    Failure {
        /// One of the names of [`crate::provision::TaskError`].
        error: String,
        /// A sentence.
        cause: String,
    },
}

/// The workflow service did not do it. Retryable.
#[derive(Debug, thiserror::Error)]
#[error("the workflow service did not answer: {what}")]
pub struct WorkflowError {
    /// Which call, for the log.
    pub what: &'static str,
    /// What was underneath.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// `states:StartExecution`
pub trait StartWorkflow {
    /// Starts the workflow of an order under a name; a second start of the same name is no second run.
    fn start(
        &self,
        order: OrderId,
        name: &str,
    ) -> impl Future<Output = Result<Started, WorkflowError>> + Send;
}

/// `states:DescribeExecution`
pub trait ReadWorkflow {
    /// What the execution of that name is doing.
    fn status(&self, name: &str) -> impl Future<Output = Result<ExecutionStatus, WorkflowError>> + Send;
}

/// `states:SendTaskSuccess`, `states:SendTaskFailure`
pub trait CompleteTask {
    /// Tells a waiting task. A task that no longer waits (done, timed out) is no error.
    fn complete(
        &self,
        token: &str,
        outcome: &TaskOutcome,
    ) -> impl Future<Output = Result<(), WorkflowError>> + Send;
}
