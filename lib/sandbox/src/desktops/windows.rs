//! A Windows machine: FreeRDP's shadow server with Network Level Authentication against an account file.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;
use md4::{Digest as _, Md4};

use super::files::{make_private_folder, output, write_private};
use super::nursery::{Nursery, Process};
use super::wire::RDP_PORT;
use super::{DesktopSpec, programs};

/// Sets the new host name, which the server sends in its NTLM challenge, and becomes the server.
const WITH_HOSTNAME: &str = "echo \"$0\" >/proc/sys/kernel/hostname && exec \"$@\"";

/// Makes a fresh installation in `folder`.
///
/// # Errors
/// No password, or `folder` cannot be written.
pub(super) fn install(spec: &DesktopSpec, folder: &Path) -> anyhow::Result<()> {
    let password = spec.admin_password.as_deref().context("a Windows machine needs its password")?;
    make_private_folder(&folder.join("home"))?;
    write_accounts(&spec.admin_user, password, folder)
}

/// The account file with the one account of a fresh Windows, which the server reads at each log-in.
///
/// # Errors
/// `folder` cannot be written.
pub(super) fn write_accounts(user: &str, password: &str, folder: &Path) -> anyhow::Result<()> {
    let line = format!("{user}:::{}:::\n", hex::encode(nt_hash(password)));
    write_private(&folder.join("sam"), line.as_bytes())
}

/// MD4 over UTF-16LE. Source: MS-NLMP 3.3.1, NTOWFv1.
fn nt_hash(password: &str) -> [u8; 16] {
    let bytes: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    Md4::digest(bytes).into()
}

/// Starts the server. It makes its certificate in `folder` when it has none there.
pub(super) async fn start(
    nursery: &Nursery,
    spec: &DesktopSpec,
    folder: &Path,
    display: &str,
) -> anyhow::Result<Process> {
    let port = format!("/port:{RDP_PORT}");
    let bind = format!("/bind-address:{}", spec.address);
    let sam = format!("/sam-file:{}", folder.join("sam").display());
    let server = ["freerdp-shadow-cli", &port, &bind, "/sec:nla", "+auth", &sam];
    let hostname = spec.hostname.to_uppercase();
    let own_name = ["--uts", "sh", "-c", WITH_HOSTNAME, &hostname];
    let (program, arguments) = if programs::may_unshare() {
        ("unshare", [own_name.as_slice(), &server].concat())
    } else {
        (server[0], server[1..].to_vec())
    };
    let (home, log) = (folder.join("home"), output(folder)?);
    nursery
        .start(program, &arguments, |command| {
            command.env("DISPLAY", display).env("HOME", &home).env("XDG_CONFIG_HOME", home.join(".config"));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_nt_hash_is_the_one_that_winpr_hash_makes() {
        assert_eq!(hex::encode(nt_hash("Pass1")), "b5eb996c74a58f8ff9abf32088b27faa");
        assert_eq!(hex::encode(nt_hash("")), "31d6cfe0d16ae931b73c59d7e0c089c0");
    }
}
