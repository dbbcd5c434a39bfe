//! What every provider has: a gate, its own words for what is not there, and machines of one kind.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{World, config};

/// Provider, a path that is not there, and where the error's text is.
const APIS: [(&str, &str, &str); 5] = [
    ("vultr", "/vultr/v2/nothing", "/error"),
    ("contabo", "/contabo/v1/nothing", "/message"),
    ("digitalocean", "/digitalocean/v2/nothing", "/message"),
    ("linode", "/linode/v4/nothing", "/errors/0/reason"),
    ("hetzner", "/hetzner/v1/nothing", "/error/message"),
];
const TOKEN_PATH: &str = "/contabo-auth/auth/realms/contabo/protocol/openid-connect/token";

fn signed(request: RequestBuilder, key_id: &str) -> RequestBuilder {
    let credential = format!("{key_id}/20261120/us-east-1/ec2/aws4_request");
    request.header("authorization", format!("AWS4-HMAC-SHA256 Credential={credential}, Signature=0"))
}

async fn token(world: &World, form: &[(&str, &str)]) -> (u16, Value) {
    let answer = world.request(Method::POST, TOKEN_PATH).form(form).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_an_unknown_path_is_missing_in_each_providers_words() {
    let settings = config(60);
    let world = World::with(settings.clone()).await;
    let form = [
        ("grant_type", "password"),
        ("client_id", settings.contabo_client_id.as_str()),
        ("client_secret", settings.contabo_client_secret.as_str()),
        ("username", settings.contabo_user.as_str()),
        ("password", settings.contabo_api_password.as_str()),
    ];
    let (status, granted) = token(&world, &form).await;
    assert_eq!((status, &granted["expires_in"]), (200, &json!(300)), "{granted}");
    let contabo = granted["access_token"].as_str().expect("a token");
    for (provider, path, text) in APIS {
        let key = match provider {
            "vultr" => settings.vultr_api_key.as_str(),
            "contabo" => contabo,
            "digitalocean" => settings.digitalocean_token.as_str(),
            "linode" => settings.linode_token.as_str(),
            _ => settings.hetzner_token.as_str(),
        };
        for (key, status) in [("wrong", 401), (key, 404)] {
            let request = world.request(Method::GET, path).bearer_auth(key);
            let request = request.header("x-request-id", "04e0f898-37b4-48bc-a794-1a57abe6aa31");
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), status, "{provider}");
            let body: Value = answer.json().await.expect("JSON");
            assert!(body.pointer(text).is_some_and(Value::is_string), "{provider}: {body}");
        }
        assert_eq!(world.state().await["requests"][format!("{provider}.unauthorized")], 1);
    }
    world.close().await;
}

#[tokio::test]
async fn contabo_gives_tokens_only_for_the_four_credentials() {
    let settings = config(60);
    let world = World::with(settings.clone()).await;
    let right = [
        ("grant_type", "password"),
        ("client_id", settings.contabo_client_id.as_str()),
        ("client_secret", settings.contabo_client_secret.as_str()),
        ("username", settings.contabo_user.as_str()),
        ("password", settings.contabo_api_password.as_str()),
    ];
    for (wrong, status, error) in [
        (0, 400, "unsupported_grant_type"),
        (1, 401, "invalid_client"),
        (2, 401, "invalid_client"),
        (3, 401, "invalid_grant"),
        (4, 401, "invalid_grant"),
    ] {
        let mut form = right;
        form[wrong].1 = "wrong";
        let (code, body) = token(&world, &form).await;
        assert_eq!((code, &body["error"]), (status, &json!(error)));
    }
    world.close().await;
}

#[tokio::test]
async fn ec2_answers_in_xml() {
    let settings = config(60);
    let world = World::with(settings.clone()).await;
    for (key, path, status, code) in [
        ("AKIAWRONG", "/ec2", 401, "AuthFailure"),
        (settings.ec2_access_key_id.as_str(), "/ec2/", 400, "InvalidAction"),
        (settings.ec2_access_key_id.as_str(), "/ec2/nothing", 404, "InvalidAction"),
    ] {
        let request = signed(world.request(Method::POST, path), key).body("Action=Dance<&Version=2016-11-15");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
        let body = answer.text().await.expect("text");
        let beginning = format!("<Response><Errors><Error><Code>{code}</Code><Message>");
        assert!(body.contains(&beginning) && body.contains("<RequestID>"), "{body}");
    }
    world.close().await;
}

