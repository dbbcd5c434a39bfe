//! What a Windows desktop runs: RDP with NLA, firewall, lockout, the report, then the terminal of a trading desktop
//! and the plan's software.
//!
//! It sets no password: the one that the provider made up or was told is delivered. Windows PowerShell 5.1 is what
//! every image has.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::catalogue::Plan;
use domain::vm::WINDOWS_USER;

use crate::first_boot::Profile;
use crate::values::ReportUrl;

const FIRST_BOOT: &str = include_str!("templates/windows/first-boot.ps1");
const AT_STARTUP: &str = include_str!("templates/windows/at-startup.ps1");
const EXTRAS: &str = include_str!("templates/windows/extras.ps1");
const TRADING_TERMINAL: &str = include_str!("templates/windows/trading-terminal.ps1");

/// MetaQuotes' own installer of MetaTrader 5.
const INSTALLER_URL: &str = "https://download.mql5.com/cdn/web/metaquotes.software.corp/mt5/mt5setup.exe";

/// How `cmd.exe` starts a script without any quoting: base64 has no character that means something to it.
const POWERSHELL: &str = "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ";

/// The batch file for one Windows desktop, with CRLF line ends.
///
/// One command for each script, because a line of `cmd.exe` holds 8,191 characters and because nothing about the
/// software may keep the first one from reporting.
pub(crate) fn batch(plan: Plan, profile: Profile, report_url: &ReportUrl<'_>) -> String {
    let line = |script: String| format!("{POWERSHELL}{}\r\n", encoded(&script));
    let lines: String = scripts(plan, profile, report_url).into_iter().map(line).collect();
    format!("@echo off\r\n{lines}exit /b 0\r\n")
}

/// The same as one PowerShell script, for providers that run one.
pub(crate) fn powershell(plan: Plan, profile: Profile, report_url: &ReportUrl<'_>) -> String {
    scripts(plan, profile, report_url).concat()
}

/// The scripts in their order; the first one reports.
fn scripts(plan: Plan, profile: Profile, report_url: &ReportUrl<'_>) -> Vec<String> {
    let mut scripts = vec![FIRST_BOOT.replace("__REPORT_URL__", report_url.as_str())];
    if profile == Profile::Mt5 {
        let terminal =
            TRADING_TERMINAL.replace("__INSTALLER_URL__", INSTALLER_URL).replace("__USER__", WINDOWS_USER);
        scripts.push(at_startup("TradingTerminalSetup", &terminal));
    }
    let extras = EXTRAS.replace("__PACKAGES__", &quoted(packages(plan)));
    scripts.push(at_startup("DesktopExtras", &extras));
    scripts.iter().map(|script| squeezed(script)).collect()
}

/// The script that makes `script` a task of that name, which runs as the system now and at every start, until it
/// takes itself away.
fn at_startup(task: &str, script: &str) -> String {
    AT_STARTUP.replace("__SCRIPT__", script.trim_end()).replace("__TASK__", task)
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

/// A script as `-EncodedCommand` takes it: base64 of UTF-16, little endian, no byte order mark.
fn encoded(script: &str) -> String {
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    BASE64_STANDARD.encode(bytes)
}

/// A script without its indents and the lines that are only a comment: a character takes nearly three of a line's
/// 8,191.
fn squeezed(script: &str) -> String {
    let lines = script.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}
