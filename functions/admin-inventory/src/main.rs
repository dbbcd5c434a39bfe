//! `GET /admin/inventory`: wiring.

use aws_sdk_dynamodb::Client;
use lambda_kit::SystemWorld;
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    boot.env.finish()?;
    store.warm_up().await;
    lambda_kit::serve_http!(admin_inventory::Deps { store, clock: SystemWorld }, admin_inventory::handle)
}
