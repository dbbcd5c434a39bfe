//! Encryption of stored credentials. Who may encrypt may not decrypt: two traits, two permissions.

use std::future::Future;

use domain::ids::InstanceId;
use domain::secret::Secret;

/// The key service did not do it. HTTP 503, retryable.
#[derive(Debug, thiserror::Error)]
#[error("the key service {what}")]
pub struct CryptError {
    /// What it did instead, for the log.
    pub what: String,
    /// What was underneath.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// `kms:Encrypt`
pub trait Encrypt {
    /// Encrypts a password for one desktop; the instance id is the encryption context.
    fn encrypt(
        &self,
        instance: InstanceId,
        password: &Secret<String>,
    ) -> impl Future<Output = Result<Vec<u8>, CryptError>> + Send;
}

/// `kms:Decrypt`
pub trait Decrypt {
    /// Decrypts what was encrypted for the same desktop; for another the key service refuses.
    fn decrypt(
        &self,
        instance: InstanceId,
        ciphertext: &[u8],
    ) -> impl Future<Output = Result<Secret<String>, CryptError>> + Send;
}
