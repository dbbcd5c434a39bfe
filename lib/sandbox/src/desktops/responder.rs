//! The built-in machine: negotiates as a desktop would, and shows none.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::Os;
use super::wire::{RDP_PORT, confirm};

const CONNECTION_LIMIT: Duration = Duration::from_secs(15);
const CONNECTIONS_MAX: usize = 32;
/// A request with a cookie is some 60 bytes, a TSRequest with NEGOTIATE 57.
const MESSAGE_LEN_MAX: usize = 1024;

/// What a machine keeps over a restart.
#[derive(Clone)]
pub(super) struct Identity {
    tls: Arc<ServerConfig>,
    hostname: String,
    /// PEM, for the report of the first boot.
    pub(super) certificate_pem: String,
}

impl Identity {
    pub(super) fn new(hostname: &str) -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed(vec![hostname.to_owned()])?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let chain: Vec<CertificateDer<'static>> = vec![made.cert.der().clone()];
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self { tls: Arc::new(tls), hostname: hostname.to_owned(), certificate_pem: made.cert.pem() })
    }
}

/// A listening machine; ends when dropped.
pub(super) struct Responder(JoinHandle<()>);

impl Responder {
    pub(super) async fn start(address: Ipv4Addr, os: Os, identity: Identity) -> anyhow::Result<Self> {
        let address = SocketAddr::from((address, RDP_PORT));
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}"))?;
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Ok(Self(tokio::spawn(async move {
            loop {
                let (Ok((tcp, _)), Ok(permit)) =
                    (listener.accept().await, Arc::clone(&permits).acquire_owned().await)
                else {
                    continue;
                };
                let identity = identity.clone();
                tokio::spawn(async move {
                    // A client that gives up, or something that speaks another protocol, is nobody's error.
                    drop(timeout(CONNECTION_LIMIT, serve(tcp, os, identity)).await);
                    drop(permit);
                });
            }
        })))
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(mut tcp: TcpStream, os: Os, identity: Identity) -> anyhow::Result<()> {
    let mut header = [0; 4];
    tcp.read_exact(&mut header).await?;
    let [3, 0, high, low] = header else { anyhow::bail!("not TPKT") };
    let rest = usize::from(u16::from_be_bytes([high, low])).saturating_sub(header.len());
    anyhow::ensure!((7..MESSAGE_LEN_MAX).contains(&rest), "not a Connection Request");
    let mut request = vec![0; rest];
    tcp.read_exact(&mut request).await?;
    anyhow::ensure!(request.get(1).is_some_and(|code| code & 0xf0 == 0xe0), "not a Connection Request");
    tcp.write_all(&confirm(os)).await?;
    let mut tls = TlsAcceptor::from(identity.tls).accept(tcp).await?;
    let mut message = vec![0; MESSAGE_LEN_MAX];
    let read = tls.read(&mut message).await?;
    if os == Os::Windows && message[..read].windows(8).any(|window| window == b"NTLMSSP\0") {
        tls.write_all(&challenge_request(&identity.hostname)).await?;
        tls.flush().await?;
        // The proof of the password would come now, and nobody here checks it.
        let _proof_len = tls.read(&mut message).await?;
    }
    tls.shutdown().await?;
    Ok(())
}

/// A TSRequest with an NTLM CHALLENGE that names this computer. Sources: MS-CSSP 2.2.1, MS-NLMP 2.2.1.2.
fn challenge_request(hostname: &str) -> Vec<u8> {
    let name: Vec<u8> = hostname.to_uppercase().encode_utf16().take(15).flat_map(u16::to_le_bytes).collect();
    let mut info = Vec::new();
    for id in [2_u16, 1, 4, 3] {
        info.extend(id.to_le_bytes());
        info.extend([u8::try_from(name.len()).unwrap_or_default(), 0]);
        info.extend(&name);
    }
    info.extend([0; 4]);
    let info_len = u16::try_from(info.len()).unwrap_or_default().to_le_bytes();
    let mut ntlm = b"NTLMSSP\0\x02\0\0\0".to_vec();
    ntlm.extend([0, 0, 0, 0, 56, 0, 0, 0]);
    ntlm.extend(0xe289_8235_u32.to_le_bytes());
    ntlm.extend(*b"sandbox!\0\0\0\0\0\0\0\0");
    ntlm.extend([info_len, info_len].concat());
    ntlm.extend([56, 0, 0, 0, 10, 0, 0x63, 0x45, 0, 0, 0, 15]);
    ntlm.extend(info);
    let tokens = der(0xa1, &der(0x30, &der(0x30, &der(0xa0, &der(0x04, &ntlm)))));
    der(0x30, &[&[0xa0, 3, 2, 1, 6], tokens.as_slice()].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or_default().to_be_bytes();
    let mut value = match (high, low) {
        (0, 0..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    value.extend(content);
    value
}
