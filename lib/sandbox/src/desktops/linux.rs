//! A Linux machine: xrdp with a session manager of its own, in namespaces of its own.
//!
//! Several machines may have an account of the same name with different passwords, so each has its own `/etc/passwd`,
//! homes, settings and logs. The host's stay as they are, and nothing is left when the machine's first process ends.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::process::Command;
use tokio::time::timeout;

use super::DesktopSpec;
use super::cloud_config::{Account, CloudConfig};
use super::files::{make_private_folder, output, write_private};
use super::nursery::{Nursery, Process};
use super::wire::RDP_PORT;

const ROOM: &str = include_str!("room.sh");

/// What the account's session runs. A test may look for the colour.
const XSESSION: &str = "#!/bin/sh\nxsetroot -solid '#4682b4'\nopenbox &\nexec xterm -e 'id; sleep 36000'\n";

const COMMAND_LIMIT: Duration = Duration::from_secs(60);

/// The number of the machine's account: unlike any other machine's, so that its processes can be told.
pub(super) fn uid(address: Ipv4Addr) -> u32 {
    0x4000_0000 | (address.to_bits() & 0x00ff_ffff)
}

/// Makes a fresh installation in `folder`.
///
/// # Errors
/// A program fails, or `folder` cannot be written.
pub(super) async fn install(spec: &DesktopSpec, config: &CloudConfig, folder: &Path) -> anyhow::Result<()> {
    for part in ["etc", "home", "log"] {
        make_private_folder(&folder.join(part))?;
    }
    let etc = folder.join("etc");
    run(Command::new("cp").arg("-a").arg("/etc/xrdp").arg(&etc)).await?;
    let xrdp = etc.join("xrdp");
    make_private_folder(&xrdp.join("tls"))?;
    run(Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-sha256", "-nodes", "-days", "825", "-subj"])
        .arg(format!("/CN={}", spec.hostname))
        .arg("-keyout")
        .arg(xrdp.join("tls/key.pem"))
        .arg("-out")
        .arg(xrdp.join("tls/cert.pem")))
    .await?;
    write_private(&folder.join("room.sh"), ROOM.as_bytes())?;
    bind(spec, config, folder).await
}

/// Writes down what depends on the machine's address, at its installation and whenever that changes.
///
/// # Errors
/// A program fails, or `folder` cannot be written.
pub(super) async fn bind(spec: &DesktopSpec, config: &CloudConfig, folder: &Path) -> anyhow::Result<()> {
    let xrdp = folder.join("etc/xrdp");
    let (address, port) = (spec.address.to_string(), format!("tcp://{}:{RDP_PORT}", spec.address));
    let display = first_display(spec.address).to_string();
    rewrite(
        &xrdp.join("xrdp.ini"),
        &xrdp.join(format!("{address}.ini")),
        &[
            ("port", "3389", &port),
            ("security_layer", "", "tls"),
            ("certificate", "", "/etc/xrdp/tls/cert.pem"),
            ("key_file", "", "/etc/xrdp/tls/key.pem"),
            // Where the session manager listens.
            ("ip", "127.0.0.1", &address),
            ("EnableSyslog", "", "false"),
        ],
    )?;
    rewrite(
        &xrdp.join("sesman.ini"),
        &xrdp.join("sesman.ini"),
        &[
            ("ListenAddress", "", &address),
            ("X11DisplayOffset", "", &display),
            ("AllowRootLogin", "", "false"),
            ("EnableSyslog", "", "false"),
        ],
    )?;
    accounts(spec, config.account.as_ref(), folder)?;
    let Some(account) = &config.account else { return Ok(()) };
    let owner = uid(spec.address);
    let home = folder.join("home").join(&account.name);
    run(Command::new("chown").args(["-R", &format!("{owner}:{owner}")]).arg(home)).await
}

/// The machine's first X display. Abstract sockets belong to the network, which machines share, so each has its own.
fn first_display(address: Ipv4Addr) -> u32 {
    100 + (address.to_bits() % 5_000) * 10
}

/// Copies an ini file with settings changed: name, old value (empty: any), new value.
fn rewrite(from: &Path, to: &Path, settings: &[(&str, &str, &str)]) -> anyhow::Result<()> {
    let text = fs::read_to_string(from).with_context(|| format!("cannot read {}", from.display()))?;
    let changed = |line: &str| {
        let (name, old) = line.split_once('=')?;
        let (_, _, new) = settings.iter().find(|(n, o, _)| *n == name && (o.is_empty() || *o == old))?;
        Some(format!("{name}={new}\n"))
    };
    let text: String =
        text.lines().map(|line| changed(line).unwrap_or_else(|| format!("{line}\n"))).collect();
    fs::write(to, text).with_context(|| format!("cannot write {}", to.display()))
}

/// The host's accounts and the customer's, and the latter's home, which [`bind`] gives to them.
fn accounts(spec: &DesktopSpec, account: Option<&Account>, folder: &Path) -> anyhow::Result<()> {
    let uid = uid(spec.address);
    let name = account.map(|account| account.name.as_str());
    let lines = |account: &Account| {
        let (name, hash) = (&account.name, &account.password_hash);
        [
            ("passwd", 0o644, format!("{name}:x:{uid}:{uid}::/home/{name}:/bin/bash\n")),
            ("shadow", 0o600, format!("{name}:{hash}:20000:0:99999:7:::\n")),
            ("group", 0o644, format!("{name}:x:{uid}:\n")),
        ]
    };
    let none =
        [("passwd", 0o644, String::new()), ("shadow", 0o600, String::new()), ("group", 0o644, String::new())];
    for (file, mode, line) in account.map_or(none, lines) {
        let host = fs::read_to_string(Path::new("/etc").join(file))
            .with_context(|| format!("cannot read /etc/{file}"))?;
        let others = host.lines().filter(|line| name.is_none() || line.split(':').next() != name);
        let text: String = others.map(|line| format!("{line}\n")).chain([line]).collect();
        let path = folder.join("etc").join(file);
        write_private(&path, text.as_bytes())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    let Some(name) = name else { return Ok(()) };
    let homes = folder.join("home");
    fs::set_permissions(&homes, fs::Permissions::from_mode(0o755))?;
    let home = homes.join(name);
    make_private_folder(&home)?;
    let session = home.join(".xsession");
    write_private(&session, XSESSION.as_bytes())?;
    fs::set_permissions(&session, fs::Permissions::from_mode(0o700))?;
    Ok(())
}

/// Starts the machine. Everything in it ends with the process that is returned.
pub(super) async fn start(nursery: &Nursery, spec: &DesktopSpec, folder: &Path) -> anyhow::Result<Process> {
    let (room, folder_text) = (folder.join("room.sh").display().to_string(), folder.display().to_string());
    let address = spec.address.to_string();
    let arguments = [
        "--mount",
        "--uts",
        "--ipc",
        "--pid",
        "--fork",
        "--kill-child=KILL",
        "--mount-proc",
        "sh",
        &room,
        &folder_text,
        &address,
        &spec.hostname,
    ];
    let log = output(folder)?;
    let errors = log.try_clone()?;
    nursery
        .start("unshare", &arguments, |command| {
            command.stdin(Stdio::null()).stdout(log).stderr(errors);
        })
        .await
}

/// The machine's first process, as the host numbers it.
pub(super) fn first_process(room: &Process) -> Option<u32> {
    let id = room.id();
    fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?.split_whitespace().next()?.parse().ok()
}

async fn run(command: &mut Command) -> anyhow::Result<()> {
    let command = command.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(COMMAND_LIMIT, command.output()).await.context("a program takes too long")??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
