//! `POST /webhooks/paystack`: wiring.

use lambda_kit::SystemWorld;
use queue_sqs::{QueueUrls, Queues};
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let urls = QueueUrls { payments: boot.env.text("PAYMENT_EVENTS_QUEUE_URL"), ..QueueUrls::default() };
    let queue = Queues::new(aws_sdk_sqs::Client::new(&boot.aws), urls);
    let secret_name = boot.env.text("PAYSTACK_SECRET_NAME");
    let secrets = boot.secrets();
    boot.env.finish()?;
    let (keys, ()) = tokio::join!(lambda_kit::PaystackKeys::read(&secrets, &secret_name), store.warm_up());
    let deps = webhook_paystack::Deps { store, queue, clock: SystemWorld, keys: keys?.all() };
    lambda_kit::serve_http!(deps, webhook_paystack::handle)
}
