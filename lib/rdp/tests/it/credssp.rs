//! TSRequests: built by hand, truncated, changed.

use proptest::prelude::*;
use rdp::credssp::{Answer, Challenge, Length, NEGOTIATE, TS_REQUEST_LEN_MAX, parse, ts_request_len};

/// An NTLM CHALLENGE with these target information entries, up to and without the end marker.
pub(crate) fn challenge(pairs: &[(u16, &str)]) -> Vec<u8> {
    let mut info = Vec::new();
    for (id, text) in pairs {
        let value: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        info.extend(id.to_le_bytes());
        info.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
        info.extend(value);
    }
    info.extend([0; 4]);
    let len = u16::try_from(info.len()).unwrap().to_le_bytes();
    let mut ntlm = b"NTLMSSP\0\x02\x00\x00\x00".to_vec();
    ntlm.extend([0, 0, 0, 0, 56, 0, 0, 0]); // target name: empty
    ntlm.extend(0xe289_8235_u32.to_le_bytes());
    ntlm.extend(*b"srvchall"); // server challenge
    ntlm.extend([0; 8]);
    ntlm.extend([len, len].concat());
    ntlm.extend(56_u32.to_le_bytes());
    ntlm.extend([10, 0, 0x63, 0x45, 0, 0, 0, 15]); // version
    ntlm.extend(info);
    ntlm
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap();
    let mut out = vec![tag];
    match len {
        0..0x80 => out.push(len as u8),
        0x80..0x100 => out.extend([0x81, len as u8]),
        _ => out.extend([[0x82].as_slice(), &len.to_be_bytes()].concat()),
    }
    out.extend(content);
    out
}

/// A TSRequest, version 6, with one token.
pub(crate) fn ts_request(token: &[u8]) -> Vec<u8> {
    let tokens = der(0xa1, &der(0x30, &der(0x30, &der(0xa0, &der(0x04, token)))));
    der(0x30, &[[0xa0, 0x03, 0x02, 0x01, 0x06].as_slice(), &tokens].concat())
}

/// A TSRequest with an error code (STATUS_NTLM_BLOCKED) and no token.
pub(crate) fn ts_error() -> Vec<u8> {
    let code = der(0xa4, &der(0x02, &[0xc0, 0x00, 0x04, 0x18]));
    der(0x30, &[[0xa0, 0x03, 0x02, 0x01, 0x06].as_slice(), &code].concat())
}

#[test]
fn a_challenge_gives_the_computers_names() {
    let message = ts_request(&challenge(&[(2, "WORKGROUP"), (1, "DESK-7F3A"), (3, "desk-7f3a.example.com")]));
    assert_eq!(
        parse(&message),
        Answer::Challenge(Challenge {
            computer: Some("DESK-7F3A".into()),
            dns_computer: Some("desk-7f3a.example.com".into())
        })
    );
}

#[test]
fn a_challenge_without_usable_names_is_still_a_challenge() {
    for (case, ntlm) in [
        ("no entries", challenge(&[])),
        ("entries after the end marker", challenge(&[(0, ""), (1, "LATE")])),
        ("a name with a line break", challenge(&[(1, "A\r\nB")])),
        ("target information past the end", [&challenge(&[])[..40], &[0xff; 16]].concat()),
        ("cut off after the mark", b"NTLMSSP\0\x02\x00\x00\x00".to_vec()),
    ] {
        assert_eq!(parse(&ts_request(&ntlm)), Answer::Challenge(Challenge::default()), "{case}");
    }
}

#[test]
fn a_ts_request_without_a_challenge_is_told_from_no_ts_request() {
    assert_eq!(parse(&ts_error()), Answer::NoChallenge);
    assert_eq!(parse(&NEGOTIATE), Answer::NoChallenge, "our own message, echoed");
    for (case, message) in [
        ("nothing", vec![]),
        ("HTTP", b"HTTP/1.1 400 Bad Request".to_vec()),
        ("another sequence", der(0x30, &[0x02, 0x01, 0x00])),
        ("trailing bytes", [ts_error(), vec![0]].concat()),
        ("a challenge outside of DER", challenge(&[])),
    ] {
        assert_eq!(parse(&message), Answer::NotCredSsp, "{case}");
    }
}

#[test]
fn the_length_of_a_message_is_known_from_its_first_bytes() {
    for (start, expected) in [
        (&[][..], Length::Incomplete),
        (&[0x30], Length::Incomplete),
        (&[0x30, 0x37], Length::Total(57)),
        (&[0x30, 0x81], Length::Incomplete),
        (&[0x30, 0x81, 0xf0], Length::Total(243)),
        (&[0x30, 0x82, 0x01], Length::Incomplete),
        (&[0x30, 0x82, 0x01, 0x00], Length::Total(260)),
        (&[0x30, 0x82, 0xff, 0xff], Length::Bad),
        (&[0x30, 0x83, 0x00, 0x00, 0x01], Length::Bad),
        (&[0x30, 0x80], Length::Bad),
        (b"HTTP", Length::Bad),
    ] {
        assert_eq!(ts_request_len(start), expected, "{start:02x?}");
    }
    assert_eq!(ts_request_len(&NEGOTIATE), Length::Total(NEGOTIATE.len()));
}

#[test]
fn a_truncated_challenge_is_never_taken_for_a_whole_one() {
    let message = ts_request(&challenge(&[(1, "DESK-7F3A")]));
    for len in 0..message.len() {
        assert_eq!(parse(&message[..len]), Answer::NotCredSsp, "{len} bytes");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(message in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&message);
        if let Length::Total(total) = ts_request_len(&message) {
            prop_assert!(total <= TS_REQUEST_LEN_MAX);
        }
    }

    #[test]
    fn any_bytes_after_the_challenge_mark_are_read_without_panic(rest in proptest::collection::vec(any::<u8>(), 0..200)) {
        let ntlm = [b"NTLMSSP\0\x02\x00\x00\x00".as_slice(), &rest].concat();
        prop_assert!(matches!(parse(&ts_request(&ntlm)), Answer::Challenge(_)));
    }

    #[test]
    fn any_changed_byte_is_read_without_panic(at in any::<proptest::sample::Index>(), value in any::<u8>()) {
        let mut message = ts_request(&challenge(&[(1, "DESK-7F3A"), (3, "desk.example.com")]));
        let at = at.index(message.len());
        message[at] = value;
        let _ = parse(&message);
    }

    #[test]
    fn the_computer_name_comes_back(name in "[A-Z0-9-]{1,15}") {
        let answer = parse(&ts_request(&challenge(&[(1, &name)])));
        prop_assert_eq!(answer, Answer::Challenge(Challenge { computer: Some(name), dns_computer: None }));
    }
}
