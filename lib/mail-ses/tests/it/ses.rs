//! The request to SES, its answers, and what the log sees of it.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::ports::{Clock, MailError, SendMail};
use aws_sdk_ses::Client;
use aws_sdk_ses::config::retry::RetryConfig;
use aws_sdk_ses::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use domain::Timestamp;
use domain::catalogue::Os;
use mail_ses::Mailer;

use crate::samples;

/// Answers every request alike, and keeps what it was asked.
#[derive(Debug, Clone)]
struct Ses {
    status: u16,
    body: String,
    silent: bool,
    asked: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for Ses {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default().to_vec();
        self.asked.lock().unwrap().push(String::from_utf8(body).unwrap());
        let answer = self.clone();
        HttpConnectorFuture::new(async move {
            if answer.silent {
                std::future::pending::<()>().await;
            }
            Ok(HttpResponse::new(StatusCode::try_from(answer.status).unwrap(), SdkBody::from(answer.body)))
        })
    }
}

impl HttpClient for Ses {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl Ses {
    fn answering(status: u16, body: &str) -> Self {
        Self { status, body: body.to_owned(), silent: false, asked: Arc::default() }
    }

    fn accepting() -> Self {
        let body = "<SendRawEmailResponse><SendRawEmailResult><MessageId>0100-ab</MessageId></SendRawEmailResult></SendRawEmailResponse>";
        Self::answering(200, body)
    }

    fn refusing(status: u16, code: &str, message: &str) -> Self {
        let kind = if status < 500 { "Sender" } else { "Receiver" };
        let error = format!("<Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message>");
        Self::answering(status, &format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
    }

    fn mailer(&self) -> Mailer<Fixed> {
        let config = aws_sdk_ses::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build();
        Mailer::new(Client::from_conf(config), samples::settings(samples::SITE), Fixed)
    }

    async fn send_ready(&self) -> Result<String, MailError> {
        self.mailer().send(Some(&samples::customer()), &samples::ready(Os::Windows)).await
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        samples::now()
    }
}

#[tokio::test]
async fn a_mail_goes_out_with_its_envelope_and_answers_the_message_id() {
    let ses = Ses::accepting();
    assert_eq!(ses.send_ready().await.unwrap(), "0100-ab");
    let asked = ses.asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].contains("Action=SendRawEmail"));
    assert!(asked[0].contains("Source=desk%40nemordp.example"));
    assert!(asked[0].contains("Destinations.member.1=ada%40example.com"));
    assert!(asked[0].contains("RawMessage.Data="));
}

#[tokio::test]
async fn what_can_never_be_sent_is_refused() {
    for code in ["MessageRejected", "MailFromDomainNotVerifiedException", "InvalidParameterValue"] {
        let ses = Ses::refusing(400, code, "not verified: ada@example.com");
        let Err(MailError::Refused(said)) = ses.send_ready().await else { panic!("{code} is final") };
        assert_eq!(said, format!("{code}: not verified: …@example.com"));
    }
}

#[tokio::test]
async fn what_may_pass_is_unavailable() {
    for (status, code) in [
        (400, "Throttling"),
        (400, "AccountSendingPausedException"),
        (403, "AccessDenied"),
        (500, "InternalFailure"),
        (503, "ServiceUnavailable"),
        (418, "SomethingNew"),
    ] {
        let result = Ses::refusing(status, code, "later").send_ready().await;
        let Err(MailError::Unavailable { what, .. }) = result else { panic!("{code} may pass") };
        assert_eq!(what, format!("{code}: later"));
    }
    for garbage in [Ses::answering(502, "<html>Bad Gateway</html>"), Ses::answering(200, "not xml")] {
        assert!(matches!(garbage.send_ready().await, Err(MailError::Unavailable { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn an_ses_that_never_answers_is_given_up_in_time() {
    let ses = Ses { silent: true, ..Ses::accepting() };
    let began = tokio::time::Instant::now();
    let Err(MailError::Unavailable { what, .. }) = ses.send_ready().await else { panic!("it may pass") };
    assert_eq!(what, "SES did not answer in time");
    assert!(began.elapsed() <= Duration::from_secs(12), "{:?}", began.elapsed());
}

/// A log that keeps everything.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_mail_is_in_no_log_even_at_trace_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let ses = Ses::accepting();
    {
        let _here = tracing::subscriber::set_default(subscriber);
        tracing::info!("the log is on");
        ses.send_ready().await.unwrap();
        Ses::refusing(500, "InternalFailure", "x").send_ready().await.unwrap_err();
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("the log is on"));
    // The request's own encoding of the mail is the needle: a body in the log would contain it.
    let asked = ses.asked.lock().unwrap();
    let (_, data) = asked[0].split_once("RawMessage.Data=").unwrap();
    assert!(!text.contains(&data[..40]), "the request body was logged");
    assert!(!text.contains(samples::PASSWORD));
    // Today the SDK itself writes the body only when LOG_SIGNABLE_BODY is set; its log of this call is cut off whole.
    assert!(!text.contains("SendRawEmail"), "{text}");
}
