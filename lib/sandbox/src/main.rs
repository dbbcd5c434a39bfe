//! The sandbox as a program: one JSON line on stdout when it answers, logs on stderr, ends on SIGINT or SIGTERM.

use std::io::Write as _;

use anyhow::Context as _;
use sandbox::desktops::{Kind, Os};
use sandbox::{Config, Running, Sandbox, Started};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(
            std::env::var("RUST_LOG")
                .ok()
                .and_then(|level| level.parse().ok())
                .unwrap_or(tracing::Level::INFO),
        )
        .init();
    let (config, made_keys) =
        match Config::from_args(std::env::args().skip(1), |name| std::env::var(name).ok())? {
            Started::Run { config, made_keys } => (*config, made_keys),
            Started::Help(text) => return write_line(text.trim_end()),
        };
    let mut interrupt = signal(SignalKind::interrupt()).context("no signal handling")?;
    let mut terminate = signal(SignalKind::terminate()).context("no signal handling")?;
    let running = Sandbox::start(config).await?;
    write_line(&ready_line(&running, made_keys)?.to_string())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(())
}

fn ready_line(running: &Running, made_keys: Vec<(String, String)>) -> anyhow::Result<serde_json::Value> {
    let urls = running.urls();
    let pair = running.ec2_key_pair()?;
    let kind = |os| match running.desktop_kind(os) {
        Kind::Real => "real",
        Kind::BuiltIn => "built-in",
    };
    let mut line = json!({
        "ready": true,
        "base_url": running.base_url(),
        "paystack_api_url": urls.paystack_api(),
        "vultr_api_url": urls.vultr_api(),
        "contabo_api_url": urls.contabo_api(),
        "contabo_auth_url": urls.contabo_auth(),
        "digitalocean_api_url": urls.digitalocean_api(),
        "linode_api_url": urls.linode_api(),
        "hetzner_api_url": urls.hetzner_api(),
        "ec2_endpoint_url": urls.ec2_endpoint(),
        "ec2_key_pair": {"name": pair.name, "private_key": pair.private_key},
        "control_url": urls.control(),
        "desktops": {"windows": kind(Os::Windows), "linux": kind(Os::Linux)},
        "pid": std::process::id(),
    });
    if !made_keys.is_empty() {
        line["keys"] = made_keys.into_iter().collect();
    }
    Ok(line)
}

fn write_line(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
