//! The sandbox's machines, real and built in: they come up, report, let the right people in, and leave nothing.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rdp::{Certificate, Limits, ProbeOutcome, Verdict, probe};
use sandbox::desktops::{DesktopHost, DesktopSpec, Kind, Mode, Os, login, missing_for_real};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const PASSWORD: &str = "a{}#&\"\\!?%[]=@Z9 x";

/// Whether machines of this kind can be tried. If not: says so, except under `CI=true`, where it fails.
fn can_be_real(os: Os) -> bool {
    let missing = missing_for_real(os);
    assert!(missing.is_empty() || std::env::var("CI").as_deref() != Ok("true"), "missing: {missing:?}");
    if !missing.is_empty() {
        println!("real {os:?} machines not tried; missing: {missing:?}");
    }
    missing.is_empty()
}

/// An address that no other test of this process uses, and hardly another process.
fn address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [high, low, ..] = std::process::id().to_le_bytes();
    Ipv4Addr::new(127, 100 + high % 100, low, NEXT.fetch_add(1, Ordering::Relaxed))
}

/// As a customer's front door sees it.
async fn seen(address: Ipv4Addr) -> ProbeOutcome {
    probe(SocketAddr::from((address, 3389)), Limits::default()).await
}

async fn certificate(address: Ipv4Addr) -> Certificate {
    let seen = seen(address).await;
    assert_eq!(seen.verdict, Verdict::Ready, "{seen}");
    seen.certificate.unwrap()
}

fn bare(os: Os) -> DesktopSpec {
    let address = address();
    DesktopSpec {
        machine_id: format!("vm-{}", address.octets()[3]),
        address,
        os,
        hostname: format!("desk-{}", address.octets()[3]),
        admin_user: if os == Os::Windows { "Administrator" } else { "root" }.into(),
        admin_password: None,
        user_data: None,
        startup_script: None,
        calls_home: false,
    }
}

fn windows(report_url: Option<&str>) -> DesktopSpec {
    let script = report_url.map(|url| {
        let script = format!("Invoke-RestMethod -Method Post -Body $body -Uri '{url}' | Out-Null\n");
        let utf16: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encoded = BASE64_STANDARD.encode(utf16);
        format!("@echo off\r\npowershell.exe -NoProfile -EncodedCommand {encoded}\r\n").into_bytes()
    });
    DesktopSpec {
        admin_password: Some(PASSWORD.to_owned()),
        calls_home: script.is_some(),
        startup_script: script,
        ..bare(Os::Windows)
    }
}

fn linux(password: &str, report_url: Option<&str>) -> DesktopSpec {
    let hash = sha_crypt::sha512_simple(password, &sha_crypt::Sha512Params::new(5_000).unwrap()).unwrap();
    let url = report_url.unwrap_or("http://127.0.0.1:9/first-boot/none");
    let config = format!(
        r#"#cloud-config
users:
  - default
  - name: desk
    lock_passwd: false
    passwd: "{hash}"
write_files:
  - path: /usr/local/sbin/desktop-report
    permissions: "0700"
    content: |
      #!/bin/bash
      state=$1
      fp=$(openssl x509 -in /etc/xrdp/tls/cert.pem -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//; s/://g')
      curl -fsS --max-time 20 --header 'Content-Type: application/json' \
        --data "{{\"state\":\"$state\",\"host\":\"$(hostname)\",\"cert_sha256\":\"$fp\"}}" '{url}'
"#
    );
    DesktopSpec { user_data: Some(config.into_bytes()), calls_home: report_url.is_some(), ..bare(Os::Linux) }
}

async fn host(mode: Mode) -> (DesktopHost, TempDir) {
    let folder = TempDir::new().unwrap();
    (DesktopHost::open(mode, folder.path().to_owned()).await.unwrap(), folder)
}

/// A web server that fails the first request and keeps the bodies of the others.
async fn mailbox() -> (String, mpsc::UnboundedReceiver<serde_json::Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/first-boot/ins_1/t0ken", listener.local_addr().unwrap());
    let (bodies, inbox) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut received = 0;
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut request = String::new();
            let body = loop {
                let mut part = [0; 4096];
                let read = tcp.read(&mut part).await.unwrap_or(0);
                request += &String::from_utf8_lossy(&part[..read]);
                let body =
                    request.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
                if body.is_some() || read == 0 {
                    break body;
                }
            };
            let status = if received == 0 && request.contains("cert_sha1") { "500 No" } else { "202 Yes" };
            received += 1;
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            tcp.write_all(answer.as_bytes()).await.unwrap();
            if status.starts_with('2') {
                bodies.send(body.unwrap()).unwrap();
            }
        }
    });
    (url, inbox)
}

