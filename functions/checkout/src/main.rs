//! `POST /checkout`: wiring.

use app::checkout::Checkout;
use app::deliverable::Deliverable;
use aws_sdk_dynamodb::Client;
use lambda_kit::SystemWorld;
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let policy = boot.env.policy();
    let deliverable = Deliverable::new(boot.env.providers());
    let public_url = boot.env.optional("PUBLIC_API_URL");
    let site_url = boot.env.optional("SITE_URL");
    let base_url = boot.env.text("PAYSTACK_API_URL");
    let secret_name = boot.env.text("PAYSTACK_SECRET_NAME");
    let http = boot.http_client()?;
    let secrets = boot.secrets();
    boot.env.finish()?;
    let (keys, ()) = tokio::join!(lambda_kit::PaystackKeys::read(&secrets, &secret_name), store.warm_up());
    let checkout = Checkout {
        gateway: pay_paystack::Client::new(http, &base_url, keys?.current()),
        store,
        world: SystemWorld,
        catalogue: catalogue::catalogue(),
        deliverable,
        policy,
    };
    lambda_kit::serve_http!(checkout::Deps { checkout, public_url, site_url }, checkout::handle)
}
