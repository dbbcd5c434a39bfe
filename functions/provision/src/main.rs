//! The provisioning workflow's tasks: wiring.

use app::first_boot::CallHome;
use app::providers::Providers;
use app::provision::Provisioning;
use crypt_kms::CredentialsKey;
use lambda_kit::SystemWorld;
use queue_sqs::{QueueUrls, Queues};
use rdp::{Limits, Prober};
use store_dynamo::Store;
use workflow_sfn::Workflow;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_runtime::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let key_id = boot.env.text("CREDENTIALS_KEY_ID");
    let urls = QueueUrls { mails: boot.env.text("MAIL_QUEUE_URL"), ..QueueUrls::default() };
    let state_machine = boot.env.text("STATE_MACHINE_ARN");
    let policy = boot.env.policy();
    let api_url = boot.env.text("PUBLIC_API_URL");
    let paystack_url = boot.env.text("PAYSTACK_API_URL");
    let paystack_secret = boot.env.text("PAYSTACK_SECRET_NAME");
    let first_boot_secret = boot.env.text("FIRST_BOOT_SECRET_NAME");
    let providers = vm_hosts::Settings::read(&mut boot.env);
    let http = boot.http_client()?;
    let (secrets, aws) = (boot.secrets(), boot.aws.clone());
    boot.env.finish()?;

    let (paystack, hosts, first_boot, ()) = tokio::join!(
        lambda_kit::PaystackKeys::read(&secrets, &paystack_secret),
        providers.open(&secrets, &aws, &http, catalogue::catalogue()),
        lambda_kit::first_boot_key(&secrets, &first_boot_secret),
        store.warm_up(),
    );
    let provisioning = Provisioning {
        providers: Providers::new(hosts?, store.clone(), SystemWorld),
        store,
        gateway: pay_paystack::Client::new(http, &paystack_url, paystack?.current()),
        keys: CredentialsKey::new(aws_sdk_kms::Client::new(&aws), key_id),
        queue: Queues::new(aws_sdk_sqs::Client::new(&aws), urls),
        tasks: Workflow::new(aws_sdk_sfn::Client::new(&aws), state_machine),
        probe: Prober::new(Limits::default())?,
        world: SystemWorld,
        call_home: CallHome::new(first_boot?, &api_url)?,
        catalogue: catalogue::catalogue(),
        policy,
    };
    lambda_kit::serve_task!(provisioning, provision::handle)
}
