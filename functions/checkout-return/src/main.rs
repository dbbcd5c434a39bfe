//! `GET /checkout/return`: wiring.

use queue_sqs::{QueueUrls, Queues};
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let urls = QueueUrls { payments: boot.env.text("PAYMENT_EVENTS_QUEUE_URL"), ..QueueUrls::default() };
    let queue = Queues::new(aws_sdk_sqs::Client::new(&boot.aws), urls);
    let site_url = boot.env.optional("SITE_URL");
    boot.env.finish()?;
    store.warm_up().await;
    lambda_kit::serve_http!(checkout_return::Deps { store, queue, site_url }, checkout_return::handle)
}
