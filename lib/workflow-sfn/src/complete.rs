//! Telling a task that waits for its token.

use app::ports::{CompleteTask, TaskOutcome, WorkflowError};
use aws_sdk_sfn::error::ProvideErrorMetadata;

use crate::Workflow;

/// Limits of SendTaskFailure, in characters.
const ERROR_MAX: usize = 256;
const CAUSE_MAX: usize = 32_768;

/// What the service says of a task that no longer waits: told already, timed out, or its execution ended.
const NOT_WAITING: [&str; 3] = ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"];

/// Whether an error means that nobody waits any more.
fn nobody_waits(error: &impl ProvideErrorMetadata) -> bool {
    error.code().is_some_and(|code| NOT_WAITING.contains(&code))
}

fn cut(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

/// The token is a capability: it stands in no error of this crate.
impl CompleteTask for Workflow {
    async fn complete(&self, token: &str, outcome: &TaskOutcome) -> Result<(), WorkflowError> {
        match outcome {
            TaskOutcome::Success(output) => {
                match self.client.send_task_success().task_token(token).output(output).send().await {
                    Ok(_) => Ok(()),
                    Err(error) if nobody_waits(&error) => Ok(()),
                    Err(error) => Err(WorkflowError { what: "SendTaskSuccess", source: Some(error.into()) }),
                }
            }
            TaskOutcome::Failure { error, cause } => {
                let call = self.client.send_task_failure().task_token(token);
                match call.error(cut(error, ERROR_MAX)).cause(cut(cause, CAUSE_MAX)).send().await {
                    Ok(_) => Ok(()),
                    Err(error) if nobody_waits(&error) => Ok(()),
                    Err(error) => Err(WorkflowError { what: "SendTaskFailure", source: Some(error.into()) }),
                }
            }
        }
    }
}
