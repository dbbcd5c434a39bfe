//! Starting an execution and looking after it, by name.

use app::ports::{ExecutionStatus, ReadWorkflow, StartWorkflow, Started, WorkflowError};
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus as Status;
use domain::ids::OrderId;

use crate::Workflow;

/// The service takes a name once in 90 days. While the execution of that name runs, a start with the same
/// input is answered like a first one, so `Now` means that it runs, and `Already` that another start of that
/// name was the effective one. Source: Step Functions, StartExecution.
impl StartWorkflow for Workflow {
    async fn start(&self, order: OrderId, name: &str) -> Result<Started, WorkflowError> {
        let input = serde_json::json!({ "order_id": order }).to_string();
        let call =
            self.client.start_execution().state_machine_arn(&self.state_machine_arn).name(name).input(input);
        match call.send().await {
            Ok(_) => Ok(Started::Now),
            Err(error) => match error.as_service_error() {
                Some(StartExecutionError::ExecutionAlreadyExists(_)) => Ok(Started::Already),
                _ => Err(WorkflowError { what: "StartExecution", source: Some(error.into()) }),
            },
        }
    }
}

impl ReadWorkflow for Workflow {
    async fn status(&self, name: &str) -> Result<ExecutionStatus, WorkflowError> {
        let arn = execution_arn(&self.state_machine_arn, name);
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(execution) => Ok(status(execution.status())),
            Err(error) => match error.as_service_error() {
                Some(DescribeExecutionError::ExecutionDoesNotExist(_)) => Ok(ExecutionStatus::Missing),
                _ => Err(WorkflowError { what: "DescribeExecution", source: Some(error.into()) }),
            },
        }
    }
}

/// A word that we do not know counts as at work: only a known end is taken for one.
fn status(status: &Status) -> ExecutionStatus {
    match status {
        Status::Succeeded => ExecutionStatus::Succeeded,
        Status::Failed | Status::TimedOut | Status::Aborted => {
            ExecutionStatus::Dead(status.as_str().to_owned())
        }
        _ => ExecutionStatus::Running,
    }
}

/// `arn:…:execution:<state machine>:<name>`
fn execution_arn(state_machine_arn: &str, name: &str) -> String {
    format!("{}:{name}", state_machine_arn.replacen(":stateMachine:", ":execution:", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executions_arn_is_made_from_the_state_machines() {
        assert_eq!(
            execution_arn(
                "arn:aws:states:eu-west-1:000000000000:stateMachine:shop-provision-desktop",
                "ord_1-2"
            ),
            "arn:aws:states:eu-west-1:000000000000:execution:shop-provision-desktop:ord_1-2"
        );
    }

    #[test]
    fn only_a_known_end_counts_as_one() {
        for word in ["RUNNING", "PENDING_REDRIVE", "SOMETHING_NEW"] {
            assert_eq!(status(&Status::from(word)), ExecutionStatus::Running, "{word}");
        }
        for word in ["FAILED", "TIMED_OUT", "ABORTED"] {
            assert_eq!(status(&Status::from(word)), ExecutionStatus::Dead(word.to_owned()));
        }
        assert_eq!(status(&Status::Succeeded), ExecutionStatus::Succeeded);
    }
}
