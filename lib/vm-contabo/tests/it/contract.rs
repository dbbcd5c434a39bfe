//! What every provider has to keep, against the sandbox's Contabo; and what only Contabo has.

use app::ports::{CreateCall, CreateVm, Deleted, Trace, VmError, VmHost};
use domain::catalogue::{Os, Provider};
use domain::secret::Secret;
use domain::vm::{VmId, VmState};
use http_call::peer::client;
use sandbox::{Config, Running, Sandbox};
use serde_json::{Value, json};
use vm_contabo::{Client, Credentials};
use vm_contract::{Subject, offering};

use crate::{NAME, outcome, request};

const WINDOWS_IMAGE: &str = "3f184ab8-a600-4e7c-8c9b-3413e2de2022";

fn credentials(config: &Config) -> Credentials {
    Credentials {
        client_id: Secret::new(config.contabo_client_id.clone()),
        client_secret: Secret::new(config.contabo_client_secret.clone()),
        user: Secret::new(config.contabo_user.clone()),
        password: Secret::new(config.contabo_api_password.clone()),
    }
}

fn contabo(sandbox: &Running, credentials: Credentials) -> Client {
    let urls = sandbox.urls();
    Client::new(client(), &urls.contabo_api(), &urls.contabo_auth(), credentials)
}

fn subject() -> Subject<Client> {
    Subject {
        provider: Provider::Contabo,
        configure: |_| {},
        client: |sandbox, config| contabo(sandbox, credentials(config)),
        stranger: |sandbox, config| {
            let unknown = Secret::new("nobody's".to_owned());
            contabo(sandbox, Credentials { client_secret: unknown, ..credentials(config) })
        },
        secrets: |config| {
            let config = config.clone();
            vec![config.contabo_client_secret, config.contabo_api_password]
        },
        linux: offering(Provider::Contabo, "V153", "EU", ("ubuntu-24.04", crate::UBUNTU)),
        windows: Some(offering(
            Provider::Contabo,
            "V154",
            "US-east",
            ("windows-server-2022-de", WINDOWS_IMAGE),
        )),
        unknown_id: "4999999999",
        malformed_ids: &["4f0f12e5-1f84-404f-aa84-85f431ea5ec2", "1/cancel", "audits", "12?x=1", "-7"],
        smallest_page: 1,
        delete: "cancel",
        stock: None,
        tags: false,
        one_machine_per_name: false,
        tells_retry_after: false,
    }
}

vm_contract::suite!(subject);

/// A sandbox, faster than reality, with the client in front of it.
struct World {
    contabo: Client,
    sandbox: Running,
    _dir: tempfile::TempDir,
}

