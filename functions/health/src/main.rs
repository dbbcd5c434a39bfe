//! `GET /health`: wiring.

use queue_sqs::{QueueUrls, Queues};
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let urls = QueueUrls {
        payments: boot.env.text("PAYMENT_EVENTS_QUEUE_URL"),
        mails: boot.env.text("MAIL_QUEUE_URL"),
        commands: boot.env.text("INSTANCE_COMMANDS_QUEUE_URL"),
    };
    let queues = Queues::new(aws_sdk_sqs::Client::new(&boot.aws), urls);
    boot.env.finish()?;
    lambda_kit::serve_http!(health::Deps { store, queues }, health::handle)
}
