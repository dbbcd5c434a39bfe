//! The provisioning workflow as a Step Functions Standard state machine.

mod complete;
mod execution;

use aws_sdk_sfn::Client;

/// The state machine that provisions desktops. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Workflow {
    client: Client,
    state_machine_arn: String,
}

impl Workflow {
    /// A workflow over a ready client, which brings its timeouts and retries, and the state machine's ARN
    /// (`arn:…:states:<region>:<account>:stateMachine:<name>`).
    pub const fn new(client: Client, state_machine_arn: String) -> Self {
        Self { client, state_machine_arn }
    }
}
