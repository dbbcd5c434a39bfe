//! The values that may stand in a script, each parsed once.
//!
//! None of their alphabets holds a quote, a blank, a line end, `$` or a backslash, so a parsed value means
//! itself inside YAML double quotes, shell single quotes and PowerShell single quotes.

use std::net::{IpAddr, Ipv4Addr};

/// Longest address that first boot reports to. Keeps the Windows script within one line of `cmd.exe`.
const REPORT_URL_MAX: usize = 512;

/// Accounts that an Ubuntu image already has: cloud-init would quietly change those instead of adding one.
const TAKEN_USERNAMES: &[&str] = &[
    "backup",
    "bin",
    "daemon",
    "games",
    "irc",
    "list",
    "lp",
    "mail",
    "man",
    "messagebus",
    "news",
    "nobody",
    "proxy",
    "root",
    "sshd",
    "sync",
    "sys",
    "syslog",
    "ubuntu",
    "uucp",
    "www-data",
    "xrdp",
];

/// A value that must not stand in a first-boot script. Never repeats the value: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// The host name breaks the rule of [`crate::FirstBoot::hostname`].
    #[error("hostname: 1 to 15 of a-z, 0-9 and inner hyphens, not all digits")]
    Hostname,
    /// The user name breaks the rule of [`crate::FirstBoot::username`], or the image has such an account.
    #[error("username: a letter, then up to 19 of a-z, 0-9 and hyphen; not a system account")]
    Username,
    /// The password hash is missing or not of the `$6$` kind.
    #[error("password_hash: must be a SHA-512-crypt hash ($6$salt$...)")]
    PasswordHash,
    /// The address to report to is not a plain URL, is too long, or would travel the internet in clear.
    #[error("report_url: must be an https URL of at most 512 characters without special ones")]
    ReportUrl,
    /// The system has no software for what the desktop is for.
    #[error("profile: mt5 needs Windows")]
    Profile,
}

/// A computer name that Linux, Windows and NetBIOS accept.
pub(crate) struct Hostname<'a>(&'a str);

impl<'a> Hostname<'a> {
    /// Rule: [`crate::FirstBoot::hostname`]. RFC 1123 forbids the outer hyphens, Windows the digits alone.
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidValue> {
        let fits = (1..=15).contains(&text.len()) && text.bytes().all(is_label_byte);
        let numeric = text.bytes().all(|byte| byte.is_ascii_digit());
        let outer_hyphen = text.starts_with('-') || text.ends_with('-');
        if fits && !numeric && !outer_hyphen { Ok(Self(text)) } else { Err(InvalidValue::Hostname) }
    }

    pub(crate) const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// The name of the customer's account on a Linux desktop.
pub(crate) struct Username<'a>(&'a str);

impl<'a> Username<'a> {
    /// Rule: [`crate::FirstBoot::username`].
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidValue> {
        let fits = (1..=20).contains(&text.len()) && text.bytes().all(is_label_byte);
        let letter_first = text.starts_with(|first: char| first.is_ascii_lowercase());
        let free = !TAKEN_USERNAMES.contains(&text);
        if fits && letter_first && free { Ok(Self(text)) } else { Err(InvalidValue::Username) }
    }

    pub(crate) const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// A SHA-512-crypt hash: `$6$`, 1 to 16 characters of salt, `$`, 86 characters.
pub(crate) struct PasswordHash<'a>(&'a str);

impl<'a> PasswordHash<'a> {
    /// Only the plain form, without `rounds=`: it is what [`crate::password::sha512_crypt`] writes.
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidValue> {
        let (salt, digest) = text
            .strip_prefix("$6$")
            .and_then(|rest| rest.split_once('$'))
            .ok_or(InvalidValue::PasswordHash)?;
        let fits = (1..=16).contains(&salt.len()) && digest.len() == 86;
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'/');
        if fits && plain(salt) && plain(digest) { Ok(Self(text)) } else { Err(InvalidValue::PasswordHash) }
    }

    pub(crate) const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// Where first boot reports to.
pub(crate) struct ReportUrl<'a>(&'a str);

impl<'a> ReportUrl<'a> {
    /// Rule: [`crate::FirstBoot::report_url`].
    pub(crate) fn parse(text: &'a str) -> Result<Self, InvalidValue> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/:?=&%".contains(&b);
        if text.len() > REPORT_URL_MAX || !text.bytes().all(plain) {
            return Err(InvalidValue::ReportUrl);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidValue::ReportUrl)?;
        let (authority, path) = rest.split_once('/').ok_or(InvalidValue::ReportUrl)?;
        let host = host_of(authority).ok_or(InvalidValue::ReportUrl)?;
        let allowed = match scheme {
            "https" => true,
            "http" => is_near(host),
            _ => false,
        };
        if allowed && !path.is_empty() { Ok(Self(text)) } else { Err(InvalidValue::ReportUrl) }
    }

