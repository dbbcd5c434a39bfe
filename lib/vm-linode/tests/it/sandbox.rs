//! What is Linode's own, against the sandbox: one machine per label, and user data that does not run everywhere.

use ::sandbox::{Config, Running, Sandbox};
use app::ports::VmHost;
use domain::secret::Secret;
use http_call::peer::client;
use serde_json::{Value, json};
use vm_linode::Client;

use crate::{outcome, request};

async fn open() -> (Running, Client, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = Config::local(dir.path());
    config.time_factor = 400;
    let token = Secret::new(config.linode_token.clone());
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let adapter = Client::new(client(), &sandbox.urls().linode_api(), token);
    (sandbox, adapter, dir)
}

async fn fault(sandbox: &Running, order: Value) {
    let request = client().post(format!("{}/faults", sandbox.urls().control())).body(order.to_string());
    let answer = request.header("content-type", "application/json").send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
}

#[tokio::test]
async fn a_create_that_was_unclear_is_repeated_and_finds_its_machine() {
    let (sandbox, adapter, _dir) = open().await;
    for (n, kind) in (2..).zip(["drop_after_effect", "fail_after_effect"]) {
        let mut wanted = request();
        wanted.name = format!("{}{n}", wanted.name);
        fault(&sandbox, json!({"target": "linode.create", "kind": kind})).await;
        assert_eq!(outcome(adapter.create(&wanted).await), "unclear", "{kind}");
        let adopted = adapter.create(&wanted).await.expect("the machine of the first call").vm;
        assert_eq!(adopted.name, wanted.name);
        assert_eq!(adapter.create(&wanted).await.expect("the same").vm.id, adopted.id);
    }
    assert_eq!(adapter.list(None, 100).await.expect("a page").0.len(), 2);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_label_whose_machine_is_not_to_be_seen_yet_stays_unclear() {
    let (sandbox, adapter, _dir) = open().await;
    fault(&sandbox, json!({"target": "linode.create", "kind": "late_create", "delay_ms": 800})).await;
    assert_eq!(outcome(adapter.create(&request()).await), "unclear");
    assert_eq!(outcome(adapter.create(&request()).await), "unclear");
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    let adopted = adapter.create(&request()).await.expect("the machine of the first call").vm;
    assert_eq!(adapter.list(None, 100).await.expect("a page").0, [adopted]);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_region_without_metadata_is_neither_in_stock_nor_tried() {
    let (sandbox, adapter, _dir) = open().await;
    let mut wanted = request();
    wanted.offering.provider_region = "ca-central".to_owned();
    assert!(!adapter.in_stock(&wanted.offering).await.expect("an answer"));
    assert!(outcome(adapter.create(&wanted).await).starts_with("refused: the region ca-central"));
    let plans = adapter.plans().await.expect("types");
    let plan = plans.iter().find(|plan| plan.id == wanted.offering.plan).expect("a type");
    assert!(!plan.regions.contains(&"ca-central".to_owned()) && plan.regions.contains(&"us-ord".to_owned()));
    assert_eq!(adapter.list(None, 100).await.expect("a page").0, []);
    sandbox.stop().await;
}
