//! What a machine reads in its user data.

use std::borrow::Cow;

use app::ports::UserData;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Base64 that is shorter than this is no script.
const SCRIPT_LEN: usize = 200;
/// Where every address to call home to begins.
const REPORT_URL: &str = "https://api.example.com/first-boot/";

/// The scripts that a machine would run, whatever they are wrapped in, first one first.
fn scripts(data: &UserData) -> impl Iterator<Item = Cow<'_, str>> {
    let (plain, batch) = match data {
        UserData::CloudConfig(text) | UserData::PowerShell(text) => (Some(text.as_str()), ""),
        UserData::Batch(text) => (None, text.as_str()),
    };
    let encoded = batch.split_ascii_whitespace().filter(|word| word.len() > SCRIPT_LEN);
    plain.map(Cow::Borrowed).into_iter().chain(encoded.map(|word| Cow::Owned(decoded(word))))
}

/// What `-EncodedCommand` runs: base64 of UTF-16, little endian.
fn decoded(word: &str) -> String {
    let bytes = BASE64_STANDARD.decode(word).expect("-EncodedCommand is base64");
    let (units, rest) = bytes.as_chunks::<2>();
    assert!(rest.is_empty(), "-EncodedCommand is UTF-16");
    let ascii: Option<Vec<u8>> =
        units.iter().map(|[low, high]| (*high == 0 && low.is_ascii()).then_some(*low)).collect();
    match ascii {
        Some(ascii) => String::from_utf8(ascii).expect("ASCII is UTF-8"),
        None => {
            let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
            String::from_utf16(&units).expect("-EncodedCommand is UTF-16")
        }
    }
}

/// The word of a script that begins with `beginning`.
fn word(script: &str, beginning: &str) -> Option<String> {
    let begin = script.find(beginning)?;
    let end = script[begin..].find(['\'', '"', '\n', ' ']).map_or(script.len(), |length| begin + length);
    Some(script[begin..end].to_owned())
}

/// The address that a machine calls home to.
pub(super) fn report_url(data: &UserData) -> String {
    scripts(data).find_map(|script| word(&script, REPORT_URL)).expect("an address to call home to")
}

/// The `$6$` hash in a cloud-config; a Linux machine's password is what fits it.
pub(super) fn password_hash(data: &UserData) -> Option<String> {
    match data {
        UserData::CloudConfig(text) => word(text, "$6$"),
        UserData::Batch(_) | UserData::PowerShell(_) => None,
    }
}
