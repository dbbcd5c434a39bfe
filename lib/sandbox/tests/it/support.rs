//! A running sandbox with clients for its three faces, and a receiver for its webhooks.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use reqwest::{Method, Response};
use sandbox::{Config, Running, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const PAYSTACK_KEY: &str = "sk_test_0123456789abcdef0123456789abcdef01234567";
pub(crate) const VULTR_KEY: &str = "KEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEY";
/// How long anything that must happen may take.
const PATIENCE: Duration = Duration::from_secs(15);

static WORK_DIRS: AtomicU32 = AtomicU32::new(0);

fn work_dir() -> PathBuf {
    let number = WORK_DIRS.fetch_add(1, Ordering::Relaxed);
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sandbox-{}-{number}", std::process::id()))
}

pub(crate) fn config(time_factor: u32) -> Config {
    Config {
        time_factor,
        paystack_secret_key: PAYSTACK_KEY.into(),
        vultr_api_key: VULTR_KEY.into(),
        vultr_requests_per_second: 10_000,
        ..Config::local(work_dir())
    }
}

pub(crate) struct World {
    running: Running,
    http: reqwest::Client,
}

/// Status and JSON body; null when there is none.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl World {
    pub(crate) async fn open(time_factor: u32) -> Self {
        Self::with(config(time_factor)).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let running = Sandbox::start(config).await.expect("the sandbox starts");
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .expect("a client");
        Self { running, http }
    }

    pub(crate) async fn close(self) {
        self.running.stop().await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.base_url())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(path))
    }

    pub(crate) async fn paystack(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, &format!("/paystack{path}")).bearer_auth(PAYSTACK_KEY);
        answer(send(request, body).await.expect("an answer")).await
    }

    pub(crate) async fn vultr(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        answer(self.try_vultr(method, path, body).await.expect("an answer")).await
    }

    pub(crate) async fn try_vultr(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Response> {
        send(self.request(method, &format!("/vultr/v2{path}")).bearer_auth(VULTR_KEY), body).await
    }

    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        answer(send(self.request(method, &format!("/control{path}")), body).await.expect("an answer")).await
    }

    pub(crate) async fn fault(&self, order: Value) {
        let answer = self.control(Method::POST, "/faults", Some(order)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    pub(crate) async fn state(&self) -> Value {
        self.control(Method::GET, "/state", None).await.body
    }

    /// Opens a payment of 100.00 NGN; the body of `data`.
    pub(crate) async fn initialize(&self, reference: &str) -> Value {
        let body = json!({"email": "ada@example.com", "amount": 10_000, "currency": "NGN", "reference": reference,
            "callback_url": "https://shop.example/back?order=1"});
        let answer = self.paystack(Method::POST, "/transaction/initialize", Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["data"].clone()
    }

    pub(crate) async fn pay(&self, reference: &str) {
        let answer = self.control(Method::POST, "/paystack/pay", Some(json!({"reference": reference}))).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Makes a Linux machine; the created instance.
    pub(crate) async fn create(&self, label: &str) -> Value {
        let answer = self.vultr(Method::POST, "/instances", Some(linux(label))).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["instance"].clone()
    }

    pub(crate) async fn instance(&self, id: &str) -> Value {
        self.vultr(Method::GET, &format!("/instances/{id}"), None).await.body["instance"].clone()
    }

    pub(crate) async fn machine(&self, id: &str) -> Value {
        self.control(Method::GET, &format!("/machines/{id}"), None).await.body["machine"].clone()
    }

    /// Waits until a machine can be used for good; the control API's view of it.
    pub(crate) async fn booted(&self, id: &str) -> Value {
        self.until("the machine boots", async || {
            let machine = self.machine(id).await;
            (!machine["booted_at_ms"].is_null()).then_some(machine)
        })
        .await
    }

    pub(crate) async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "never: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

pub(crate) fn linux(label: &str) -> Value {
    json!({"region": "ewr", "plan": "vc2-1c-2gb", "os_id": 2284, "label": label, "tags": ["nemordp", label],
        "hostname": "desk-1"})
}

pub(crate) fn windows(label: &str) -> Value {
    json!({"region": "ewr", "plan": "vc2-2c-4gb", "os_id": 501, "label": label, "hostname": "desk-1"})
}

async fn send(request: reqwest::RequestBuilder, body: Option<Value>) -> reqwest::Result<Response> {
    match body {
        Some(body) => request.json(&body).send().await,
        None => request.send().await,
    }
}

async fn answer(response: Response) -> Answer {
    let status = response.status().as_u16();
    let bytes = response.bytes().await.expect("a body");
    Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
}

/// One webhook as it arrived.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) body: Bytes,
    pub(crate) signature: String,
}

impl Hook {
    pub(crate) fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Takes webhooks in; answers the given statuses in turn, then 200.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    hooks: Arc<Mutex<Vec<Hook>>>,
    statuses: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    /// Listens, and tells the sandbox to send there.
    pub(crate) async fn open(world: &World, statuses: &[u16]) -> Self {
        let receiver = Self::default();
        receiver.statuses.lock().expect("a lock").extend(statuses);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let app = Router::new().route("/hook", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let set = world.control(Method::POST, "/paystack/webhook", Some(json!({"url": url}))).await;
        assert_eq!(set.status, 204);
        receiver
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.hooks.lock().expect("a lock").clone()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.hooks()
            .iter()
            .map(|hook| hook.event()["event"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Waits for at least `count`.
    pub(crate) async fn wait_for(&self, world: &World, count: usize) -> Vec<Hook> {
        world
            .until("enough webhooks", async || {
                let hooks = self.hooks();
                (hooks.len() >= count).then_some(hooks)
            })
            .await
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-paystack-signature").and_then(|v| v.to_str().ok()).unwrap_or_default();
    receiver.hooks.lock().expect("a lock").push(Hook { body, signature: signature.to_owned() });
    let status = receiver.statuses.lock().expect("a lock").pop_front().unwrap_or(200);
    StatusCode::from_u16(status).expect("a status")
}
