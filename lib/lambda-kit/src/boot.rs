//! Start-up of a function.

use aws_types::SdkConfig;

use crate::env::Env;
use crate::http_client::{ClientError, OneClient};
use crate::secrets::Secrets;
use crate::{aws, log};

/// What every function has once it has started.
pub struct Boot {
    /// Region, role, endpoint.
    pub aws: SdkConfig,
    /// The function's settings; call [`Env::finish`] when all are read.
    pub env: Env,
    http: OneClient,
}

/// Starts a function: logs, settings, the AWS configuration. Opens no connection.
pub fn boot() -> Boot {
    let mut env = Env::of_process();
    log::init(&env);
    let http = OneClient::default();
    let aws = aws::config(&mut env, http.clone());
    Boot { aws, env, http }
}

impl Boot {
    /// Reads secrets.
    pub fn secrets(&self) -> Secrets {
        Secrets::new(&self.aws)
    }

    /// The client for gateways and providers, which AWS is called with, too.
    ///
    /// # Errors
    /// `ClientError` when this build has no usable TLS.
    pub fn http_client(&self) -> Result<reqwest::Client, ClientError> {
        self.http.get()
    }
}
