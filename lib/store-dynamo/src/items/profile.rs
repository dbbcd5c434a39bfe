//! [`Profile`]

use domain::catalogue::Os;
use domain::customer::{CredentialDelivery, CustomerId, Preferences, Profile};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct ProfileItem {
    customer: CustomerId,
    email_notifications: bool,
    auto_shutdown: bool,
    default_os: Option<Os>,
    credential_delivery: CredentialDelivery,
    rdp_allow_list: Vec<String>,
    version: u64,
}

impl From<&Profile> for ProfileItem {
    fn from(profile: &Profile) -> Self {
        let Preferences {
            email_notifications,
            auto_shutdown,
            default_os,
            credential_delivery,
            rdp_allow_list,
        } = profile.preferences.clone();
        Self {
            customer: profile.customer.clone(),
            email_notifications,
            auto_shutdown,
            default_os,
            credential_delivery,
            rdp_allow_list,
            version: profile.version,
        }
    }
}

impl From<ProfileItem> for Profile {
    fn from(item: ProfileItem) -> Self {
        Self {
            customer: item.customer,
            preferences: Preferences {
                email_notifications: item.email_notifications,
                auto_shutdown: item.auto_shutdown,
                default_os: item.default_os,
                credential_delivery: item.credential_delivery,
                rdp_allow_list: item.rdp_allow_list,
            },
            version: item.version,
        }
    }
}

impl Thing for Profile {
    type Item = ProfileItem;

    fn key(&self) -> Key {
        keys::profile(&self.customer)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }
}
