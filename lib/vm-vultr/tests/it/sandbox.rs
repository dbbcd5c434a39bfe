//! The adapter against a provider that keeps state: the sandbox's Vultr, faster than the real one.

use std::net::IpAddr;
use std::time::Duration;

use ::sandbox::{Config, Running, Sandbox};
use app::ports::{VmError, VmHost};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::{VmId, VmState};
use http_call::peer::client;
use serde_json::{Value, json};
use vm_vultr::Client;

use crate::{NAME, ORDER, as_new, id, name, outcome, request, trace};

/// How many times faster than reality.
const TIME_FACTOR: u32 = 400;

struct World {
    vultr: Client,
    sandbox: Running,
    key: String,
    _dir: tempfile::TempDir,
}

impl World {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = Config::local(dir.path());
        config.time_factor = TIME_FACTOR;
        config.vultr_requests_per_second = 10_000;
        change(&mut config);
        let key = config.vultr_api_key.clone();
        let sandbox = Sandbox::start(config).await.expect("a sandbox");
        let url = format!("{}/vultr/v2", sandbox.base_url());
        Self { vultr: Client::new(client(), &url, Secret::new(key.clone())), sandbox, key, _dir: dir }
    }

    async fn fault(&self, target: &str, kind: &str) {
        let url = format!("{}/control/faults", self.sandbox.base_url());
        let body = json!({"target": target, "kind": kind}).to_string();
        let request = client().post(url).header("content-type", "application/json").body(body);
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 201, "{target} {kind}");
    }

    async fn lift_faults(&self) {
        let url = format!("{}/control/faults", self.sandbox.base_url());
        client().delete(url).send().await.expect("an answer");
    }

    /// How many startup scripts there are.
    async fn scripts(&self) -> usize {
        self.all("startup-scripts", "startup_scripts").await.len()
    }

    /// The firewall groups, each with whom it is for, how many machines are in it, and its rules' addresses.
    async fn groups(&self) -> Vec<(String, u64, Vec<String>)> {
        let mut groups = Vec::new();
        for group in self.all("firewalls", "firewall_groups").await {
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            let path = format!("firewalls/{}/rules", text(&group["id"]));
            let rules = self.all(&path, "firewall_rules").await;
            let mut admitted: Vec<String> = rules.iter().map(|rule| text(&rule["subnet"])).collect();
            admitted.sort();
            groups.push((
                text(&group["description"]),
                group["instance_count"].as_u64().expect("a number"),
                admitted,
            ));
        }
        groups
    }

    async fn all(&self, path: &str, name: &str) -> Vec<Value> {
        let url = format!("{}/vultr/v2/{path}", self.sandbox.base_url());
        let answer = client().get(url).bearer_auth(&self.key).send().await.expect("an answer");
        let body: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        body[name].as_array().expect("a list").clone()
    }

    /// Waits until a machine is in a state; the states on the way may come in any order.
    async fn until(&self, id: &VmId, state: &VmState) {
        for _ in 0..400 {
            if self.vultr.get(id).await.expect("a machine").vm.state == *state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the machine never became {state:?}");
    }
}

