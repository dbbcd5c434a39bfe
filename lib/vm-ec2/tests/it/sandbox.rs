//! The adapter against a provider that keeps state: the sandbox's EC2, faster than the real one.

use std::collections::BTreeMap;
use std::time::Duration;

use ::sandbox::{Config, Running, Sandbox};
use app::ports::{Trace, VmHost};
use domain::catalogue::Os;
use domain::vm::{Vm, VmId, VmState};
use http_call::peer::client;
use serde_json::json;
use vm_ec2::{Client, Network, Settings};

use crate::{NAME, REGION, UBUNTU, in_front_of, offering, outcome, request, sdk_config, settings, trace};

/// How many times faster than reality.
const TIME_FACTOR: u32 = 400;

struct World {
    ec2: Client,
    config: Config,
    sandbox: Running,
    _dir: tempfile::TempDir,
}

impl World {
    async fn open() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = Config::local(dir.path());
        config.time_factor = TIME_FACTOR;
        config.rate_limits = false;
        let sandbox = Sandbox::start(config.clone()).await.expect("a sandbox");
        let ec2 = in_front_of(&sandbox, &config, &config.ec2_access_key_id);
        Self { ec2, config, sandbox, _dir: dir }
    }

    async fn fault(&self, fault: serde_json::Value) {
        let url = format!("{}/faults", self.sandbox.urls().control());
        let request = client().post(url).header("content-type", "application/json").body(fault.to_string());
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 201, "{fault}");
    }

    async fn lift_faults(&self) {
        let url = format!("{}/faults", self.sandbox.urls().control());
        assert_eq!(client().delete(url).send().await.expect("an answer").status().as_u16(), 204);
    }

    async fn machines(&self) -> usize {
        let answer = client().get(format!("{}/state", self.sandbox.urls().control())).send().await;
        let body = answer.expect("an answer").bytes().await.expect("a body");
        let state: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        state["machines"].as_array().expect("a list").len()
    }

    async fn until(&self, id: &VmId, state: &VmState) -> Vm {
        for _ in 0..400 {
            let vm = self.ec2.get(id).await.expect("a machine").vm;
            if vm.state == *state {
                return vm;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the machine never became {state:?}");
    }
}

#[tokio::test]
async fn one_name_makes_one_machine_however_often_and_with_whatever_it_is_asked_for() {
    let world = World::open().await;
    let mut request = request(Os::Linux);
    let first = world.ec2.create(&request).await.expect("a machine").vm.id;
    assert_eq!(world.ec2.create(&request).await.expect("the same").vm.id, first);
    request.offering.plan = "t3.large".to_owned();
    assert_eq!(world.ec2.create(&request).await.expect("the same").vm.id, first, "other parameters");
    assert_eq!(world.machines().await, 1);

    // The name of a machine that has ended makes no other.
    assert_eq!(outcome(world.ec2.delete(&first).await), "done");
    request.offering.plan = "t3.medium".to_owned();
    let ended = outcome(world.ec2.create(&request).await);
    assert!(ended.starts_with("refused: IdempotentInstanceTerminated"), "{ended}");
    assert_eq!(world.machines().await, 0);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_windows_password_is_decrypted_when_it_is_there_and_again_later() {
    let world = World::open().await;
    let made = world.ec2.create(&request(Os::Windows)).await.expect("a machine");
    assert!(made.password.is_none());
    let id = made.vm.id;
    let mut passwords = Vec::new();
    for _ in 0..400 {
        passwords.extend(world.ec2.get(&id).await.expect("a machine").password);
        if passwords.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let [first, second] = &passwords[..] else { panic!("the password never came") };
    assert!(first.expose().len() == 16 && first == second);
    // What goes wrong with the password does not hide the machine.
    world.fault(json!({"target": "ec2.password_data", "kind": "refuse"})).await;
    let seen = world.ec2.get(&id).await.expect("a machine");
    assert!(seen.vm.state == VmState::Running && seen.password.is_none());
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_machine_that_was_off_comes_back_at_another_address() {
    let world = World::open().await;
    let id = world.ec2.create(&request(Os::Linux)).await.expect("a machine").vm.id;
    let before = world.until(&id, &VmState::Running).await.address.expect("an address");
    while outcome(world.ec2.halt(&id).await) == "busy" {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(world.until(&id, &VmState::Stopped).await.address, None);
    while outcome(world.ec2.start(&id).await) == "busy" {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let after = world.until(&id, &VmState::Running).await.address.expect("an address");
    assert_ne!(before, after);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_young_machine_may_not_be_there_yet() {
    let world = World::open().await;
    let id = world.ec2.create(&request(Os::Linux)).await.expect("a machine").vm.id;
    world.fault(json!({"target": "ec2.list", "kind": "stale_list"})).await;
    assert_eq!(outcome(world.ec2.get(&id).await), "not found");
    assert_eq!(outcome(world.ec2.get(&id).await), "done");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn machines_are_found_and_listed_in_every_region() {
    let world = World::open().await;
    let mut elsewhere = request(Os::Linux);
    elsewhere.offering.provider_region = "eu-west-2".to_owned();
    elsewhere.name = NAME.replace("-1", "-2");
    let london = world.ec2.create(&elsewhere).await.expect("a machine").vm.id;
    let virginia = world.ec2.create(&request(Os::Linux)).await.expect("a machine").vm.id;
    assert!(london.0.starts_with("eu-west-2/"));

    let ids = |found: Vec<Vm>| found.into_iter().map(|vm| vm.id).collect::<Vec<_>>();
    assert_eq!(ids(world.ec2.find(&trace()).await.expect("a list")), std::slice::from_ref(&virginia));
    let everywhere = Trace { regions: Vec::new(), ..trace() };
    assert_eq!(ids(world.ec2.find(&everywhere).await.expect("a list")), [virginia.clone(), london.clone()]);

    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let (page, next) = world.ec2.list(cursor.as_deref(), 1).await.expect("a page");
        seen.extend(ids(page));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [virginia, london]);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_region_that_is_sold_no_longer_is_listed_while_it_has_a_network() {
    let world = World::open().await;
    let mut request = request(Os::Linux);
    request.offering.provider_region = "eu-west-2".to_owned();
    let london = world.ec2.create(&request).await.expect("a machine").vm.id;
    let config = &world.config;
    let listed = async |networks: BTreeMap<String, Network>| {
        let url = world.sandbox.urls().ec2_endpoint();
        let all = settings(&url, &config.ec2_access_key_id, &config.ec2_secret_access_key);
        let client =
            Client::new(&sdk_config(), Settings { regions: vec![REGION.to_owned()], networks, ..all });
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (page, next) = client.list(cursor.as_deref(), 10).await.expect("a page");
            seen.extend(page.into_iter().map(|vm| vm.id));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        (client.lists("eu-west-2"), seen)
    };
    assert_eq!(listed(BTreeMap::new()).await, (false, Vec::new()));
    let networks = [REGION, "eu-west-2"].map(|region| (region.to_owned(), Network::default()));
    assert_eq!(listed(BTreeMap::from(networks)).await, (true, vec![london]));
    // A place in the list that was taken out since: what comes after it is not known.
    let gone = world.ec2.list(Some("ap-south-1|0|"), 10).await;
    assert_eq!(outcome(gone), "refused: a cursor in a region that is not listed any more");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_type_that_a_region_does_not_have_is_out_of_stock_there() {
    let world = World::open().await;
    let mut offer = offering(UBUNTU, "");
    offer.plan = "g4dn.xlarge".to_owned();
    assert!(world.ec2.in_stock(&offer).await.expect("an answer"));
    offer.provider_region = "af-south-1".to_owned();
    assert!(!world.ec2.in_stock(&offer).await.expect("an answer"));
    let mut request = request(Os::Linux);
    request.offering = offer;
    assert!(outcome(world.ec2.create(&request).await).starts_with("out of stock: Unsupported"));
    world.sandbox.stop().await;
}

#[tokio::test]
async fn traffic_grows_with_the_time_that_a_machine_is_there() {
    let world = World::open().await;
    let id = world.ec2.create(&request(Os::Linux)).await.expect("a machine").vm.id;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    // Whatever strikes once is asked again.
    for fault in ["rate_limited", "fail_before", "drop_before"] {
        world.fault(json!({"target": "ec2.traffic", "kind": fault})).await;
        let told = world.ec2.traffic(&id, 180).await.expect("traffic");
        let sum: u64 = told.iter().map(|day| day.incoming_bytes).sum();
        assert!(
            sum >= 12_000 && told.iter().all(|day| day.outgoing_bytes == 4 * day.incoming_bytes),
            "{told:?}"
        );
    }
    for (fault, expected) in [("refuse", "refused: ValidationError"), ("html_answer", "unclear")] {
        world.fault(json!({"target": "ec2.traffic", "kind": fault, "times": 0})).await;
        let ended = outcome(world.ec2.traffic(&id, 7).await);
        assert!(ended.starts_with(expected), "{fault}: {ended}");
        world.lift_faults().await;
    }
    world.sandbox.stop().await;
}
