//! Which ports a local stack listens on: the same ones each time, as long as they are free.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::cli::UpOptions;
use crate::settings;

/// Loopback ports of one local stack.
pub(crate) struct Ports {
    /// The embedded AWS.
    pub(crate) aws: u16,
    /// The sandbox.
    pub(crate) sandbox: u16,
}

/// Takes what was asked for, else what was used last time, else the usual, else any that is free; remembers it.
///
/// # Errors
/// A port that was asked for and is in use.
pub(crate) fn choose(options: &UpOptions) -> anyhow::Result<Ports> {
    let remembered = options.state.read("ports.json");
    let last = |name: &str| remembered[name].as_u64().and_then(|port| u16::try_from(port).ok());
    let aws = one(options.aws_port, last("aws").unwrap_or(settings::AWS_PORT), "embedded AWS", "--aws-port")?;
    let sandbox = one(
        options.sandbox_port,
        last("sandbox").unwrap_or(settings::SANDBOX_PORT),
        "sandbox",
        "--sandbox-port",
    )?;
    options.state.write("ports.json", &json!({"aws": aws, "sandbox": sandbox}))?;
    Ok(Ports { aws, sandbox })
}

fn one(asked: Option<u16>, usual: u16, who: &str, flag: &str) -> anyhow::Result<u16> {
    match asked {
        Some(port) if is_free(port) => Ok(port),
        Some(port) => {
            bail!("port {port} is in use; give the {who} another one with {flag}, or leave {flag} out")
        }
        None if is_free(usual) => Ok(usual),
        None => {
            let port = any_free()?;
            println!("Port {usual} is in use, so the {who} listens on {port} instead.");
            Ok(port)
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn any_free() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_in_use_is_refused_when_asked_for_and_replaced_otherwise() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = taken.local_addr().expect("bound").port();
        let refusal = one(Some(port), 1, "sandbox", "--sandbox-port").expect_err("in use").to_string();
        assert!(refusal.contains(&port.to_string()) && refusal.contains("--sandbox-port"), "{refusal}");
        assert_ne!(one(None, port, "sandbox", "--sandbox-port").expect("another"), port);
    }
}
