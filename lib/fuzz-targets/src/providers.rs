//! The providers' APIs: every call of every client, against any answers.

use app::ports::{CreateCall, CreateVm, CreatedVm, Reinstall, Trace, UserData, VmError, VmHost};
use domain::Timestamp;
use domain::catalogue::{Image, Offering, Os, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};

use crate::scripted::{self, KEY};
use crate::{assert_discreet, choice};

const ORDER: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF";
const NAME: &str = "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1";

/// Vultr.
pub(crate) fn vultr(bytes: &[u8]) {
    let open = |http, url: String| vm_vultr::Client::new(http, &format!("{url}/v2"), key());
    drive(Provider::Vultr, bytes, false, open);
}

/// DigitalOcean.
pub(crate) fn digitalocean(bytes: &[u8]) {
    drive(Provider::Digitalocean, bytes, false, |http, url| vm_digitalocean::Client::new(http, &url, key()));
}

/// Linode.
pub(crate) fn linode(bytes: &[u8]) {
    drive(Provider::Linode, bytes, false, |http, url| vm_linode::Client::new(http, &url, key()));
}

/// Hetzner Cloud.
pub(crate) fn hetzner(bytes: &[u8]) {
    let open = |http, url: String| vm_hetzner::Client::new(http, &format!("{url}/v1"), key());
    drive(Provider::Hetzner, bytes, false, open);
}

/// Contabo, with good tokens.
pub(crate) fn contabo(bytes: &[u8]) {
    drive(Provider::Contabo, bytes, false, open_contabo);
}

/// Contabo, with the input as the token endpoint's answers too.
pub(crate) fn contabo_token(bytes: &[u8]) {
    // It waits and asks again by design.
    if bytes.windows(13).any(|window| window == b"invalid_grant") {
        return;
    }
    drive(Provider::Contabo, bytes, true, open_contabo);
}

fn open_contabo(http: reqwest::Client, url: String) -> vm_contabo::Client {
    let credentials =
        vm_contabo::Credentials { client_id: key(), client_secret: key(), user: key(), password: key() };
    vm_contabo::Client::new(http, &url, &url, credentials)
}

fn key() -> Secret<String> {
    Secret::new(KEY.to_owned())
}

/// EC2 and CloudWatch.
#[cfg(feature = "ec2")]
pub(crate) fn ec2(bytes: &[u8]) {
    let (call, script) = choice(bytes);
    let outcome = crate::aws::play(script, |config| {
        let host = crate::aws::ec2(&config);
        async move { one_call(&host, Provider::Ec2, call).await }
    });
    judge(outcome, bytes);
}

/// A byte for the call, and the answers that it gets.
fn drive<H: VmHost>(
    provider: Provider,
    bytes: &[u8],
    tokens: bool,
    open: impl FnOnce(reqwest::Client, String) -> H,
) {
    let (call, script) = choice(bytes);
    let outcome = scripted::play(scripted::answers(script), tokens, |http, url| {
        let host = open(http, url);
        async move { one_call(&host, provider, call).await }
    });
    judge(outcome, bytes);
}

fn judge(outcome: Result<(), VmError>, bytes: &[u8]) {
    if let Err(error) = outcome {
        assert_discreet(&error, bytes);
        if let VmError::Busy { retry_after: Some(seconds) } = error {
            assert!(seconds <= 3600, "{seconds}");
        }
    }
}

/// A machine's id, and where a page begins, as the provider spells them.
fn words(provider: Provider) -> (VmId, &'static str) {
    match provider {
        Provider::Ec2 => (VmId("us-east-1/i-0123456789abcdef0".to_owned()), "us-east-1|1|token"),
        _ => (VmId("4711".to_owned()), "2"),
    }
}

