//! `GET /orders`, `GET /orders/{id}`: wiring.

use app::views::Orders;
use aws_sdk_dynamodb::Client;
use lambda_kit::SystemWorld;
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    boot.env.finish()?;
    store.warm_up().await;
    let orders = Orders { store, catalogue: catalogue::catalogue() };
    lambda_kit::serve_http!(orders::Deps { orders, clock: SystemWorld }, orders::handle)
}