async fn report(inbox: &mut mpsc::UnboundedReceiver<serde_json::Value>) -> serde_json::Value {
    tokio::time::timeout(Duration::from_secs(30), inbox.recv()).await.unwrap().unwrap()
}

/// Whether a mark stands in a text, and not only as the beginning of a longer number.
fn holds(text: &str, mark: &str) -> bool {
    text.match_indices(mark).any(|(at, _)| !text[at + mark.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

/// Command lines of processes that have to do with this address or folder.
fn processes(marks: &[&str]) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| marks.iter().any(|mark| holds(line, mark)))
        .collect()
}

/// Processes end a moment after the kernel was told to end them.
async fn assert_nothing_runs(marks: &[&str]) {
    for _ in 0..50 {
        if processes(marks).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(processes(marks), Vec::<String>::new());
}

async fn comes_up_reports_and_keeps_its_certificate(mode: Mode, os: Os) {
    let (host, folder) = host(mode).await;
    let expected = if mode == Mode::BuiltIn { Kind::BuiltIn } else { Kind::Real };
    assert_eq!(host.kind(os), expected);
    let (url, mut inbox) = mailbox().await;
    let spec = match os {
        Os::Windows => windows(Some(&url)),
        Os::Linux => linux(PASSWORD, Some(&url)),
    };
    let (id, at) = (spec.machine_id.clone(), spec.address);
    host.boot(spec.clone()).await.unwrap();
    let first = certificate(at).await;

    let report = report(&mut inbox).await;
    assert_eq!(report["state"], "ready");
    match os {
        Os::Windows => {
            assert_eq!(report["cert_sha1"], first.sha1.to_uppercase());
            assert_eq!(report["host"], spec.hostname.to_uppercase());
            // Only with the right to make namespaces can a real one have a name of its own.
            if mode == Mode::BuiltIn || host.kind(Os::Linux) == Kind::Real {
                assert_eq!(seen(at).await.computer, Some(spec.hostname.to_uppercase()));
            }
        }
        Os::Linux => {
            assert_eq!(report["cert_sha256"], first.sha256.to_uppercase());
            assert_eq!(report["host"], spec.hostname);
        }
    }

    host.halt(&id).await;
    assert_eq!(seen(at).await.verdict, Verdict::NotYet("connection refused"));
    host.halt(&id).await;
    host.resume(&id).await.unwrap();
    assert_eq!(certificate(at).await, first, "a restart keeps the certificate");
    host.boot(DesktopSpec { calls_home: false, ..spec }).await.unwrap();
    assert_ne!(certificate(at).await, first, "a reinstallation makes a new one");

    host.destroy(&id).await;
    assert_eq!(seen(at).await.verdict, Verdict::NotYet("connection refused"));
    assert!(host.resume(&id).await.is_err());
    assert_eq!(host.accepts(&id, "desk", PASSWORD).await, None);
    host.destroy(&id).await;
    assert_nothing_runs(&[&at.to_string()]).await;
    host.close().await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(inbox.try_recv().is_err(), "one report");
}

#[tokio::test]
async fn a_real_windows_comes_up_reports_and_keeps_its_certificate() {
    if can_be_real(Os::Windows) {
        comes_up_reports_and_keeps_its_certificate(Mode::Auto, Os::Windows).await;
    }
}

#[tokio::test]
async fn a_real_linux_comes_up_reports_and_keeps_its_certificate() {
    if can_be_real(Os::Linux) {
        comes_up_reports_and_keeps_its_certificate(Mode::Real, Os::Linux).await;
    }
}

#[tokio::test]
async fn a_built_in_windows_comes_up_reports_and_keeps_its_certificate() {
    comes_up_reports_and_keeps_its_certificate(Mode::BuiltIn, Os::Windows).await;
}

#[tokio::test]
async fn a_built_in_linux_comes_up_reports_and_keeps_its_certificate() {
    comes_up_reports_and_keeps_its_certificate(Mode::BuiltIn, Os::Linux).await;
}

#[tokio::test]
async fn a_real_windows_lets_in_the_right_password_only() {
    if !can_be_real(Os::Windows) {
        return;
    }
    let (host, _folder) = host(Mode::Auto).await;
    assert_eq!(host.kind(Os::Windows), Kind::Real);
    let spec = windows(None);
    host.boot(spec.clone()).await.unwrap();
    for (user, password, expected) in
        [("Administrator", PASSWORD, true), ("Administrator", "wrong", false), ("desk", PASSWORD, false)]
    {
        assert_eq!(host.accepts(&spec.machine_id, user, password).await, Some(expected), "{user}");
    }
    assert!(login(spec.address, Os::Windows, "Administrator", PASSWORD).await.unwrap());
    host.halt(&spec.machine_id).await;
    assert!(login(spec.address, Os::Windows, "Administrator", PASSWORD).await.is_err());
    host.close().await;
    assert_nothing_runs(&[&spec.address.to_string()]).await;
}

#[tokio::test]
async fn real_linux_machines_with_the_same_account_have_their_own_passwords() {
    if !can_be_real(Os::Linux) {
        return;
    }
    let (host, _folder) = host(Mode::Real).await;
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let (one, other) = (linux(PASSWORD, None), linux("the-other-one-7", None));
    for spec in [&one, &other] {
        host.boot(spec.clone()).await.unwrap();
    }
    let (a, b) = (one.machine_id.as_str(), other.machine_id.as_str());
    for (id, user, password, expected) in [
        (a, "desk", PASSWORD, true),
        (b, "desk", PASSWORD, false),
        (b, "desk", "the-other-one-7", true),
        (a, "nobodyhere", PASSWORD, false),
    ] {
        assert_eq!(host.accepts(id, user, password).await, Some(expected), "{user} at {id}");
    }
    assert!(login(one.address, Os::Linux, "desk", PASSWORD).await.unwrap());
    assert!(!login(one.address, Os::Linux, "desk", "wrong").await.unwrap());
    host.close().await;
    assert_nothing_runs(&[&one.address.to_string(), &other.address.to_string()]).await;
    assert_eq!(
        std::fs::read_to_string("/etc/passwd").unwrap(),
        accounts,
        "the host's accounts stay as they are"
    );
}

/// At another address after it was off, with the certificate, the account and the files that it had.
async fn moves_and_lets_in_as_before(mode: Mode, os: Os) {
    let (host, _folder) = host(mode).await;
    let (spec, user) = match os {
        Os::Windows => (windows(None), "Administrator"),
        Os::Linux => (linux(PASSWORD, None), "desk"),
    };
    let (id, before, after) = (spec.machine_id.clone(), spec.address, address());
    host.boot(spec).await.unwrap();
    let first = certificate(before).await;
    host.readdress(&id, after).await.unwrap();
    assert_eq!(certificate(before).await, first, "one that is on stays where it is");
    host.halt(&id).await;
    host.readdress(&id, after).await.unwrap();
    host.resume(&id).await.unwrap();
    assert_eq!(certificate(after).await, first);
    assert_eq!(seen(before).await.verdict, Verdict::NotYet("connection refused"));
    assert_eq!(host.accepts(&id, user, PASSWORD).await, Some(true));
    assert!(host.readdress("nobody", after).await.is_err());
    host.close().await;
    assert_nothing_runs(&[&after.to_string()]).await;
}

#[tokio::test]
async fn a_real_windows_moves_to_another_address_while_it_is_off() {
    if can_be_real(Os::Windows) {
        moves_and_lets_in_as_before(Mode::Auto, Os::Windows).await;
    }
}

#[tokio::test]
async fn a_real_linux_moves_to_another_address_while_it_is_off() {
    if can_be_real(Os::Linux) {
        moves_and_lets_in_as_before(Mode::Real, Os::Linux).await;
    }
}

#[tokio::test]
async fn a_built_in_machine_moves_to_another_address_while_it_is_off() {
    moves_and_lets_in_as_before(Mode::BuiltIn, Os::Linux).await;
}

#[tokio::test]
async fn built_in_machines_know_their_passwords() {
    let (host, _folder) = host(Mode::BuiltIn).await;
    assert_eq!((host.kind(Os::Windows), host.kind(Os::Linux)), (Kind::BuiltIn, Kind::BuiltIn));
    let (w, l) = (windows(None), linux(PASSWORD, None));
    for spec in [&w, &l] {
        host.boot(spec.clone()).await.unwrap();
    }
    for (spec, user, password, expected) in [
        (&w, "Administrator", PASSWORD, true),
        (&w, "administrator", PASSWORD, true),
        (&w, "Administrator", "wrong", false),
        (&w, "desk", PASSWORD, false),
        (&l, "desk", PASSWORD, true),
        (&l, "desk", "wrong", false),
        (&l, "root", PASSWORD, false),
    ] {
        assert_eq!(host.accepts(&spec.machine_id, user, password).await, Some(expected), "{user} {password}");
    }
    host.halt(&w.machine_id).await;
    assert_eq!(host.accepts(&w.machine_id, "Administrator", PASSWORD).await, None, "off");
}

/// The scripts as the shop renders them, not as this file writes them.
#[tokio::test]
async fn machines_understand_the_scripts_that_the_shop_sends() {
    for mode in [Mode::Auto, Mode::BuiltIn] {
        let (host, _folder) = host(mode).await;
        let (url, mut inbox) = mailbox().await;
        for os in [Os::Windows, Os::Linux] {
            let spec = bare(os);
            let hash =
                desktop::password::sha512_crypt(&domain::secret::Secret::new(PASSWORD.to_owned()), &[7; 16]);
            let values = desktop::FirstBoot {
                hostname: &spec.hostname,
                username: "desk",
                password_hash: Some(&hash),
                report_url: &url,
                profile: desktop::Profile::Standard,
            };
            let os = match os {
                Os::Windows => domain::catalogue::Os::Windows,
                Os::Linux => domain::catalogue::Os::Linux,
            };
            let form = desktop::WindowsForm::Batch;
            let script = desktop::first_boot(os, domain::catalogue::Plan::Gpu, form, &values).unwrap();
            let (user_data, startup_script) = match &script {
                desktop::Script::CloudConfig(text) => (Some(text.clone().into_bytes()), None),
                desktop::Script::Batch(text) | desktop::Script::PowerShell(text) => {
                    (None, Some(text.clone().into_bytes()))
                }
            };
            let admin_password = startup_script.is_some().then(|| PASSWORD.to_owned());
            let spec = DesktopSpec { user_data, startup_script, admin_password, calls_home: true, ..spec };
            host.boot(spec.clone()).await.unwrap();
            let report = report(&mut inbox).await;
            assert_eq!(report["state"], "ready");
            assert!(report["host"].as_str().unwrap().eq_ignore_ascii_case(&spec.hostname));
            let certificate = certificate(spec.address).await;
            let named =
                report["cert_sha1"].as_str().or(report["cert_sha256"].as_str()).unwrap().to_lowercase();
            assert!([certificate.sha1, certificate.sha256].contains(&named));
            let user = if spec.os == Os::Windows { "Administrator" } else { "desk" };
            assert_eq!(host.accepts(&spec.machine_id, user, PASSWORD).await, Some(true), "{mode:?} {os:?}");
        }
        host.close().await;
    }
}

#[tokio::test]
async fn a_specification_that_makes_no_sense_is_refused() {
    let (host, folder) = host(Mode::BuiltIn).await;
    for spec in [
        DesktopSpec { machine_id: "../up".into(), ..bare(Os::Linux) },
        DesktopSpec { machine_id: String::new(), ..bare(Os::Linux) },
        DesktopSpec { hostname: "a'; reboot".into(), ..bare(Os::Linux) },
        DesktopSpec { address: Ipv4Addr::UNSPECIFIED, ..bare(Os::Linux) },
        DesktopSpec { address: Ipv4Addr::new(192, 0, 2, 1), ..bare(Os::Windows) },
    ] {
        assert!(host.boot(spec).await.is_err());
    }
    assert_eq!(std::fs::read_dir(folder.path().join("desktops")).unwrap().count(), 0);
}

#[tokio::test]
async fn user_data_that_makes_no_sense_boots_all_the_same() {
    for mode in [Mode::Auto, Mode::BuiltIn] {
        let (host, _folder) = host(mode).await;
        let spec =
            DesktopSpec { user_data: Some(b"#!/bin/sh\n".to_vec()), calls_home: true, ..bare(Os::Linux) };
        host.boot(spec.clone()).await.unwrap();
        assert_eq!(seen(spec.address).await.verdict, Verdict::Ready);
        host.close().await;
    }
}

#[tokio::test]
async fn a_dropped_host_leaves_nothing() {
    let (host, folder) = host(Mode::Auto).await;
    let specs = [windows(None), linux(PASSWORD, None)];
    for spec in &specs {
        host.boot(spec.clone()).await.unwrap();
    }
    drop(host);
    for spec in &specs {
        assert_nothing_runs(&[&spec.address.to_string(), folder.path().to_str().unwrap()]).await;
    }
    assert_eq!(std::fs::read_dir(folder.path().join("desktops")).unwrap().count(), 0);
}

/// Stands machines up in a process of its own, which the next test kills. Alone, it does nothing.
#[tokio::test]
async fn helper_that_waits_to_be_killed() {
    let Ok(addresses) = std::env::var("DESKTOPS_TO_KILL") else { return };
    let addresses: Vec<Ipv4Addr> = addresses.split(' ').map(|text| text.parse().unwrap()).collect();
    let (host, _folder) = host(Mode::Real).await;
    host.boot(DesktopSpec { address: addresses[0], ..windows(None) }).await.unwrap();
    host.boot(DesktopSpec { address: addresses[1], ..linux(PASSWORD, None) }).await.unwrap();
    println!("up");
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_killed_sandbox_leaves_no_process() {
    if !can_be_real(Os::Windows) || !can_be_real(Os::Linux) {
        return;
    }
    let addresses = [address(), address()];
    let texts = addresses.map(|address| address.to_string());
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "helper_that_waits_to_be_killed", "--nocapture"])
        .env("DESKTOPS_TO_KILL", texts.join(" "))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for address in addresses {
        let deadline = Instant::now() + Duration::from_secs(60);
        while seen(address).await.verdict != Verdict::Ready {
            assert!(Instant::now() < deadline, "{address} does not come up");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    assert!(login(addresses[1], Os::Linux, "desk", PASSWORD).await.unwrap());
    helper.kill().unwrap();
    helper.wait().unwrap();
    assert_nothing_runs(&[&texts[0], &texts[1]]).await;
}

#[tokio::test]
async fn twenty_machines_stand_at_once() {
    let (host, _folder) = host(Mode::Auto).await;
    let specs: Vec<_> = (0..20)
        .map(|n| if n % 2 == 0 { windows(None) } else { linux(&format!("{PASSWORD}{n}"), None) })
        .collect();
    let started = Instant::now();
    let host = std::sync::Arc::new(host);
    let mut boots = tokio::task::JoinSet::new();
    for spec in specs.clone() {
        let host = std::sync::Arc::clone(&host);
        boots.spawn(async move { host.boot(spec).await });
    }
    while let Some(boot) = boots.join_next().await {
        boot.unwrap().unwrap();
    }
    println!("20 machines up after {:?}", started.elapsed());
    let mut certificates = BTreeSet::new();
    for spec in &specs {
        certificates.insert(certificate(spec.address).await.sha256);
    }
    assert_eq!(certificates.len(), 20, "each has its own certificate");
    std::sync::Arc::into_inner(host).unwrap().close().await;
    for spec in &specs {
        assert_nothing_runs(&[&format!("{}", spec.address)]).await;
    }
}
