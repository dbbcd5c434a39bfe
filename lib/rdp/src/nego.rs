//! The first two messages of RDP: the client's X.224 Connection Request and the server's Connection Confirm.
//!
//! Source: MS-RDPBCGR 2.2.1.1 and 2.2.1.2.

/// A Connection Request that offers TLS, CredSSP and CredSSP with early authorization (bits 1, 2 and 8).
///
/// It has no `mstshash` cookie: that would leak the user name, and servers answer the same without it.
pub const REQUEST: [u8; 19] = [
    0x03, 0x00, 0x00, 0x13, // TPKT: version, reserved, length big-endian
    0x0e, 0xe0, // X.224: number of bytes that follow, Connection Request
    0x00, 0x00, 0x00, 0x00, 0x00, // destination, source, class
    0x01, 0x00, 0x08, 0x00, // RDP_NEG_REQ: type, flags, length little-endian
    0x0b, 0x00, 0x00, 0x00, // requestedProtocols
];

/// Bytes in a TPKT header, which tells how long the whole frame is.
pub const TPKT_HEADER_LEN: usize = 4;

/// The shortest Connection Confirm: TPKT and X.224 headers and nothing else.
const CONFIRM_LEN_MIN: usize = 11;

/// Far above the 19 bytes of a real one; a bound on what a stranger can make us read.
const CONFIRM_LEN_MAX: usize = 512;

/// What a server answered to [`REQUEST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nego {
    /// RDP_NEG_RSP: the server goes on with this protocol.
    Selected {
        /// One of the `PROTOCOL_*` values; 0 is standard RDP security, without TLS.
        protocol: u32,
        /// Capability bits, which the probe does not use.
        flags: u8,
    },
    /// RDP_NEG_FAILURE, with its code; see [`failure_name`].
    Failure(u32),
    /// A confirmation without negotiation data: standard RDP security only.
    Legacy,
    /// Not an RDP server, and what gave it away.
    NotRdp(&'static str),
}

/// What follows a successful negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TLS, and the log-in inside the session (xrdp).
    Ssl,
    /// TLS, then CredSSP.
    Hybrid,
    /// TLS, then CredSSP and an early authorization result.
    HybridEx,
}

impl Protocol {
    /// The protocol of a `selectedProtocol` value, if it is one that [`REQUEST`] offers.
    pub fn offered(selected: u32) -> Option<Self> {
        match selected {
            1 => Some(Self::Ssl),
            2 => Some(Self::Hybrid),
            8 => Some(Self::HybridEx),
            _ => None,
        }
    }

    /// Whether the client has to log in by CredSSP before there is a session.
    pub fn has_credssp(self) -> bool {
        match self {
            Self::Ssl => false,
            Self::Hybrid | Self::HybridEx => true,
        }
    }
}

/// The length of the whole frame, from its first four bytes.
///
/// # Errors
/// What shows that it is no TPKT frame, or none that can hold a Connection Confirm.
pub fn frame_len(header: [u8; TPKT_HEADER_LEN]) -> Result<usize, &'static str> {
    let [version, reserved, high, low] = header;
    if version != 3 || reserved != 0 {
        return Err("not TPKT");
    }
    let len = usize::from(u16::from_be_bytes([high, low]));
    if (CONFIRM_LEN_MIN..=CONFIRM_LEN_MAX).contains(&len) { Ok(len) } else { Err("TPKT length") }
}

/// Reads a Connection Confirm, given as the whole frame and nothing after it.
///
/// The source reference is not looked at: Windows and xrdp send 0x1234, FreeRDP's server 0.
pub fn parse_confirm(frame: &[u8]) -> Nego {
    let (Some(header), Some(rest)) = (frame.first_chunk::<7>(), frame.get(CONFIRM_LEN_MIN..)) else {
        return Nego::NotRdp("short");
    };
    let [version, reserved, high, low, indicator, code, _] = *header;
    if version != 3 || reserved != 0 {
        return Nego::NotRdp("not TPKT");
    }
    if usize::from(u16::from_be_bytes([high, low])) != frame.len() {
        return Nego::NotRdp("TPKT length");
    }
    if usize::from(indicator) != frame.len() - 5 {
        return Nego::NotRdp("X.224 length");
    }
    // An echo service sends our own frame back: only the code tells it from an answer.
    if code & 0xf0 != 0xd0 {
        return Nego::NotRdp("not a Connection Confirm");
    }
    match *rest {
        [] => Nego::Legacy,
        [2, flags, 8, 0, a, b, c, d] => Nego::Selected { protocol: u32::from_le_bytes([a, b, c, d]), flags },
        [3, _, 8, 0, a, b, c, d] => Nego::Failure(u32::from_le_bytes([a, b, c, d])),
        _ => Nego::NotRdp("negotiation data"),
    }
}

/// The name of an RDP_NEG_FAILURE code, as the specification has it.
pub fn failure_name(code: u32) -> &'static str {
    match code {
        1 => "SSL_REQUIRED_BY_SERVER",
        2 => "SSL_NOT_ALLOWED_BY_SERVER",
        3 => "SSL_CERT_NOT_ON_SERVER",
        4 => "INCONSISTENT_FLAGS",
        5 => "HYBRID_REQUIRED_BY_SERVER",
        6 => "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
        _ => "unknown failure code",
    }
}