/// GETs the path until it is refused, with the provider's Bearer key; the refusal.
async fn until_refused(world: &World, path: &str, key: &str) -> reqwest::Response {
    world
        .until("a limit", async || {
            let mut last = None;
            for _ in 0..50 {
                let answer = world.request(Method::GET, path).bearer_auth(key).send().await;
                last = Some(answer.expect("an answer")).filter(|answer| answer.status() == 429);
            }
            last
        })
        .await
}

#[tokio::test]
async fn documented_limits_are_told_and_hold_where_they_are_asked_for() {
    let settings = sandbox::Config { rate_limits: true, ..config(60) };
    let world = World::with(settings.clone()).await;
    let answer = world.request(Method::GET, "/digitalocean/v2/nothing");
    let answer = answer.bearer_auth(&settings.digitalocean_token).send().await.expect("an answer");
    let header =
        |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
    assert_eq!(header("ratelimit-limit").as_deref(), Some("250"));
    assert_eq!(header("ratelimit-remaining").as_deref(), Some("249"));
    let refused = until_refused(&world, "/digitalocean/v2/nothing", &settings.digitalocean_token).await;
    let wait: u64 = refused.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(refused.headers()["ratelimit-remaining"], "0");
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["id"], "too_many_requests");
    assert_eq!(world.state().await["requests"]["digitalocean.rate_limited"], 1);
    world.close().await;
}

#[tokio::test]
async fn an_allow_list_belongs_to_one_provider() {
    let settings = config(60);
    let world = World::with(settings.clone()).await;
    let elsewhere = json!({"addresses": ["192.0.2.1"]});
    assert_eq!(world.control(Method::POST, "/linode/allow-list", Some(elsewhere.clone())).await.status, 204);
    assert_eq!(world.control(Method::POST, "/nobody/allow-list", Some(elsewhere)).await.status, 404);
    for (path, key, status) in [
        ("/linode/v4/nothing", &settings.linode_token, 401),
        ("/hetzner/v1/nothing", &settings.hetzner_token, 404),
    ] {
        let answer = world.request(Method::GET, path).bearer_auth(key).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{path}");
    }
    world.close().await;
}

#[tokio::test]
async fn machines_can_be_put_in_without_desktops() {
    let world = World::open(60).await;
    for provider in ["vultr", "contabo", "digitalocean", "linode", "hetzner", "ec2"] {
        let many = json!({"provider": provider, "count": 2, "name_prefix": "ord_", "tags": ["nemordp"]});
        let made = world.control(Method::POST, "/machines/bulk", Some(many)).await;
        assert_eq!((made.status, made.body["ids"].as_array().map(Vec::len)), (201, Some(2)), "{provider}");
        let one = json!({"provider": provider, "machines": [{"name": "ghost", "tags": ["a", "b"]}]});
        let made = world.control(Method::POST, "/machines/bulk", Some(one)).await;
        let machine = world.machine(made.body["ids"][0].as_str().expect("an id")).await;
        assert_eq!((&machine["provider"], &machine["label"]), (&json!(provider), &json!("ghost")));
        assert_eq!((&machine["tags"], &machine["power"]), (&json!(["a", "b"]), &json!("running")));
        assert_eq!(machine["has_desktop"], false);
    }
    let state = world.state().await;
    let machines = state["machines"].as_array().expect("machines");
    assert_eq!(machines.len(), 18);
    let mut addresses: Vec<&str> = machines.iter().filter_map(|m| m["address"].as_str()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 18, "addresses never meet");
    let nobody = json!({"provider": "nobody", "count": 1});
    assert_eq!(world.control(Method::POST, "/machines/bulk", Some(nobody)).await.status, 404);
    world.close().await;
}

#[tokio::test]
async fn twelve_thousand_machines_are_the_limit() {
    let world = World::open(60).await;
    let many = |count: usize| json!({"provider": "vultr", "count": count});
    assert_eq!(world.control(Method::POST, "/machines/bulk", Some(many(12_000))).await.status, 201);
    assert_eq!(world.control(Method::POST, "/machines/bulk", Some(many(1))).await.status, 400);
    let page = world.vultr(Method::GET, "/instances?per_page=500", None).await.body;
    assert_eq!(page["meta"]["total"], 12_000);
    assert_eq!(page["instances"][499]["label"], "bulk-500");
    assert_eq!(page["instances"][499]["server_status"], "ok");
    assert_eq!(world.control(Method::POST, "/reset", None).await.status, 204);
    world.create("ord_1").await;
    world.close().await;
}
