//! Who may speak as Paystack.

use domain::secret::Secret;
use hmac::{Hmac, Mac};
use pay_paystack::signature::{BadSignature, verify};
use proptest::prelude::*;
use sha2::Sha512;

fn sign(body: &[u8], key: &str) -> String {
    let mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).expect("any key length");
    hex::encode(mac.chain_update(body).finalize().into_bytes())
}

fn keys(keys: &[&str]) -> Vec<Secret<String>> {
    keys.iter().map(|key| Secret::new((*key).to_owned())).collect()
}

#[test]
fn a_known_signature_verifies() {
    // Made with `openssl dgst -sha512 -hmac sk_test_example`.
    let body = br#"{"event":"charge.success","data":{}}"#;
    let header = include_str!("../fixtures/signature.txt").trim();
    assert_eq!(header, sign(body, "sk_test_example"));
    assert_eq!(verify(body, header, &keys(&["sk_test_example"])), Ok(()));
}

#[test]
fn after_a_change_of_keys_the_old_one_still_verifies_while_it_is_listed() {
    let (body, old) = (b"{}", sign(b"{}", "sk_old"));
    assert_eq!(verify(body, &old, &keys(&["sk_new", "sk_old"])), Ok(()));
    assert_eq!(verify(body, &old, &keys(&["sk_new"])), Err(BadSignature));
    assert_eq!(verify(body, &old, &keys(&["sk_old\n"])), Ok(()), "a stored key may end in a line break");
}

#[test]
fn there_is_no_default() {
    let body = b"{}";
    for key in ["", " ", "\n"] {
        assert_eq!(verify(body, &sign(body, key), &keys(&[key])), Err(BadSignature));
        assert_eq!(verify(body, &sign(body, ""), &keys(&[key])), Err(BadSignature));
    }
    assert_eq!(verify(body, &sign(body, ""), &[]), Err(BadSignature));
}

#[test]
fn only_the_whole_lower_case_hex_is_a_signature() {
    let (body, keys) = (b"{}", keys(&["sk"]));
    let good = sign(body, "sk");
    for bad in [
        String::new(),
        good.to_uppercase(),
        good[..126].to_owned(),
        format!("{good}00"),
        format!(" {good}"),
        format!("sha512={good}"),
        good.replace(|c: char| c.is_ascii_digit(), "g"),
    ] {
        assert_eq!(verify(body, &bad, &keys), Err(BadSignature), "{bad}");
    }
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

proptest! {
    #[test]
    fn what_is_signed_verifies(body: Vec<u8>, key in "[ -~]{0,40}k") {
        prop_assert_eq!(verify(&body, &sign(&body, key.trim()), &keys(&[&key])), Ok(()));
    }

    #[test]
    fn one_flipped_bit_in_the_body_never_verifies(body in prop::collection::vec(any::<u8>(), 1..400), bit: u16) {
        let signature = sign(&body, "sk");
        prop_assert!(verify(&flipped(&body, bit.into()), &signature, &keys(&["sk"])).is_err());
    }

    #[test]
    fn one_flipped_bit_in_the_signature_never_verifies(body: Vec<u8>, bit: u16) {
        let signature = flipped(sign(&body, "sk").as_bytes(), bit.into());
        if let Ok(signature) = String::from_utf8(signature) {
            prop_assert!(verify(&body, &signature, &keys(&["sk"])).is_err());
        }
    }

    #[test]
    fn one_flipped_bit_in_the_key_never_verifies(body: Vec<u8>, key in "[0-9a-zA-Z_]{1,40}", bit: u16) {
        if let Ok(other) = String::from_utf8(flipped(key.as_bytes(), bit.into())) {
            prop_assert!(verify(&body, &sign(&body, &key), &keys(&[&other])).is_err());
        }
    }

    #[test]
    fn no_header_makes_the_check_panic(body: Vec<u8>, header: String, key: String) {
        prop_assert!(verify(&body, &header, &keys(&[&key])).is_err());
    }
}