async fn one_call<H: VmHost>(host: &H, provider: Provider, call: u8) -> Result<(), VmError> {
    let (id, cursor) = &words(provider);
    let os = if call >= 128 { Os::Windows } else { Os::Linux };
    match call % 18 {
        0 => Box::pin(host.create(&create(provider, os))).await.map(|made| created(provider, &made)),
        1 => Box::pin(host.get(id)).await.map(|found| created(provider, &found)),
        2 => Box::pin(host.find(&trace(provider))).await.map(|found| {
            for vm in &found {
                machine(provider, vm);
                let ours = vm.tags.iter().any(|tag| tag == ORDER) || vm.name == NAME;
                // These also know machines by the calls that made them.
                let by_call = matches!(provider, Provider::Contabo | Provider::Ec2);
                assert!(ours || by_call, "it is not of this order: {vm:?}");
            }
        }),
        3 => Box::pin(host.list(None, 100)).await.map(|(machines, next)| {
            machines.iter().for_each(|vm| machine(provider, vm));
            assert_ne!(next.as_deref(), Some(""), "a page that begins nowhere");
        }),
        4 => Box::pin(host.list(Some(cursor), 100))
            .await
            .map(|(machines, _)| machines.iter().for_each(|vm| machine(provider, vm))),
        5 => Box::pin(host.reboot(id)).await,
        6 => Box::pin(host.start(id)).await,
        7 => Box::pin(host.halt(id)).await,
        8 => Box::pin(host.reinstall(id, &reinstall(provider, os))).await.map(|told| password(told.as_ref())),
        9 => Box::pin(host.reset_password(id, &key())).await.map(|told| password(told.as_ref())),
        10 => Box::pin(host.allow_rdp_from(id, &["192.0.2.7".parse().expect("an address")])).await,
        11 => Box::pin(host.delete(id)).await.map(drop),
        12 => Box::pin(host.traffic(id, 7)).await.map(|days| {
            assert!(days.iter().all(|day| day.day.len() == 10), "{days:?}");
        }),
        13 => Box::pin(host.account()).await.map(drop),
        14 => Box::pin(host.regions()).await.map(drop),
        15 => Box::pin(host.plans()).await.map(drop),
        16 => Box::pin(host.images()).await.map(drop),
        _ => Box::pin(host.in_stock(&offering(provider))).await.map(drop),
    }
}

fn created(provider: Provider, found: &CreatedVm) {
    machine(provider, &found.vm);
    password(found.password.as_ref());
}

fn password(told: Option<&Secret<String>>) {
    assert!(told.is_none_or(|password| !password.expose().is_empty()), "an empty password");
}

fn machine(provider: Provider, vm: &Vm) {
    assert_eq!(vm.provider, provider);
    assert!(!vm.id.0.is_empty(), "a machine without an id");
    assert!(vm.address.is_none_or(|address| !address.is_unspecified()), "{:?}", vm.address);
}

fn region(provider: Provider) -> &'static str {
    if provider == Provider::Ec2 { "us-east-1" } else { "region" }
}

fn offering(provider: Provider) -> Offering {
    let (image, fallback) = match provider {
        Provider::Ec2 => ("/aws/service/ubuntu", "ami-0e2404e2404e2404e"),
        _ => ("Ubuntu 24.04", "17"),
    };
    Offering {
        provider,
        plan: "plan".to_owned(),
        region: "us-east".to_owned(),
        provider_region: region(provider).to_owned(),
        image: Image { name_prefix: image.to_owned(), fallback_id: fallback.to_owned() },
    }
}

fn create(provider: Provider, os: Os) -> CreateVm {
    let Reinstall { name, host_name, user_data, password, .. } = reinstall(provider, os);
    CreateVm {
        offering: offering(provider),
        os,
        name,
        request_id: "0b7f2f0e-5a52-4c1f-9a55-2d1b8f4c7e11".to_owned(),
        host_name,
        tags: vec!["nemordp".to_owned(), ORDER.to_owned()],
        user_data,
        password,
    }
}

fn reinstall(provider: Provider, os: Os) -> Reinstall {
    Reinstall {
        name: NAME.to_owned(),
        host_name: "desk-9r2c4dfgh".to_owned(),
        os,
        image: offering(provider).image,
        user_data: match os {
            Os::Linux => UserData::CloudConfig("#cloud-config\n".to_owned()),
            Os::Windows if provider == Provider::Ec2 => UserData::PowerShell("exit\r\n".to_owned()),
            Os::Windows => UserData::Batch("@echo off\r\n".to_owned()),
        },
        password: key(),
    }
}

fn trace(provider: Provider) -> Trace {
    Trace {
        tag: ORDER.to_owned(),
        names: vec![NAME.to_owned()],
        calls: vec![CreateCall {
            request_id: "0b7f2f0e-5a52-4c1f-9a55-2d1b8f4c7e11".to_owned(),
            name: NAME.to_owned(),
        }],
        regions: vec![region(provider).to_owned()],
        since: Timestamp::UNIX_EPOCH,
    }
}
