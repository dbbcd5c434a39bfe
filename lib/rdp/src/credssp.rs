//! The first CredSSP round: a TSRequest with an NTLM NEGOTIATE message out, one with a CHALLENGE message in.
//!
//! A challenge proves that the log-in service is up, not only the listener, and costs no log-in attempt.
//! Sources: MS-CSSP 2.2.1 (TSRequest), MS-NLMP 2.2.1.1, 2.2.1.2 and 2.2.2.1 (messages and AV_PAIR).

/// A TSRequest, version 6, with NTLM NEGOTIATE (flags e2088297). It names nobody.
pub const NEGOTIATE: [u8; 57] = [
    0x30, 0x37, 0xa0, 0x03, 0x02, 0x01, 0x06, 0xa1, 0x30, 0x30, 0x2e, 0x30, 0x2c, 0xa0, 0x2a, 0x04,
    0x28, // DER
    b'N', b'T', b'L', b'M', b'S', b'S', b'P', 0x00, 0x01, 0x00, 0x00, 0x00, 0x97, 0x82, 0x08, 0xe2, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00,
    0x63, 0x45, 0x00, 0x00, 0x00, 0x0f,
];

/// The largest TSRequest that is read. A challenge is a few hundred bytes.
pub const TS_REQUEST_LEN_MAX: usize = 16 * 1024;

/// `NTLMSSP\0` and message type 2.
const CHALLENGE_MARK: [u8; 12] = *b"NTLMSSP\0\x02\x00\x00\x00";

/// Target information is a list from outside; real ones have about seven entries.
const AV_PAIRS_MAX: usize = 64;

const AV_END: u16 = 0;
const AV_NETBIOS_COMPUTER: u16 = 1;
const AV_DNS_COMPUTER: u16 = 3;

/// What came back for [`NEGOTIATE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The server asks for proof: CredSSP works.
    Challenge(Challenge),
    /// A TSRequest with something else in it, usually an error code because NTLM is blocked by policy.
    NoChallenge,
    /// No TSRequest at all.
    NotCredSsp,
}

/// What the challenge says about the server. Names that are missing or malformed are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// NetBIOS computer name.
    pub computer: Option<String>,
    /// DNS computer name.
    pub dns_computer: Option<String>,
}

/// How long the DER value that starts with these bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The bytes do not reach to the end of the length field.
    Incomplete,
    /// All of it, header included; at most [`TS_REQUEST_LEN_MAX`].
    Total(usize),
    /// Not a DER SEQUENCE, or too long to be a TSRequest.
    Bad,
}

/// Reads the length of a TSRequest from its first bytes.
pub fn ts_request_len(start: &[u8]) -> Length {
    let (header, content) = match *start {
        [0x30, short, ..] if short < 0x80 => (2, usize::from(short)),
        [0x30, 0x81, a, ..] => (3, usize::from(a)),
        [0x30, 0x82, a, b, ..] => (4, usize::from(u16::from_be_bytes([a, b]))),
        [] | [0x30] | [0x30, 0x81] | [0x30, 0x82] | [0x30, 0x82, _] => return Length::Incomplete,
        _ => return Length::Bad,
    };
    match header + content {
        total if total <= TS_REQUEST_LEN_MAX => Length::Total(total),
        _ => Length::Bad,
    }
}

/// Reads a whole TSRequest.
pub fn parse(message: &[u8]) -> Answer {
    let Length::Total(total) = ts_request_len(message) else { return Answer::NotCredSsp };
    if total != message.len() || !has_version(message) {
        return Answer::NotCredSsp;
    }
    let at = message.windows(CHALLENGE_MARK.len()).position(|window| window == CHALLENGE_MARK);
    match at.and_then(|at| message.get(at..)) {
        Some(ntlm) => Answer::Challenge(parse_challenge(ntlm)),
        None => Answer::NoChallenge,
    }
}

/// A TSRequest begins with `version [0] INTEGER`, whatever else it holds.
fn has_version(message: &[u8]) -> bool {
    let header = match message.get(1) {
        Some(0x81) => 3,
        Some(0x82) => 4,
        _ => 2,
    };
    matches!(message.get(header..), Some([0xa0, 0x03, 0x02, 0x01, _, ..]))
}

/// Takes the names out of a CHALLENGE message that begins at `NTLMSSP`; offsets count from there.
fn parse_challenge(ntlm: &[u8]) -> Challenge {
    let mut challenge = Challenge::default();
    let (Some(len), Some(offset)) = (u16_at(ntlm, 40), u32_at(ntlm, 44)) else { return challenge };
    let Ok(offset) = usize::try_from(offset) else { return challenge };
    let Some(mut pairs) = offset.checked_add(usize::from(len)).and_then(|end| ntlm.get(offset..end)) else {
        return challenge;
    };
    for _ in 0..AV_PAIRS_MAX {
        let (Some(id), Some(len)) = (u16_at(pairs, 0), u16_at(pairs, 2)) else { break };
        let (Some(value), Some(rest)) =
            (pairs.get(4..4 + usize::from(len)), pairs.get(4 + usize::from(len)..))
        else {
            break;
        };
        match id {
            AV_END => break,
            AV_NETBIOS_COMPUTER => challenge.computer = utf16le(value),
            AV_DNS_COMPUTER => challenge.dns_computer = utf16le(value),
            _ => {}
        }
        pairs = rest;
    }
    challenge
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_le_bytes(*two))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

/// Text without control characters: it ends up in logs and on pages.
fn utf16le(bytes: &[u8]) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let text =
        String::from_utf16(&units.iter().map(|unit| u16::from_le_bytes(*unit)).collect::<Vec<_>>()).ok()?;
    (rest.is_empty() && !text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}
