//! From the environment and Secrets Manager to clients that answer.

use app::ports::{VmHost, VmHosts};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use domain::catalogue::{Catalogue, Os, Provider};
use domain::secret::Secret;
use http_call::peer::{Peer, Reply, client};
use lambda_kit::{Env, SecretError, Secrets};
use sandbox::{Config, Running, Sandbox};
use serde_json::{Value, json};
use vm_hosts::{AnyHost, Hosts, LazyEc2, Settings};

static NOTHING_SOLD: Catalogue = Catalogue {
    regions: Vec::new(),
    currencies: Vec::new(),
    windows_licences: Vec::new(),
    products: Vec::new(),
};

fn aws(endpoint_url: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(
            "AKIAEXAMPLE",
            "example",
            None,
        )))
        .endpoint_url(endpoint_url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

fn secret(value: &Value) -> Reply {
    let body = json!({"Name": "nemordp/one", "SecretString": value.to_string()});
    Reply::Text(200, vec![("content-type", "application/x-amz-json-1.1")], body.to_string())
}

fn no_such_secret() -> Reply {
    let body = r#"{"__type":"ResourceNotFoundException","message":"no such secret"}"#;
    Reply::Text(400, vec![("content-type", "application/x-amz-json-1.1")], body.to_owned())
}

/// What comes of one provider's settings and of what Secrets Manager answers.
async fn opened(variables: &[(&str, &str)], answer: Reply) -> (Result<Hosts, SecretError>, usize) {
    let peer = Peer::start(vec![answer]).await;
    let mut env = Env::of(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let settings = Settings::read(&mut env);
    env.finish().expect("nothing is missing");
    let aws = aws(peer.url());
    let hosts = Box::pin(settings.open(&Secrets::new(&aws), &aws, &client(), &NOTHING_SOLD)).await;
    (hosts, peer.seen().len())
}

const HETZNER: &[(&str, &str)] =
    &[("HETZNER_SECRET_NAME", "nemordp/one"), ("HETZNER_API_URL", "http://127.0.0.1:1/v1")];
const CONTABO: &[(&str, &str)] = &[
    ("CONTABO_SECRET_NAME", "nemordp/one"),
    ("CONTABO_API_URL", "http://127.0.0.1:1"),
    ("CONTABO_AUTH_URL", "http://127.0.0.1:1"),
];
const EC2: &[(&str, &str)] = &[("EC2_SECRET_NAME", "nemordp/one")];

#[tokio::test]
async fn a_provider_is_there_when_its_secret_is_filled_in() {
    let contabo = json!({"client_id": "a", "client_secret": "b", "user": "c", "password": "d"});
    for (variables, answer, expected) in [
        (HETZNER, secret(&json!({"token": "t"})), vec![Provider::Hetzner]),
        (HETZNER, secret(&json!({"token": ""})), vec![]),
        (HETZNER, no_such_secret(), vec![]),
        (CONTABO, secret(&contabo), vec![Provider::Contabo]),
        (EC2, secret(&json!({"own_role": true})), vec![Provider::Ec2]),
    ] {
        let (hosts, calls) = opened(variables, answer).await;
        let hosts = hosts.unwrap_or_else(|error| panic!("{variables:?}: {error}"));
        assert_eq!(hosts.providers().collect::<Vec<_>>(), expected, "{variables:?}");
        for provider in Provider::ALL {
            assert_eq!(hosts.host(*provider).is_some(), expected.contains(provider));
        }
        assert_eq!(calls, 1);
    }
    let (hosts, calls) = opened(&[], no_such_secret()).await;
    assert_eq!((hosts.expect("no provider").providers().count(), calls), (0, 0));
}

#[tokio::test]
async fn a_secret_that_is_filled_in_in_part_is_a_mistake_and_not_repeated_in_the_error() {
    for (variables, value, field) in [
        (CONTABO, json!({"client_id": "canary-5a1b"}), "client_secret"),
        (EC2, json!({"secret_access_key": "canary-5a1b"}), "access_key_id"),
        (HETZNER, json!({"token": ["canary-5a1b"]}), "token"),
    ] {
        let (hosts, _) = opened(variables, secret(&value)).await;
        let error = hosts.err().expect("a mistake").to_string();
        assert!(error.contains("nemordp/one") && error.contains(field), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

/// A client of every provider, in front of a sandbox.
fn all_six(sandbox: &Running, config: &Config) -> Hosts {
    let (urls, http) = (sandbox.urls(), client());
    let key = |key: &str| Secret::new(key.to_owned());
    let credentials = vm_contabo::Credentials {
        client_id: key(&config.contabo_client_id),
        client_secret: key(&config.contabo_client_secret),
        user: key(&config.contabo_user),
        password: key(&config.contabo_api_password),
    };
    let access_key = vm_ec2::AccessKey {
        id: config.ec2_access_key_id.clone(),
        secret: key(&config.ec2_secret_access_key),
    };
    let aws = aws(&urls.ec2_endpoint());
    let ec2 = LazyEc2::new(move || {
        let settings = vm_ec2::Settings {
            access_key: Some(access_key),
            regions: vec!["us-east-1".to_owned()],
            ..vm_ec2::Settings::from_catalogue(&NOTHING_SOLD)
        };
        vm_ec2::Client::new(&aws, settings)
    });
    let contabo =
        vm_contabo::Client::new(http.clone(), &urls.contabo_api(), &urls.contabo_auth(), credentials);
    let digitalocean =
        vm_digitalocean::Client::new(http.clone(), &urls.digitalocean_api(), key(&config.digitalocean_token));
    [
        AnyHost::Vultr(vm_vultr::Client::new(http.clone(), &urls.vultr_api(), key(&config.vultr_api_key))),
        AnyHost::Contabo(contabo),
        AnyHost::Digitalocean(digitalocean),
        AnyHost::Linode(vm_linode::Client::new(http.clone(), &urls.linode_api(), key(&config.linode_token))),
        AnyHost::Hetzner(vm_hetzner::Client::new(http, &urls.hetzner_api(), key(&config.hetzner_token))),
        AnyHost::Ec2(ec2),
    ]
    .into_iter()
    .collect()
}

#[tokio::test]
async fn every_provider_of_the_catalogue_answers_behind_one_type() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = Config::local(dir.path());
    let sandbox = Sandbox::start(config.clone()).await.expect("a sandbox");
    let hosts = all_six(&sandbox, &config);
    assert_eq!(hosts.providers().collect::<Vec<_>>(), Provider::ALL);
    for provider in Provider::ALL {
        let host = hosts.host(*provider).expect("it is set up");
        assert_eq!(host.provider(), *provider);
        // What is decided without a client and what the client says are the same. EC2 has no key pair here, and
        // without one nobody could read a Windows password.
        let can = host.capabilities();
        assert_eq!(can.reinstall, provider.reinstalls(), "{provider}");
        let windows = provider.has(Os::Windows) && *provider != Provider::Ec2;
        assert_eq!(can.windows.is_some(), windows, "{provider}");
        let (machines, next) =
            host.list(None, 50).await.unwrap_or_else(|error| panic!("{provider}: {error}"));
        assert_eq!(machines, [], "{provider}");
        if let Some(next) = next {
            assert_eq!(host.list(Some(&next), 50).await.expect("the next page").0, [], "{provider}");
        }
    }
    sandbox.stop().await;
}