    pub(crate) const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// Whether machines can be told to report to `text`.
///
/// # Errors
/// `ReportUrl`, by the rule of [`crate::FirstBoot::report_url`].
pub fn check_report_url(text: &str) -> Result<(), InvalidValue> {
    ReportUrl::parse(text).map(|_| ())
}

/// The host of `host` or `host:port`; `None` when either is not one.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let host_fits = !host.is_empty()
        && !host.starts_with(['-', '.'])
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    let port_fits =
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0);
    (host_fits && port_fits).then_some(host)
}

/// Whether plain HTTP to `host` stays on this machine or its own network, as in the local stack.
fn is_near(host: &str) -> bool {
    let address: Option<Ipv4Addr> = match host.parse() {
        Ok(IpAddr::V4(address)) => Some(address),
        _ => None,
    };
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_some_and(|address| address.is_loopback() || address.is_private())
}

const fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usual_values_pass() {
        for name in ["a", "nemo-01jc3k9x2b", "x1"] {
            assert!(Hostname::parse(name).is_ok(), "{name}");
        }
        for name in ["desk", "a", "ada-lovelace-1815-00"] {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
        for url in [
            "https://abc123.execute-api.eu-west-1.amazonaws.com/first-boot/ins_01J/x-y_z~1?e=17&s=a%3D",
            "http://127.0.0.1:4566/first-boot/t",
            "http://localhost/first-boot/t",
            "http://abc.execute-api.localhost:4566/first-boot/t",
            "http://10.1.2.3/first-boot/t",
        ] {
            assert!(ReportUrl::parse(url).is_ok(), "{url}");
        }
        assert!(PasswordHash::parse(&format!("$6$a./B${}", "x".repeat(86))).is_ok());
    }

    #[test]
    fn names_that_a_system_would_misread_are_refused() {
        for name in ["", "Desk", "desk.local", "a b", "-a", "a-", "12345", "a\n", "abcdefghijklmnop", "ä"] {
            assert_eq!(Hostname::parse(name).err(), Some(InvalidValue::Hostname), "{name:?}");
        }
        for name in ["", "1a", "-a", "A", "root", "ubuntu", "a_b", "a:b", "a\nb", "aaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(Username::parse(name).err(), Some(InvalidValue::Username), "{name:?}");
        }
    }

    #[test]
    fn an_address_that_could_leave_its_quotes_or_travel_in_clear_is_refused() {
        let long = format!("https://a.example/{}", "x".repeat(REPORT_URL_MAX));
        for url in [
            "",
            "https://",
            "https://a.example",
            "https://a.example/",
            "ftp://a.example/x",
            "//a.example/x",
            "http://a.example/x",
            "http://8.8.8.8/x",
            "http://127.0.0.1.example/x",
            "http://notlocalhost/x",
            "https://a.example/x'",
            "https://a.example/x\"",
            "https://a.example/$(id)",
            "https://a.example/`id`",
            "https://a.example/x y",
            "https://a.example/x\r\ny",
            "https://a.example/x;y",
            "https://a.example/x|y",
            "https://user@a.example/x",
            "https://a.example:0/x",
            "https://a.example:99999/x",
            "https://a.example:/x",
            "https://a.example:+1/x",
            "https:///x",
            "HTTPS://a.example/x",
            &long,
        ] {
            assert_eq!(ReportUrl::parse(url).err(), Some(InvalidValue::ReportUrl), "{url:?}");
        }
    }

    #[test]
    fn a_clear_password_or_another_hash_is_no_password_hash() {
        let digest = "x".repeat(86);
        for hash in ["", "Passw0rd_", "$6$salt$short", &format!("$1$salt${digest}"), &format!("$6$${digest}")]
        {
            assert_eq!(PasswordHash::parse(hash).err(), Some(InvalidValue::PasswordHash));
        }
        for hash in [
            format!("$6$sa\"lt${digest}"),
            format!("$6$salt${digest}\n"),
            format!("$6$rounds=9$salt${digest}"),
        ] {
            assert_eq!(PasswordHash::parse(&hash).err(), Some(InvalidValue::PasswordHash));
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_has_no_character_that_means_something_else(text in "(https://[a-z.]{1,9}/)?\\PC{0,40}") {
            let passed = [
                Hostname::parse(&text).ok().map(|value| value.as_str()),
                Username::parse(&text).ok().map(|value| value.as_str()),
                ReportUrl::parse(&text).ok().map(|value| value.as_str()),
            ];
            for value in passed.into_iter().flatten() {
                prop_assert!(!value.contains(['\'', '"', '\\', '$', '`', ' ', ';', '|', '<', '>', '(', ')', '\r', '\n']));
                prop_assert!(value.is_ascii());
            }
        }
    }
}
