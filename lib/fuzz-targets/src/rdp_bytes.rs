//! What a server at a desktop's address may send before anybody has signed in.

use rdp::Certificate;
use rdp::credssp::{self, Answer, Length, TS_REQUEST_LEN_MAX};
use rdp::nego::{self, Nego, TPKT_HEADER_LEN};

/// A Connection Confirm; what is read of it stands in it.
pub(crate) fn negotiation(bytes: &[u8]) {
    let read = nego::parse_confirm(bytes);
    if !matches!(read, Nego::NotRdp(_)) {
        let header: [u8; TPKT_HEADER_LEN] = *bytes.first_chunk().expect("a frame that was read has a header");
        assert_eq!(nego::frame_len(header), Ok(bytes.len()), "the length is read in two ways");
    }
    match read {
        Nego::Selected { protocol, flags } => {
            let [a, b, c, d] = protocol.to_le_bytes();
            assert!(bytes.ends_with(&[2, flags, 8, 0, a, b, c, d]));
        }
        Nego::Failure(code) => {
            assert!(bytes.ends_with(&code.to_le_bytes()));
            assert!(!nego::failure_name(code).is_empty());
        }
        Nego::Legacy => assert_eq!(bytes.len(), 11),
        Nego::NotRdp(why) => assert!(!why.is_empty()),
    }
}

/// A TSRequest, and the same bytes as a certificate, whose digests are all that is read of it.
pub(crate) fn credssp(bytes: &[u8]) {
    if let Length::Total(total) = credssp::ts_request_len(bytes) {
        assert!((2..=TS_REQUEST_LEN_MAX).contains(&total), "{total}");
    }
    let read = credssp::parse(bytes);
    if read != Answer::NotCredSsp {
        assert_eq!(credssp::ts_request_len(bytes), Length::Total(bytes.len()));
        assert_eq!(credssp::parse(&[bytes, b"x"].concat()), Answer::NotCredSsp, "something stands after it");
    }
    if let Answer::Challenge(challenge) = read {
        for name in [challenge.computer, challenge.dns_computer].into_iter().flatten() {
            assert!(!name.is_empty() && !name.contains(char::is_control), "{name:?}");
        }
    }
    let Certificate { sha256, sha1 } = Certificate::of(bytes);
    let digest = |text: &str, digits| domain::first_boot::parse_digest(text, digits).as_deref() == Some(text);
    assert!(digest(&sha256, 64) && digest(&sha1, 40));
}
