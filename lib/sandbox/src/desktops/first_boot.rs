//! The report that a machine makes when its first boot has finished.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

/// The script's own curl retries for some ten minutes.
const SCRIPT_LIMIT: Duration = Duration::from_secs(700);
const POST_LIMIT: Duration = Duration::from_secs(30);
const POST_ATTEMPTS_MAX: u32 = 8;
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Where a cloud-config puts the certificate.
const CERTIFICATE_FOLDER: &str = "/etc/xrdp/tls/";

/// Runs a Linux machine's report inside of the machine, whose first process is `first_process`.
pub(super) async fn report_from_room(first_process: u32, script: &str) -> anyhow::Result<()> {
    let mut command = Command::new("nsenter");
    command.args(["--target", &first_process.to_string()]);
    command.args(["--mount", "--uts", "--ipc", "--pid", "bash", "-s", "--", "ready"]);
    feed(command, script).await
}

/// Runs a Linux machine's report on the host, for a machine that is built in.
pub(super) async fn report_from_host(
    hostname: &str,
    certificates: &Path,
    script: &str,
) -> anyhow::Result<()> {
    let certificates = format!("{}/", certificates.display());
    let script = script.replace(CERTIFICATE_FOLDER, &certificates);
    let mut command = Command::new("bash");
    command.args(["-s", "--", "ready"]);
    feed(command, &format!("hostname() {{ echo '{hostname}'; }}\n{script}")).await
}

/// Gives a script to a shell's standard input.
async fn feed(mut command: Command, script: &str) -> anyhow::Result<()> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut shell = command.spawn().context("cannot start a shell")?;
    let mut input = shell.stdin.take().context("a shell without input")?;
    input.write_all(script.as_bytes()).await?;
    drop(input);
    let output =
        timeout(SCRIPT_LIMIT, shell.wait_with_output()).await.context("the report takes too long")??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// Posts what a Windows machine's script would: the thumbprint is SHA-1 in upper-case hexadecimal.
pub(super) async fn report_windows(url: &str, hostname: &str, thumbprint: &str) -> anyhow::Result<()> {
    post(url, &json!({"state": "ready", "host": hostname.to_uppercase(), "cert_sha1": thumbprint})).await
}

/// Posts what a Linux machine's script would, where there is no shell to run it.
pub(super) async fn report_linux(url: &str, hostname: &str, sha256: &str) -> anyhow::Result<()> {
    post(url, &json!({"state": "ready", "host": hostname, "cert_sha256": sha256})).await
}

/// Tries again after every failure that may pass.
async fn post(url: &str, body: &Value) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(POST_LIMIT).build()?;
    let mut why = String::new();
    for attempt in 0..POST_ATTEMPTS_MAX {
        if attempt > 0 {
            sleep(Duration::from_secs(1 << (attempt - 1)).min(PAUSE_MAX)).await;
        }
        why = match client.post(url).json(body).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) if answer.status().is_client_error() && answer.status().as_u16() != 429 => {
                bail!("the report was refused: {}", answer.status())
            }
            Ok(answer) => answer.status().to_string(),
            // The URL is a capability: it stays out of the log.
            Err(error) => error.without_url().to_string(),
        };
    }
    bail!("the report was not taken: {why}")
}
