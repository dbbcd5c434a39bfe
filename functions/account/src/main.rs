//! `GET /auth/me`, `PUT /auth/profile`: wiring.

use aws_sdk_dynamodb::Client;
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    boot.env.finish()?;
    store.warm_up().await;
    lambda_kit::serve_http!(store, account::handle)
}
