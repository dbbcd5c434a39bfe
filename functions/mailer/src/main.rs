//! The mailer: wiring.

use app::mails::Mailer;
use crypt_kms::CredentialsKey;
use domain::customer::Email;
use lambda_kit::SystemWorld;
use store_dynamo::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_kit::lambda_runtime::Error> {
    let mut boot = lambda_kit::boot();
    let store = Store::new(aws_sdk_dynamodb::Client::new(&boot.aws), boot.env.text("TABLE_NAME"));
    let keys = CredentialsKey::new(aws_sdk_kms::Client::new(&boot.aws), boot.env.text("CREDENTIALS_KEY_ID"));
    let (from, operator) = (boot.env.text("MAIL_FROM"), boot.env.text("OPERATOR_EMAIL"));
    let site_url = boot.env.optional("SITE_URL");
    let brand = boot.env.optional("BRAND").unwrap_or_else(|| "NemoRDP".to_owned());
    let ses = aws_sdk_ses::Client::new(&boot.aws);
    boot.env.finish()?;
    store.warm_up().await;
    let settings = mail_ses::Settings {
        from: Email::parse(&from)?,
        operator: Email::parse(&operator)?,
        brand,
        site_url,
    };
    let mailer = Mailer {
        store,
        keys,
        mail: mail_ses::Mailer::new(ses, settings, SystemWorld),
        clock: SystemWorld,
        catalogue: catalogue::catalogue(),
    };
    lambda_kit::serve_task!(mailer, mailer::handle)
}
