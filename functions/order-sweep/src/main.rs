//! The sweep: wiring.

use app::sweep::Sweep;
use lambda_kit::SystemWorld;
use queue_sqs::{QueueUrls, Queues};
use store_dynamo::Store;
use workflow_sfn::Workflow;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_runtime::Error> {
    let mut boot = lambda_kit::boot();
    let urls = QueueUrls {
        payments: boot.env.text("PAYMENT_EVENTS_QUEUE_URL"),
        mails: boot.env.text("MAIL_QUEUE_URL"),
        commands: boot.env.text("INSTANCE_COMMANDS_QUEUE_URL"),
    };
    let sweep = Sweep {
        store: Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME")),
        queue: Queues::new(aws_sdk_sqs::Client::new(&boot.aws), urls),
        workflow: Workflow::new(aws_sdk_sfn::Client::new(&boot.aws), boot.env.text("STATE_MACHINE_ARN")),
        clock: SystemWorld,
        policy: boot.env.policy(),
    };
    boot.env.finish()?;
    lambda_kit::serve_task!(sweep, order_sweep::handle)
}
