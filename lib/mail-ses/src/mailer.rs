//! Handing mails to SES.

use std::time::Duration;

use app::ports::{Clock, MailContent, MailError, SendMail};
use aws_sdk_ses::Client;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use aws_sdk_ses::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ses::operation::send_raw_email::SendRawEmailError;
use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::RawMessage;
use domain::customer::Email;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::message::compose;
use crate::settings::Settings;

/// One try, from connecting to the last byte of the answer.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// All tries of one send. What is still not sent then, the outbox sends later.
const SEND_TIMEOUT: Duration = Duration::from_secs(12);

/// Sends through SES.
pub struct Mailer<C> {
    client: Client,
    settings: Settings,
    clock: C,
}

impl<C> Mailer<C> {
    /// A mailer that sends as `settings` say and dates its mails by `clock`.
    pub const fn new(client: Client, settings: Settings, clock: C) -> Self {
        Self { client, settings, clock }
    }
}

impl<C: Clock + Send + Sync> SendMail for Mailer<C> {
    async fn send(&self, to: Option<&Email>, content: &MailContent) -> Result<String, MailError> {
        let broken = |source: Box<dyn std::error::Error + Send + Sync>| MailError::Unavailable {
            what: "the mail could not be rendered".to_owned(),
            source: Some(source),
        };
        let message =
            compose(&self.settings, to, content, self.clock.now()).map_err(|e| broken(Box::new(e)))?;
        let mime = message.mime(&self.settings).map_err(|e| broken(Box::new(e)))?;
        let raw = RawMessage::builder().data(Blob::new(mime)).build().map_err(|e| broken(Box::new(e)))?;
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(SEND_TIMEOUT)
            .build();

        let sent = self
            .client
            .send_raw_email()
            // The envelope is named here, so no header can add a recipient.
            .source(self.settings.from.as_str())
            .destinations(message.to.as_str())
            .raw_message(raw)
            .customize()
            .config_override(aws_sdk_ses::config::Builder::new().timeout_config(timeouts))
            .send()
            // With LOG_SIGNABLE_BODY set, the SDK logs request bodies at trace level; this one may hold a password.
            .with_subscriber(NoSubscriber::default())
            .await;
        match sent {
            Ok(answer) => Ok(answer.message_id().to_owned()),
            Err(error) => Err(judge(error)),
        }
    }
}

/// Whether trying again can help.
///
/// Refused: SES will not take this mail from this sender to this address, now or later. Unavailable: throttled
/// (`Throttling`, `Maximum sending rate exceeded`), paused, no access, timed out, or broken on the other side;
/// also every code that is not known here, since a mail that is tried too often does less harm than one lost.
///
/// Source: SES API reference, SendRawEmail and Common Errors.
fn judge(error: SdkError<SendRawEmailError>) -> MailError {
    let code = error.code().unwrap_or_default();
    let said = format!("{code}: {}", without_names(error.message().unwrap_or("no explanation")));
    match code {
        "MessageRejected"
        | "MailFromDomainNotVerified"
        | "MailFromDomainNotVerifiedException"
        | "InvalidParameterValue"
        | "ValidationError" => MailError::Refused(said),
        "" => MailError::Unavailable { what: how(&error).to_owned(), source: Some(Box::new(error)) },
        _ => MailError::Unavailable { what: said, source: Some(Box::new(error)) },
    }
}

/// The kind of failure when SES did not say a code.
const fn how(error: &SdkError<SendRawEmailError>) -> &'static str {
    match error {
        SdkError::TimeoutError(_) => "SES did not answer in time",
        SdkError::DispatchFailure(_) => "SES could not be reached",
        SdkError::ConstructionFailure(_) => "the request to SES could not be built",
        _ => "SES gave an answer that is not understood",
    }
}

/// SES quotes addresses in its explanations; the log keeps their domains only.
fn without_names(explanation: &str) -> String {
    let hide = |word: &str| match word.rsplit_once('@') {
        Some((_, domain)) => format!("…@{domain}"),
        None => word.to_owned(),
    };
    explanation.split_whitespace().take(60).map(hide).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanations_keep_no_name_of_a_person() {
        let said =
            "Email address is not verified. The following identities failed the check: ada@example.com";
        assert_eq!(
            without_names(said),
            "Email address is not verified. The following identities failed the check: …@example.com"
        );
    }
}
