//! `POST /instances/{id}/{action}`, `DELETE /instances/{id}`: wiring.

use app::commands::CommandDesk;
use lambda_kit::SystemWorld;
use queue_sqs::{QueueUrls, Queues};
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let urls = QueueUrls { commands: boot.env.text("INSTANCE_COMMANDS_QUEUE_URL"), ..QueueUrls::default() };
    let queue = Queues::new(aws_sdk_sqs::Client::new(&boot.aws), urls);
    boot.env.finish()?;
    store.warm_up().await;
    lambda_kit::serve_http!(CommandDesk { store, queue, world: SystemWorld }, instance_action::handle)
}
