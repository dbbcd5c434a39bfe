//! What happens to a machine between create and delete.

use std::collections::BTreeSet;
use std::net::IpAddr;

use app::ports::{Deleted, ResetPassword, VmError, VmHost, WindowsPassword};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::{VmState, WINDOWS_USER};
use serde_json::json;

use crate::Subject;
use crate::orders;
use crate::outcome::{LOOKS, PAUSE, outcome, persist};
use crate::world::World;

/// States come in any order, the address appears on the way, list and find show the machine under the name and
/// tags that we gave it, and in the end nothing of it is left.
pub async fn a_machine_lives_from_create_to_delete<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    for (n, os) in (1..).zip(world.systems()) {
        let request = world.request(n, os);
        let made = world.host.create(&request).await.expect("a machine").vm;
        assert_eq!((made.provider, made.name.as_str()), (subject.provider, request.name.as_str()));
        let running = world.until(&made.id, &VmState::Running).await;
        assert_eq!((&running.id, &running.name), (&made.id, &request.name));
        assert_eq!(running.region, request.offering.provider_region);
        assert_eq!(running.plan, request.offering.plan);
        assert_eq!(running.ends_on, None);

        let found = world.host.find(&orders::trace(&request)).await.expect("a list");
        assert_eq!(found.iter().map(|vm| &vm.id).collect::<Vec<_>>(), [&made.id]);
        let (listed, _) = world.host.list(None, 50).await.expect("a page");
        let listed = listed.into_iter().find(|vm| vm.id == made.id).expect("it is listed");
        assert_eq!((&listed.name, listed.address), (&request.name, running.address));
        for tag in request.tags.iter().filter(|_| subject.tags) {
            assert!(listed.tags.contains(tag), "{tag} in {:?}", listed.tags);
        }

        let deleted = persist(|| world.host.delete(&made.id)).await.expect("a delete");
        match deleted {
            Deleted::Gone => assert!(world.able.immediate_delete, "it is only cancelled"),
            Deleted::EndsOn(_) => assert!(!world.able.immediate_delete, "it is deleted at once"),
        }
        world.until_over(&made.id).await;
        let left = world.host.find(&orders::trace(&request)).await.expect("a list");
        assert!(left.iter().all(|vm| vm.is_over()), "{left:?}");
        world.lift_faults().await;
    }
    world.close().await;
}

/// The second delete finds nothing to do and says what the first one said.
pub async fn deleting_twice_is_fine<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    let (_, made) = world.linux(1).await;
    let first = persist(|| world.host.delete(&made.vm.id)).await.expect("a delete");
    assert_eq!(persist(|| world.host.delete(&made.vm.id)).await.expect("a delete"), first);
    world.until_over(&made.vm.id).await;
    assert_eq!(persist(|| world.host.delete(&made.vm.id)).await.expect("a delete"), first);
    world.close().await;
}

/// A delete whose answer was lost, or that did not arrive, is simply asked for again.
pub async fn an_unclear_delete_is_finished_by_the_next_one<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    for (n, fault) in (1..).zip(["fail_before", "drop_before", "fail_after_effect", "drop_after_effect"]) {
        let (_, made) = world.linux(n).await;
        world.until(&made.vm.id, &VmState::Running).await;
        world.fault(subject.delete, fault, json!({})).await;
        let ended = world.host.delete(&made.vm.id).await;
        assert!(["done", "unclear", "busy"].contains(&outcome(&ended)), "{fault}: {ended:?}");
        persist(|| world.host.delete(&made.vm.id)).await.expect("a delete");
        world.until_over(&made.vm.id).await;
        world.lift_faults().await;
    }
    world.close().await;
}

/// Only where the provider can; the address may be another one afterwards.
pub async fn a_machine_is_turned_off_and_on_and_rebooted<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    if world.able.power {
        let (_, made) = world.linux(1).await;
        let id = made.vm.id;
        world.until(&id, &VmState::Running).await;
        persist(|| world.host.halt(&id)).await.expect("off");
        world.until(&id, &VmState::Stopped).await;
        persist(|| world.host.start(&id)).await.expect("on");
        world.until(&id, &VmState::Running).await;
        persist(|| world.host.reboot(&id)).await.expect("a reboot");
        world.until(&id, &VmState::Running).await;
    }
    world.close().await;
}

