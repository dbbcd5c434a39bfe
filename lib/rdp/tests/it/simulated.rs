//! The probe against servers that answer like the real ones, and like everything that is none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::ports::ProbeRdp;
use domain::first_boot::Fingerprints;
use domain::readiness::Probe;
use rdp::nego::{Protocol, REQUEST};
use rdp::{Certificate, Limits, ProbeOutcome, Stage, TlsVersion, Verdict, probe};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::credssp::{challenge, ts_error, ts_request};
use crate::nego::bytes;

const SHORT: Limits = Limits { stage: Duration::from_millis(400) };
const SSL: &str = "03 00 00 13 0e d0 00 00 12 34 00 02 01 08 00 01 00 00 00";
const HYBRID: &str = "03 00 00 13 0e d0 00 00 12 34 00 02 1f 08 00 02 00 00 00";
const HYBRID_EX: &str = "03 00 00 13 0e d0 00 00 12 34 00 02 1f 08 00 08 00 00 00";

/// What a simulated server does with one connection.
#[derive(Clone)]
enum Server {
    /// Answers the negotiation (in this many pieces) and then says nothing.
    Confirms(Vec<u8>, usize),
    Silent,
    Closes,
    Resets,
    Echoes,
    /// Negotiates, then does TLS; the TSRequest, if any, answers the client's.
    Tls {
        confirm: &'static str,
        config: Arc<ServerConfig>,
        ts_request: Option<Vec<u8>>,
    },
}

