//! The HTTP client of the process: one pool and one TLS configuration for AWS, gateways and providers.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A client that could not be built: a fault of this build, not of the environment.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the HTTP client could not be built")]
pub struct ClientError(#[source] Arc<dyn std::error::Error + Send + Sync>);

/// The client, built when it is first asked for: a function that calls nobody does not pay for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct OneClient(Arc<OnceLock<Result<reqwest::Client, ClientError>>>);

impl OneClient {
    /// # Errors
    /// `ClientError` when this build has no usable TLS.
    pub(crate) fn get(&self) -> Result<reqwest::Client, ClientError> {
        self.0.get_or_init(build).clone()
    }
}

/// Connect 3 s, total 10 s; no redirects, since no API that we call redirects and a key must not travel; no proxy,
/// since only settings say where calls go. Idle connections are dropped before a frozen environment would find
/// them dead.
fn build() -> Result<reqwest::Client, ClientError> {
    // Mozilla's roots, compiled in: reading and parsing the system's takes longer than all the rest of a start
    // (docs/performance.md).
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError(Arc::new(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(Duration::from_secs(3))
        .timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(20))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("NemoRDP/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ClientError(Arc::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_refused() {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key)
            })
            .expect("a server");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://localhost:{}/", listener.local_addr().expect("an address").port());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a connection");
            drop(tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await);
        });
        let client = OneClient::default().get().expect("a client");
        let error = client.get(url).send().await.expect_err("is refused");
        assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
    }
}
