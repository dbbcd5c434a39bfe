//! [`StoredCredentials`]

use domain::ids::InstanceId;
use domain::instance::StoredCredentials;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::{Bytes, StoredTime};
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct CredentialsItem {
    instance: InstanceId,
    username: String,
    ciphertext: Bytes,
    stored_at: StoredTime,
    version: u64,
}

impl From<&StoredCredentials> for CredentialsItem {
    fn from(credentials: &StoredCredentials) -> Self {
        Self {
            instance: credentials.instance,
            username: credentials.username.clone(),
            ciphertext: Bytes(credentials.ciphertext.clone()),
            stored_at: credentials.stored_at.into(),
            version: credentials.version,
        }
    }
}

impl From<CredentialsItem> for StoredCredentials {
    fn from(item: CredentialsItem) -> Self {
        Self {
            instance: item.instance,
            username: item.username,
            ciphertext: item.ciphertext.0,
            stored_at: item.stored_at.into(),
            version: item.version,
        }
    }
}

impl Thing for StoredCredentials {
    type Item = CredentialsItem;

    fn key(&self) -> Key {
        keys::credentials(self.instance)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }
}
