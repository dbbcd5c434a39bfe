//! AWS, answering its SDKs what the input says; with no connection in between.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::scripted::{self, Answer, KEY};

/// What an answer's first byte chooses. With those after which a read asks again: nobody waits here.
const STATUSES: &[u16] = &[200, 202, 204, 400, 401, 403, 404, 429, 500, 503];
/// Pauses between attempts are shorter, time limits are longer.
const PAUSE_MAX: Duration = Duration::from_secs(4);

/// The answers that are left; of the last one there is no end.
#[derive(Debug, Clone)]
struct Scripted(Arc<Mutex<VecDeque<Answer>>>);

impl HttpClient for Scripted {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Scripted {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        HttpConnectorFuture::ready(answer.map_or_else(|| Err(ConnectorError::io("nobody".into())), response))
    }
}

fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let kind = if answer.body.starts_with(b"<!") { "text/html" } else { "text/xml" };
    let mut response =
        HttpResponse::new(answer.status.try_into().expect("a status"), SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", kind);
    Ok(response)
}

/// Pauses take no time, and no time limit is ever reached.
#[derive(Debug)]
struct Hurry;

impl AsyncSleep for Hurry {
    fn sleep(&self, duration: Duration) -> Sleep {
        if duration <= PAUSE_MAX { Sleep::new(async {}) } else { Sleep::new(std::future::pending()) }
    }
}

/// Runs a call against a script. `call` gets what an SDK's client is made of.
pub(crate) fn play<Called: Future>(script: &[u8], call: impl FnOnce(SdkConfig) -> Called) -> Called::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    }
    let answers = scripted::answers_with(STATUSES, script);
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "AKIAEXAMPLE",
            KEY,
            None,
            None,
            "fuzz",
        )))
        .http_client(Scripted(Arc::new(Mutex::new(answers.into()))))
        .sleep_impl(Hurry)
        .build();
    RUNTIME.with(|runtime| runtime.block_on(call(config)))
}

/// EC2's client with a launch key pair.
#[cfg(feature = "ec2")]
pub(crate) fn ec2(config: &SdkConfig) -> vm_ec2::Client {
    static KEY_PAIR: std::sync::LazyLock<vm_ec2::KeyPair> = std::sync::LazyLock::new(key_pair);
    let settings = vm_ec2::Settings {
        endpoint_url: None,
        access_key: None,
        key_pair: Some(KEY_PAIR.clone()),
        networks: std::collections::BTreeMap::from([("us-east-1".to_owned(), vm_ec2::Network::default())]),
        regions: vec!["us-east-1".to_owned(), "eu-west-2".to_owned()],
        sizes: std::collections::BTreeMap::from([("plan".to_owned(), 80)]),
        images: vec!["/aws/service/ubuntu".to_owned()],
    };
    vm_ec2::Client::new(config, settings)
}

/// From two primes that everybody knows: a corpus can hold passwords that decrypt.
#[cfg(feature = "ec2")]
fn key_pair() -> vm_ec2::KeyPair {
    use rsa::pkcs1::{EncodeRsaPrivateKey as _, LineEnding};
    use rsa::{BigUint, RsaPrivateKey};

    let primes = [
        "de571eaa66c164e7c85990d2e844c762939ae232588efbceb71ed78a1dc02e27",
        "c09b599b4c920845c3d42f14f98220e7e47bf871d29bbdc9f6c56700000f160b",
    ];
    let [p, q] = primes.map(|hex| BigUint::parse_bytes(hex.as_bytes(), 16).expect("a number"));
    let key = RsaPrivateKey::from_p_q(p, q, BigUint::from(65_537_u32)).expect("a key");
    let pem = key.to_pkcs1_pem(LineEnding::LF).expect("PEM").to_string();
    vm_ec2::KeyPair::parse("fuzz", &domain::secret::Secret::new(pem)).expect("a key pair")
}
