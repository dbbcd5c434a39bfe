//! Lets the AWS SDK send through the process's one HTTP client.
//!
//! The SDK's own client would bring a second pool and TLS configuration, and would read the system's root
//! certificates at the first call: two thirds of a function's start (docs/performance.md).

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use crate::http_client::OneClient;

/// The client as the SDK wants it. Attempts and operations are timed by the SDK's own configuration.
#[derive(Debug, Clone)]
pub(crate) struct AwsHttp(pub(crate) OneClient);

/// The same for one client of the SDK.
#[derive(Debug)]
struct Timed {
    client: OneClient,
    /// The SDK client's read timeout, in place of the limit that every other call has.
    limit: Option<Duration>,
}

impl HttpClient for AwsHttp {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Timed { client: self.0.clone(), limit: settings.read_timeout() })
    }
}

impl HttpConnector for Timed {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (one_client, limit) = (self.client.clone(), self.limit);
        HttpConnectorFuture::new(async move {
            let client = one_client.get().map_err(|error| ConnectorError::user(error.into()))?;
            let mut request = converted(request)?;
            if limit.is_some() {
                *request.timeout_mut() = limit;
            }
            let answer = client.execute(request).await.map_err(kind_of)?;
            let answer = http::Response::<reqwest::Body>::from(answer).map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn converted(request: HttpRequest) -> Result<reqwest::Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let request = request.map(|body| match body.bytes() {
        Some(bytes) => reqwest::Body::from(bytes.to_vec()),
        None => reqwest::Body::wrap(body),
    });
    request.try_into().map_err(|error: reqwest::Error| ConnectorError::user(error.into()))
}

/// The SDK tries again after `timeout` and `io`, within the attempts of its configuration.
fn kind_of(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_builder() {
        ConnectorError::user(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer that takes a call and answers it after `pause`.
    async fn slow(pause: Duration) -> String {
        use tokio::io::AsyncWriteExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            tokio::time::sleep(pause).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        });
        url
    }

    #[tokio::test]
    async fn a_read_timeout_of_the_sdks_is_the_limit_of_the_call() {
        for (limit_ms, answered) in [(None, true), (Some(5_000), true), (Some(50), false)] {
            let url = slow(Duration::from_millis(300)).await;
            let timed = Timed { client: OneClient::default(), limit: limit_ms.map(Duration::from_millis) };
            let outcome = timed.call(HttpRequest::get(url).expect("a request")).await;
            assert_eq!(outcome.is_ok(), answered, "{limit_ms:?}");
            assert!(outcome.err().is_none_or(|error| error.is_timeout()), "{limit_ms:?}");
        }
    }
}