/// Asks again while the machine is busy with something.
async fn persist<F: Future<Output = Result<(), VmError>>>(call: impl Fn() -> F) -> String {
    for _ in 0..400 {
        let ended = outcome(call().await);
        if !ended.starts_with("busy") {
            return ended;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    "busy for ever".to_owned()
}

#[tokio::test]
async fn a_machine_lives_from_create_to_delete() {
    for os in [Os::Windows, Os::Linux] {
        let world = World::open().await;
        let made = world.vultr.create(&request(os)).await.expect("a machine");
        assert_eq!((made.vm.name.as_str(), made.vm.state.clone()), (NAME, VmState::Pending));
        assert!(made.password.is_some_and(|password| password.expose().len() >= 12));
        assert_eq!(world.scripts().await, usize::from(os == Os::Windows));

        let found = world.vultr.find(&trace()).await.expect("a list");
        assert_eq!(found.iter().map(|vm| &vm.id).collect::<Vec<_>>(), [&made.vm.id]);
        assert_eq!(world.vultr.list(None, 10).await.expect("a page").0.len(), 1);

        let id = made.vm.id;
        world.until(&id, &VmState::Running).await;
        assert!(world.vultr.get(&id).await.expect("a machine").vm.address.is_some());
        assert_eq!(persist(|| world.vultr.halt(&id)).await, "done");
        world.until(&id, &VmState::Stopped).await;
        assert_eq!(persist(|| world.vultr.start(&id)).await, "done");
        world.until(&id, &VmState::Running).await;
        assert_eq!(persist(|| world.vultr.reboot(&id)).await, "done");
        assert_eq!(outcome(world.vultr.traffic(&id, 7).await), "done");
        let again = world.vultr.reinstall(&id, &as_new(os, request(os).user_data)).await;
        assert!(again.expect("a reinstall").is_some_and(|password| !password.expose().is_empty()));

        assert_eq!(outcome(world.vultr.delete(&id).await), "done");
        assert_eq!(outcome(world.vultr.delete(&id).await), "done");
        assert_eq!(outcome(world.vultr.get(&id).await), "not found");
        assert_eq!(world.vultr.find(&trace()).await.expect("a list"), []);
        assert_eq!(world.scripts().await, 0);
        world.sandbox.stop().await;
    }
}

#[tokio::test]
async fn a_password_that_is_not_in_the_answer_to_a_reinstall_is_shown_with_the_machine_for_a_while() {
    let world = World::open().await;
    let made = world.vultr.create(&request(Os::Windows)).await.expect("a machine");
    let id = made.vm.id;
    world.until(&id, &VmState::Running).await;
    assert!(world.vultr.get(&id).await.expect("a machine").password.is_none(), "only create tells the first");

    world.fault("vultr.reinstall", "password_later").await;
    let again = as_new(Os::Windows, request(Os::Windows).user_data);
    assert!(world.vultr.reinstall(&id, &again).await.expect("a reinstall").is_none());
    let shown = world.vultr.get(&id).await.expect("a machine").password.expect("shown");
    assert!(made.password.is_some_and(|old| old.expose() != shown.expose()));
    // Ten minutes of theirs.
    tokio::time::sleep(Duration::from_secs(600) / TIME_FACTOR).await;
    assert!(world.vultr.get(&id).await.expect("a machine").password.is_none());
    world.sandbox.stop().await;
}

#[tokio::test]
async fn after_an_unclear_create_the_machine_is_found_by_its_order() {
    for kind in ["fail_after_effect", "drop_after_effect"] {
        let world = World::open().await;
        world.fault("vultr.create", kind).await;
        assert_eq!(outcome(world.vultr.create(&request(Os::Windows)).await), "unclear", "{kind}");
        assert_eq!(world.vultr.find(&trace()).await.expect("a list").len(), 1, "{kind}");
        // A repeat of the same attempt finds its script, and does not make a second one.
        world.vultr.create(&request(Os::Windows)).await.expect("a second machine");
        assert_eq!(world.scripts().await, 1, "{kind}");
        world.sandbox.stop().await;
    }
}

#[tokio::test]
async fn a_create_that_comes_late_turns_up_later() {
    let world = World::open().await;
    world.fault("vultr.create", "late_create").await;
    assert_eq!(outcome(world.vultr.create(&request(Os::Linux)).await), "unclear");
    assert_eq!(world.vultr.find(&trace()).await.expect("a list"), []);
    for _ in 0..200 {
        if !world.vultr.find(&trace()).await.expect("a list").is_empty() {
            return world.sandbox.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the machine never turned up");
}

#[tokio::test]
async fn faults_that_make_nothing_are_told_apart() {
    let world = World::open().await;
    for (kind, expected) in [
        ("out_of_stock", "out of stock"),
        ("refuse", "refused"),
        ("rate_limited", "busy Some(1)"),
        ("fail_before", "unclear"),
        ("html_answer", "unclear"),
    ] {
        world.fault("vultr.create", kind).await;
        let ended = outcome(world.vultr.create(&request(Os::Linux)).await);
        assert!(ended.starts_with(expected), "{kind}: {ended}");
        assert_eq!(world.vultr.find(&trace()).await.expect("a list"), [], "{kind}");
    }
    world.fault("vultr.availability", "out_of_stock").await;
    assert!(!world.vultr.in_stock(&request(Os::Linux).offering).await.expect("an answer"));
    assert!(world.vultr.in_stock(&request(Os::Linux).offering).await.expect("an answer"));
    world.sandbox.stop().await;
}

#[tokio::test]
async fn reads_survive_a_failure_and_unknown_words() {
    let world = World::open().await;
    let made = world.vultr.create(&request(Os::Linux)).await.expect("a machine");
    for kind in ["fail_before", "drop_after_effect", "rate_limited"] {
        world.fault("vultr.get", kind).await;
        assert_eq!(outcome(world.vultr.get(&made.vm.id).await), "done", "{kind}");
    }
    world.fault("vultr.get", "unknown_status").await;
    let state = world.vultr.get(&made.vm.id).await.expect("a machine").vm.state;
    assert!(matches!(state, VmState::Unknown(_)), "{state:?}");
    for kind in ["fail_after_effect", "drop_after_effect"] {
        world.fault("vultr.delete", kind).await;
        let ended = outcome(world.vultr.delete(&made.vm.id).await);
        assert!(ended == "unclear" || ended == "done", "{kind}: {ended}");
    }
    assert_eq!(outcome(world.vultr.delete(&made.vm.id).await), "done");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_machine_in_installation_refuses_power_actions_for_now() {
    let world = World::with(|config| config.time_factor = 1).await;
    let made = world.vultr.create(&request(Os::Linux)).await.expect("a machine");
    assert_eq!(outcome(world.vultr.halt(&made.vm.id).await), "busy None");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn an_address_that_is_not_on_the_list_is_unauthorized() {
    let elsewhere = "192.0.2.1".parse().expect("an address");
    let world = World::with(|config| config.vultr_allow_list = vec![elsewhere]).await;
    let ended = world.vultr.account().await.expect_err("not on the list");
    assert!(name(&ended).starts_with("unauthorized"), "{ended}");
    assert!(ended.to_string().contains("list"), "{ended}");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn reads_over_the_rate_limit_wait_and_pass() {
    let world = World::with(|config| config.vultr_requests_per_second = 3).await;
    for _ in 0..5 {
        assert_eq!(outcome(world.vultr.account().await), "done");
    }
    world.sandbox.stop().await;
}

#[tokio::test]
async fn many_machines_are_found_and_listed_across_pages() {
    let world = World::open().await;
    for number in 0..7 {
        let mut request = request(Os::Linux);
        request.name = format!("{}-{number}", if number == 4 { ORDER } else { "ord_another" });
        request.tags = vec![if number == 4 { ORDER.to_owned() } else { "other".to_owned() }];
        world.vultr.create(&request).await.expect("a machine");
    }
    assert_eq!(world.vultr.find(&trace()).await.expect("a list").len(), 1);
    let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let (machines, next) = world.vultr.list(cursor.as_deref(), 3).await.expect("a page");
        seen.extend(machines.into_iter().map(|vm| vm.id.0));
        pages += 1;
        if next.is_none() {
            break;
        }
        cursor = next;
    }
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), pages), (7, 3));
    world.sandbox.stop().await;
}

#[tokio::test]
async fn the_catalogue_side_reads() {
    let world = World::open().await;
    let account = world.vultr.account().await.expect("an account");
    assert_eq!(account.balance_usd_cents, Some(50_025), "credit is positive");
    let plans = world.vultr.plans().await.expect("plans");
    let basic = plans.iter().find(|plan| plan.id == "vc2-2c-4gb").expect("the basic size");
    assert_eq!((basic.vcpus, basic.memory_mb, basic.monthly_usd_cents), (2, 4096, Some(2_000)));
    assert!(basic.regions.iter().any(|region| region == "ewr"));
    assert!(world.vultr.regions().await.expect("regions").iter().any(|region| region.id == "ewr"));
    let images = world.vultr.images().await.expect("systems");
    assert!(images.iter().any(|image| image.id == "501" && image.family == "windows"));
    assert_eq!(outcome(world.vultr.get(&id()).await), "not found");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn rdp_is_let_in_from_the_named_addresses_whatever_answer_is_lost() {
    let world = World::open().await;
    let id = world.vultr.create(&request(Os::Linux)).await.expect("a machine").vm.id;
    let addresses = |texts: &[&str]| -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    };
    let (home, office) =
        (addresses(&["192.0.2.7", "2001:db8::7"]), addresses(&["192.0.2.7", "198.51.100.9"]));
    for operation in ["vultr.firewalls", "vultr.update"] {
        for kind in ["fail_before", "drop_after_effect"] {
            for sources in [&home, &office, &addresses(&[])] {
                world.fault(operation, kind).await;
                // Once more after an error; a fault that has struck nothing is lifted.
                if world.vultr.allow_rdp_from(&id, sources).await.is_err() {
                    world.vultr.allow_rdp_from(&id, sources).await.expect("the repeat passes");
                }
                world.lift_faults().await;
                let mut admitted: Vec<String> = sources.iter().map(IpAddr::to_string).collect();
                admitted.sort();
                let group = (NAME.to_owned(), 1, admitted);
                let expected = if sources.is_empty() { vec![] } else { vec![group] };
                assert_eq!(world.groups().await, expected, "{operation} {kind}");
            }
        }
    }
    world.vultr.allow_rdp_from(&id, &home).await.expect("done");
    assert_eq!(outcome(world.vultr.delete(&id).await), "done");
    assert_eq!(world.groups().await, []);
    assert_eq!(outcome(world.vultr.allow_rdp_from(&id, &home).await), "not found");
    world.sandbox.stop().await;
}