async fn serve(server: Server, mut tcp: TcpStream) -> std::io::Result<()> {
    let mut request = [0; REQUEST.len()];
    match server {
        Server::Closes => return Ok(()),
        Server::Silent => {}
        Server::Resets => {
            // Unread bytes make the close a reset.
            tcp.readable().await?;
            return Ok(());
        }
        Server::Echoes => {
            let (mut read, mut write) = tcp.split();
            tokio::io::copy(&mut read, &mut write).await?;
        }
        Server::Confirms(answer, pieces) => {
            tcp.read_exact(&mut request).await?;
            for piece in answer.chunks(answer.len().div_ceil(pieces)) {
                tcp.write_all(piece).await?;
                tcp.flush().await?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Server::Tls { confirm, config, ts_request } => {
            tcp.read_exact(&mut request).await?;
            assert_eq!(request, REQUEST);
            tcp.write_all(&bytes(confirm)).await?;
            let mut tls = TlsAcceptor::from(config).accept(tcp).await?;
            assert_eq!(tls.get_ref().1.server_name(), None, "no SNI");
            if let Some(answer) = ts_request {
                let mut asked = [0; rdp::credssp::NEGOTIATE.len()];
                tls.read_exact(&mut asked).await?;
                assert_eq!(asked, rdp::credssp::NEGOTIATE);
                tls.write_all(&answer).await?;
                tls.flush().await?;
            }
            let _ = tls.read(&mut [0; 64]).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

async fn listen(server: Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(serve(server.clone(), tcp));
        }
    });
    addr
}

async fn outcome(server: Server) -> ProbeOutcome {
    probe(listen(server).await, SHORT).await
}

struct Identity {
    config: Arc<ServerConfig>,
    certificate: Certificate,
}

fn identity(versions: &[&'static rustls::SupportedProtocolVersion]) -> Identity {
    let made = rcgen::generate_simple_self_signed(vec!["desk-7f3a".into()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    Identity { config: Arc::new(config), certificate: Certificate::of(made.cert.der()) }
}

fn any_tls() -> Identity {
    identity(rustls::ALL_VERSIONS)
}

#[tokio::test]
async fn an_xrdp_with_tls_is_ready_and_its_certificate_is_recorded() {
    let Identity { config, certificate } = any_tls();
    let seen = outcome(Server::Tls { confirm: SSL, config, ts_request: None }).await;
    assert_eq!(
        seen,
        ProbeOutcome {
            stage: Stage::Tls,
            verdict: Verdict::Ready,
            protocol: Some(Protocol::Ssl),
            tls_version: Some(TlsVersion::V1_3),
            certificate: Some(certificate.clone()),
            computer: None,
        }
    );
    assert!(seen.is_ready());
    assert_eq!((certificate.sha256.len(), certificate.sha1.len()), (64, 40));
    assert_eq!(certificate.sha256, certificate.sha256.to_lowercase());
}

#[tokio::test]
async fn a_windows_with_nla_is_ready_with_its_computer_name() {
    for (confirm, protocol) in [(HYBRID, Protocol::Hybrid), (HYBRID_EX, Protocol::HybridEx)] {
        let answer = Some(ts_request(&challenge(&[(2, "DESK-7F3A"), (1, "DESK-7F3A")])));
        let seen = outcome(Server::Tls { confirm, config: any_tls().config, ts_request: answer }).await;
        assert_eq!((seen.stage, &seen.verdict), (Stage::CredSsp, &Verdict::Ready), "{seen}");
        assert_eq!((seen.protocol, seen.computer.as_deref()), (Some(protocol), Some("DESK-7F3A")));
    }
}

#[tokio::test]
async fn tls_1_2_is_enough() {
    let Identity { config, .. } = identity(&[&rustls::version::TLS12]);
    let seen = outcome(Server::Tls { confirm: SSL, config, ts_request: None }).await;
    assert_eq!((seen.verdict, seen.tls_version), (Verdict::Ready, Some(TlsVersion::V1_2)));
}

#[tokio::test]
async fn every_probe_sees_the_certificate_afresh() {
    let Identity { config, certificate } = any_tls();
    let addr = listen(Server::Tls { confirm: SSL, config, ts_request: None }).await;
    let prober = rdp::Prober::new(SHORT).unwrap();
    for _ in 0..3 {
        assert_eq!(prober.probe(addr).await.certificate, Some(certificate.clone()));
    }
}

#[tokio::test]
async fn a_ts_request_without_a_challenge_is_unknown_and_not_dead() {
    let seen =
        outcome(Server::Tls { confirm: HYBRID, config: any_tls().config, ts_request: Some(ts_error()) })
            .await;
    assert_eq!((seen.stage, seen.verdict), (Stage::CredSsp, Verdict::Unknown));
    assert!(seen.certificate.is_some());
}

#[tokio::test]
async fn nla_that_does_not_answer_as_credssp_is_a_broken_service() {
    let odd = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    let half = ts_request(&challenge(&[(1, "DESK")]))[..40].to_vec();
    for answer in [None, Some(odd), Some(half), Some(vec![0x30, 0x82, 0xff, 0xff])] {
        let seen =
            outcome(Server::Tls { confirm: HYBRID, config: any_tls().config, ts_request: answer }).await;
        assert_eq!(seen.stage, Stage::CredSsp);
        assert!(matches!(seen.verdict, Verdict::Broken(_)), "{seen}");
    }
}

#[tokio::test]
async fn a_server_that_negotiates_without_tls_is_insecure_and_not_ready() {
    for confirm in
        ["03 00 00 13 0e d0 00 00 12 34 00 02 01 08 00 00 00 00 00", "03 00 00 0b 06 d0 00 00 12 34 00"]
    {
        let seen = outcome(Server::Confirms(bytes(confirm), 1)).await;
        assert_eq!((seen.stage, &seen.verdict), (Stage::X224, &Verdict::Insecure), "{confirm}");
        assert!(!seen.is_ready());
    }
}

#[tokio::test]
async fn a_refusal_gives_its_code() {
    let seen =
        outcome(Server::Confirms(bytes("03 00 00 13 0e d0 00 00 12 34 00 03 00 08 00 05 00 00 00"), 1)).await;
    assert_eq!((seen.stage, &seen.verdict), (Stage::X224, &Verdict::Refused(5)));
    assert_eq!(seen.to_string(), "RDP refuses: HYBRID_REQUIRED_BY_SERVER at x224");
}

#[tokio::test]
async fn a_protocol_that_was_not_offered_is_a_broken_service() {
    let seen =
        outcome(Server::Confirms(bytes("03 00 00 13 0e d0 00 00 12 34 00 02 01 08 00 10 00 00 00"), 1)).await;
    assert!(matches!((seen.stage, &seen.verdict), (Stage::X224, Verdict::Broken(_))), "{seen}");
}

#[tokio::test]
async fn what_speaks_another_protocol_is_not_rdp() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"] {
        let seen = outcome(Server::Confirms(answer.into(), 1)).await;
        assert_eq!((seen.stage, seen.verdict), (Stage::X224, Verdict::NotRdp("not TPKT")), "{answer}");
    }
    let seen = outcome(Server::Echoes).await;
    assert_eq!((seen.stage, seen.verdict), (Stage::X224, Verdict::NotRdp("not a Connection Confirm")));
}

#[tokio::test]
async fn what_says_nothing_is_not_ready_yet() {
    for server in
        [Server::Silent, Server::Closes, Server::Resets, Server::Confirms(bytes("03 00 00 13 0e d0"), 1)]
    {
        let seen = outcome(server).await;
        assert!(matches!((seen.stage, &seen.verdict), (Stage::X224, Verdict::NotYet(_))), "{seen}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let seen = probe(closed, SHORT).await;
    assert_eq!((seen.stage, seen.verdict), (Stage::Tcp, Verdict::NotYet("connection refused")));
}

#[tokio::test]
async fn an_answer_in_pieces_is_one_answer() {
    let seen =
        outcome(Server::Confirms(bytes("03 00 00 13 0e d0 00 00 12 34 00 03 00 08 00 01 00 00 00"), 19))
            .await;
    assert_eq!(seen.verdict, Verdict::Refused(1));
}

#[tokio::test]
async fn a_server_that_negotiates_but_has_no_tls_is_broken() {
    for confirm in [SSL, HYBRID] {
        let seen = outcome(Server::Confirms(bytes(confirm), 1)).await;
        assert!(matches!((seen.stage, &seen.verdict), (Stage::Tls, Verdict::Broken(_))), "{seen}");
        assert!(seen.protocol.is_some() && seen.certificate.is_none());
    }
}

#[tokio::test]
async fn a_certificate_shown_by_somebody_without_its_key_is_refused() {
    #[derive(Debug)]
    struct Impostor(Arc<CertifiedKey>);
    impl ResolvesServerCert for Impostor {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let [theirs, own] = [(); 2].map(|()| rcgen::generate_simple_self_signed(vec!["desk".into()]).unwrap());
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let pair = Arc::new(CertifiedKey::new(vec![theirs.cert.der().clone()], key));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Impostor(Arc::clone(&pair))));
        let seen = outcome(Server::Tls { confirm: SSL, config: Arc::new(config), ts_request: None }).await;
        assert!(matches!((seen.stage, &seen.verdict), (Stage::Tls, Verdict::Broken(_))), "{seen}");
        assert_eq!(seen.certificate, None);
    }
}

#[tokio::test]
async fn a_stage_ends_at_its_limit() {
    let started = Instant::now();
    let seen = outcome(Server::Silent).await;
    assert_eq!(seen.verdict, Verdict::NotYet("connected, but no answer"));
    assert!(started.elapsed() < SHORT.stage * 3, "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_use_cases_get_the_certificate_or_a_sentence() {
    async fn found(server: Server) -> Probe {
        let addr = listen(server).await;
        ProbeRdp::probe(&rdp::Prober::new(SHORT).unwrap(), addr.ip(), addr.port()).await
    }
    let Identity { config, certificate } = any_tls();
    let prints = Fingerprints { sha256: Some(certificate.sha256), sha1: Some(certificate.sha1) };
    let ready = Server::Tls { confirm: SSL, config: Arc::clone(&config), ts_request: None };
    assert_eq!(found(ready).await, Probe::Answers(prints));
    assert_eq!(found(Server::Confirms(bytes("03 00 00 0b 06 d0 00 00 12 34 00"), 1)).await, Probe::Insecure);
    let no_challenge = Server::Tls { confirm: HYBRID, config, ts_request: Some(ts_error()) };
    assert_eq!(found(no_challenge).await, Probe::NotYet("CredSSP without a challenge at credssp".into()));
    let silent = Probe::NotYet("not yet: connected, but no answer at x224".into());
    assert_eq!(found(Server::Silent).await, silent);
}
