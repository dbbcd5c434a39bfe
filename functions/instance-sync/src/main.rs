//! The inventory: wiring.

use app::inventory::{Bounds, Reconciler};
use app::providers::Providers;
use instance_sync::Deps;
use lambda_kit::SystemWorld;
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_runtime::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let policy = boot.env.policy();
    let stack = boot.env.text("STACK_NAME");
    let settings = vm_hosts::Settings::read(&mut boot.env);
    let http = boot.http_client()?;
    let (secrets, aws) = (boot.secrets(), boot.aws.clone());
    boot.env.finish()?;

    let catalogue = catalogue::catalogue();
    let (hosts, ()) = tokio::join!(settings.open(&secrets, &aws, &http, catalogue), store.warm_up());
    let reconciler = Reconciler {
        providers: Providers::new(hosts?, store.clone(), SystemWorld),
        store,
        world: SystemWorld,
        policy,
        bounds: Bounds::STANDARD,
        catalogue,
    };
    lambda_kit::serve_task!(Deps { reconciler, stack }, instance_sync::handle)
}
