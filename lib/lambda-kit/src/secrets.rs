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
        let shape = || SecretError::Shape { name: name.to_owned(), expected };
        self.read_if_there(name, expected).await?.ok_or_else(shape)
    }

    /// The same for a secret that need not be set up; `None` when there is none of that name, or it is empty.
    ///
    /// # Errors
    /// See [`SecretError`].
    pub async fn read_if_there<T: DeserializeOwned>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, SecretError> {
        let answer = match self.client.get_secret_value().secret_id(name).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => {
                return Err(SecretError::Unavailable { name: name.to_owned(), source: Box::new(error) });
            }
        };
        let text = answer.secret_string().unwrap_or_default();
        if text.trim().is_empty() {
            return Ok(None);
        }
        let shape = |_| SecretError::Shape { name: name.to_owned(), expected };
        serde_json::from_str(text).map(Some).map_err(shape)
    }
}
