//! The launch key pair, which EC2 encrypts Windows passwords for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::secret::Secret;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};

/// A private key that is no RSA key in PEM.
#[derive(Debug, thiserror::Error)]
#[error("the private key of EC2's launch key pair is no RSA key in PEM")]
pub struct UnreadableKey;

/// A key pair: its name at EC2 and its private half. No `Debug`.
#[derive(Clone)]
pub struct KeyPair {
    name: String,
    private_key: RsaPrivateKey,
}

impl KeyPair {
    /// `pem`: PKCS#1, as EC2 hands it out, or PKCS#8.
    ///
    /// # Errors
    /// [`UnreadableKey`] for anything else.
    pub fn parse(name: impl Into<String>, pem: &Secret<String>) -> Result<Self, UnreadableKey> {
        let pem = pem.expose().trim();
        let private_key = RsaPrivateKey::from_pkcs1_pem(pem)
            .or_else(|_| RsaPrivateKey::from_pkcs8_pem(pem))
            .map_err(|_| UnreadableKey)?;
        Ok(Self { name: name.into(), private_key })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The password in `GetPasswordData`'s `passwordData`: base64, possibly in lines, of PKCS#1 v1.5. `None` while
    /// it is empty, and when it was not encrypted for this key.
    ///
    /// How long this takes tells something about the key (RUSTSEC-2023-0071); only AWS chooses what is decrypted,
    /// and nobody outside sees how long it takes.
    pub(crate) fn decrypt(&self, password_data: &str) -> Option<Secret<String>> {
        let text: String = password_data.split_ascii_whitespace().collect();
        if text.is_empty() {
            return None;
        }
        let password = BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| self.private_key.decrypt(Pkcs1v15Encrypt, &bytes).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|password| !password.is_empty());
        if password.is_none() {
            tracing::warn!("EC2's password data does not decrypt: is it of another key pair?");
        }
        password.map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use rsa::BigUint;
    use rsa::pkcs1::{EncodeRsaPrivateKey as _, LineEnding};

    use super::*;

    /// `Quiet7Harbour!Lantern` and nothing, encrypted for the key of [`pair`].
    const PASSWORD: &str =
        "CCakjHFsDlsUUxCVhCOG85TUi8Z2ug0EkwZBUm04VS0kZCQGXWtP3ErA5Dxp3ljd\r\ncunWZVpO02ysLnTMO9WMeg==";
    const NOTHING: &str =
        "aY3lNywoClGvEfEiJBUaA44EcjULqtrZnvf4yWWaUKkhecgX54RAj4cIj1zhvEC+o2sCdTP2udm3csbQ1cQThg==";

    fn pair() -> KeyPair {
        let primes = [
            "de571eaa66c164e7c85990d2e844c762939ae232588efbceb71ed78a1dc02e27",
            "c09b599b4c920845c3d42f14f98220e7e47bf871d29bbdc9f6c56700000f160b",
        ];
        let [p, q] = primes.map(|hex| BigUint::parse_bytes(hex.as_bytes(), 16).unwrap());
        let key = RsaPrivateKey::from_p_q(p, q, BigUint::from(65_537_u32)).unwrap();
        let pem = key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string();
        KeyPair::parse("desktops", &Secret::new(pem)).unwrap_or_else(|_| panic!("it is a key"))
    }

    #[test]
    fn a_password_is_read_out_of_lines_and_an_empty_one_is_none() {
        let told = |data: &str| pair().decrypt(data).map(|password| password.expose().clone());
        assert_eq!(told(PASSWORD).as_deref(), Some("Quiet7Harbour!Lantern"));
        for none in ["", " \r\n", "AAAA", "not base64", NOTHING] {
            assert_eq!(told(none), None, "{none}");
        }
    }
}
