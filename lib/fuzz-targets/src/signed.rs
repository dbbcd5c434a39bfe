//! What is believed because of a signature: only one made with our key, over exactly these bytes, in one spelling.

use app::first_boot::{Boot, CallHome};
use domain::Timestamp;
use domain::ids::InstanceId;
use domain::secret::Secret;
use hmac::{Hmac, Mac};
use pay_paystack::signature;
use sha2::Sha512;

use crate::choice;

const KEY: &str = "sk_test_not_a_real_key_0123456789abcdef";
const OTHER_KEY: &str = "sk_test_not_a_real_key_0123456789abcdee";

/// A header, a line feed, and a body.
pub(crate) fn webhook(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (header, body) = bytes.split_at(at);
    let body = body.strip_prefix(b"\n").unwrap_or(body);
    let keys = [Secret::new(KEY.to_owned())];
    let good = hmac_sha512(KEY, body);
    assert!(signature::verify(body, &good, &keys).is_ok());
    assert!(signature::verify(body, &hmac_sha512(OTHER_KEY, body), &keys).is_err(), "another key signs");
    assert!(signature::verify(&[body, b" "].concat(), &good, &keys).is_err(), "another body is signed");
    assert!(signature::verify(body, &good, &[Secret::new(String::new())]).is_err(), "no key is a key");
    let header = &*String::from_utf8_lossy(header);
    assert_eq!(signature::verify(body, header, &keys).is_ok(), header == good, "{header}");
}

pub(crate) fn hmac_sha512(key: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    hex::encode(mac.chain_update(body).finalize().into_bytes())
}

/// The last part of a first-boot address: any text, or one of ours with one byte changed.
pub(crate) fn first_boot_token(bytes: &[u8]) {
    let call_home =
        |key: u8| CallHome::new(Secret::new(vec![key; 32]), "https://api.example.com").expect("32 bytes");
    let now = Timestamp::from_millisecond(1_790_000_000_000).expect("a time");
    let instance = InstanceId::new(now, 5);
    let token = |boot: Boot| {
        let url = call_home(7).url(boot);
        url.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let read = |text: &str| {
        let boot = call_home(7).check(instance, text)?;
        assert_eq!(token(boot), text, "one address, one spelling");
        Some(boot)
    };
    let text = &*String::from_utf8_lossy(bytes);
    let _ = read(text);

    let &[a, b, c, d, place, ref changed @ ..] = bytes else { return };
    let boot = Boot { instance, attempt: u16::from_le_bytes([a, b]), boot: u16::from_le_bytes([c, d]) };
    let ours = token(boot);
    assert_eq!(read(&ours), Some(boot));
    assert_eq!(call_home(8).check(instance, &ours), None, "another key opens it");
    let place = usize::from(place) % ours.len();
    let (changed, _) = choice(changed);
    let other = format!("{}{}{}", &ours[..place], char::from(changed), &ours[place + 1..]);
    assert_eq!(read(&other), (other == ours).then_some(boot));
}
