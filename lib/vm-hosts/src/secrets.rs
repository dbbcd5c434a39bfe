//! What the providers' secrets hold. A provider whose secret is missing, or whose fields are all empty, is not set up;
//! one that is filled in only in part is a mistake, and said to be one.

use std::collections::BTreeMap;

use domain::secret::Secret;
use serde::Deserialize;
use vm_contabo::Credentials;
use vm_ec2::{AccessKey, Network};

/// Fields that are filled in only in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InPart;

/// What a secret comes to: nothing when the provider is not set up.
pub(crate) type Found<T> = Result<Option<T>, InPart>;

/// Vultr's: `{"api_key"}`.
#[derive(Deserialize)]
pub(crate) struct ApiKey {
    #[serde(default)]
    api_key: String,
}

impl ApiKey {
    pub(crate) const FIELDS: &'static str = "api_key";

    pub(crate) fn key(self) -> Found<Secret<String>> {
        Ok(filled(self.api_key))
    }
}

/// DigitalOcean's, Linode's and Hetzner's: `{"token"}`.
#[derive(Deserialize)]
pub(crate) struct Token {
    #[serde(default)]
    token: String,
}

impl Token {
    pub(crate) const FIELDS: &'static str = "token";

    pub(crate) fn key(self) -> Found<Secret<String>> {
        Ok(filled(self.token))
    }
}

/// Contabo's: `{"client_id", "client_secret", "user", "password"}`.
#[derive(Deserialize)]
pub(crate) struct Contabo {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: String,
}

impl Contabo {
    pub(crate) const FIELDS: &'static str = "client_id, client_secret, user and password";

    pub(crate) fn credentials(self) -> Found<Credentials> {
        let fields =
            (filled(self.client_id), filled(self.client_secret), filled(self.user), filled(self.password));
        match fields {
            (Some(client_id), Some(client_secret), Some(user), Some(password)) => {
                Ok(Some(Credentials { client_id, client_secret, user, password }))
            }
            (None, None, None, None) => Ok(None),
            _ => Err(InPart),
        }
    }
}

/// EC2's: `{"access_key_id", "secret_access_key"}`, or `{"own_role": true}` for machines in the functions' own account;
/// with `{"key_pair_name", "private_key"}` where Windows is sold, and `{"networks"}` by region: where none is named,
/// nothing is made.
#[derive(Deserialize)]
pub(crate) struct Ec2 {
    #[serde(default)]
    own_role: bool,
    #[serde(default)]
    access_key_id: String,
    #[serde(default)]
    secret_access_key: String,
    #[serde(default)]
    key_pair_name: String,
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    networks: BTreeMap<String, Ec2Network>,
}

#[derive(Deserialize)]
struct Ec2Network {
    #[serde(default)]
    subnet_id: Option<String>,
    #[serde(default)]
    security_group_ids: Vec<String>,
}

/// An account at EC2.
pub(crate) struct Ec2Account {
    /// `None`: the functions' own role.
    pub(crate) access_key: Option<AccessKey>,
    /// The launch key pair's name and its private half in PEM.
    pub(crate) key_pair: Option<(String, Secret<String>)>,
    pub(crate) networks: BTreeMap<String, Network>,
}

impl Ec2 {
    pub(crate) const FIELDS: &'static str =
        "access_key_id and secret_access_key, or own_role; key_pair_name and private_key together";

    pub(crate) fn account(self) -> Found<Ec2Account> {
        let access_key = match (self.access_key_id.trim(), filled(self.secret_access_key)) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(InPart),
            (id, Some(secret)) => Some(AccessKey { id: id.to_owned(), secret }),
        };
        let key_pair = match (self.key_pair_name.trim(), filled(self.private_key)) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(InPart),
            (name, Some(private_key)) => Some((name.to_owned(), private_key)),
        };
        if access_key.is_none() && !self.own_role {
            return if key_pair.is_none() { Ok(None) } else { Err(InPart) };
        }
        let network = |(region, network): (String, Ec2Network)| {
            let Ec2Network { subnet_id, security_group_ids } = network;
            (region, Network { subnet_id, security_group_ids })
        };
        let networks = self.networks.into_iter().map(network).collect();
        Ok(Some(Ec2Account { access_key, key_pair, networks }))
    }
}

fn filled(text: String) -> Option<Secret<String>> {
    let text = text.trim();
    (!text.is_empty()).then(|| Secret::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn word<T>(found: &Found<T>) -> &'static str {
        match found {
            Ok(Some(_)) => "set up",
            Ok(None) => "not set up",
            Err(InPart) => "in part",
        }
    }

    fn read<T: serde::de::DeserializeOwned>(secret: &Value) -> T {
        serde_json::from_value(secret.clone()).unwrap()
    }

    #[test]
    fn what_is_empty_is_not_set_up() {
        for (secret, expected) in [
            (json!({}), "not set up"),
            (json!({"api_key": " ", "token": ""}), "not set up"),
            (json!({"api_key": "k", "token": "k"}), "set up"),
        ] {
            assert_eq!(word(&read::<ApiKey>(&secret).key()), expected, "{secret}");
            assert_eq!(word(&read::<Token>(&secret).key()), expected, "{secret}");
        }
    }

    #[test]
    fn an_account_at_contabo_has_four_parts() {
        for (secret, expected) in [
            (json!({"client_id": "", "user": ""}), "not set up"),
            (json!({"client_id": "a", "client_secret": "b", "user": "c", "password": "d"}), "set up"),
            (json!({"client_id": "a", "client_secret": "b", "user": "c"}), "in part"),
        ] {
            assert_eq!(word(&read::<Contabo>(&secret).credentials()), expected, "{secret}");
        }
    }

    #[test]
    fn an_account_at_ec2_has_keys_of_its_own_or_is_the_functions_own() {
        let keys = json!({"access_key_id": "AKIA", "secret_access_key": "s"});
        for (secret, expected) in [
            (json!({}), "not set up"),
            (json!({"networks": {"us-east-1": {}}}), "not set up"),
            (json!({"own_role": true}), "set up"),
            (keys.clone(), "set up"),
            (json!({"access_key_id": "AKIA"}), "in part"),
            (json!({"secret_access_key": "s"}), "in part"),
            (json!({"own_role": true, "key_pair_name": "k"}), "in part"),
            (json!({"own_role": true, "private_key": "k"}), "in part"),
            (json!({"key_pair_name": "k", "private_key": "p"}), "in part"),
            (json!({"own_role": true, "key_pair_name": "k", "private_key": "p"}), "set up"),
        ] {
            assert_eq!(word(&read::<Ec2>(&secret).account()), expected, "{secret}");
        }
        let networks = json!({"us-east-1": {"subnet_id": "subnet-1", "security_group_ids": ["sg-1"]}});
        let account = read::<Ec2>(&json!({"own_role": true, "networks": networks})).account();
        let network = account.ok().flatten().and_then(|account| account.networks.get("us-east-1").cloned());
        let expected =
            Network { subnet_id: Some("subnet-1".to_owned()), security_group_ids: vec!["sg-1".to_owned()] };
        assert_eq!(network, Some(expected));
    }
}
