//! What a probe found out.

use std::fmt;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::nego::{self, Protocol};

/// The steps of a probe, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The connection itself.
    Tcp,
    /// X.224 negotiation.
    X224,
    /// TLS handshake.
    Tls,
    /// NTLM challenge, where the server asks for CredSSP.
    CredSsp,
}

/// Why a probe ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every stage that this server has was passed.
    Ready,
    /// CredSSP answered, but without a challenge (NTLM blocked by policy): neither proved nor dead.
    Unknown,
    /// No service yet, or one that says nothing: still booting, or a firewall in between.
    NotYet(&'static str),
    /// Something answers that is no RDP server.
    NotRdp(&'static str),
    /// An RDP server that refuses to negotiate; see [`nego::failure_name`].
    Refused(u32),
    /// An RDP server without TLS. Not ready, and a security fault: passwords would travel nearly in clear.
    Insecure,
    /// An RDP server whose TLS or CredSSP fails.
    Broken(String),
}

/// TLS as negotiated. Older versions are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// Fingerprints of the server's own certificate, over its DER form, in lower-case hexadecimal without separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// 64 digits. What an Ubuntu desktop reports.
    pub sha256: String,
    /// 40 digits. What Windows calls the thumbprint, and reports.
    pub sha1: String,
}

impl Certificate {
    /// The fingerprints of one certificate in DER form.
    pub fn of(der: &[u8]) -> Self {
        Self { sha256: hex::encode(Sha256::digest(der)), sha1: hex::encode(Sha1::digest(der)) }
    }
}

/// How far a probe came, why it ended there, and what it saw on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeOutcome {
    /// The stage in which it ended.
    pub stage: Stage,
    /// Why it ended.
    pub verdict: Verdict,
    /// From stage `X224` on.
    pub protocol: Option<Protocol>,
    /// After the TLS handshake.
    pub tls_version: Option<TlsVersion>,
    /// After the TLS handshake. It is not checked against any authority: self-signed is normal.
    pub certificate: Option<Certificate>,
    /// NetBIOS computer name of the NTLM challenge.
    pub computer: Option<String>,
}

impl ProbeOutcome {
    pub(crate) fn ended(stage: Stage, verdict: Verdict) -> Self {
        Self { stage, verdict, protocol: None, tls_version: None, certificate: None, computer: None }
    }

    /// Whether a customer could log in now, as far as can be seen from outside.
    pub fn is_ready(&self) -> bool {
        self.verdict == Verdict::Ready
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::X224 => "x224",
            Self::Tls => "tls",
            Self::CredSsp => "credssp",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Unknown => f.write_str("CredSSP without a challenge"),
            Self::NotYet(why) => write!(f, "not yet: {why}"),
            Self::NotRdp(why) => write!(f, "not RDP: {why}"),
            Self::Refused(code) => write!(f, "RDP refuses: {}", nego::failure_name(*code)),
            Self::Insecure => f.write_str("insecure: standard RDP security without TLS"),
            Self::Broken(why) => write!(f, "broken service: {why}"),
        }
    }
}

impl fmt::Display for ProbeOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.verdict, self.stage)
    }
}
