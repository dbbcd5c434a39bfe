//! `/hetzner`: a server's life, and every rule on the way.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World, config};

const NAME: &str = "ord-01kah8zj5v3w1q6yb7t9r2c4df-1";

/// A project with its token.
struct Project {
    world: World,
    token: String,
}

impl Project {
    async fn open(time_factor: u32) -> Self {
        let settings = config(time_factor);
        Self { token: settings.hetzner_token.clone(), world: World::with(settings).await }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.world.request(method, &format!("/hetzner/v1{path}")).bearer_auth(&self.token);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.expect("a body");
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    async fn create(&self, body: Value) -> Value {
        let answer = self.call(Method::POST, "/servers", Some(body)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    }

    async fn act(&self, id: &Value, action: &str, body: Option<Value>) -> Answer {
        self.call(Method::POST, &format!("/servers/{id}/actions/{action}"), body).await
    }

    async fn until_status(&self, id: &Value, status: &str) {
        let path = format!("/servers/{id}");
        let look = async || (self.get(&path).await["server"]["status"] == status).then_some(());
        self.world.until(status, look).await;
    }

    /// The names that a filter finds.
    async fn names(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("/servers?{query}")).await;
        let rows = page["servers"].as_array().expect("a list").iter();
        rows.filter_map(|row| row["name"].as_str().map(str::to_owned)).collect()
    }
}

fn server(name: &str) -> Value {
    json!({
        "name": name, "server_type": "cpx22", "image": "ubuntu-24.04", "location": "fsn1",
        "labels": {"order": "a1", "managed-by": "nemordp"}, "user_data": "#cloud-config\n",
        "start_after_create": true, "public_net": {"enable_ipv4": true, "enable_ipv6": false},
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = server(NAME);
    body[field] = value;
    body
}

#[tokio::test]
async fn a_server_lives_from_create_to_delete() {
    let project = Project::open(400).await;
    let made = project.create(server(NAME)).await;
    let id = made["server"]["id"].clone();
    assert_eq!(made["server"]["status"], "initializing");
    assert_eq!(made["server"].get("datacenter"), None);
    assert_eq!(
        (&made["action"]["status"], &made["action"]["command"]),
        (&json!("running"), &json!("create_server"))
    );
    assert!(made["action"]["error"]["code"].is_string(), "an error stands beside a running action");
    assert!(made["root_password"].as_str().is_some_and(|password| password.len() >= 12));

    project.until_status(&id, "running").await;
    let action = format!("/actions/{}", made["action"]["id"]);
    assert_eq!(project.get(&action).await["action"]["status"], "success");
    let machine = project.world.booted(&id.to_string()).await;
    assert_eq!((&machine["label"], &machine["tags"]), (&json!(NAME), &json!(["nemordp", "a1"])));

    assert_eq!(project.act(&id, "poweroff", None).await.status, 201);
    project.until_status(&id, "off").await;
    let off = project.act(&id, "reset_password", None).await;
    assert_eq!((off.status, &off.body["error"]["code"]), (422, &json!("invalid_input")));
    assert_eq!(project.act(&id, "poweron", None).await.status, 201);
    project.until_status(&id, "running").await;
    let again = project.act(&id, "reset_password", None).await;
    assert!(again.body["root_password"].is_string() && again.body["root_password"] != made["root_password"]);

    let look = async || {
        let rebuilt = project.act(&id, "rebuild", Some(json!({"image": "ubuntu-24.04"}))).await;
        (rebuilt.status == 201).then_some(rebuilt.body)
    };
    let rebuilt = project.world.until("the server is rebuilt", look).await;
    assert!(rebuilt["root_password"].is_string());
    assert_eq!(project.get(&format!("/servers/{id}")).await["server"]["status"], "rebuilding");

    let path = format!("/servers/{id}");
    let deleted = project.call(Method::DELETE, &path, None).await;
    assert_eq!((deleted.status, &deleted.body["action"]["command"]), (200, &json!("delete_server")));
    for method in [Method::GET, Method::DELETE] {
        let gone = project.call(method, &path, None).await;
        assert_eq!((gone.status, &gone.body["error"]["code"]), (404, &json!("not_found")));
    }
    project.world.close().await;
}

#[tokio::test]
async fn a_server_that_something_is_done_to_is_locked() {
    let project = Project::open(1).await;
    let id = project.create(server(NAME)).await["server"]["id"].clone();
    for (action, body) in
        [("reset", None), ("poweroff", None), ("rebuild", Some(json!({"image": "ubuntu-24.04"})))]
    {
        let refused = project.act(&id, action, body).await;
        assert_eq!((refused.status, &refused.body["error"]["code"]), (423, &json!("locked")), "{action}");
    }
    let server = project.get(&format!("/servers/{id}")).await;
    assert_eq!(
        (&server["server"]["status"], &server["server"]["locked"]),
        (&json!("initializing"), &json!(true))
    );
    assert_eq!(project.call(Method::DELETE, &format!("/servers/{id}"), None).await.status, 200);
    project.world.close().await;
}

#[tokio::test]
async fn a_create_that_breaks_a_rule_makes_nothing() {
    let project = Project::open(60).await;
    for (body, code) in [
        (with("name", json!("ord_1")), "invalid_input"),
        (with("name", json!("-a")), "invalid_input"),
        (with("name", Value::Null), "invalid_input"),
        (with("server_type", json!("cpx99")), "invalid_input"),
        (with("image", json!("windows-2022")), "invalid_input"),
        (with("location", json!("mars1")), "invalid_input"),
        (with("datacenter", json!("fsn1-dc14")), "invalid_input"),
        (with("labels", json!({"order": "a b"})), "invalid_input"),
        (with("user_data", json!("x".repeat((32 << 10) + 1))), "invalid_input"),
    ] {
        let refused = project.call(Method::POST, "/servers", Some(body)).await;
        assert_eq!((refused.status, &refused.body["error"]["code"]), (422, &json!(code)), "{}", refused.body);
    }
    let elsewhere = json!({"server_type": "cx22", "location": "ash"});
    let mut body = server(NAME);
    body.as_object_mut().expect("an object").extend(elsewhere.as_object().cloned().expect("an object"));
    let refused = project.call(Method::POST, "/servers", Some(body)).await;
    assert_eq!(refused.body["error"]["message"], "unsupported location for server type");
    assert_eq!(project.names("").await, Vec::<String>::new());
    project.world.close().await;
}

#[tokio::test]
async fn a_name_is_given_once() {
    let project = Project::open(60).await;
    project.create(server(NAME)).await;
    for name in [NAME.to_owned(), NAME.to_uppercase()] {
        let refused = project.call(Method::POST, "/servers", Some(server(&name))).await;
        assert_eq!((refused.status, &refused.body["error"]["code"]), (409, &json!("uniqueness_error")));
    }
    assert_eq!(project.names("").await, [NAME]);
    project.world.close().await;
}

#[tokio::test]
async fn lists_are_filtered_by_name_and_label_and_come_in_pages() {
    let project = Project::open(60).await;
    project.create(server("web-1")).await;
    let mut other = server("web-10");
    other["labels"] = json!({"order": "a10"});
    project.create(other).await;
    for (query, found) in [
        ("name=web-1", &["web-1"][..]),
        ("name=web", &[]),
        ("label_selector=order%3D%3Da1", &["web-1"]),
        ("label_selector=order%3Da10", &["web-10"]),
        ("label_selector=order", &["web-1", "web-10"]),
        ("label_selector=!managed-by", &["web-10"]),
        ("label_selector=order%3Da1&name=web-10", &[]),
    ] {
        assert_eq!(project.names(query).await, found, "{query}");
    }
    let bulk = json!({"provider": "hetzner", "count": 60, "tags": ["other"], "name_prefix": "bulk-"});
    assert_eq!(project.world.control(Method::POST, "/machines/bulk", Some(bulk)).await.status, 201);
    let first = project.get("/servers?per_page=500").await;
    let pagination = json!({
        "page": 1, "per_page": 50, "previous_page": null, "next_page": 2, "last_page": 2, "total_entries": 62,
    });
    assert_eq!(first["meta"]["pagination"], pagination);
    let last = project.get("/servers?page=2&per_page=50").await;
    assert_eq!(
        (last["servers"].as_array().map(Vec::len), &last["meta"]["pagination"]["next_page"]),
        (Some(12), &Value::Null)
    );
    assert_eq!(project.call(Method::GET, "/servers?page=0", None).await.status, 422);
    project.world.close().await;
}

#[tokio::test]
async fn every_answer_tells_what_is_left_of_the_hour() {
    let project = Project::open(60).await;
    let look = |path: &'static str| {
        let request = project.world.request(Method::GET, path).bearer_auth(&project.token);
        async move { request.send().await.expect("an answer") }
    };
    let number = |answer: &reqwest::Response, name: &str| -> i64 {
        answer.headers()[name].to_str().ok().and_then(|text| text.parse().ok()).expect("a number")
    };
    let (first, second) = (look("/hetzner/v1/locations").await, look("/hetzner/v1/servers/7").await);
    assert_eq!(number(&first, "ratelimit-limit"), 3_600);
    assert_eq!(number(&first, "ratelimit-remaining"), 3_599);
    assert!(number(&second, "ratelimit-remaining") >= 3_598);
    project.world.fault(json!({"target": "hetzner.regions", "kind": "rate_limited"})).await;
    let limited = look("/hetzner/v1/locations").await;
    assert_eq!((limited.status().as_u16(), number(&limited, "ratelimit-remaining")), (429, 0));
    project.world.close().await;
}

#[tokio::test]
async fn what_can_be_had_is_listed_with_prices_and_stock() {
    let project = Project::open(60).await;
    let types = project.get("/server_types?name=cpx22").await;
    let cpx22 = &types["server_types"][0];
    assert_eq!(
        (&cpx22["cores"], &cpx22["prices"][0]["price_monthly"]["net"]),
        (&json!(2), &json!("6.4900000000"))
    );
    assert_eq!(project.get("/pricing").await["pricing"]["currency"], "EUR");
    assert!(project.get("/images?name=ubuntu-24.04&architecture=x86").await["images"][0]["id"].is_u64());
    assert_eq!(project.get("/locations?name=hel1").await["locations"][0]["country"], "FI");

    let available = async || {
        let types = project.get("/server_types?name=cpx22").await;
        let places = types["server_types"][0]["locations"].as_array().cloned().expect("a list");
        let here = places.into_iter().filter(|place| place["available"] == true);
        here.filter_map(|place| place["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(available().await, ["fsn1", "nbg1", "hel1", "ash", "hil", "sin"]);
    project
        .world
        .fault(json!({"target": "hetzner.availability", "kind": "out_of_stock", "match": "fsn1"}))
        .await;
    assert_eq!(available().await, ["nbg1", "hel1", "ash", "hil", "sin"]);
    assert_eq!(available().await.len(), 6);
    project.world.close().await;
}

#[tokio::test]
async fn the_data_centers_have_left_the_api() {
    let project = Project::open(60).await;
    for path in ["/datacenters", "/datacenters/4"] {
        let gone = project.call(Method::GET, path, None).await;
        assert_eq!((gone.status, &gone.body["error"]["code"]), (410, &json!("deprecated_api_endpoint")));
    }
    project.world.close().await;
}

#[tokio::test]
async fn a_creation_that_fails_shows_in_the_servers_actions() {
    let project = Project::open(400).await;
    project.world.fault(json!({"target": "hetzner.create", "kind": "action_fails"})).await;
    let made = project.create(server(NAME)).await;
    assert_eq!(made["action"]["status"], "running");
    let path = format!("/servers/{}", made["server"]["id"]);
    let commands = async |query: &str| {
        let page = project.get(&format!("{path}/actions?{query}")).await;
        let rows = page["actions"].as_array().cloned().expect("a list").into_iter();
        rows.map(|row| row["command"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let failed = async || commands("status=error").await.into_iter().next();
    assert_eq!(project.world.until("it fails", failed).await, "create_server");
    assert_eq!(project.get(&path).await["server"]["status"], "initializing");
    assert_eq!(commands("").await, ["create_server", "start_server"]);
    assert_eq!(commands("sort=id:desc&per_page=1").await, ["start_server"]);
    project.world.close().await;
}

#[tokio::test]
async fn a_server_that_never_boots_looks_as_if_it_ran() {
    let project = Project::open(400).await;
    project.world.fault(json!({"target": "hetzner.create", "kind": "never_boot", "match": "a1"})).await;
    let id = project.create(server(NAME)).await["server"]["id"].clone();
    project.until_status(&id, "running").await;
    assert_eq!(project.world.machine(&id.to_string()).await["booted_at_ms"], Value::Null);
    project.world.close().await;
}
