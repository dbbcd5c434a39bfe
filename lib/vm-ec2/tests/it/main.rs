//! EC2's adapter at the wire and against the sandbox's EC2.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod contract;
mod sandbox;
mod usage;
mod wire;

use std::collections::BTreeMap;

use ::sandbox::{Config, Running};
use app::ports::{CreateVm, Trace, UserData, VmError};
use aws_types::SdkConfig;
use domain::catalogue::{Image, Offering, Os, Provider};
use domain::secret::Secret;
use vm_ec2::{AccessKey, Client, KeyPair, Network, Settings};

/// The order in these tests, and its first machine.
const ORDER: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF";
const NAME: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1";
const REGION: &str = "us-east-1";
const WINDOWS: &str = "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base";
const UBUNTU: &str = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";
const UBUNTU_AMI: &str = "ami-0e2404e2404e2404e";

/// What the functions hand over, with an HTTP client of its own.
fn sdk_config() -> SdkConfig {
    SdkConfig::builder().http_client(aws_smithy_http_client::Builder::new().build_http()).build()
}

fn settings(endpoint_url: &str, key_id: &str, secret: &str) -> Settings {
    Settings {
        endpoint_url: Some(endpoint_url.to_owned()),
        access_key: Some(AccessKey { id: key_id.to_owned(), secret: Secret::new(secret.to_owned()) }),
        key_pair: None,
        networks: [REGION, "eu-west-2", "af-south-1"].map(|id| (id.to_owned(), Network::default())).into(),
        regions: vec![REGION.to_owned(), "eu-west-2".to_owned()],
        sizes: BTreeMap::from([("t3.medium".to_owned(), 80)]),
        images: vec![WINDOWS.to_owned(), UBUNTU.to_owned()],
    }
}

/// The adapter in front of a sandbox, with its key pair.
fn in_front_of(sandbox: &Running, config: &Config, key_id: &str) -> Client {
    let pair = sandbox.ec2_key_pair().expect("a key pair");
    let mut settings = settings(&sandbox.urls().ec2_endpoint(), key_id, &config.ec2_secret_access_key);
    settings.key_pair = Some(KeyPair::parse(pair.name, &Secret::new(pair.private_key)).expect("a key"));
    Client::new(&sdk_config(), settings)
}

fn offering(parameter: &str, ami: &str) -> Offering {
    Offering {
        provider: Provider::Ec2,
        plan: "t3.medium".to_owned(),
        region: "us-east".to_owned(),
        provider_region: REGION.to_owned(),
        image: Image { name_prefix: parameter.to_owned(), fallback_id: ami.to_owned() },
    }
}

fn request(os: Os) -> CreateVm {
    let (parameter, user_data) = match os {
        Os::Windows => (WINDOWS, UserData::PowerShell("Write-Output 'first boot'".to_owned())),
        Os::Linux => (UBUNTU, UserData::CloudConfig("#cloud-config\nhostname: \"desk-1\"\n".to_owned())),
    };
    CreateVm {
        offering: offering(parameter, ""),
        os,
        name: NAME.to_owned(),
        request_id: "5eed5eed-0000-4000-8000-000000000001".to_owned(),
        host_name: "desk-1".to_owned(),
        tags: vec![ORDER.to_owned(), "nemordp".to_owned()],
        user_data,
        password: Secret::new("Quiet7Harbour!Lantern_42Owl".to_owned()),
    }
}

fn trace() -> Trace {
    Trace {
        tag: ORDER.to_owned(),
        names: vec![NAME.to_owned()],
        calls: Vec::new(),
        regions: vec![REGION.to_owned()],
        since: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// How a call ended, in a word, and what the error carries.
fn outcome<T>(result: Result<T, VmError>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(VmError::NotFound) => "not found".to_owned(),
        Err(VmError::OutOfStock(text)) => format!("out of stock: {text}"),
        Err(VmError::Unauthorized(text)) => format!("unauthorized: {text}"),
        Err(VmError::Quota(text)) => format!("quota: {text}"),
        Err(VmError::Refused(text)) => format!("refused: {text}"),
        Err(VmError::Busy { .. }) => "busy".to_owned(),
        Err(VmError::LeftAlone { .. }) => "left alone".to_owned(),
        Err(VmError::Unsupported { .. }) => "unsupported".to_owned(),
        Err(VmError::Unclear { .. }) => "unclear".to_owned(),
    }
}