impl World {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = Config::local(dir.path());
        config.time_factor = 400;
        change(&mut config);
        let sandbox = Sandbox::start(config.clone()).await.expect("a sandbox");
        Self { contabo: contabo(&sandbox, credentials(&config)), sandbox, _dir: dir }
    }

    async fn fault(&self, order: Value) {
        let url = format!("{}/faults", self.sandbox.urls().control());
        let request = client().post(url).header("content-type", "application/json").body(order.to_string());
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), 201, "{order}");
    }

    /// How often an operation was asked for.
    async fn asked(&self, operation: &str) -> i64 {
        let url = format!("{}/state", self.sandbox.urls().control());
        let answer = client().get(url).send().await.expect("an answer");
        let state: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
        state["requests"][operation].as_i64().unwrap_or(0)
    }

    async fn create(&self, request: &CreateVm) -> VmId {
        self.contabo.create(request).await.expect("a machine").vm.id
    }

    async fn until(&self, id: &VmId, state: &VmState) {
        for _ in 0..400 {
            if self.contabo.get(id).await.expect("a machine").vm.state == *state {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("the machine never became {state:?}");
    }
}

/// What the machine of a request is looked for by, without its name.
fn by_call(request: &CreateVm) -> Trace {
    Trace {
        tag: String::new(),
        names: Vec::new(),
        calls: vec![CreateCall { request_id: request.request_id.clone(), name: request.name.clone() }],
        regions: Vec::new(),
        since: "2026-11-20T08:00:00Z".parse().expect("a time"),
    }
}

#[tokio::test]
async fn an_unclear_create_is_found_by_its_request_id_alone() {
    let world = World::open().await;
    let request = request(Os::Linux);
    world.fault(json!({"target": "contabo.create", "kind": "drop_after_effect"})).await;
    assert_eq!(outcome(world.contabo.create(&request).await), "unclear");
    let found = world.contabo.find(&by_call(&request)).await.expect("a list");
    assert_eq!(found.iter().map(|vm| vm.name.as_str()).collect::<Vec<_>>(), [NAME]);
    let mut other = request;
    other.request_id = "00000000-0000-4000-8000-000000000000".to_owned();
    assert_eq!(world.contabo.find(&by_call(&other)).await.expect("a list"), []);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_create_that_fails_at_once_is_a_blocked_accounts_and_one_that_was_tried_is_not() {
    let world = World::open().await;
    for (fault, blocked) in [
        (json!({"target": "contabo.create", "kind": "refuse", "status": 500}), true),
        (json!({"target": "contabo.create", "kind": "fail_before"}), false),
        (json!({"target": "contabo.create", "kind": "fail_after_effect"}), false),
    ] {
        world.fault(fault.clone()).await;
        let error = world.contabo.create(&request(Os::Linux)).await.err().expect("an error");
        assert!(matches!(error, VmError::Unclear { .. }), "{fault}: {error}");
        assert_eq!(error.seems_blocked(), blocked, "{fault}");
    }
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_token_that_ends_early_is_replaced_without_anybody_noticing() {
    let world = World::with(|config| config.contabo_token_seconds = 1).await;
    let id = world.create(&request(Os::Linux)).await;
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        assert_eq!(outcome(world.contabo.get(&id).await), "done");
    }
    assert!(world.asked("contabo.token").await >= 3);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn many_calls_share_one_token() {
    let world = World::open().await;
    let world = std::sync::Arc::new(world);
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move { outcome(world.contabo.list(None, 10).await) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("no panic"), "done");
    }
    assert_eq!((world.asked("contabo.token").await, world.asked("contabo.list").await), (1, 30));
}

#[tokio::test]
async fn a_machine_that_waits_for_a_person_is_held_and_cancelled_without_a_stop() {
    let world = World::open().await;
    world.fault(json!({"target": "contabo.create", "kind": "held"})).await;
    let id = world.create(&request(Os::Windows)).await;
    let held = world.contabo.get(&id).await.expect("a machine").vm;
    assert_eq!(held.state, VmState::Held("pending_payment".to_owned()));
    assert!(matches!(world.contabo.delete(&id).await, Ok(Deleted::EndsOn(_))));
    assert!(world.contabo.get(&id).await.expect("a machine").vm.is_over());
    assert_eq!(world.asked("contabo.stop").await, 0);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_contract_that_only_a_person_can_end_is_refused_and_the_machine_turned_off() {
    let world = World::open().await;
    let id = world.create(&request(Os::Linux)).await;
    world.until(&id, &VmState::Running).await;
    let refuse = json!({"target": "contabo.cancel", "kind": "refuse", "status": 422, "times": 0});
    world.fault(refuse).await;
    for _ in 0..40 {
        let told = outcome(world.contabo.delete(&id).await);
        assert!(told.contains("a person has to cancel it"), "{told}");
        if world.contabo.get(&id).await.expect("a machine").vm.state == VmState::Stopped {
            return world.sandbox.stop().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it still runs");
}

#[tokio::test]
async fn a_machine_that_runs_has_no_secret_left() {
    let world = World::open().await;
    let request = request(Os::Linux);
    let id = world.create(&request).await;
    world.until(&id, &VmState::Running).await;
    // Of one name there is one secret, so the next create would have to replace one that was left.
    let before = world.asked("contabo.secrets").await;
    world.create(&request).await;
    assert_eq!(world.asked("contabo.secrets").await, before + 1);
    world.sandbox.stop().await;
}
