//! Connection Confirms as real servers send them, and everything that is none.

use proptest::prelude::*;
use rdp::nego::{Nego, Protocol, REQUEST, failure_name, frame_len, parse_confirm};

/// From hexadecimal with spaces.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

const WINDOWS_HYBRID: &str = "03 00 00 13 0e d0 00 00 12 34 00 02 1f 08 00 02 00 00 00";

#[test]
fn each_servers_answer_is_read_as_what_it_means() {
    let selected = |protocol, flags| Nego::Selected { protocol, flags };
    for (server, frame, expected) in [
        ("xrdp with TLS", "03 00 00 13 0e d0 00 00 12 34 00 02 01 08 00 01 00 00 00", selected(1, 1)),
        (
            "xrdp with TLS, asked for less",
            "03 00 00 13 0e d0 00 00 12 34 00 03 00 08 00 01 00 00 00",
            Nego::Failure(1),
        ),
        ("xrdp, asked without RDP_NEG_REQ", "03 00 00 0b 06 d0 00 00 12 34 00", Nego::Legacy),
        ("xrdp as packaged", "03 00 00 13 0e d0 00 00 12 34 00 02 01 08 00 00 00 00 00", selected(0, 1)),
        ("FreeRDP with NLA", "03 00 00 13 0e d0 00 00 00 00 00 02 03 08 00 02 00 00 00", selected(2, 3)),
        (
            "FreeRDP, asked for TLS",
            "03 00 00 13 0e d0 00 00 00 00 00 03 00 08 00 05 00 00 00",
            Nego::Failure(5),
        ),
        ("Windows, asked for HYBRID", WINDOWS_HYBRID, selected(2, 0x1f)),
        (
            "Windows, asked for all",
            "03 00 00 13 0e d0 00 00 12 34 00 02 1f 08 00 08 00 00 00",
            selected(8, 0x1f),
        ),
        (
            "Windows, asked for TLS",
            "03 00 00 13 0e d0 00 00 12 34 00 03 00 08 00 05 00 00 00",
            Nego::Failure(5),
        ),
        ("a code with its low nibble set", "03 00 00 0b 06 d7 00 00 12 34 00", Nego::Legacy),
        ("HTTP", "48 54 54 50 2f 31 2e 31 20 34 30 30 20 42", Nego::NotRdp("not TPKT")),
        ("sshd", "53 53 48 2d 32 2e 30 2d 4f 70 65 6e 53 53 48", Nego::NotRdp("not TPKT")),
        ("nothing", "", Nego::NotRdp("short")),
        (
            "a wrong TPKT length",
            "03 00 00 14 0e d0 00 00 12 34 00 02 01 08 00 01 00 00 00",
            Nego::NotRdp("TPKT length"),
        ),
        (
            "a wrong X.224 length",
            "03 00 00 13 0d d0 00 00 12 34 00 02 01 08 00 01 00 00 00",
            Nego::NotRdp("X.224 length"),
        ),
        (
            "half negotiation data",
            "03 00 00 0f 0a d0 00 00 12 34 00 02 01 08 00",
            Nego::NotRdp("negotiation data"),
        ),
        (
            "another kind of data",
            "03 00 00 13 0e d0 00 00 12 34 00 06 01 08 00 01 00 00 00",
            Nego::NotRdp("negotiation data"),
        ),
    ] {
        assert_eq!(parse_confirm(&bytes(frame)), expected, "{server}");
    }
    assert_eq!(parse_confirm(&REQUEST), Nego::NotRdp("not a Connection Confirm"), "echo service");
}

#[test]
fn a_truncated_frame_is_never_taken_for_a_whole_one() {
    let frame = bytes(WINDOWS_HYBRID);
    for len in 0..frame.len() {
        assert!(matches!(parse_confirm(&frame[..len]), Nego::NotRdp(_)), "{len} bytes");
    }
}

#[test]
fn a_frame_length_outside_of_what_can_be_an_answer_is_refused() {
    for (header, expected) in [
        ([3, 0, 0, 19], Ok(19)),
        ([3, 0, 0, 11], Ok(11)),
        ([3, 0, 2, 0], Ok(512)),
        ([3, 0, 0, 10], Err("TPKT length")),
        ([3, 0, 2, 1], Err("TPKT length")),
        ([3, 0, 0xff, 0xff], Err("TPKT length")),
        ([3, 1, 0, 19], Err("not TPKT")),
        (*b"HTTP", Err("not TPKT")),
        (*b"SSH-", Err("not TPKT")),
    ] {
        assert_eq!(frame_len(header), expected, "{header:?}");
    }
}

#[test]
fn only_protocols_that_the_request_offers_are_accepted() {
    assert_eq!(
        [1, 2, 8].map(Protocol::offered),
        [Protocol::Ssl, Protocol::Hybrid, Protocol::HybridEx].map(Some)
    );
    for not_offered in [0, 3, 4, 9, 16, u32::MAX] {
        assert_eq!(Protocol::offered(not_offered), None, "{not_offered}");
    }
    assert!(
        !Protocol::Ssl.has_credssp() && Protocol::Hybrid.has_credssp() && Protocol::HybridEx.has_credssp()
    );
}

#[test]
fn every_failure_code_has_its_name() {
    assert_eq!(failure_name(5), "HYBRID_REQUIRED_BY_SERVER");
    let names: std::collections::BTreeSet<_> = (0..=7).map(failure_name).collect();
    assert_eq!(names.len(), 7, "six codes and one name for the rest: {names:?}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(frame in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse_confirm(&frame);
    }

    #[test]
    fn any_change_of_one_byte_is_read_without_panic(at in 0..19_usize, value in any::<u8>(), len in 0..=19_usize) {
        let mut frame = bytes(WINDOWS_HYBRID);
        frame[at] = value;
        let _ = parse_confirm(&frame[..len]);
    }

    #[test]
    fn what_is_selected_comes_back(protocol in any::<u32>(), flags in any::<u8>(), source in any::<u16>()) {
        let mut frame = bytes("03 00 00 13 0e d0 00 00 00 00 00 02 00 08 00 00 00 00 00");
        frame[8..10].copy_from_slice(&source.to_be_bytes());
        frame[12] = flags;
        frame[15..].copy_from_slice(&protocol.to_le_bytes());
        prop_assert_eq!(parse_confirm(&frame), Nego::Selected { protocol, flags });
    }
}
