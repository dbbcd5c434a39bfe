//! What is DigitalOcean's own, against the sandbox: two lists, names that repeat, tags that come late.

use ::sandbox::{Config, Running, Sandbox};
use app::ports::{Trace, VmHost};
use domain::Timestamp;
use domain::catalogue::Provider;
use domain::secret::Secret;
use domain::vm::VmState;
use http_call::peer::client;
use serde_json::json;
use vm_digitalocean::Client;

use crate::{NAME, ORDER, request};

async fn open() -> (Running, Client, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = Config::local(dir.path());
    config.time_factor = 400;
    let token = Secret::new(config.digitalocean_token.clone());
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let adapter = Client::new(client(), &sandbox.urls().digitalocean_api(), token);
    (sandbox, adapter, dir)
}

fn trace(tag: &str, names: &[&str]) -> Trace {
    Trace {
        tag: tag.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        calls: Vec::new(),
        regions: vec!["nyc3".to_owned()],
        since: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_machine_with_a_graphics_card_is_listed_found_and_deleted_like_any_other() {
    let (sandbox, adapter, _dir) = open().await;
    let plain = adapter.create(&request()).await.expect("a machine").vm;
    let mut wanted = request();
    wanted.name = NAME.replace("-1", "-2");
    (wanted.offering.plan, wanted.offering.provider_region) = ("gpu-h100x1-80gb".into(), "tor1".into());
    assert!(adapter.in_stock(&wanted.offering).await.expect("an answer"));
    let gpu = adapter.create(&wanted).await.expect("a machine").vm;
    assert_eq!((gpu.provider, gpu.plan.as_str()), (Provider::Digitalocean, "gpu-h100x1-80gb"));

    let (mut seen, mut cursor) = (Vec::new(), None);
    for _ in 0..4 {
        let (page, next) = adapter.list(cursor.as_deref(), 1).await.expect("a page");
        seen.extend(page.into_iter().map(|vm| vm.id));
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((seen, cursor), (vec![plain.id.clone(), gpu.id.clone()], None));

    // By its name alone, as when the tag was never put on it.
    let found = adapter.find(&trace("nobody", &[&wanted.name])).await.expect("a list");
    assert_eq!(found.iter().map(|vm| &vm.id).collect::<Vec<_>>(), [&gpu.id]);
    let found = adapter.find(&trace(ORDER, &[NAME, &wanted.name])).await.expect("a list");
    assert_eq!(found.iter().map(|vm| &vm.id).collect::<Vec<_>>(), [&plain.id, &gpu.id]);
    adapter.delete(&gpu.id).await.expect("a delete");
    assert_eq!(adapter.find(&trace(ORDER, &[NAME, &wanted.name])).await.expect("a list").len(), 1);
    sandbox.stop().await;
}

#[tokio::test]
async fn two_machines_of_one_name_are_both_found() {
    let (sandbox, adapter, _dir) = open().await;
    for _ in 0..2 {
        adapter.create(&request()).await.expect("names may repeat");
    }
    let found = adapter.find(&trace(ORDER, &[NAME])).await.expect("a list");
    assert_eq!(found.iter().map(|vm| vm.name.as_str()).collect::<Vec<_>>(), [NAME, NAME]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_machine_has_no_address_until_it_has_a_public_one() {
    let (sandbox, adapter, _dir) = open().await;
    let made = adapter.create(&request()).await.expect("a machine").vm;
    assert_eq!((made.state, made.address), (VmState::Pending, None));
    for _ in 0..400 {
        let vm = adapter.get(&made.id).await.expect("a machine").vm;
        assert!(vm.address.is_none_or(|address| address.is_loopback()), "{vm:?}");
        if vm.state == VmState::Running {
            assert!(vm.address.is_some(), "{vm:?}");
            return sandbox.stop().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it never runs: {}", json!(made.id.0));
}

#[tokio::test]
async fn a_creation_that_fails_is_a_machine_that_failed() {
    let (sandbox, adapter, _dir) = open().await;
    let faults = format!("{}/faults", sandbox.urls().control());
    let fault = json!({"target": "digitalocean.create", "kind": "action_fails"}).to_string();
    let set = client().post(faults).header("content-type", "application/json").body(fault).send().await;
    assert_eq!(set.expect("an answer").status(), 201);

    let id = adapter.create(&request()).await.expect("a machine").vm.id;
    let mut states = Vec::new();
    for _ in 0..400 {
        let vm = adapter.get(&id).await.expect("a machine").vm;
        if vm.state == VmState::Failed("create errored".to_owned()) {
            adapter.delete(&id).await.expect("a delete");
            return sandbox.stop().await;
        }
        states.push(vm.state);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it never failed: {states:?}");
}
