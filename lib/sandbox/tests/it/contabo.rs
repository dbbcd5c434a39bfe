//! `/contabo` and `/contabo-auth`: a machine's life by the month, and every rule on the way.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use reqwest::{Method, RequestBuilder};
use sandbox::Config;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Answer, World, config};

const TOKEN_PATH: &str = "/contabo-auth/auth/realms/contabo/protocol/openid-connect/token";
const INSTANCES: &str = "/v1/compute/instances";
const REQUEST_ID: &str = "04e0f898-37b4-48bc-a794-1a57abe6aa31";
const UBUNTU: &str = "d64d5c6c-9dda-4e38-8174-0ee282474d8a";
const PASSWORD: &str = "Abcdefgh23456_xyz";

/// An account with a token.
struct Account {
    world: World,
    token: String,
}

impl Account {
    async fn open(time_factor: u32) -> Self {
        Self::with(config(time_factor)).await
    }

    async fn with(config: Config) -> Self {
        let world = World::with(config.clone()).await;
        let token = token(&world, &config).await;
        Self { world, token }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.world.request(method, &format!("/contabo{path}")).bearer_auth(&self.token)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path).header("x-request-id", REQUEST_ID);
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// The first object of an answer that must be of this status.
    async fn done(&self, method: Method, path: &str, body: Option<Value>, status: u16) -> Value {
        let answer = self.call(method, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(answer.body["data"].is_array(), "{path}: {}", answer.body);
        answer.body["data"][0].clone()
    }

    /// Hands a password over; the id that stands for it.
    async fn secret(&self, name: &str) -> Value {
        let body = json!({"name": name, "value": PASSWORD, "type": "password"});
        self.done(Method::POST, "/v1/secrets", Some(body), 201).await["secretId"].clone()
    }

    /// Makes a machine; its id.
    async fn create(&self, body: Value) -> String {
        let made = self.done(Method::POST, INSTANCES, Some(body), 201).await;
        made["instanceId"].as_u64().expect("an id").to_string()
    }

    async fn get(&self, id: &str) -> Value {
        self.done(Method::GET, &format!("{INSTANCES}/{id}"), None, 200).await
    }

    async fn act(&self, id: &str, action: &str) -> Answer {
        self.call(Method::POST, &format!("{INSTANCES}/{id}/{action}"), Some(json!({}))).await
    }

    async fn until(&self, id: &str, status: &str) -> Value {
        let look = async || Some(self.get(id).await).filter(|instance| instance["status"] == status);
        self.world.until(status, look).await
    }
}

async fn token(world: &World, config: &Config) -> String {
    let form = [
        ("grant_type", "password"),
        ("client_id", config.contabo_client_id.as_str()),
        ("client_secret", config.contabo_client_secret.as_str()),
        ("username", config.contabo_user.as_str()),
        ("password", config.contabo_api_password.as_str()),
    ];
    let granted = answer(world.request(Method::POST, TOKEN_PATH).form(&form)).await;
    granted.body["access_token"].as_str().expect("a token").to_owned()
}

async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let bytes = response.bytes().await.expect("a body");
    Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
}

fn ubuntu(secret: &Value) -> Value {
    json!({"imageId": UBUNTU, "productId": "V153", "region": "EU", "period": 1, "displayName": "ord_1-1",
        "defaultUser": "root", "rootPassword": secret, "userData": "#cloud-config\nusers: [default]\n"})
}

/// The same with one field changed; `null` takes it away.
fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    body
}

#[tokio::test]
async fn a_machine_is_provisioned_installed_and_runs_and_only_then_has_everything() {
    // 30 s become 750 ms.
    let account = Account::open(40).await;
    let secret = account.secret("ord_1-1").await;
    let made = account.done(Method::POST, INSTANCES, Some(ubuntu(&secret)), 201).await;
    assert_eq!((&made["status"], &made["productId"]), (&json!("provisioning"), &json!("V153")));
    for later in ["ipConfig", "displayName", "defaultUser", "rootPassword"] {
        assert_eq!(made.get(later), None, "{later}");
    }
    let id = made["instanceId"].as_u64().expect("a number").to_string();
    let mut seen: Vec<(String, bool)> = Vec::new();
    account
        .world
        .until("it runs", async || {
            let instance = account.get(&id).await;
            let word = instance["status"].as_str().expect("a word").to_owned();
            let state = (word, instance["ipConfig"]["v4"]["ip"] != "");
            if seen.last() != Some(&state) {
                seen.push(state);
            }
            (instance["status"] == "running").then_some(())
        })
        .await;
    let wanted = [("provisioning", false), ("installing", true), ("running", true)];
    assert_eq!(seen, wanted.map(|(word, address)| (word.to_owned(), address)));
    let instance = account.get(&id).await;
    assert_eq!((&instance["displayName"], &instance["defaultUser"]), (&json!("ord_1-1"), &json!("root")));
    assert_eq!((&instance["osType"], &instance["cancelDate"]), (&json!("Linux"), &json!("")));
    account.world.close().await;
}

