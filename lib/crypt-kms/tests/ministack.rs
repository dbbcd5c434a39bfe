//! The key against a real KMS interface.

#![cfg(test)]

#[path = "../../store-dynamo/tests/it/ministack.rs"]
mod server;

use std::error::Error;

use app::ports::{Decrypt, Encrypt};
use aws_credential_types::Credentials;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::{BehaviorVersion, Config, Region};
use crypt_kms::CredentialsKey;
use domain::Timestamp;
use domain::ids::InstanceId;
use domain::secret::Secret;

fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

fn desktop(n: u128) -> InstanceId {
    InstanceId::new(Timestamp::from_millisecond(1_790_000_000_000).unwrap(), n)
}

async fn key(client: &Client) -> CredentialsKey {
    let made = client.create_key().send().await.unwrap();
    CredentialsKey::new(client.clone(), made.key_metadata.unwrap().key_id)
}

#[tokio::test]
async fn a_password_is_read_back_for_its_own_desktop_only() {
    let Some(server) = server::ministack() else { return };
    let client = client(&server.url);
    let ours = key(&client).await;
    for password in ["pä$$w0rd", &"x".repeat(4096)] {
        let ciphertext = ours.encrypt(desktop(1), &Secret::new(password.to_owned())).await.unwrap();
        assert!(!ciphertext.windows(8).any(|window| window == &password.as_bytes()[..8]));
        assert_eq!(ours.decrypt(desktop(1), &ciphertext).await.ok().unwrap().expose(), password);
        assert!(ours.decrypt(desktop(2), &ciphertext).await.is_err(), "another desktop");
        // KMS also refuses a damaged ciphertext; MiniStack does not look.
        assert!(ours.decrypt(desktop(1), &[]).await.is_err(), "empty");
    }
}

#[tokio::test]
async fn an_outage_keeps_its_cause_and_not_the_password() {
    let nobody = CredentialsKey::new(client("http://127.0.0.1:1"), "key".to_owned());
    let error = nobody.encrypt(desktop(1), &Secret::new("canary-password".to_owned())).await.unwrap_err();
    assert_eq!(error.to_string(), "the key service did not encrypt");
    assert!(error.source().and_then(Error::source).is_some());
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    let error = nobody.decrypt(desktop(1), b"x").await.err().unwrap();
    assert_eq!(error.to_string(), "the key service did not decrypt");
}
