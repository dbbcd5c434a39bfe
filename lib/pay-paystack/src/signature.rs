//! Whether a webhook comes from Paystack.
//!
//! The header `x-paystack-signature` is the lower-case hex of the HMAC-SHA512 of the raw body under the API's
//! secret key. Nothing in it tells the time: a replay has to be noticed by what is stored.

use domain::secret::Secret;
use hmac::{Hmac, Mac};
use sha2::Sha512;

/// The name of the header.
pub const HEADER: &str = "x-paystack-signature";

/// The body was not signed with any of our keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not fit the body")]
pub struct BadSignature;

/// Checks the bytes as they arrived, before anything reads them.
///
/// `keys`: the keys in use; after a change also the old one, for the 72 hours that Paystack goes on
/// delivering what it signed before. An empty key never verifies, and neither does an empty list: there is
/// no default.
///
/// # Errors
/// [`BadSignature`] for everything that is not a signature of exactly these bytes.
pub fn verify(raw: &[u8], header: &str, keys: &[Secret<String>]) -> Result<(), BadSignature> {
    // Upper case would be a second spelling of the same signature.
    if header.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(BadSignature);
    }
    let claimed = hex::decode(header).map_err(|_| BadSignature)?;
    let fits = |key: &Secret<String>| {
        let key = key.expose().trim();
        let Ok(mac) = Hmac::<Sha512>::new_from_slice(key.as_bytes()) else { return false };
        // `verify_slice` compares in constant time, and refuses any other length.
        !key.is_empty() && mac.chain_update(raw).verify_slice(&claimed).is_ok()
    };
    if keys.iter().any(fits) { Ok(()) } else { Err(BadSignature) }
}
