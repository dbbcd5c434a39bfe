//! Encryption of stored credentials with KMS itself: a password is far below its limit of 4,096 bytes, so no
//! data key and no cipher of our own is needed.
//!
//! The desktop's id is the encryption context: what was encrypted for one desktop cannot be decrypted as
//! another's, and every use stands in CloudTrail with the id.

use app::ports::{CryptError, Decrypt, Encrypt};
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use domain::ids::InstanceId;
use domain::secret::Secret;

/// The name of the encryption context's one entry.
const CONTEXT: &str = "instance";

/// The key that encrypts credentials. Cheap to clone.
///
/// One type implements both ports; a function's bounds name what it does, and its policy grants that alone.
#[derive(Debug, Clone)]
pub struct CredentialsKey {
    client: Client,
    key_id: String,
}

impl CredentialsKey {
    /// A key over a ready client, which brings its timeouts and retries; `key_id` is the key's ARN or id.
    pub const fn new(client: Client, key_id: String) -> Self {
        Self { client, key_id }
    }
}

/// `kms:Encrypt`. The ciphertext names its key, so that old ones can be read after a rotation.
impl Encrypt for CredentialsKey {
    async fn encrypt(&self, instance: InstanceId, password: &Secret<String>) -> Result<Vec<u8>, CryptError> {
        let call = self
            .client
            .encrypt()
            .key_id(&self.key_id)
            .encryption_context(CONTEXT, instance.to_string())
            .plaintext(Blob::new(password.expose().as_bytes()));
        let answer = call
            .send()
            .await
            .map_err(|error| CryptError { what: "did not encrypt".to_owned(), source: Some(error.into()) })?;
        answer
            .ciphertext_blob
            .map(Blob::into_inner)
            .ok_or_else(|| CryptError { what: "answered without a ciphertext".to_owned(), source: None })
    }
}

/// `kms:Decrypt`, with this key only: a ciphertext under another key is refused.
impl Decrypt for CredentialsKey {
    async fn decrypt(&self, instance: InstanceId, ciphertext: &[u8]) -> Result<Secret<String>, CryptError> {
        let call = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .encryption_context(CONTEXT, instance.to_string())
            .ciphertext_blob(Blob::new(ciphertext));
        let answer = call
            .send()
            .await
            .map_err(|error| CryptError { what: "did not decrypt".to_owned(), source: Some(error.into()) })?;
        let plaintext = answer
            .plaintext
            .map(Blob::into_inner)
            .ok_or_else(|| CryptError { what: "answered without a plaintext".to_owned(), source: None })?;
        // The error of a failed conversion would carry the bytes.
        String::from_utf8(plaintext)
            .map(Secret::new)
            .map_err(|_| CryptError { what: "decrypted something that is no text".to_owned(), source: None })
    }
}
