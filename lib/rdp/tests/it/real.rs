//! The probe against real servers on this machine, with their certificates checked by openssl.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rdp::nego::Protocol;
use rdp::{Certificate, Limits, ProbeOutcome, Stage, Verdict, probe};
use tempfile::TempDir;

use crate::programs::{Running, free_address, installed};

const PATIENT: Duration = Duration::from_secs(5);

/// Probes until something listens; a program takes a second or two to start.
async fn settled(addr: SocketAddr, stage: Duration) -> ProbeOutcome {
    for _ in 0..100 {
        let seen = probe(addr, Limits { stage }).await;
        if seen.stage > Stage::Tcp {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    probe(addr, Limits { stage }).await
}

fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Fingerprints of a PEM file as openssl counts them.
fn fingerprints(pem: &Path) -> Certificate {
    let [sha256, sha1] = ["-sha256", "-sha1"].map(|hash| {
        let line = openssl(&["x509", "-noout", "-fingerprint", hash, "-in", pem.to_str().unwrap()]);
        line.rsplit('=').next().unwrap().trim().replace(':', "").to_lowercase()
    });
    Certificate { sha256, sha1 }
}

/// xrdp, with its settings changed.
fn xrdp(home: &Path, addr: SocketAddr, settings: &[(&str, &str)]) -> Running {
    let packaged = std::fs::read_to_string("/etc/xrdp/xrdp.ini").unwrap();
    let port = format!("tcp://{addr}");
    let settings = [settings, &[("port", port.as_str())]].concat();
    let mut ini = String::new();
    for line in packaged.lines() {
        let key = line.split('=').next().unwrap_or_default();
        let own = settings.iter().find(|(name, _)| *name == key);
        match own {
            // Only the first section has the listener's settings; a session type's `port` is -1 or a socket.
            Some((name, value)) if line != "port=-1" && !line.contains("/tmp") => {
                ini += &format!("{name}={value}\n")
            }
            _ => ini += &format!("{line}\n"),
        }
    }
    let file = home.join("xrdp.ini");
    std::fs::write(&file, ini).unwrap();
    Running::start("xrdp", &["--nodaemon", "-c", file.to_str().unwrap()], home, None)
}

#[tokio::test]
async fn xrdp_with_a_key_that_it_can_read_is_ready() {
    if !installed(&["xrdp", "openssl", "setpriv"]) {
        return;
    }
    let home = TempDir::new().unwrap();
    let [key, cert] = ["key.pem", "cert.pem"].map(|name| home.path().join(name));
    let [key_path, cert_path] = [&key, &cert].map(|path| path.to_str().unwrap());
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-sha256",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=rdptest",
        "-keyout",
        key_path,
        "-out",
        cert_path,
    ]);
    let addr = free_address();
    let settings = [("security_layer", "tls"), ("certificate", cert_path), ("key_file", key_path)];
    let _xrdp = xrdp(home.path(), addr, &settings);
    let seen = settled(addr, PATIENT).await;
    assert_eq!((seen.stage, &seen.verdict), (Stage::Tls, &Verdict::Ready), "{seen}");
    assert_eq!((seen.protocol, seen.certificate), (Some(Protocol::Ssl), Some(fingerprints(&cert))));
}

#[tokio::test]
async fn xrdp_with_a_key_that_it_cannot_read_is_insecure() {
    if !installed(&["xrdp", "setpriv"]) {
        return;
    }
    let home = TempDir::new().unwrap();
    let addr = free_address();
    let _xrdp = xrdp(home.path(), addr, &[("certificate", "/nonexistent"), ("key_file", "/nonexistent")]);
    let seen = settled(addr, PATIENT).await;
    assert_eq!((seen.stage, &seen.verdict), (Stage::X224, &Verdict::Insecure), "{seen}");
}

#[tokio::test]
async fn a_server_with_nla_is_ready_and_tells_its_name() {
    if !installed(&["freerdp-shadow-cli", "Xvfb", "openssl", "setpriv"]) {
        return;
    }
    let home = TempDir::new().unwrap();
    let sam = home.path().join("sam");
    std::fs::write(&sam, "Administrator:::b5eb996c74a58f8ff9abf32088b27faa:::\n").unwrap();
    let (_screen, display) = Running::screen();
    let addr = free_address();
    let [port, bind, sam] = [
        format!("/port:{}", addr.port()),
        format!("/bind-address:{}", addr.ip()),
        format!("/sam-file:{}", sam.display()),
    ];
    let arguments = [&port, &bind, "/sec:nla", "+auth", &sam];
    let _server = Running::start("freerdp-shadow-cli", &arguments, home.path(), Some(&display));
    let seen = settled(addr, PATIENT).await;
    assert_eq!((seen.stage, &seen.verdict), (Stage::CredSsp, &Verdict::Ready), "{seen}");
    assert_eq!(seen.protocol, Some(Protocol::Hybrid));
    assert!(seen.computer.is_some_and(|name| !name.is_empty()));
    let cert = home.path().join(".config/freerdp/shadow/shadow.crt");
    assert_eq!(seen.certificate, Some(fingerprints(&cert)));
}

#[tokio::test]
async fn a_web_server_is_not_rdp() {
    if !installed(&["python3", "setpriv"]) {
        return;
    }
    let home = TempDir::new().unwrap();
    let addr = free_address();
    let [host, port] = [addr.ip().to_string(), addr.port().to_string()];
    let _server =
        Running::start("python3", &["-m", "http.server", "--bind", &host, &port], home.path(), None);
    // Python's server waits for the end of the line, which never comes; others answer at once.
    let seen = settled(addr, Duration::from_secs(1)).await;
    assert_eq!(seen.stage, Stage::X224, "{seen}");
    assert!(matches!(seen.verdict, Verdict::NotRdp(_) | Verdict::NotYet(_)), "{seen}");
}
