//! The `.rdp` file that a customer opens.
//!
//! ASCII and CRLF without a byte order mark, lower-case keys: what mstsc, Windows App, FreeRDP and Remmina all read.
//! Every redirection is stated, because leaving one out mostly means "on". No password: the encrypted form is bound
//! to the Windows account that made it, and the other is plain text.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// What the desktop runs; it decides how the client resizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOs {
    /// Follows the client's window size.
    Windows,
    /// xrdp 0.9 has no live resize, so the client scales the picture.
    Linux,
}

/// A user name that cannot break out of its line: 1 to 20 of `A-Z a-z 0-9 . _ -`.
///
/// A line break in any value would add lines, and an added `alternate full address` sends the customer elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// The text is not a [`Username`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user name has 1 to 20 characters out of letters, digits, '.', '_' and '-'")]
pub struct UsernameError;

impl FromStr for Username {
    type Err = UsernameError;

    fn from_str(text: &str) -> Result<Self, UsernameError> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
        if (1..=20).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UsernameError)
        }
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The file; `to_string()` is its content.
///
/// Serve it as `application/x-rdp`, as an attachment, with `Cache-Control: no-store`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RdpFile {
    /// Where the desktop is.
    pub address: IpAddr,
    /// Always written, also when it is 3389.
    pub port: u16,
    /// Filled in for the customer, who still has to give the password.
    pub username: Username,
    /// What the desktop runs.
    pub os: FileOs,
}

impl fmt::Display for RdpFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let smart_sizing = match self.os {
            FileOs::Windows => 0,
            FileOs::Linux => 1,
        };
        // First line: some readers lose it, so it is not the address.
        write!(f, "screen mode id:i:2\r\n")?;
        // `SocketAddr` puts IPv6 into brackets.
        write!(f, "full address:s:{}\r\n", SocketAddr::new(self.address, self.port))?;
        write!(f, "username:s:{}\r\n", self.username)?;
        for line in CREDENTIALS_AND_SECURITY {
            write!(f, "{line}\r\n")?;
        }
        write!(f, "smart sizing:i:{smart_sizing}\r\n")?;
        for line in DISPLAY_REDIRECTION_AND_GATEWAY {
            write!(f, "{line}\r\n")?;
        }
        Ok(())
    }
}

/// Nothing saved is used for an address that may have been somebody else's; warn about a self-signed certificate.
const CREDENTIALS_AND_SECURITY: [&str; 5] = [
    "prompt for credentials:i:1",
    "authentication level:i:2",
    "negotiate security layer:i:1",
    "enablecredsspsupport:i:1",
    "use multimon:i:0",
];

/// Clipboard and sound are on, all other redirection is off, and no gateway whatever the client's default profile is.
const DISPLAY_REDIRECTION_AND_GATEWAY: [&str; 18] = [
    "dynamic resolution:i:1",
    "redirectclipboard:i:1",
    "redirectprinters:i:0",
    "redirectsmartcards:i:0",
    "redirectcomports:i:0",
    "redirectwebauthn:i:0",
    "redirectlocation:i:0",
    "drivestoredirect:s:",
    "devicestoredirect:s:",
    "camerastoredirect:s:",
    "usbdevicestoredirect:s:",
    "audiomode:i:0",
    "audiocapturemode:i:0",
    "keyboardhook:i:2",
    "autoreconnection enabled:i:1",
    "gatewayusagemethod:i:0",
    "gatewayprofileusagemethod:i:1",
    "remoteapplicationmode:i:0",
];
