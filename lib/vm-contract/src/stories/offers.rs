//! What a provider has, and what it cannot do.

use app::ports::{ResetPassword, UserData, VmError, VmHost};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::VmState;
use serde_json::json;

use crate::Subject;
use crate::orders::{self, PASSWORD};
use crate::outcome::{outcome, persist};
use crate::world::World;

/// Refused in words that name the provider, before anything is sent.
pub async fn what_the_capabilities_deny_is_refused_without_a_call<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let (request, made) = world.linux(1).await;
    let id = world.until(&made.vm.id, &VmState::Running).await.id;
    let before = world.acts().await;
    let mut ends: Vec<(&str, Option<VmError>)> = Vec::new();
    if world.able.windows.is_none() {
        let mut windows = world.request(2, Os::Linux);
        windows.os = Os::Windows;
        for user_data in [UserData::Batch("rem\r\n".to_owned()), UserData::PowerShell("exit\r\n".to_owned())]
        {
            windows.user_data = user_data;
            ends.push(("windows", world.host.create(&windows).await.err()));
        }
        assert!(!subject.provider.has(Os::Windows), "the catalogue would offer it");
    }
    if !world.able.power {
        ends.push(("reboot", world.host.reboot(&id).await.err()));
        ends.push(("start", world.host.start(&id).await.err()));
        ends.push(("halt", world.host.halt(&id).await.err()));
    }
    if !world.able.reinstall {
        let again = orders::reinstall(&request);
        ends.push(("reinstall", world.host.reinstall(&id, &again).await.err()));
    }
    if world.able.reset_password == ResetPassword::No {
        let password = Secret::new(PASSWORD.to_owned());
        ends.push(("reset_password", world.host.reset_password(&id, &password).await.err()));
    }
    if !world.able.firewall {
        let home = "192.0.2.7".parse().expect("an address");
        ends.push(("allow_rdp_from", world.host.allow_rdp_from(&id, &[home]).await.err()));
    }
    if !world.able.traffic {
        ends.push(("traffic", world.host.traffic(&id, 7).await.err()));
    }
    for (call, ended) in ends {
        let Some(VmError::Unsupported { provider, what }) = &ended else { panic!("{call}: {ended:?}") };
        assert!(*provider == subject.provider && !what.is_empty(), "{call}: {ended:?}");
    }
    assert_eq!(world.acts().await, before, "something was sent");
    assert_eq!(world.machines().await.len(), 1);
    world.close().await;
}

/// The lists are not empty, and what the subject offers is on them.
pub async fn regions_sizes_and_images_contain_the_offering<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let regions = world.host.regions().await.expect("regions");
    let plans = world.host.plans().await.expect("sizes");
    let images = world.host.images().await.expect("images");
    for offering in std::iter::once(&subject.linux).chain(&subject.windows) {
        assert!(regions.iter().any(|region| region.id == offering.provider_region), "{offering}");
        let plan = plans.iter().find(|plan| plan.id == offering.plan);
        let plan = plan.unwrap_or_else(|| panic!("{offering} is none of the sizes"));
        assert!(plan.vcpus > 0 && plan.memory_mb >= 1_024, "{plan:?}");
        assert!(plan.regions.is_empty() || plan.regions.contains(&offering.provider_region), "{plan:?}");
        let image = &offering.image;
        let listed =
            images.iter().any(|one| one.name.starts_with(&image.name_prefix) || one.id == image.fallback_id);
        assert!(listed, "{} is none of the images", image.name_prefix);
    }
    world.close().await;
}

/// A provider that tells no stock says yes: only the create tells.
pub async fn stock_is_told_where_the_provider_tells_it<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    for offering in std::iter::once(&subject.linux).chain(&subject.windows) {
        assert!(world.host.in_stock(offering).await.expect("an answer"), "{offering}");
    }
    if let Some(stock) = subject.stock {
        world.fault_on(stock, "out_of_stock", json!({"times": 0})).await;
        assert!(!world.host.in_stock(&subject.linux).await.expect("an answer"));
        world.lift_faults().await;
        assert!(world.host.in_stock(&subject.linux).await.expect("an answer"));
        let mut nowhere = subject.linux.clone();
        nowhere.provider_region = "atlantis-1".to_owned();
        let ended = world.host.in_stock(&nowhere).await;
        assert!(matches!(ended, Ok(false)), "{ended:?}");
    }
    world.close().await;
}

/// Traffic of a machine that runs, and what is left on the account, in whole cents.
pub async fn account_and_traffic_are_told_as_the_capabilities_say<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let account = world.host.account().await;
    if world.able.balance {
        assert!(account.expect("an account").balance_usd_cents.is_some());
    } else if let Ok(account) = account {
        assert_eq!((account.balance_usd_cents, account.pending_usd_cents), (None, None));
    }
    if world.able.traffic {
        let (_, made) = world.linux(1).await;
        world.until(&made.vm.id, &VmState::Running).await;
        let traffic = persist(|| world.host.traffic(&made.vm.id, 7)).await.expect("traffic");
        for day in &traffic {
            assert!(day.day.parse::<jiff::civil::Date>().is_ok(), "{day:?}");
        }
        assert!(traffic.len() <= 31, "{}", traffic.len());
        assert_eq!(outcome(&world.host.traffic(&made.vm.id, 180).await), "done");
    }
    world.close().await;
}
