//! Lets the AWS SDK send through the process's one HTTP client.
//!
//! The SDK's own client would bring a second pool and TLS configuration, and would read the system's root
//! certificates at the first call: two thirds of a function's start (docs/performance.md).

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

impl HttpClient for AwsHttp {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for AwsHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let one_client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let client = one_client.get().map_err(|error| ConnectorError::user(error.into()))?;
            let answer = client.execute(converted(request)?).await.map_err(kind_of)?;
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
