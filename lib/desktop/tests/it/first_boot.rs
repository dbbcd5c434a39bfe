//! The Ubuntu scripts at work, with stand-ins for the machine around them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use desktop::{FirstBoot, WindowsForm, first_boot};
use domain::catalogue::{Os, Plan};

use crate::support::{accept, run, sample, scratch, written_files};

/// A machine in a folder: its own `/usr/local/sbin`, `/var/lib/desktop` and `/etc/xrdp/tls`.
struct Machine {
    root: PathBuf,
}

impl Machine {
    fn new(name: &str) -> Self {
        let root = scratch(name);
        for folder in ["bin", "sbin", "state", "tls"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        let machine = Self { root };
        machine.program("bin/systemctl", "exit 0");
        machine.program("sbin/desktop-tls-check", "exit 0");
        machine.program("sbin/desktop-report", "echo \"report $1\"");
        machine.program("sbin/desktop-extras", "echo \"extras $1\"");
        machine
    }

    fn program(&self, path: &str, body: &str) {
        let path = self.root.join(path);
        fs::write(&path, format!("#!/bin/bash\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn is_set_up(&self) {
        fs::write(self.root.join("state/setup-done"), "").unwrap();
    }

    /// What `script` prints here; `None` when it cannot be read or run.
    fn runs(&self, script: &str, argument: &str, values: &FirstBoot<'_>) -> Option<String> {
        let rendered = first_boot(Os::Linux, Plan::Gpu, WindowsForm::Batch, values).unwrap();
        let file =
            written_files(rendered.text())?.into_iter().find(|file| file.path.ends_with(script)).unwrap();
        let at = |folder: &str| self.root.join(folder).display().to_string();
        let text = file
            .content
            .replace("/usr/local/sbin", &at("sbin"))
            .replace("/var/lib/desktop", &at("state"))
            .replace("/etc/xrdp/tls", &at("tls"));
        let path = format!("PATH={}:/usr/bin:/bin", at("bin"));
        let output = run("bash", &["env", &path, "bash", "-s", argument], &text)?;
        Some(String::from_utf8(output.stdout).unwrap())
    }

    fn boots(&self) -> Option<String> {
        self.runs("/desktop-first-boot", "gpu", &sample())
    }

    fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

#[test]
fn a_working_desktop_is_reported_before_its_extras() {
    let machine = Machine::new("working");
    machine.is_set_up();
    let Some(said) = machine.boots() else { return };
    assert_eq!(said, "report ready\nextras gpu\n");
    assert!(!machine.has("sbin/desktop-report") && machine.has("state/extras-done"));
}

#[test]
fn a_desktop_that_lacks_anything_is_reported_as_failed() {
    let set_up_failed = Machine::new("set-up-failed");
    let no_tls = Machine::new("no-tls");
    no_tls.is_set_up();
    no_tls.program("sbin/desktop-tls-check", "exit 1");
    let sesman_down = Machine::new("sesman-down");
    sesman_down.is_set_up();
    sesman_down.program("bin/systemctl", "[[ $* != *xrdp-sesman* ]]");
    for machine in [set_up_failed, no_tls, sesman_down] {
        let Some(said) = machine.boots() else { return };
        assert!(said.starts_with("report failed\n"), "{said}");
    }
}

#[test]
fn failing_extras_or_an_unheard_report_leave_the_desktop_as_it_is() {
    let machine = Machine::new("failing");
    machine.is_set_up();
    machine.program("sbin/desktop-report", "exit 22");
    machine.program("sbin/desktop-extras", "exit 100");
    let Some(said) = machine.boots() else { return };
    assert_eq!(said, "the report did not arrive\n");
    assert!(machine.has("state/extras-done"));
}

#[test]
fn a_second_boot_resumes_the_extras_and_reports_nothing() {
    let machine = Machine::new("second-boot");
    machine.is_set_up();
    if machine.boots().is_none() {
        return;
    }
    assert_eq!(machine.boots().unwrap(), "extras gpu\n");
}

/// Answers one request after another with `statuses`; gives the bodies that came.
fn listen(statuses: &'static [u16]) -> (u16, std::thread::JoinHandle<Vec<serde_json::Value>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let bodies = move || {
        let answer = |status: &u16| {
            let mut peer = accept(&listener).unwrap();
            let mut reader = BufReader::new(peer.try_clone().unwrap());
            let mut length = 0;
            for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                let line = line.to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            write!(peer, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            serde_json::from_slice(&body).unwrap()
        };
        statuses.iter().map(answer).collect()
    };
    (port, std::thread::spawn(bodies))
}

fn make_certificate(folder: &Path) -> Option<()> {
    let (key, cert) = (folder.join("key.pem"), folder.join("cert.pem"));
    let make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=desk -keyout \"$0\" -out \"$1\"";
    let output = run("openssl", &["sh", "-c", make, key.to_str().unwrap(), cert.to_str().unwrap()], "")?;
    assert!(output.status.success());
    Some(())
}

#[test]
fn the_report_is_json_with_the_certificate_and_is_repeated_until_it_arrives() {
    let machine = Machine::new("report");
    if make_certificate(&machine.root.join("tls")).is_none() {
        return;
    }
    if run("curl", &["curl", "--version"], "").is_none() {
        return;
    }
    let (port, bodies) = listen(&[503, 200]);
    let report_url = format!("http://127.0.0.1:{port}/first-boot/ins_1/token");
    let values = FirstBoot { report_url: &report_url, ..sample() };
    if machine.runs("/desktop-report", "ready", &values).is_none() {
        return;
    }
    let bodies = bodies.join().unwrap();
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[1]["state"], "ready");
    let fingerprint = bodies[1]["cert_sha256"].as_str().unwrap();
    assert!(fingerprint.len() == 64 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(bodies[1]["host"].is_string());
}
