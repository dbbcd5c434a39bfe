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
            .and_then(|bytes| String::from_utf8(bytes).ok());
        if password.is_none() {
            tracing::warn!("EC2's password data does not decrypt: is it of another key pair?");
        }
        password.map(Secret::new)
    }
}
