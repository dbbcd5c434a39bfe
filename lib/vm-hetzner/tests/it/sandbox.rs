//! What is Hetzner's own, against the sandbox.

use ::sandbox::{Config, Sandbox};
use app::ports::VmHost;
use domain::secret::Secret;
use domain::vm::VmState;
use http_call::peer::client;
use serde_json::json;
use vm_hetzner::Client;

use crate::request;

#[tokio::test]
async fn a_creation_that_fails_is_a_machine_that_failed() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut config = Config::local(dir.path());
    config.time_factor = 400;
    let token = Secret::new(config.hetzner_token.clone());
    let sandbox = Sandbox::start(config).await.expect("a sandbox");
    let adapter = Client::new(client(), &sandbox.urls().hetzner_api(), token);
    let faults = format!("{}/faults", sandbox.urls().control());
    let fault = json!({"target": "hetzner.create", "kind": "action_fails"}).to_string();
    let set = client().post(faults).header("content-type", "application/json").body(fault).send().await;
    assert_eq!(set.expect("an answer").status(), 201);

    let id = adapter.create(&request()).await.expect("a machine").vm.id;
    let mut states = Vec::new();
    for _ in 0..400 {
        let vm = adapter.get(&id).await.expect("a machine").vm;
        if vm.state == VmState::Failed("action_failed".to_owned()) {
            adapter.delete(&id).await.expect("a delete");
            return sandbox.stop().await;
        }
        states.push(vm.state);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it never failed: {states:?}");
}
