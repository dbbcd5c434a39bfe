//! A customer's preferences.

use domain::customer::{CustomerId, Preferences, Profile};

use crate::error::{AppError, undisturbed};
use crate::ports::{Commit, ReadProfiles, Write};

/// Networks in an allow-list.
pub const ALLOW_LIST_MAX: usize = 10;

/// A change: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// See [`Preferences::email_notifications`].
    pub email_notifications: Option<bool>,
    /// See [`Preferences::auto_shutdown`].
    pub auto_shutdown: Option<bool>,
    /// See [`Preferences::default_os`].
    pub default_os: Option<domain::catalogue::Os>,
    /// See [`Preferences::credential_delivery`].
    pub credential_delivery: Option<domain::customer::CredentialDelivery>,
    /// See [`Preferences::rdp_allow_list`].
    pub rdp_allow_list: Option<Vec<String>>,
}

/// Reads a customer's preferences.
///
/// # Errors
/// `Store`.
pub async fn read<S: ReadProfiles>(store: &S, customer: &CustomerId) -> Result<Preferences, AppError> {
    Ok(store.profile(customer).await?.map(|p| p.preferences).unwrap_or_default())
}

/// Changes a customer's preferences; returns them as they are then.
///
/// # Errors
/// `Invalid` naming the field.
pub async fn change<S: ReadProfiles + Commit>(
    store: &S,
    customer: &CustomerId,
    change: &Change,
) -> Result<Preferences, AppError> {
    if let Some(networks) = &change.rdp_allow_list {
        check_networks(networks)?;
    }
    undisturbed!(async {
        let found = store.profile(customer).await?;
        let mut profile = found.unwrap_or_else(|| Profile {
            customer: customer.clone(),
            preferences: Preferences::default(),
            version: 0,
        });
        let chosen = &mut profile.preferences;
        chosen.email_notifications = change.email_notifications.unwrap_or(chosen.email_notifications);
        chosen.auto_shutdown = change.auto_shutdown.unwrap_or(chosen.auto_shutdown);
        chosen.default_os = change.default_os.or(chosen.default_os);
        chosen.credential_delivery = change.credential_delivery.unwrap_or(chosen.credential_delivery);
        if let Some(networks) = &change.rdp_allow_list {
            chosen.rdp_allow_list.clone_from(networks);
        }
        let chosen = chosen.clone();
        store.commit(vec![Write::Profile(profile)]).await?;
        Ok(chosen)
    })
}

fn check_networks(networks: &[String]) -> Result<(), AppError> {
    let invalid = |reason: String| AppError::Invalid { field: "rdp_allow_list", reason };
    if networks.len() > ALLOW_LIST_MAX {
        return Err(invalid(format!("at most {ALLOW_LIST_MAX} networks")));
    }
    for network in networks {
        let (address, length) = network.split_once('/').unwrap_or((network, ""));
        let bits = match address.parse::<std::net::IpAddr>() {
            Ok(std::net::IpAddr::V4(_)) => 32,
            Ok(std::net::IpAddr::V6(_)) => 128,
            Err(_) => {
                return Err(invalid(format!(
                    "{network:?} is not an address or network such as 192.0.2.0/24"
                )));
            }
        };
        if !length.is_empty() && !length.parse::<u8>().is_ok_and(|l| l <= bits) || network.ends_with('/') {
            return Err(invalid(format!("{network:?}: the length after / is 0 to {bits}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_checked_before_they_are_stored() {
        let ok = |n: &str| check_networks(&[n.to_owned()]).is_ok();
        assert!(ok("192.0.2.7") && ok("192.0.2.0/24") && ok("2001:db8::/32"));
        for bad in
            ["", "any", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/24/1", "2001:db8::/129", "192.0.2.0/x"]
        {
            assert!(!ok(bad), "{bad}");
        }
        assert!(check_networks(&vec!["192.0.2.7".to_owned(); 11]).is_err());
    }
}
