//! Where the providers are, where their secrets lie, and how the clients come of it.

use aws_types::SdkConfig;
use domain::catalogue::Catalogue;
use lambda_kit::{Env, SecretError, Secrets};
use serde::de::DeserializeOwned;
use vm_contabo::{Credentials, UserDataEncoding};
use vm_ec2::KeyPair;

use crate::secrets::{ApiKey, Contabo, Ec2, Ec2Account, Found, Token};
use crate::{AnyHost, Hosts, LazyEc2};

/// What the environment says of the providers. A provider without the name of a secret costs nothing at a start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    vultr: Option<Place>,
    contabo: Option<Place>,
    contabo_auth_url: String,
    contabo_base64: bool,
    digitalocean: Option<Place>,
    linode: Option<Place>,
    hetzner: Option<Place>,
    ec2_secret_name: Option<String>,
    ec2_endpoint_url: Option<String>,
}

/// A provider's API, and the name of the secret that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    api_url: String,
    secret_name: String,
}

impl Settings {
    /// Reads, per provider, `<PROVIDER>_SECRET_NAME` and `<PROVIDER>_API_URL`; the address must be there where the name
    /// is. Besides: `CONTABO_AUTH_URL`, `CONTABO_USER_DATA` (`raw`, the default, or `base64`), `EC2_ENDPOINT_URL`
    /// (AWS itself when absent).
    pub fn read(env: &mut Env) -> Self {
        let contabo = place(env, "CONTABO");
        Self {
            vultr: place(env, "VULTR"),
            contabo_auth_url: if contabo.is_some() { env.text("CONTABO_AUTH_URL") } else { String::new() },
            contabo_base64: env.optional("CONTABO_USER_DATA").as_deref() == Some("base64"),
            contabo,
            digitalocean: place(env, "DIGITALOCEAN"),
            linode: place(env, "LINODE"),
            hetzner: place(env, "HETZNER"),
            ec2_secret_name: env.optional("EC2_SECRET_NAME"),
            ec2_endpoint_url: env.optional("EC2_ENDPOINT_URL"),
        }
    }

    /// The clients of the providers whose secrets are filled in. The secrets are read at the same time; no provider
    /// is called. `http` must not follow redirects.
    ///
    /// # Errors
    /// [`SecretError`] for a secret that cannot be read, or that is filled in only in part: a provider that silently
    /// is not there would leave its machines to nobody.
    pub async fn open(
        &self,
        secrets: &Secrets,
        aws: &SdkConfig,
        http: &reqwest::Client,
        catalogue: &'static Catalogue,
    ) -> Result<Hosts, SecretError> {
        let (vultr, contabo, digitalocean, linode, hetzner, ec2) = tokio::join!(
            found(secrets, name(&self.vultr), ApiKey::FIELDS, ApiKey::key),
            found(secrets, name(&self.contabo), Contabo::FIELDS, Contabo::credentials),
            found(secrets, name(&self.digitalocean), Token::FIELDS, Token::key),
            found(secrets, name(&self.linode), Token::FIELDS, Token::key),
            found(secrets, name(&self.hetzner), Token::FIELDS, Token::key),
            found(secrets, self.ec2_secret_name.as_deref(), Ec2::FIELDS, Ec2::account),
        );
        let http = || http.clone();
        let hosts: Hosts = [
            vultr?.map(|key| AnyHost::Vultr(vm_vultr::Client::new(http(), url(&self.vultr), key))),
            contabo?.map(|credentials| AnyHost::Contabo(self.contabo_client(http(), credentials))),
            digitalocean?.map(|token| {
                let client = vm_digitalocean::Client::new(http(), url(&self.digitalocean), token);
                AnyHost::Digitalocean(client)
            }),
            linode?.map(|token| AnyHost::Linode(vm_linode::Client::new(http(), url(&self.linode), token))),
            hetzner?
                .map(|token| AnyHost::Hetzner(vm_hetzner::Client::new(http(), url(&self.hetzner), token))),
            ec2?.map(|account| AnyHost::Ec2(self.ec2_client(aws.clone(), account, catalogue))),
        ]
        .into_iter()
        .flatten()
        .collect();
        if hosts.providers().next().is_none() {
            tracing::warn!("no provider is set up: nothing can be delivered");
        }
        Ok(hosts)
    }

    fn contabo_client(&self, http: reqwest::Client, credentials: Credentials) -> vm_contabo::Client {
        let encoding = if self.contabo_base64 { UserDataEncoding::Base64 } else { UserDataEncoding::Raw };
        vm_contabo::Client::new(http, url(&self.contabo), &self.contabo_auth_url, credentials)
            .with_user_data(encoding)
    }

    fn ec2_client(&self, aws: SdkConfig, account: Ec2Account, catalogue: &'static Catalogue) -> LazyEc2 {
        let endpoint_url = self.ec2_endpoint_url.clone();
        LazyEc2::new(move || {
            let key_pair = account.key_pair.and_then(|(name, pem)| {
                let parsed = KeyPair::parse(name, &pem);
                parsed.inspect_err(|error| tracing::error!(%error, "no Windows at EC2")).ok()
            });
            let settings = vm_ec2::Settings {
                endpoint_url,
                access_key: account.access_key,
                key_pair,
                networks: account.networks,
                ..vm_ec2::Settings::from_catalogue(catalogue)
            };
            vm_ec2::Client::new(&aws, settings)
        })
    }
}

fn place(env: &mut Env, prefix: &str) -> Option<Place> {
    let secret_name = env.optional(&format!("{prefix}_SECRET_NAME"))?;
    Some(Place { api_url: env.text(&format!("{prefix}_API_URL")), secret_name })
}

fn name(place: &Option<Place>) -> Option<&str> {
    place.as_ref().map(|place| place.secret_name.as_str())
}

fn url(place: &Option<Place>) -> &str {
    place.as_ref().map_or("", |place| place.api_url.as_str())
}

/// What a secret comes to, when it has a name and is there.
async fn found<S: DeserializeOwned, T>(
    secrets: &Secrets,
    name: Option<&str>,
    fields: &'static str,
    read: impl FnOnce(S) -> Found<T>,
) -> Result<Option<T>, SecretError> {
    let Some(name) = name else { return Ok(None) };
    let Some(secret) = secrets.read_if_there::<S>(name, fields).await? else { return Ok(None) };
    read(secret).map_err(|_| SecretError::Shape { name: name.to_owned(), expected: fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(variables: &[(&str, &str)]) -> Env {
        Env::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn a_provider_without_a_secret_is_not_asked_for_its_address() {
        let mut env =
            env(&[("HETZNER_SECRET_NAME", "nemordp/hetzner"), ("HETZNER_API_URL", "https://h.test/v1")]);
        let settings = Settings::read(&mut env);
        assert_eq!(name(&settings.hetzner), Some("nemordp/hetzner"));
        assert_eq!(Settings { hetzner: None, ..settings }, Settings::default());
        assert!(env.finish().is_ok());
    }

    #[test]
    fn an_address_that_is_missing_is_named() {
        let mut env =
            env(&[("CONTABO_SECRET_NAME", "nemordp/contabo"), ("LINODE_SECRET_NAME", "nemordp/linode")]);
        Settings::read(&mut env);
        let error = env.finish().expect_err("addresses are missing").to_string();
        for missing in ["CONTABO_API_URL", "CONTABO_AUTH_URL", "LINODE_API_URL"] {
            assert!(error.contains(missing), "{missing} is not in {error}");
        }
    }
}
