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
    let keys = made_keys.then(
        || json!({"paystack_secret_key": config.paystack_secret_key, "vultr_api_key": config.vultr_api_key}),
    );
    let running = Sandbox::start(config).await?;
    write_line(&ready_line(&running, keys).to_string())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(())
}

fn ready_line(running: &Running, keys: Option<serde_json::Value>) -> serde_json::Value {
    let base = running.base_url();
    let kind = |os| match running.desktop_kind(os) {
        Kind::Real => "real",
        Kind::BuiltIn => "built-in",
    };
    let mut line = json!({
        "ready": true,
        "base_url": base,
        "paystack_api_url": format!("{base}/paystack"),
        "vultr_api_url": format!("{base}/vultr/v2"),
        "control_url": format!("{base}/control"),
        "desktops": {"windows": kind(Os::Windows), "linux": kind(Os::Linux)},
        "pid": std::process::id(),
    });
    if let Some(keys) = keys {
        line["keys"] = keys;
    }
    line
}

fn write_line(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
