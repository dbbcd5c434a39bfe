//! Secrets, from Secrets Manager, read once while the function starts.

use aws_sdk_secretsmanager::Client;
use aws_types::SdkConfig;
use serde::de::DeserializeOwned;

/// A secret that could not be had. Its value is never part of the message.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager did not give it.
    #[error("secret {name} could not be read")]
    Unavailable {
        /// Which.
        name: String,
        /// What was underneath.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It is not the JSON object that is expected.
    #[error("secret {name} is not as expected: a JSON object with {expected}")]
    Shape {
        /// Which.
        name: String,
        /// The fields.
        expected: &'static str,
    },
}

/// Reads secrets.
pub struct Secrets {
    client: Client,
}

impl Secrets {
    /// Over this configuration.
    pub fn new(aws: &SdkConfig) -> Self {
        Self { client: Client::new(aws) }
    }

    /// One secret: a JSON object. `expected` names its fields for the error.
    ///
    /// # Errors
    /// See [`SecretError`].
    pub async fn read<T: DeserializeOwned>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<T, SecretError> {
        let answer =
            self.client.get_secret_value().secret_id(name).send().await.map_err(|error| {
                SecretError::Unavailable { name: name.to_owned(), source: Box::new(error) }
            })?;
        let shape = || SecretError::Shape { name: name.to_owned(), expected };
        serde_json::from_str(answer.secret_string().ok_or_else(shape)?).map_err(|_| shape())
    }
}