/// It keeps its id and its name. Only where the provider can.
pub async fn a_reinstalled_machine_becomes_ready_again<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    for os in world.systems() {
        if !world.able.reinstall {
            break;
        }
        let request = world.request(1, os);
        let id = world.host.create(&request).await.expect("a machine").vm.id;
        world.until(&id, &VmState::Running).await;
        let again = orders::reinstall(&request);
        persist(|| world.host.reinstall(&id, &again)).await.expect("a reinstall");
        let ready = world.until(&id, &VmState::Running).await;
        assert_eq!(ready.name, request.name);
        let machines = world.machines().await;
        let machine = machines.iter().find(|machine| machine["id"] == json!(id.0)).expect("it is there");
        assert_eq!(machine["reinstalled"], json!(true));
        persist(|| world.host.delete(&id)).await.expect("a delete");
    }
    world.close().await;
}

/// From some addresses only, from another one, from everywhere again; each asked for twice, as after a lost answer.
/// Only where the provider can.
pub async fn rdp_is_let_in_from_where_it_is_wanted<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    if world.able.firewall {
        let (_, made) = world.linux(1).await;
        let id = made.vm.id;
        world.until(&id, &VmState::Running).await;
        let (home, work, away) = ("192.0.2.7", "198.51.100.8", "203.0.113.9");
        for wanted in [&[home, work][..], &[away], &[]] {
            let sources: Vec<IpAddr> = wanted.iter().filter_map(|source| source.parse().ok()).collect();
            for _ in 0..2 {
                persist(|| world.host.allow_rdp_from(&id, &sources)).await.expect("a firewall");
            }
            let machines = world.machines().await;
            let let_in = machines[0]["rdp_from"].as_array().map(|subnets| {
                subnets
                    .iter()
                    .filter_map(|subnet| subnet.as_str()?.strip_suffix("/32"))
                    .collect::<BTreeSet<_>>()
            });
            let expected = Some(wanted.iter().copied().collect()).filter(|_| !wanted.is_empty());
            assert_eq!(let_in, expected);
        }
    }
    world.close().await;
}

/// Told once at create, chosen by us, or fetched later; and the desktop takes it. So does a password that is set
/// from outside, where that is possible.
pub async fn the_administrators_password_comes_as_the_capabilities_say<H: VmHost>(subject: &Subject<H>) {
    let world = World::open(subject).await;
    if let Some(windows) = world.able.windows {
        let request = world.request(1, Os::Windows);
        let made = world.host.create(&request).await.expect("a machine");
        let id = made.vm.id;
        let password = match windows.password {
            WindowsPassword::Told => made.password.expect("the password is told at create"),
            WindowsPassword::Chosen => request.password.clone(),
            WindowsPassword::Fetched => fetched(&world, &id).await,
        };
        assert!(password.expose().len() >= 8, "a password has to be one");
        world.until(&id, &VmState::Running).await;
        for _ in 0..LOOKS {
            // Windows reboots once more after the provider calls it ready.
            if world.login(&id, WINDOWS_USER, password.expose()).await != Some(false) {
                return reset(world).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the desktop never takes the password");
    }
    reset(world).await;
}

async fn fetched<H: VmHost>(world: &World<'_, H>, id: &domain::vm::VmId) -> Secret<String> {
    for _ in 0..LOOKS {
        if let Some(password) = world.host.get(id).await.expect("a machine").password {
            return password;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("the password never comes");
}

async fn reset<H: VmHost>(world: World<'_, H>) {
    let wanted = Secret::new("Other9Meadow!Kettle_58Fox".to_owned());
    if world.able.reset_password != ResetPassword::No {
        let (_, made) = world.linux(2).await;
        let id = made.vm.id;
        world.until(&id, &VmState::Running).await;
        if world.able.reset_password == ResetPassword::WhenOff {
            let running = world.host.reset_password(&id, &wanted).await;
            assert!(matches!(running, Err(VmError::Busy { .. } | VmError::Refused(_))), "it runs");
            persist(|| world.host.halt(&id)).await.expect("off");
            world.until(&id, &VmState::Stopped).await;
        }
        let told = persist(|| world.host.reset_password(&id, &wanted)).await.expect("another password");
        assert!(told.is_none_or(|told| !told.expose().is_empty()), "an empty password is none");
    }
    world.close().await;
}
