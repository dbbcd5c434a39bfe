//! `/vps/provision`: wiring.

use app::commands::CommandDesk;
use app::providers::Providers;
use app::trading::TradingDesk;
use lambda_kit::SystemWorld;
use queue_sqs::{QueueUrls, Queues};
use store_dynamo::Store;
use workflow_sfn::Workflow;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_http::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let urls = QueueUrls { commands: boot.env.text("INSTANCE_COMMANDS_QUEUE_URL"), ..QueueUrls::default() };
    let queue = Queues::new(aws_sdk_sqs::Client::new(&boot.aws), urls);
    let workflow = Workflow::new(aws_sdk_sfn::Client::new(&boot.aws), boot.env.text("STATE_MACHINE_ARN"));
    let providers = vm_hosts::Settings::read(&mut boot.env);
    let http = boot.http_client()?;
    let (secrets, aws) = (boot.secrets(), boot.aws.clone());
    boot.env.finish()?;

    let (hosts, ()) =
        tokio::join!(providers.open(&secrets, &aws, &http, catalogue::catalogue()), store.warm_up(),);
    let trading = TradingDesk {
        providers: Providers::new(hosts?, store.clone(), SystemWorld),
        desk: CommandDesk { store, queue, world: SystemWorld },
        workflow,
        catalogue: catalogue::catalogue(),
    };
    lambda_kit::serve_http!(trading, vps_provision::handle)
}
