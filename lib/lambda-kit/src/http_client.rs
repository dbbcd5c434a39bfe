//! The HTTP client for gateways and providers: one per process, the same TLS stack as the SDK's.

use std::sync::Arc;
use std::time::Duration;

/// A client that could not be built: a fault of this build, not of the environment.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be built")]
pub struct ClientError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Connect 3 s, total 10 s; no redirects, since no API that we call redirects and a key must not travel. Idle
/// connections are dropped before a frozen environment would find them dead.
pub(crate) fn http_client() -> Result<reqwest::Client, ClientError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError(Box::new(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(20))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("NemoRDP/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ClientError(Box::new(error)))
}
