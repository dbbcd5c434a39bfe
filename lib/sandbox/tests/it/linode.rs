//! `/linode`: an instance's life, and every rule on the way.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::digitalocean::{accepted, cloud_config};
use crate::support::{Answer, World, config};

const INSTANCES: &str = "/v4/linode/instances";
const PASSWORD: &str = "Quiet7Harbour!Lantern";

/// An account with its token.
struct Account {
    world: World,
    token: String,
}

impl Account {
    async fn open(time_factor: u32) -> Self {
        let settings = config(time_factor);
        Self { token: settings.linode_token.clone(), world: World::with(settings).await }
    }

    async fn filtered(
        &self,
        method: Method,
        path: &str,
        filter: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self.world.request(method, &format!("/linode{path}")).bearer_auth(&self.token);
        if let Some(filter) = filter {
            request = request.header("x-filter", filter);
        }
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.expect("a body");
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.filtered(method, path, None, body).await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    async fn create(&self, body: Value) -> Value {
        let answer = self.call(Method::POST, INSTANCES, Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    async fn post(&self, id: &str, what: &str, body: Option<Value>) -> Answer {
        self.call(Method::POST, &format!("{INSTANCES}/{id}/{what}"), body).await
    }

    async fn until_status(&self, id: &str, status: &str) {
        self.world
            .until(status, async || {
                (self.get(&format!("{INSTANCES}/{id}")).await["status"] == status).then_some(())
            })
            .await;
    }

    /// The labels that a filter finds.
    async fn labels(&self, filter: Value) -> Vec<String> {
        let page = self.filtered(Method::GET, INSTANCES, Some(&filter.to_string()), None).await;
        assert_eq!(page.status, 200, "{filter}: {}", page.body);
        let rows = page.body["data"].as_array().expect("a list").iter();
        rows.filter_map(|row| row["label"].as_str().map(str::to_owned)).collect()
    }
}

fn instance(label: &str) -> Value {
    json!({
        "type": "g6-standard-2", "region": "us-ord", "image": "linode/ubuntu24.04", "label": label,
        "root_pass": PASSWORD, "tags": ["nemordp", label], "booted": true,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut instance = instance("ord_1-1");
    instance[field] = value;
    instance
}

fn user_data(text: &str) -> Value {
    json!({"user_data": BASE64_STANDARD.encode(text)})
}

fn reason(answer: &Answer) -> (u16, &str, &str) {
    let error = &answer.body["errors"][0];
    (answer.status, error["field"].as_str().unwrap_or_default(), error["reason"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn an_instance_has_its_address_at_once_and_comes_up_in_steps() {
    let account = Account::open(60).await;
    let made = account.create(instance("ord_1-1")).await;
    let id = made["id"].to_string();
    assert_eq!((&made["status"], &made["has_user_data"]), (&json!("provisioning"), &json!(false)));
    assert_eq!(made["ipv4"][0], account.world.machine(&id).await["address"]);
    let created = made["created"].as_str().expect("a time");
    assert!(created.len() == 19 && !created.ends_with('Z'), "{created}");

    let mut seen: Vec<String> = Vec::new();
    account
        .world
        .until("it runs", async || {
            let status = account.get(&format!("{INSTANCES}/{id}")).await["status"].clone();
            let status = status.as_str().unwrap_or_default().to_owned();
            if seen.last() != Some(&status) {
                seen.push(status.clone());
            }
            (status == "running").then_some(())
        })
        .await;
    assert_eq!(seen, ["provisioning", "booting", "running"]);
    account.world.booted(&id).await;

    let path = format!("{INSTANCES}/{id}");
    let gone = account.call(Method::DELETE, &path, None).await;
    assert_eq!((gone.status, gone.body), (200, json!({})));
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(reason(&account.call(method, &path, None).await), (404, "", "Not found"));
    }
    account.world.close().await;
}

#[tokio::test]
async fn a_label_is_unique_until_its_instance_is_gone() {
    let account = Account::open(60).await;
    let first = account.create(instance("ord_1-1")).await["id"].to_string();
    let again = account.call(Method::POST, INSTANCES, Some(instance("ord_1-1"))).await;
    assert_eq!(reason(&again), (400, "label", "Label must be unique among your linodes"));
    let other = account.create(instance("ord_1-2")).await["id"].to_string();
    let path = format!("{INSTANCES}/{other}");
    let taken = account.call(Method::PUT, &path, Some(json!({"label": "ord_1-1"}))).await;
    assert_eq!(reason(&taken).1, "label");
    let renamed =
        account.call(Method::PUT, &path, Some(json!({"label": "ord_1-3", "tags": ["other"]}))).await;
    assert_eq!((renamed.status, &renamed.body["tags"]), (200, &json!(["other"])));

    let late = json!({"target": "linode.create", "kind": "late_create", "delay_ms": 60_000});
    account.world.fault(late).await;
    assert_eq!(account.call(Method::POST, INSTANCES, Some(instance("late-1"))).await.status, 504);
    let hidden = account.call(Method::POST, INSTANCES, Some(instance("late-1"))).await;
    assert_eq!((reason(&hidden).1, account.labels(json!({"label": "late-1"})).await), ("label", vec![]));

    account.call(Method::DELETE, &format!("{INSTANCES}/{first}"), None).await;
    account.create(instance("ord_1-1")).await;
    account.world.close().await;
}

#[tokio::test]
async fn a_create_that_breaks_a_rule_names_the_field() {
    let account = Account::open(60).await;
    let large = "#".repeat(16 << 10);
    for (wrong, field, part) in [
        (with("label", json!("ord__1")), "label", "Label must"),
        (with("label", json!("1st")), "label", "Label must"),
        (with("type", json!("g9-standard-2")), "type", "was not found"),
        (with("region", json!("atlantis")), "region", "not valid"),
        (with("image", json!("linode/windows")), "image", "not valid"),
        (with("image", Value::Null), "image", "required"),
        (with("root_pass", Value::Null), "root_pass", "required"),
        (with("root_pass", json!("Ab1!")), "root_pass", "7-128"),
        (with("root_pass", json!("aaaaaaaaaaaa")), "root_pass", "strength"),
        (with("tags", json!(["ab"])), "tags", "3-50"),
        (with("metadata", json!({"user_data": "#cloud-config"})), "metadata.user_data", "base64"),
        (with("metadata", user_data(&large)), "metadata.user_data", "too large"),
        (with("booted", json!(false)), "booted", "boot"),
    ] {
        let answer = account.call(Method::POST, INSTANCES, Some(wrong)).await;
        let (status, named, why) = reason(&answer);
        assert_eq!((status, named), (400, field), "{why}");
        assert!(why.contains(part), "{why}");
    }
    let mut nowhere = with("type", json!("g7-premium-4"));
    nowhere["region"] = json!("us-east");
    let answer = account.call(Method::POST, INSTANCES, Some(nowhere)).await;
    assert_eq!(reason(&answer).1, "type");
    assert_eq!(account.get(INSTANCES).await["results"], 0);
    account.world.close().await;
}

#[tokio::test]
async fn a_filter_narrows_the_list_exactly() {
    let account = Account::open(60).await;
    for label in ["ord_1-1", "ord_1-12", "ord_2-1"] {
        account.create(instance(label)).await;
    }
    assert_eq!(account.labels(json!({"label": "ord_1-1"})).await, ["ord_1-1"]);
    assert_eq!(account.labels(json!({"tags": "ord_1-12"})).await, ["ord_1-12"]);
    assert_eq!(account.labels(json!({"label": {"+contains": "ord_1"}})).await, ["ord_1-1", "ord_1-12"]);
    let either = json!({"+or": [{"label": "ord_2-1"}, {"tags": "ord_1-1"}]});
    assert_eq!(account.labels(either).await, ["ord_1-1", "ord_2-1"]);
    assert_eq!(account.labels(json!({"label": "ord_1-1", "tags": "ord_2-1"})).await, Vec::<String>::new());
    for wrong in [r#"{"colour":"red"}"#, "[]", "x"] {
        let answer = account.filtered(Method::GET, INSTANCES, Some(wrong), None).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    account.world.close().await;
}

#[tokio::test]
async fn pages_hold_25_at_least_and_end() {
    let account = Account::open(60).await;
    let many = json!({"provider": "linode", "count": 30, "name_prefix": "bulk-"});
    assert_eq!(account.world.control(Method::POST, "/machines/bulk", Some(many)).await.status, 201);
    let first = account.get(&format!("{INSTANCES}?page_size=25")).await;
    assert_eq!((&first["page"], &first["pages"], &first["results"]), (&json!(1), &json!(2), &json!(30)));
    assert_eq!(first["data"].as_array().map(Vec::len), Some(25));
    let last = account.get(&format!("{INSTANCES}?page_size=25&page=2")).await;
    assert_eq!(last["data"][4]["label"], "bulk-30");
    assert_eq!(last["data"][4]["status"], "running");
    for (query, status) in [("page_size=24", 400), ("page_size=501", 400), ("page=2", 404), ("page=x", 400)] {
        let answer = account.call(Method::GET, &format!("{INSTANCES}?{query}"), None).await;
        assert_eq!(answer.status, status, "{query}");
    }
    account.world.close().await;
}

#[tokio::test]
async fn a_busy_instance_takes_no_action_and_a_password_wants_it_off() {
    let account = Account::open(60).await;
    let id = account.create(instance("ord_1-1")).await["id"].to_string();
    let new = json!({"root_pass": "An0ther-password"});
    for what in ["boot", "reboot", "shutdown", "password", "rebuild"] {
        let early = account.post(&id, what, Some(new.clone())).await;
        assert_eq!(reason(&early), (400, "", "Linode busy."), "{what}");
    }
    account.world.booted(&id).await;
    let on = account.post(&id, "password", Some(new.clone())).await;
    assert!(reason(&on).2.contains("powered off"), "{}", on.body);
    for (what, during, after) in [
        ("reboot", "rebooting", "running"),
        ("shutdown", "shutting_down", "offline"),
        ("boot", "booting", "running"),
        ("shutdown", "shutting_down", "offline"),
    ] {
        let done = account.post(&id, what, None).await;
        assert_eq!((done.status, done.body), (200, json!({})), "{what}");
        assert_eq!(account.get(&format!("{INSTANCES}/{id}")).await["status"], during);
        assert_eq!(reason(&account.post(&id, "boot", None).await).2, "Linode busy.");
        account.until_status(&id, after).await;
    }
    let weak = account.post(&id, "password", Some(json!({"root_pass": "aaaaaaa"}))).await;
    assert_eq!(reason(&weak).1, "root_pass");
    assert_eq!(account.post(&id, "password", Some(new)).await.status, 200);
    assert_eq!(account.post("1", "boot", None).await.status, 404);
    account.world.close().await;
}

#[tokio::test]
async fn a_rebuilt_instance_runs_what_it_is_given_then() {
    let account = Account::open(400).await;
    let id = account.create(with("metadata", user_data(&cloud_config("f1rst-b00t")))).await["id"].to_string();
    account.world.booted(&id).await;
    assert_eq!(accepted(&account.world, &id, "f1rst-b00t").await, json!(true));
    let rebuild = json!({
        "image": "linode/ubuntu24.04", "root_pass": PASSWORD, "metadata": user_data(&cloud_config("sec0nd-b00t")),
    });
    let begun = account.post(&id, "rebuild", Some(rebuild)).await;
    assert_eq!((begun.status, &begun.body["status"]), (200, &json!("rebuilding")));
    account.world.booted(&id).await;
    assert_eq!(accepted(&account.world, &id, "f1rst-b00t").await, json!(false));
    assert_eq!(accepted(&account.world, &id, "sec0nd-b00t").await, json!(true));
    account.world.close().await;
}

#[tokio::test]
async fn user_data_reaches_the_guest_only_where_there_is_metadata() {
    let account = Account::open(400).await;
    let mut there = with("metadata", user_data(&cloud_config("f1rst-b00t")));
    there["region"] = json!("ca-central");
    let made = account.create(there.clone()).await;
    assert_eq!(made["has_user_data"], false);
    there["region"] = json!("us-ord");
    (there["image"], there["label"]) = (json!("linode/alpine3.20"), json!("ord_2-1"));
    assert_eq!(account.create(there.clone()).await["has_user_data"], false);
    (there["image"], there["label"]) = (json!("linode/ubuntu24.04"), json!("ord_3-1"));
    assert_eq!(account.create(there).await["has_user_data"], true);
    account.world.close().await;
}

#[tokio::test]
async fn faults_show_in_its_own_shapes() {
    let account = Account::open(400).await;
    let fault = |kind: &str, target: &str| json!({"target": format!("linode.{target}"), "kind": kind});
    for (kind, status, part) in [
        ("out_of_stock", 400, "capacity"),
        ("quota", 400, "Account Limit reached"),
        ("unauthorized", 401, "Invalid Token"),
        ("rate_limited", 429, "Too many requests"),
        ("fail_before", 500, "error"),
    ] {
        account.world.fault(fault(kind, "create")).await;
        let answer = account.call(Method::POST, INSTANCES, Some(instance("ord_1-1"))).await;
        let (code, _, why) = reason(&answer);
        assert!(code == status && why.contains(part), "{kind}: {}", answer.body);
    }
    account.world.fault(fault("never_boot", "create")).await;
    let id = account.create(instance("ord_1-1")).await["id"].to_string();
    account.world.fault(fault("unknown_status", "get")).await;
    assert_eq!(account.get(&format!("{INSTANCES}/{id}")).await["status"], "hibernating");
    account.until_status(&id, "booting").await;
    account.world.fault(fault("stale_list", "list")).await;
    assert_eq!(account.get(INSTANCES).await["results"], 0);
    account.world.close().await;
}

#[tokio::test]
async fn stock_is_told_for_what_is_limited_and_images_have_no_windows() {
    let account = Account::open(60).await;
    let rows = account.get("/v4/regions/us-east/availability").await;
    let said = |rows: &Value, plan: &str| {
        let row = rows.as_array().expect("a bare list").iter().find(|row| row["plan"] == plan);
        row.map(|row| row["available"].clone())
    };
    assert_eq!(said(&rows, "g7-premium-4"), Some(json!(false)));
    assert_eq!(said(&rows, "g6-dedicated-4"), Some(json!(true)));
    assert_eq!(said(&rows, "g6-standard-2"), None);
    let empty = json!({"target": "linode.availability", "kind": "out_of_stock", "match": "us-east"});
    account.world.fault(empty).await;
    let rows = account.get("/v4/regions/us-east/availability").await;
    assert_eq!(said(&rows, "g6-standard-2"), Some(json!(false)));
    assert_eq!(account.get("/v4/regions/availability?page_size=500").await["results"], 42);
    assert_eq!(account.call(Method::GET, "/v4/regions/atlantis/availability", None).await.status, 404);
    assert_eq!(account.get("/v4/regions/ca-central").await["capabilities"], json!(["Linodes"]));
    assert_eq!(account.call(Method::GET, "/v4/regions/atlantis", None).await.status, 404);

    let types = account.get("/v4/linode/types").await;
    let row = &types["data"][2];
    assert_eq!((&row["id"], &row["price"]["monthly"]), (&json!("g6-standard-2"), &json!(24.0)));
    let images = account.get("/v4/images").await.to_string();
    assert!(images.contains("linode/ubuntu24.04") && !images.to_lowercase().contains("windows"));
    assert_eq!(account.get("/v4/account").await["balance"], -500.25);
    account.world.close().await;
}

#[tokio::test]
async fn transfer_is_in_bytes_and_statistics_take_their_time() {
    let account = Account::open(60).await;
    let wish = json!({"provider": "linode", "machines": [{"name": "old", "age_s": 1_000}]});
    let made = account.world.control(Method::POST, "/machines/bulk", Some(wish)).await;
    let id = made.body["ids"][0].as_str().expect("an id").to_owned();
    let transfer = account.get(&format!("{INSTANCES}/{id}/transfer")).await;
    assert!(
        transfer["used"].as_i64().is_some_and(|used| (48_000_000..49_000_000).contains(&used)),
        "{transfer}"
    );
    assert_eq!((&transfer["quota"], &transfer["billable"]), (&json!(4_000), &json!(0)));
    let stats = account.call(Method::GET, &format!("{INSTANCES}/{id}/stats"), None).await;
    assert_eq!(reason(&stats), (400, "", "Stats are unavailable at this time."));
    account.world.close().await;
}
