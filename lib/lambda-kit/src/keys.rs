//! The secrets by their names: what each one holds.

use domain::secret::Secret;
use serde::Deserialize;

use crate::secrets::{SecretError, Secrets};

#[derive(Deserialize)]
struct PaystackSecret {
    secret_key: String,
    #[serde(default)]
    previous_secret_key: Option<String>,
}

#[derive(Deserialize)]
struct FirstBootSecret {
    signing_key: String,
}

/// Paystack's secret keys.
pub struct PaystackKeys {
    current: Secret<String>,
    previous: Option<Secret<String>>,
}

impl PaystackKeys {
    /// Reads `{"secret_key", "previous_secret_key"?}`.
    ///
    /// # Errors
    /// See [`SecretError`]; an empty key is one.
    pub async fn read(secrets: &Secrets, name: &str) -> Result<Self, SecretError> {
        let secret: PaystackSecret = secrets.read(name, "secret_key").await?;
        Ok(Self {
            current: filled(secret.secret_key, name, "secret_key")?,
            previous: secret.previous_secret_key.filter(|key| !key.trim().is_empty()).map(Secret::new),
        })
    }

    /// The key for calls.
    pub fn current(&self) -> Secret<String> {
        self.current.clone()
    }

    /// The keys that a webhook may be signed with: after a rotation the old one still is, for 72 hours.
    pub fn all(&self) -> Vec<Secret<String>> {
        std::iter::once(self.current.clone()).chain(self.previous.clone()).collect()
    }
}

/// The key that signs first-boot addresses: `{"signing_key"}`, at least 32 characters.
///
/// # Errors
/// See [`SecretError`]; an empty key is one.
pub async fn first_boot_key(secrets: &Secrets, name: &str) -> Result<Secret<Vec<u8>>, SecretError> {
    let secret: FirstBootSecret = secrets.read(name, "signing_key").await?;
    let key = filled(secret.signing_key, name, "signing_key")?;
    Ok(Secret::new(key.expose().as_bytes().to_vec()))
}

fn filled(value: String, name: &str, expected: &'static str) -> Result<Secret<String>, SecretError> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return Err(SecretError::Shape { name: name.to_owned(), expected });
    }
    Ok(Secret::new(trimmed.to_owned()))
}
