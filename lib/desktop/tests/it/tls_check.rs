//! The desktop's own check, "does the RDP server select TLS", against real xrdp and against what is none.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{accept, installed, run};

const CHECK: &str = include_str!("../../src/templates/linux/desktop-tls-check.sh");

/// Whether the check calls the server on `port` good.
fn passes(port: u16) -> bool {
    let output = run("bash", &["bash", "-s", "127.0.0.1", &port.to_string()], CHECK);
    output.is_some_and(|output| output.status.success())
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An xrdp on a port of its own, ended with the test.
struct Xrdp {
    process: Child,
    port: u16,
}

impl Xrdp {
    /// Starts it with the packaged configuration and `changes` (key, value) made to that.
    fn start(directory: &Path, name: &str, changes: &[(&str, &str)]) -> Self {
        let port = free_port();
        let packaged = fs::read_to_string("/etc/xrdp/xrdp.ini").unwrap();
        let line = |line: &str| {
            let changed = changes.iter().find(|(key, _)| line.starts_with(&format!("{key}=")));
            match changed {
                Some((key, value)) => format!("{key}={value}\n"),
                None if line == "port=3389" => format!("port=tcp://127.0.0.1:{port}\n"),
                None => format!("{line}\n"),
            }
        };
        let file = directory.join(format!("{name}.ini"));
        fs::write(&file, packaged.lines().map(line).collect::<String>()).unwrap();
        // As on a desktop: xrdp is its own user, which cannot read the packaged key.
        let process = Command::new("timeout")
            .args([
                "60",
                "setpriv",
                "--reuid=xrdp",
                "--regid=xrdp",
                "--init-groups",
                "xrdp",
                "--nodaemon",
                "-c",
            ])
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let xrdp = Self { process, port };
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return xrdp;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("xrdp did not start within 10 s");
    }
}

impl Drop for Xrdp {
    fn drop(&mut self) {
        // SIGTERM to `timeout`, which hands it on; SIGKILL would leave xrdp behind.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

#[test]
fn xrdp_set_up_for_tls_passes_and_xrdp_as_packaged_does_not() {
    if !installed("xrdp") || !installed("openssl") {
        return;
    }
    let is_root = run("bash", &["id", "-u"], "").is_some_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root {
        println!("not checked: only root can start xrdp as its own user");
        return;
    }
    // Not in the build's scratch folder, which user xrdp may not be able to enter.
    let directory = std::env::temp_dir().join(format!("desktop-tls-check-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let (key, cert) = (directory.join("key.pem"), directory.join("cert.pem"));
    let (key, cert) = (key.to_str().unwrap(), cert.to_str().unwrap());
    let make = "openssl req -x509 -newkey rsa:2048 -sha256 -nodes -days 2 -subj /CN=desk -keyout \"$0\" -out \"$1\" \
                && chown xrdp \"$0\" \"$1\"";
    assert!(run("openssl", &["sh", "-c", make, key, cert], "").unwrap().status.success());

    let tls = Xrdp::start(
        &directory,
        "tls",
        &[
            ("security_layer", "tls"),
            ("certificate", cert),
            ("key_file", key),
            ("ssl_protocols", "TLSv1.2, TLSv1.3"),
        ],
    );
    let packaged = Xrdp::start(&directory, "packaged", &[]);
    let (tls, packaged) = (passes(tls.port), passes(packaged.port));
    fs::remove_dir_all(&directory).unwrap();
    assert!(tls, "with TLS");
    assert!(!packaged, "as packaged");
}

#[test]
fn what_is_not_rdp_does_not_pass() {
    let greetings: [&[u8]; 3] =
        [b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"];
    for greeting in greetings {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let mut peer = accept(&listener).unwrap();
            peer.write_all(greeting).unwrap();
            // Silence until the check gives up.
            let _ = std::io::copy(&mut peer, &mut std::io::sink());
        });
        assert!(!passes(port));
        server.join().unwrap();
    }
}
