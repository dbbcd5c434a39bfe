//! The client, and how it calls.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_sdk_ec2::config::{BehaviorVersion, Builder, Region};
use aws_types::SdkConfig;

use crate::answers::Sound;
use crate::settings::Settings;

const READ_ATTEMPTS_MAX: u32 = 3;
const READ_PAUSE_FIRST: Duration = Duration::from_millis(300);
const READ_ATTEMPT_LIMIT: Duration = Duration::from_secs(6);
const READ_LIMIT: Duration = Duration::from_secs(12);
const ACT_LIMIT: Duration = Duration::from_secs(10);
/// `RunInstances`: an answer that comes late is better than none.
const CREATE_LIMIT: Duration = Duration::from_secs(30);

/// EC2, as [`app::ports::VmHost`].
pub struct Client {
    base: Builder,
    pub(crate) settings: Settings,
}

/// What a call does, and so whether it may be repeated and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Repeated a little.
    Read,
    /// Sent once.
    Act,
    /// Sent once, with more patience.
    Create,
}

impl Client {
    /// A client over the SDK's configuration, which brings the HTTP client and, unless the settings say otherwise,
    /// the credentials. Its region, retries and timeouts are not used.
    pub fn new(config: &SdkConfig, settings: Settings) -> Self {
        let mut base = Builder::from(config).behavior_version(BehaviorVersion::latest()).interceptor(Sound);
        if let Some(url) = &settings.endpoint_url {
            base = base.endpoint_url(url);
        }
        if let Some(key) = &settings.access_key {
            let secret = key.secret.expose().as_str();
            base = base.credentials_provider(Credentials::new(&key.id, secret, None, None, "settings"));
        }
        Self { base, settings }
    }

    /// EC2 in a region.
    pub(crate) fn at(&self, region: &str, manner: Manner) -> aws_sdk_ec2::Client {
        let retries = match manner {
            Manner::Read => RetryConfig::standard()
                .with_max_attempts(READ_ATTEMPTS_MAX)
                .with_initial_backoff(READ_PAUSE_FIRST),
            Manner::Act | Manner::Create => RetryConfig::disabled(),
        };
        let (attempt, whole) = match manner {
            Manner::Read => (READ_ATTEMPT_LIMIT, READ_LIMIT),
            Manner::Act => (ACT_LIMIT, ACT_LIMIT),
            Manner::Create => (CREATE_LIMIT, CREATE_LIMIT),
        };
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(attempt).operation_timeout(whole).build();
        let base = self.base.clone().region(Region::new(region.to_owned()));
        aws_sdk_ec2::Client::from_conf(base.retry_config(retries).timeout_config(timeouts).build())
    }
}
