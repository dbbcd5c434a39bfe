//! `POST /first-boot/{instance}/{token}`: wiring.

use app::first_boot::{CallHome, FirstBoots};
use lambda_kit::SystemWorld;
use store_dynamo::Store;
use workflow_sfn::Workflow;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let tasks = Workflow::new(aws_sdk_sfn::Client::new(&boot.aws), boot.env.text("STATE_MACHINE_ARN"));
    let secret_name = boot.env.text("FIRST_BOOT_SECRET_NAME");
    let secrets = boot.secrets();
    boot.env.finish()?;
    let (key, ()) = tokio::join!(lambda_kit::first_boot_key(&secrets, &secret_name), store.warm_up());
    let call_home = CallHome::checking(key?)?;
    let first_boots = FirstBoots { store, tasks, clock: SystemWorld, call_home };
    lambda_kit::serve_http!(first_boots, first_boot::handle)
}
