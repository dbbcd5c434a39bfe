//! The batch file of a Windows desktop: RDP with NLA, firewall, lockout, the report, then the plan's software.
//!
//! It sets no password: the provider's own is delivered. Windows PowerShell 5.1 is what every image has.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::catalogue::Plan;

use crate::values::ReportUrl;

const FIRST_BOOT: &str = include_str!("templates/windows/first-boot.ps1");
const PLAN_EXTRAS: &str = include_str!("templates/windows/plan-extras.ps1");
const EXTRAS: &str = include_str!("templates/windows/extras.ps1");

/// How `cmd.exe` starts a script without any quoting: base64 has no character that means something to it.
const POWERSHELL: &str = "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ";

/// The batch file for one Windows desktop, with CRLF line ends.
///
/// Two commands, because a line of `cmd.exe` holds 8,191 characters and because nothing about the plan's
/// software may keep the first one from reporting.
pub(crate) fn batch(plan: Plan, report_url: &ReportUrl<'_>) -> String {
    let first_boot = FIRST_BOOT.replace("__REPORT_URL__", report_url.as_str());
    let extras = EXTRAS.replace("__PACKAGES__", &quoted(packages(plan)));
    let plan_extras = PLAN_EXTRAS.replace("__EXTRAS__", extras.trim_end());
    let (first_boot, plan_extras) = (encoded(&first_boot), encoded(&plan_extras));
    format!("@echo off\r\n{POWERSHELL}{first_boot}\r\n{POWERSHELL}{plan_extras}\r\nexit /b 0\r\n")
}

/// The plan's software by its name at Chocolatey. No graphics driver: a licensed one comes with the
/// provider's image, and the packaged ones do not fit the cards of data centres.
const fn packages(plan: Plan) -> &'static [&'static str] {
    match plan {
        Plan::Basic => &["firefox", "notepadplusplus"],
        Plan::Performance => &["firefox", "notepadplusplus", "git", "vscode", "python", "libreoffice-fresh"],
        Plan::Gpu => &["firefox", "notepadplusplus", "obs-studio", "blender"],
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// A script as `-EncodedCommand` takes it: base64 of UTF-16, little endian, no byte order mark. Lines that are
/// only a comment stay behind, to save the room.
fn encoded(script: &str) -> String {
    let bytes: Vec<u8> = without_comment_lines(script).encode_utf16().flat_map(u16::to_le_bytes).collect();
    BASE64_STANDARD.encode(bytes)
}

fn without_comment_lines(script: &str) -> String {
    script
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect()
}
