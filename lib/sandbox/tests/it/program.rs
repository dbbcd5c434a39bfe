//! The program: one JSON line when it is ready, and a clean end when told.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command.env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
    command.args([
        "--desktops",
        "built-in",
        "--work-dir",
        concat!(env!("CARGO_TARGET_TMPDIR"), "/sandbox-program"),
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn it_says_where_it_is_and_ends_on_sigterm() {
    let key = "sk_test_abcdef";
    let mut child = command()
        .args(["--listen", "127.0.0.1:0", "--time-factor", "60", "--vultr-api-key", "K"])
        .env("SANDBOX_PAYSTACK_SECRET_KEY", key)
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(ready["ready"], true);
    assert_eq!(ready["desktops"]["windows"], "built-in");
    let base = ready["base_url"].as_str().expect("a URL");
    assert_eq!(ready["vultr_api_url"], format!("{base}/vultr/v2"));
    assert_eq!(ready["paystack_api_url"], format!("{base}/paystack"));
    assert!(
        ready["hetzner_api_url"] == format!("{base}/hetzner/v1") && ready["ec2_endpoint_url"].is_string()
    );
    let made = ready["keys"].as_object().expect("keys that were made up");
    assert!(made.contains_key("linode_token") && !made.contains_key("vultr_api_key"));
    assert!(!made.contains_key("paystack_secret_key") && !line.contains(key), "given keys are not printed");

    let ended = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill runs");
    assert!(ended.success());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_setting_that_makes_no_sense_is_named() {
    let output = command().args(["--time-factor", "fast"]).output().expect("it runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("--time-factor"), "{said}");
}

#[test]
fn an_address_in_use_is_said_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = command().args(["--listen", &address]).output().expect("it runs");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains(&address));
}
