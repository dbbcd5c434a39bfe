//! Payment events: wiring.

use app::refunds::Refunds;
use app::settle::Settlement;
use lambda_kit::SystemWorld;
use queue_sqs::{QueueUrls, Queues};
use store_dynamo::Store;
use workflow_sfn::Workflow;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_runtime::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let urls = QueueUrls { mails: boot.env.text("MAIL_QUEUE_URL"), ..QueueUrls::default() };
    let queue = Queues::new(aws_sdk_sqs::Client::new(&boot.aws), urls);
    let workflow = Workflow::new(aws_sdk_sfn::Client::new(&boot.aws), boot.env.text("STATE_MACHINE_ARN"));
    let policy = boot.env.policy();
    let base_url = boot.env.text("PAYSTACK_API_URL");
    let secret_name = boot.env.text("PAYSTACK_SECRET_NAME");
    let http = boot.http_client()?;
    let secrets = boot.secrets();
    boot.env.finish()?;
    let (keys, ()) = tokio::join!(lambda_kit::PaystackKeys::read(&secrets, &secret_name), store.warm_up());
    let gateway = pay_paystack::Client::new(http, &base_url, keys?.current());
    let deps = payment_events::Deps {
        refunds: Refunds {
            store: store.clone(),
            gateway: gateway.clone(),
            queue: queue.clone(),
            clock: SystemWorld,
        },
        settlement: Settlement { store, gateway, queue, workflow, clock: SystemWorld, policy },
    };
    lambda_kit::serve_task!(deps, payment_events::handle)
}
