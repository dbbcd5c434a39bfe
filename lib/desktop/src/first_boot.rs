//! The one way in: operating system and plan decide which script, the values fill it.

use std::fmt;

use domain::catalogue::{Os, Plan};

use crate::values::{Hostname, InvalidValue, PasswordHash, ReportUrl, Username};
use crate::{linux, windows};

/// What differs from one desktop to the next.
#[derive(Clone, Copy)]
pub struct FirstBoot<'a> {
    /// The machine's name: `[a-z0-9-]`, 1 to 15 characters (NetBIOS), not all digits, no hyphen at an end.
    pub hostname: &'a str,
    /// The customer's account on Linux: `[a-z][a-z0-9-]{0,19}`. Windows desktops have the provider's
    /// `Administrator`, so it is not read there.
    pub username: &'a str,
    /// That account's password as [`crate::password::sha512_crypt`] writes it; needed on Linux, not read on
    /// Windows, where the provider sets the password itself.
    pub password_hash: Option<&'a str>,
    /// Where the machine says that it is ready; works once. `https`, or `http` to this machine or a private
    /// address for a local stack; at most 512 characters.
    pub report_url: &'a str,
    /// What it is for.
    pub profile: Profile,
}

/// What a desktop is for, beyond its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Whatever its plan says.
    Standard,
    /// Trading: MetaTrader 5 is installed, and starts again after a restart. Windows only.
    Mt5,
}

/// What a provider takes as the first boot of Windows. Says nothing about Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowsForm {
    /// A batch file for `cmd.exe`: Vultr's startup script.
    Batch,
    /// PowerShell, without the tags (EC2) or the first line (Contabo) that mark it as that.
    PowerShell,
}

/// A rendered script, in the form in which the provider wants it before any base64 of its own.
#[derive(Clone, PartialEq, Eq)]
pub enum Script {
    /// cloud-init user data beginning with `#cloud-config`; within 16 KiB when base64-encoded.
    CloudConfig(String),
    /// A batch file that `cmd.exe` runs once as an administrator; CRLF, every line within 8,191 characters.
    Batch(String),
    /// A script that Windows PowerShell 5.1 runs once as an administrator or as the system; ASCII, within 15,900
    /// bytes, so that EC2's tags fit beside it into its 16 KiB.
    PowerShell(String),
}

impl Script {
    /// The script itself.
    pub fn text(&self) -> &str {
        match self {
            Self::CloudConfig(text) | Self::Batch(text) | Self::PowerShell(text) => text,
        }
    }
}

impl fmt::Debug for Script {
    /// Kind and size only: the text holds the one-time address and the password's hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::CloudConfig(_) => "CloudConfig",
            Self::Batch(_) => "Batch",
            Self::PowerShell(_) => "PowerShell",
        };
        write!(f, "{kind}({} bytes)", self.text().len())
    }
}

/// The script for one desktop: cloud-config for Linux, what `form` says for Windows.
///
/// It makes the desktop reachable over RDP with TLS (Windows: NLA), then posts
/// `{"state": "ready" | "failed", "host", "cert_sha256" (Linux) | "cert_sha1" (Windows)}` as JSON to
/// `report_url`, and installs the profile's and the plan's software only after that.
///
/// # Errors
/// `InvalidValue`, naming the value that does not fit; a Linux desktop without a password hash is one, a Linux
/// desktop for MetaTrader another.
pub fn first_boot(
    os: Os,
    plan: Plan,
    form: WindowsForm,
    values: &FirstBoot<'_>,
) -> Result<Script, InvalidValue> {
    let hostname = Hostname::parse(values.hostname)?;
    let report_url = ReportUrl::parse(values.report_url)?;
    match os {
        Os::Linux if values.profile == Profile::Mt5 => Err(InvalidValue::Profile),
        Os::Linux => {
            let username = Username::parse(values.username)?;
            let hash = PasswordHash::parse(values.password_hash.unwrap_or_default())?;
            Ok(Script::CloudConfig(linux::cloud_config(plan, &hostname, &username, &hash, &report_url)))
        }
        Os::Windows => Ok(match form {
            WindowsForm::Batch => Script::Batch(windows::batch(plan, values.profile, &report_url)),
            WindowsForm::PowerShell => {
                Script::PowerShell(windows::powershell(plan, values.profile, &report_url))
            }
        }),
    }
}