#[tokio::test]
async fn every_call_needs_a_token_a_request_id_and_a_body_for_its_content_type() {
    let account = Account::open(60).await;
    let list = || account.request(Method::GET, INSTANCES);
    assert_eq!(answer(list()).await.status, 400, "no request id");
    let version_7 = list().header("x-request-id", "0199a1b2-1f84-704f-aa84-85f431ea5ec2");
    assert_eq!(answer(version_7).await.status, 400);
    let right = || list().header("x-request-id", REQUEST_ID);
    assert_eq!(answer(right()).await.status, 200);
    let refused = answer(right().header("content-type", "application/json")).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body["statusCode"], 400);
    assert!(refused.body["message"].as_str().is_some_and(|text| text.contains("Body cannot be empty")));

    let secret = account.secret("ord_1-1").await;
    let id = account.create(ubuntu(&secret)).await;
    let path = format!("{INSTANCES}/{id}/actions/stop");
    assert_eq!(account.call(Method::POST, &path, None).await.status, 400, "an action needs {{}}");
    assert_eq!(account.call(Method::DELETE, &format!("{INSTANCES}/{id}"), None).await.status, 404);
    account.world.close().await;
}

#[tokio::test]
async fn a_token_ends_when_it_says() {
    let settings = Config { contabo_token_seconds: 1, ..config(60) };
    let account = Account::with(settings.clone()).await;
    assert_eq!(account.call(Method::GET, INSTANCES, None).await.status, 200);
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    assert_eq!(account.call(Method::GET, INSTANCES, None).await.status, 401);
    let again = Account { token: token(&account.world, &settings).await, ..account };
    assert_eq!(again.call(Method::GET, INSTANCES, None).await.status, 200);
    again.world.close().await;
}

#[tokio::test]
async fn a_create_that_contabo_refuses_is_refused_and_makes_nothing() {
    let account = Account::open(60).await;
    let secret = account.secret("ord_1-1").await;
    let key = json!({"name": "key", "value": "ssh-ed25519 AAAA", "type": "ssh"});
    let key = account.done(Method::POST, "/v1/secrets", Some(key), 201).await["secretId"].clone();
    let right = ubuntu(&secret);
    let windows = "3f184ab8-a600-4e7c-8c9b-3413e21a2022";
    let on_windows = with(&with(&right, "imageId", json!(windows)), "defaultUser", json!("administrator"));
    for (body, sentence) in [
        (with(&right, "imageId", json!("ubuntu-24.04")), "UUID"),
        (with(&right, "imageId", json!("11111111-2222-4333-8444-555555555555")), "Image not found"),
        (with(&right, "region", json!("AU")), "Entry Region not found by region = AU"),
        (with(&right, "period", Value::Null), "period should not be empty"),
        (with(&right, "period", json!(2)), "period must be one of"),
        (with(&right, "productId", json!("V91")), "No offer was found for product ID 'V91' and period '1'"),
        (with(&right, "productId", Value::Null), "No offer was found for product ID 'V92'"),
        (with(&right, "rootPassword", json!(PASSWORD)), "rootPassword must be an integer"),
        (with(&right, "rootPassword", json!(12)), "Secret not found"),
        (with(&right, "rootPassword", key), "Secret not found"),
        (with(&right, "defaultUser", json!("ubuntu")), "defaultUser must be one of root, admin"),
        (with(&right, "defaultUser", json!("administrator")), "defaultUser must be one of root, admin"),
        (with(&on_windows, "defaultUser", json!("root")), "defaultUser must be one of admin, administrator"),
        (with(&on_windows, "sshKeys", json!([])), "not supporting SSH Keys"),
        (with(&on_windows, "productId", json!("V94")), "cannot use this image with selected product"),
        (with(&right, "displayName", json!("x".repeat(256))), "displayName must be shorter"),
        (with(&right, "hostname", json!("desk")), "property hostname should not exist"),
    ] {
        let refused = account.call(Method::POST, INSTANCES, Some(body.clone())).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(
            refused.body["message"].as_str().is_some_and(|text| text.contains(sentence)),
            "{}",
            refused.body
        );
    }
    assert_eq!(account.world.state().await["machines"], json!([]));
    account.world.close().await;
}

