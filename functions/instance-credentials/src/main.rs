//! `GET /instances/{id}/credentials`: wiring.

use app::credentials::Credentials;
use crypt_kms::CredentialsKey;
use lambda_kit::SystemWorld;
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let keys = CredentialsKey::new(aws_sdk_kms::Client::new(&boot.aws), boot.env.text("CREDENTIALS_KEY_ID"));
    boot.env.finish()?;
    store.warm_up().await;
    let credentials = Credentials { store, keys, world: SystemWorld };
    lambda_kit::serve_http!(credentials, instance_credentials::handle)
}
