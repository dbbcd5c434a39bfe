//! The staged probe: one TCP connection, one time limit per stage.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::credssp::{self, Answer, Length};
use crate::nego::{self, Nego, Protocol, TPKT_HEADER_LEN};
use crate::outcome::{Certificate, ProbeOutcome, Stage, TlsVersion, Verdict};
use crate::tls;

/// How long a probe may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For each stage; there are four.
    pub stage: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { stage: Duration::from_secs(5) }
    }
}

/// Makes probes with one TLS configuration.
#[derive(Clone)]
pub struct Prober {
    tls: Arc<ClientConfig>,
    limits: Limits,
}

impl Prober {
    /// # Errors
    /// The TLS configuration is refused; none in practice.
    pub fn new(limits: Limits) -> Result<Self, rustls::Error> {
        Ok(Self { tls: tls::client_config()?, limits })
    }

    /// Looks at one address once. Opens one connection and sends no credential.
    ///
    /// Do not poll an address more often than every 10 s: `ufw limit`, which our Ubuntu desktops set, drops the
    /// sixth connection within 30 s.
    pub async fn probe(&self, addr: SocketAddr) -> ProbeOutcome {
        let mut tcp = match self.connect(addr).await {
            Ok(tcp) => tcp,
            Err(verdict) => return ProbeOutcome::ended(Stage::Tcp, verdict),
        };
        let protocol = match self.negotiate(&mut tcp).await {
            Ok(protocol) => protocol,
            Err(verdict) => return ProbeOutcome::ended(Stage::X224, verdict),
        };
        let mut outcome = ProbeOutcome::ended(Stage::Tls, Verdict::Ready);
        outcome.protocol = Some(protocol);
        let mut stream = match self.handshake(tcp).await {
            Ok(stream) => stream,
            Err(verdict) => return ProbeOutcome { verdict, ..outcome },
        };
        let (_, session) = stream.get_ref();
        outcome.tls_version = session.protocol_version().and_then(|version| match version {
            rustls::ProtocolVersion::TLSv1_2 => Some(TlsVersion::V1_2),
            rustls::ProtocolVersion::TLSv1_3 => Some(TlsVersion::V1_3),
            _ => None,
        });
        outcome.certificate =
            session.peer_certificates().and_then(|chain| chain.first()).map(|der| Certificate::of(der));
        if protocol.has_credssp() {
            outcome.stage = Stage::CredSsp;
            match self.challenge(&mut stream).await {
                Ok(computer) => outcome.computer = computer,
                Err(verdict) => outcome.verdict = verdict,
            }
        }
        outcome
    }

    async fn connect(&self, addr: SocketAddr) -> Result<TcpStream, Verdict> {
        match timeout(self.limits.stage, TcpStream::connect(addr)).await {
            Ok(Ok(tcp)) => Ok(tcp),
            Ok(Err(e)) if e.kind() == io::ErrorKind::ConnectionRefused => {
                Err(Verdict::NotYet("connection refused"))
            }
            Ok(Err(_)) => Err(Verdict::NotYet("no connection")),
            Err(_) => Err(Verdict::NotYet("no connection in time")),
        }
    }

    async fn negotiate(&self, tcp: &mut TcpStream) -> Result<Protocol, Verdict> {
        let exchange = async {
            tcp.write_all(&nego::REQUEST).await?;
            let mut header = [0; TPKT_HEADER_LEN];
            tcp.read_exact(&mut header).await?;
            let len = match nego::frame_len(header) {
                Ok(len) => len,
                Err(why) => return Ok(Nego::NotRdp(why)),
            };
            let mut frame = header.to_vec();
            frame.resize(len, 0);
            tcp.read_exact(&mut frame[TPKT_HEADER_LEN..]).await?;
            Ok(nego::parse_confirm(&frame))
        };
        match in_time(self.limits.stage, exchange).await {
            Ok(Nego::Selected { protocol: 0, .. } | Nego::Legacy) => Err(Verdict::Insecure),
            Ok(Nego::Selected { protocol, .. }) => Protocol::offered(protocol).ok_or_else(|| {
                Verdict::Broken(format!("selected protocol {protocol}, which was not offered"))
            }),
            Ok(Nego::Failure(code)) => Err(Verdict::Refused(code)),
            Ok(Nego::NotRdp(why)) => Err(Verdict::NotRdp(why)),
            Err(Stopped::Silent) => Err(Verdict::NotYet("connected, but no answer")),
            Err(Stopped::Io(_)) => Err(Verdict::NotYet("connected, then closed without an answer")),
        }
    }

    async fn handshake(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Verdict> {
        let name = ServerName::try_from("rdp.invalid").map_err(|e| Verdict::Broken(e.to_string()))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        in_time(self.limits.stage, connector.connect(name, tcp)).await.map_err(|stop| stop.broken("TLS"))
    }

    /// The computer name in the server's NTLM challenge, if it gives one.
    async fn challenge(&self, stream: &mut TlsStream<TcpStream>) -> Result<Option<String>, Verdict> {
        let exchange = async {
            stream.write_all(&credssp::NEGOTIATE).await?;
            stream.flush().await?;
            let mut message = Vec::new();
            loop {
                let missing = match credssp::ts_request_len(&message) {
                    Length::Incomplete => 1,
                    Length::Total(total) if message.len() < total => total - message.len(),
                    Length::Total(_) | Length::Bad => return Ok(credssp::parse(&message)),
                };
                let start = message.len();
                message.resize(start + missing, 0);
                stream.read_exact(&mut message[start..]).await?;
            }
        };
        match in_time(self.limits.stage, exchange).await {
            Ok(Answer::Challenge(challenge)) => Ok(challenge.computer),
            Ok(Answer::NoChallenge) => Err(Verdict::Unknown),
            Ok(Answer::NotCredSsp) => Err(Verdict::Broken("CredSSP: no TSRequest".into())),
            Err(stop) => Err(stop.broken("CredSSP")),
        }
    }
}

/// One probe with a [`Prober`] of its own.
pub async fn probe(addr: SocketAddr, limits: Limits) -> ProbeOutcome {
    match Prober::new(limits) {
        Ok(prober) => prober.probe(addr).await,
        Err(e) => ProbeOutcome::ended(Stage::Tls, Verdict::Broken(e.to_string())),
    }
}

enum Stopped {
    Silent,
    Io(io::Error),
}

impl Stopped {
    fn broken(self, what: &str) -> Verdict {
        Verdict::Broken(match self {
            Self::Silent => format!("{what}: no answer in time"),
            Self::Io(e) => format!("{what}: {e}"),
        })
    }
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> Result<T, Stopped> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(e)) => Err(Stopped::Io(e)),
        Err(_) => Err(Stopped::Silent),
    }
}