#[tokio::test]
async fn a_secret_is_a_password_by_the_rule_and_of_one_name_there_is_one() {
    let account = Account::open(60).await;
    let id = account.secret("ord_1-1").await;
    for (name, value, kind, status) in [
        ("ord_1-1", PASSWORD, "password", 409),
        ("weak", "short1_", "password", 400),
        ("weak", "noDigitsAtAll_", "password", 400),
        ("weak", "Percent%12345_", "password", 400),
        ("odd", PASSWORD, "pin", 400),
        ("", PASSWORD, "password", 400),
    ] {
        let body = json!({"name": name, "value": value, "type": kind});
        let answer = account.call(Method::POST, "/v1/secrets", Some(body)).await;
        assert_eq!(answer.status, status, "{name} {value}");
    }
    account.secret("ord_1-12").await;
    let listed = account.call(Method::GET, "/v1/secrets?name=ord_1-1", None).await.body;
    assert_eq!(listed["_pagination"]["totalElements"], 2, "by part of the name: {listed}");
    let path = format!("/v1/secrets/{id}");
    assert_eq!(account.done(Method::GET, &path, None, 200).await["value"], PASSWORD);
    assert_eq!(account.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(account.call(Method::DELETE, &path, None).await.status, 404);
    account.world.close().await;
}

#[tokio::test]
async fn a_cancelled_machine_has_a_last_day_and_runs_until_it_is_stopped() {
    let account = Account::open(400).await;
    let secret = account.secret("ord_1-1").await;
    let id = account.create(ubuntu(&secret)).await;
    account.until(&id, "running").await;
    account.world.booted(&id).await;

    let cancelled = account.act(&id, "cancel").await;
    assert_eq!(cancelled.status, 201);
    let day = cancelled.body["data"][0]["cancelDate"].as_str().expect("a day").to_owned();
    let created = account.get(&id).await["createdDate"].as_str().expect("a time")[..10].to_owned();
    assert!(day > created && day.len() == 10, "{created} to {day}");
    assert_eq!(account.act(&id, "cancel").await.status, 409);
    let still = account.get(&id).await;
    assert_eq!((&still["status"], &still["cancelDate"]), (&json!("running"), &json!(day)));

    assert_eq!(account.act(&id, "actions/stop").await.status, 201);
    assert_eq!(account.until(&id, "stopped").await["cancelDate"], json!(day));
    account.world.close().await;
}

#[tokio::test]
async fn a_late_notice_ends_a_month_later() {
    let account = Account::open(60).await;
    let machines = json!({"provider": "contabo", "machines": [
        {"name": "early", "age_s": 20 * 24 * 3600},
        {"name": "late", "age_s": 30 * 24 * 3600 + 12 * 3600},
    ]});
    let put_in = account.world.control(Method::POST, "/machines/bulk", Some(machines)).await;
    assert_eq!(put_in.status, 201, "{}", put_in.body);
    let mut days = Vec::new();
    for id in put_in.body["ids"].as_array().expect("ids") {
        let id = id.as_str().expect("an id");
        let answer = account.act(id, "cancel").await;
        days.push(answer.body["data"][0]["cancelDate"].as_str().expect("a day").to_owned());
    }
    assert!(days[0] < days[1], "{days:?}");
    account.world.close().await;
}

#[tokio::test]
async fn power_and_password_wait_for_the_installation() {
    let account = Account::open(400).await;
    let secret = account.secret("ord_1-1").await;
    let id = account.create(ubuntu(&secret)).await;
    assert_eq!(account.act(&id, "actions/stop").await.status, 409);
    account.until(&id, "running").await;
    account.world.booted(&id).await;
    let reset = format!("{INSTANCES}/{id}/actions/resetPassword");
    let body = json!({"rootPassword": account.secret("another").await});
    account.done(Method::POST, &reset, Some(body.clone()), 201).await;
    account.until(&id, "running").await;
    for (action, status) in [("stop", "stopped"), ("start", "running"), ("restart", "running")] {
        assert_eq!(account.act(&id, &format!("actions/{action}")).await.status, 201);
        account.until(&id, status).await;
    }
    assert_eq!(account.act(&id, "actions/shutdown").await.status, 201);
    assert_eq!(account.call(Method::POST, &reset, Some(body)).await.status, 409, "it is off");
    assert_eq!(account.act("1", "actions/stop").await.status, 404);
    account.world.close().await;
}

#[tokio::test]
async fn the_audits_know_which_call_made_a_machine() {
    let account = Account::open(60).await;
    let secret = account.secret("ord_1-1").await;
    let id = account.create(ubuntu(&secret)).await;
    let rename = json!({"displayName": "something else"});
    account.done(Method::PATCH, &format!("{INSTANCES}/{id}"), Some(rename), 200).await;
    let path = |request_id: &str| format!("{INSTANCES}/audits?requestId={request_id}");
    let audits = account.call(Method::GET, &path(REQUEST_ID), None).await.body;
    let actions: Vec<_> =
        audits["data"].as_array().expect("a list").iter().map(|one| &one["action"]).collect();
    assert_eq!(actions, ["UPDATED", "CREATED"]);
    assert_eq!(audits["data"][1]["instanceId"].to_string(), id);
    let other = account.call(Method::GET, &path("04e0f898-37b4-48bc-a794-000000000000"), None).await;
    assert_eq!((other.status, &other.body["data"]), (200, &json!([])));
    account.world.close().await;
}

#[tokio::test]
async fn an_unpaid_machine_waits_for_a_person_and_can_be_cancelled() {
    let account = Account::open(400).await;
    account.world.fault(json!({"target": "contabo.create", "kind": "held"})).await;
    let secret = account.secret("ord_1-1").await;
    let id = account.create(ubuntu(&secret)).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let instance = account.get(&id).await;
    assert_eq!(
        (&instance["status"], &instance["ipConfig"]["v4"]["ip"]),
        (&json!("pending_payment"), &json!(""))
    );
    assert_eq!(account.act(&id, "actions/stop").await.status, 400);
    assert_eq!(account.act(&id, "cancel").await.status, 201);
    account.world.close().await;
}

#[tokio::test]
async fn lists_come_in_numbered_pages_and_filter_names_by_part() {
    let account = Account::open(60).await;
    let bulk = json!({"provider": "contabo", "count": 25, "name_prefix": "web-"});
    assert_eq!(account.world.control(Method::POST, "/machines/bulk", Some(bulk)).await.status, 201);
    let page = async |query: &str| {
        let body = account.call(Method::GET, &format!("{INSTANCES}?{query}"), None).await.body;
        (body["data"].as_array().expect("a list").len(), body["_pagination"].clone())
    };
    let (count, pagination) = page("").await;
    assert_eq!((count, &pagination["totalPages"], &pagination["page"]), (10, &json!(3), &json!(1)));
    assert_eq!(page("page=3").await.0, 5);
    assert_eq!(page("page=4&size=10").await.0, 0);
    assert_eq!(page("size=500").await.0, 25);
    assert_eq!(page("size=100&displayName=web-1").await.0, 11, "web-1, web-10 to web-19");
    assert_eq!(account.call(Method::GET, &format!("{INSTANCES}?page=0"), None).await.status, 400);
    account.world.close().await;
}

#[tokio::test]
async fn windows_runs_powershell_from_its_user_data_and_user_data_for_linux_spoils_it() {
    let reports: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&reports);
    let take = async move |body: String| kept.lock().expect("a lock").push(body);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/first-boot/ins_1/abc", listener.local_addr().expect("an address"));
    let app = Router::new().route("/first-boot/ins_1/abc", post(take));
    tokio::spawn(async move { axum::serve(listener, app).await });

    let account = Account::open(400).await;
    let secret = account.secret("ord_1-1").await;
    let windows = with(&ubuntu(&secret), "imageId", json!("3f184ab8-a600-4e7c-8c9b-3413e2de2022"));
    let windows = with(&windows, "defaultUser", json!("administrator"));
    let script = format!("#ps1_sysnative\nInvoke-RestMethod -Method Post -Body $body -Uri '{url}'\n");
    let id = account.create(with(&windows, "userData", json!(script))).await;
    account.world.booted(&id).await;
    account.world.until("a report", async || reports.lock().expect("a lock").pop()).await;
    assert_eq!(account.get(&id).await["osType"], "Windows");
    let login = json!({"user": "Administrator", "password": PASSWORD});
    let accepted = account.world.control(Method::POST, &format!("/machines/{id}/login"), Some(login)).await;
    assert_eq!(accepted.body["accepted"], true);

    let spoiled = account.create(windows).await;
    assert_eq!(account.get(&spoiled).await["osType"], "Linux");
    account.world.close().await;
}

#[tokio::test]
async fn a_create_may_fail_at_once_or_after_it_has_worked() {
    let account = Account::open(60).await;
    let secret = account.secret("ord_1-1").await;
    account.world.fault(json!({"target": "contabo.create", "kind": "fail_before"})).await;
    assert_eq!(account.call(Method::POST, INSTANCES, Some(ubuntu(&secret))).await.status, 500);
    assert_eq!(account.world.state().await["machines"], json!([]));
    account.world.fault(json!({"target": "contabo.create", "kind": "drop_after_effect"})).await;
    let request = account.request(Method::POST, INSTANCES).header("x-request-id", REQUEST_ID);
    assert!(request.json(&ubuntu(&secret)).send().await.is_err());
    assert_eq!(account.world.state().await["machines"].as_array().map(Vec::len), Some(1));
    account.world.close().await;
}
