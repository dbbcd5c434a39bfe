//! The little of RDP that the sandbox itself speaks.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Os;

/// Where every machine serves.
pub(super) const RDP_PORT: u16 = 3389;

/// X.224 Connection Request offering TLS, CredSSP and CredSSP EX. Source: MS-RDPBCGR 2.2.1.1.
pub(super) const REQUEST: [u8; 19] = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0x0b, 0, 0, 0];

const LIMIT: Duration = Duration::from_secs(10);

/// X.224 Connection Confirm: Windows selects CredSSP, xrdp TLS. Source: MS-RDPBCGR 2.2.1.2.
pub(super) const fn confirm(os: Os) -> [u8; 19] {
    let (flags, protocol) = match os {
        Os::Windows => (0x1f, 2),
        Os::Linux => (0x01, 1),
    };
    [3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, flags, 8, 0, protocol, 0, 0, 0]
}

/// The certificate in DER form that a machine really serves.
///
/// # Errors
/// It does not serve, or negotiates something else than its operating system would.
pub(super) async fn served_certificate(address: Ipv4Addr, os: Os) -> anyhow::Result<Vec<u8>> {
    let exchange = async {
        let mut tcp = TcpStream::connect(SocketAddr::from((address, RDP_PORT))).await?;
        tcp.write_all(&REQUEST).await?;
        let mut answer = [0; 19];
        tcp.read_exact(&mut answer).await?;
        let (want, got) = (confirm(os)[15], answer[15]);
        ensure!(answer[11] == 2 && got == want, "negotiated {got}, not {want}");
        let tls =
            TlsConnector::from(client_config()?).connect(ServerName::try_from("rdp.invalid")?, tcp).await?;
        let (_, session) = tls.get_ref();
        let certificate =
            session.peer_certificates().and_then(|chain| chain.first()).context("no certificate")?;
        Ok(certificate.to_vec())
    };
    timeout(LIMIT, exchange).await.context("no answer in time")?
}

fn client_config() -> anyhow::Result<Arc<ClientConfig>> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(SelfSigned(provider)))
        .with_no_client_auth();
    config.enable_sni = false;
    Ok(Arc::new(config))
}

/// Takes any certificate from who holds its key: there is no authority for a fresh machine.
#[derive(Debug)]
struct SelfSigned(Arc<CryptoProvider>);

impl ServerCertVerifier for SelfSigned {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
