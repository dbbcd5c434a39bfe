//! A sandbox with one provider's client in front of it.

use app::ports::{Capabilities, CreateVm, CreatedVm, VmError, VmHost};
use domain::catalogue::Os;
use domain::vm::{Vm, VmId, VmState};
use http_call::peer;
use reqwest::Method;
use sandbox::{Config, Running, Sandbox};
use serde_json::{Map, Value, json};

use crate::Subject;
use crate::orders;
use crate::outcome::{LOOKS, PAUSE, kind};

/// How many times faster than reality.
const TIME_FACTOR: u32 = 400;

/// Calls that change nothing at the provider: what is not one of them must not be sent in vain.
const HARMLESS: &[&str] = &[
    "get",
    "list",
    "token",
    "audits",
    "actions",
    "account",
    "regions",
    "availability",
    "plans",
    "images",
    "os",
    "traffic",
    "bandwidth",
    "user_data",
    "password_data",
    "unauthorized",
    "rate_limited",
];

pub(crate) struct World<'a, H> {
    pub(crate) host: H,
    pub(crate) able: Capabilities,
    pub(crate) config: Config,
    subject: &'a Subject<H>,
    sandbox: Running,
    control: reqwest::Client,
    _dir: tempfile::TempDir,
}

impl<'a, H: VmHost> World<'a, H> {
    pub(crate) async fn open(subject: &'a Subject<H>) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = Config::local(dir.path());
        config.time_factor = TIME_FACTOR;
        (subject.configure)(&mut config);
        let control = peer::client();
        let sandbox = Sandbox::start(config.clone()).await.expect("a sandbox");
        let host = (subject.client)(&sandbox, &config);
        let able = host.capabilities();
        assert_eq!(able.windows.is_some(), subject.windows.is_some(), "the subject offers what it can do");
        Self { host, able, config, subject, sandbox, control, _dir: dir }
    }

    /// A client with a key that the provider does not know.
    pub(crate) fn stranger(&self) -> H {
        (self.subject.stranger)(&self.sandbox, &self.config)
    }

    /// The systems that there are.
    pub(crate) fn systems(&self) -> Vec<Os> {
        std::iter::once(Os::Linux).chain(self.subject.windows.as_ref().map(|_| Os::Windows)).collect()
    }

    /// A request for attempt 1 of order number `n`.
    pub(crate) fn request(&self, n: u16, os: Os) -> CreateVm {
        let offering = match os {
            Os::Linux => &self.subject.linux,
            Os::Windows => self.subject.windows.as_ref().expect("Windows is offered"),
        };
        orders::create(orders::order(n), 1, offering, os, &self.able)
    }

    /// Makes a Linux machine for order number `n`.
    pub(crate) async fn linux(&self, n: u16) -> (CreateVm, CreatedVm) {
        let request = self.request(n, Os::Linux);
        let made = self.host.create(&request).await.expect("a machine");
        (request, made)
    }

    /// Sets a fault on one of the provider's operations: once, or until it is lifted.
    pub(crate) async fn fault(&self, operation: &str, fault: &str, more: Value) {
        self.fault_on(&format!("{}.{operation}", self.subject.name()), fault, more).await;
    }

    pub(crate) async fn fault_on(&self, target: &str, fault: &str, more: Value) {
        let mut body = json!({"target": target, "kind": fault});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let (status, answer) = self.control(Method::POST, "faults", Some(body)).await;
        assert_eq!(status, 201, "{target} {fault}: {answer}");
    }

    pub(crate) async fn lift_faults(&self) {
        assert_eq!(self.control(Method::DELETE, "faults", None).await.0, 204);
    }

    /// The provider's machines, hidden ones too, as the sandbox itself knows them.
    pub(crate) async fn machines(&self) -> Vec<Value> {
        let state = self.control(Method::GET, "state", None).await.1;
        let mut machines = state["machines"].as_array().cloned().expect("a list");
        machines.retain(|machine| machine["provider"] == self.subject.name());
        machines
    }

    /// How often each operation that can change something was called.
    pub(crate) async fn acts(&self) -> Map<String, Value> {
        let state = self.control(Method::GET, "state", None).await.1;
        let mut counts = state["requests"].as_object().cloned().expect("counts");
        counts.retain(|operation, _| {
            operation
                .split_once('.')
                .is_some_and(|(service, call)| service == self.subject.name() && !HARMLESS.contains(&call))
        });
        counts
    }

    /// Puts in `count` machines of somebody else that run; their ids.
    pub(crate) async fn stock(&self, count: usize) -> Vec<String> {
        let body =
            json!({"provider": self.subject.name(), "count": count, "name_prefix": "web", "tags": ["other"]});
        let (status, answer) = self.control(Method::POST, "machines/bulk", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
        let ids = answer["ids"].as_array().expect("ids").iter();
        ids.map(|id| id.as_str().expect("an id").to_owned()).collect()
    }

    /// Whether the desktop would let this user in; `None` when it cannot be told.
    pub(crate) async fn login(&self, id: &VmId, user: &str, password: &str) -> Option<bool> {
        let body = json!({"user": user, "password": password});
        let (status, answer) =
            self.control(Method::POST, &format!("machines/{}/login", bare(&id.0)), Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer["accepted"].as_bool()
    }

    /// Waits until a machine is in a state; the states on the way may come in any order.
    pub(crate) async fn until(&self, id: &VmId, state: &VmState) -> Vm {
        let mut last = None;
        for _ in 0..LOOKS {
            let vm = self.host.get(id).await.expect("a machine").vm;
            if vm.state == *state && (vm.address.is_some() || *state != VmState::Running) {
                return vm;
            }
            last = Some(vm);
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the machine never became {state:?}: {last:?}");
    }

    /// Waits until nothing of a machine runs any more: it is not there, or cancelled and off.
    pub(crate) async fn until_over(&self, id: &VmId) {
        let mut last = None;
        for _ in 0..LOOKS {
            match self.host.get(id).await {
                Err(VmError::NotFound) if self.able.immediate_delete => return,
                Ok(found) if found.vm.is_over() && !self.able.immediate_delete => return,
                Ok(found) => last = Some(found.vm),
                Err(error) => panic!("the machine cannot be looked at: {} {error}", kind(&error)),
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the machine is never over: {last:?}");
    }

    async fn control(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/{path}", self.sandbox.urls().control());
        let mut request = self.control.request(method, url);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.bytes().await.expect("a body");
        (status, serde_json::from_slice(&text).unwrap_or_default())
    }

    pub(crate) async fn close(self) {
        self.sandbox.stop().await;
    }
}

/// A machine's id as the sandbox knows it: one of EC2's has its region before it.
pub(crate) fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
