//! `GET /plans`: wiring.

use app::deliverable::Deliverable;
use lambda_kit::SystemWorld;
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let deliverable = Deliverable::new(boot.env.providers());
    boot.env.finish()?;
    store.warm_up().await;
    let catalogue = catalogue::catalogue();
    lambda_kit::serve_http!(plans::Deps { store, clock: SystemWorld, catalogue, deliverable }, plans::handle)
}
