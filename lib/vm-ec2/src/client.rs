//! The client, and how it calls.

use std::time::Duration;

use app::ports::VmError;
use aws_credential_types::Credentials;
use aws_sdk_cloudwatch as cloudwatch;
use aws_sdk_ec2 as ec2;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_sdk_ec2::config::{BehaviorVersion, Region};
use aws_smithy_async::time::SharedTimeSource;
use aws_types::SdkConfig;
use domain::Timestamp;

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
    base: ec2::config::Builder,
    metrics: cloudwatch::config::Builder,
    clock: SharedTimeSource,
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
    /// A client over the SDK's configuration, which brings the HTTP client, the clock and, unless the settings say
    /// otherwise, the credentials. Its region, retries and timeouts are not used.
    pub fn new(config: &SdkConfig, settings: Settings) -> Self {
        let mut base =
            ec2::config::Builder::from(config).behavior_version(BehaviorVersion::latest()).interceptor(Sound);
        let mut metrics = cloudwatch::config::Builder::from(config)
            .behavior_version(BehaviorVersion::latest())
            .interceptor(Sound);
        if let Some(url) = &settings.endpoint_url {
            base = base.endpoint_url(url);
            metrics = metrics.endpoint_url(url);
        }
        if let Some(key) = &settings.access_key {
            let secret = key.secret.expose().as_str();
            let credentials = Credentials::new(&key.id, secret, None, None, "settings");
            base = base.credentials_provider(credentials.clone());
            metrics = metrics.credentials_provider(credentials);
        }
        Self { base, metrics, clock: config.time_source().unwrap_or_default(), settings }
    }

    /// EC2 in a region.
    pub(crate) fn at(&self, region: &str, manner: Manner) -> ec2::Client {
        let base = self.base.clone().region(Region::new(region.to_owned()));
        ec2::Client::from_conf(base.retry_config(manner.retries()).timeout_config(manner.timeouts()).build())
    }

    /// CloudWatch in a region, to read from.
    pub(crate) fn metrics(&self, region: &str) -> cloudwatch::Client {
        let manner = Manner::Read;
        let base = self.metrics.clone().region(Region::new(region.to_owned()));
        let base = base.retry_config(manner.retries()).timeout_config(manner.timeouts());
        cloudwatch::Client::from_conf(base.build())
    }

    /// By the clock that requests are signed with.
    pub(crate) fn now(&self) -> Result<Timestamp, VmError> {
        Timestamp::try_from(self.clock.now()).map_err(|error| VmError::Unclear {
            what: "our clock shows no time".to_owned(),
            source: Some(error.into()),
        })
    }
}

impl Manner {
    fn retries(self) -> RetryConfig {
        match self {
            Self::Read => RetryConfig::standard()
                .with_max_attempts(READ_ATTEMPTS_MAX)
                .with_initial_backoff(READ_PAUSE_FIRST),
            Self::Act | Self::Create => RetryConfig::disabled(),
        }
    }

    fn timeouts(self) -> TimeoutConfig {
        let (attempt, whole) = match self {
            Self::Read => (READ_ATTEMPT_LIMIT, READ_LIMIT),
            Self::Act => (ACT_LIMIT, ACT_LIMIT),
            Self::Create => (CREATE_LIMIT, CREATE_LIMIT),
        };
        // The process's HTTP client takes its own limit from the read timeout.
        TimeoutConfig::builder()
            .read_timeout(attempt)
            .operation_attempt_timeout(attempt)
            .operation_timeout(whole)
            .build()
    }
}
