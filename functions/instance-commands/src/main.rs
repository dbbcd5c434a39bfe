//! The command queue's worker: wiring.

use app::commands::Commands;
use app::first_boot::CallHome;
use app::providers::Providers;
use crypt_kms::CredentialsKey;
use lambda_kit::SystemWorld;
use queue_sqs::{QueueUrls, Queues};
use rdp::{Limits, Prober};
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_runtime::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let key_id = boot.env.text("CREDENTIALS_KEY_ID");
    let urls = QueueUrls { mails: boot.env.text("MAIL_QUEUE_URL"), ..QueueUrls::default() };
    let policy = boot.env.policy();
    let api_url = boot.env.text("PUBLIC_API_URL");
    let first_boot_secret = boot.env.text("FIRST_BOOT_SECRET_NAME");
    let providers = vm_hosts::Settings::read(&mut boot.env);
    let http = boot.http_client()?;
    let (secrets, aws) = (boot.secrets(), boot.aws.clone());
    boot.env.finish()?;

    let (hosts, first_boot, ()) = tokio::join!(
        providers.open(&secrets, &aws, &http, catalogue::catalogue()),
        lambda_kit::first_boot_key(&secrets, &first_boot_secret),
        store.warm_up(),
    );
    let commands = Commands {
        providers: Providers::new(hosts?, store.clone(), SystemWorld),
        store,
        keys: CredentialsKey::new(aws_sdk_kms::Client::new(&aws), key_id),
        queue: Queues::new(aws_sdk_sqs::Client::new(&aws), urls),
        probe: Prober::new(Limits::default())?,
        world: SystemWorld,
        call_home: CallHome::new(first_boot?, &api_url)?,
        policy,
    };
    lambda_kit::serve_task!(commands, instance_commands::handle)
}
