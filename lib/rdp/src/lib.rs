//! RDP from the outside: whether an address is ready for a customer, and the `.rdp` file that opens it.
//!
//! [`probe()`] speaks just enough of the protocol to be sure: X.224 negotiation, TLS, and the NTLM challenge where
//! the server asks for Network Level Authentication. It sends no user name and no password.
//! The parsers ([`nego`], [`credssp`]) are pure functions over bytes that come from anybody, and never panic.

pub mod credssp;
mod file;
pub mod nego;
mod outcome;
mod port;
mod probe;
mod tls;

pub use file::{FileOs, RdpFile, Username, UsernameError};
pub use outcome::{Certificate, ProbeOutcome, Stage, TlsVersion, Verdict};
pub use probe::{Limits, Prober, probe};
