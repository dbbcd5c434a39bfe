//! `/vultr/v2/instances`: made, seen, changed, deleted.

use std::collections::HashSet;

use reqwest::Method;
use sandbox::Config;
use serde_json::{Value, json};

use crate::support::{World, config, linux, windows};

/// The fields that the published description shows for an instance.
const INSTANCE_FIELDS: &[&str] = &[
    "id",
    "os",
    "ram",
    "disk",
    "main_ip",
    "vcpu_count",
    "region",
    "plan",
    "date_created",
    "status",
    "allowed_bandwidth",
    "netmask_v4",
    "gateway_v4",
    "power_status",
    "server_status",
    "v6_network",
    "v6_main_ip",
    "v6_network_size",
    "label",
    "internal_ip",
    "vpc_only",
    "kvm",
    "hostname",
    "os_id",
    "app_id",
    "image_id",
    "snapshot_id",
    "firewall_group_id",
    "features",
    "tags",
    "user_scheme",
];

#[tokio::test]
async fn the_password_is_in_the_create_answer_and_nowhere_else() {
    let world = World::open(60).await;
    let created = world.create("ord_1").await;
    for field in INSTANCE_FIELDS {
        assert!(created.get(field).is_some(), "create lacks {field}");
    }
    let password = created["default_password"].as_str().expect("a password").to_owned();
    assert_eq!(password.len(), 16);
    let id = created["id"].as_str().expect("an id");
    let others = [
        world.instance(id).await,
        world.vultr(Method::GET, "/instances", None).await.body,
        world.state().await,
        world.machine(id).await,
    ];
    for other in others {
        assert!(!other.to_string().contains("default_password"), "{other}");
        assert!(!other.to_string().contains(json!(password).to_string().trim_matches('"')), "{other}");
    }
    world.close().await;
}

#[tokio::test]
async fn the_states_are_not_monotonic() {
    // 23 s become 575 ms.
    let world = World::open(40).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let mut seen: Vec<[String; 4]> = Vec::new();
    world
        .until("it is ready", async || {
            let i = world.instance(&id).await;
            let text = |name: &str| i[name].as_str().unwrap_or_default().to_owned();
            let address = if text("main_ip") == "0.0.0.0" { "none" } else { "some" };
            let now = [text("status"), text("power_status"), text("server_status"), address.to_owned()];
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            (text("server_status") == "ok").then_some(())
        })
        .await;
    let wanted = [
        ["pending", "running", "none", "none"],
        ["active", "stopped", "locked", "some"],
        ["active", "running", "installingbooting", "some"],
        ["active", "running", "ok", "some"],
    ];
    assert_eq!(seen, wanted);
    world.close().await;
}

#[tokio::test]
async fn windows_takes_longer_and_is_not_done_when_the_provider_says_ok() {
    let world = World::open(300).await;
    let answer = world.vultr(Method::POST, "/instances", Some(windows("ord_w"))).await;
    let id = answer.body["instance"]["id"].as_str().expect("an id").to_owned();
    let machine = world.booted(&id).await;
    let at = |name: &str| machine[name].as_i64().expect("a time");
    assert_eq!(machine["os"], "windows");
    assert!(at("booted_at_ms") - at("created_at_ms") >= 290_000 / 300, "{machine}");
    assert!(at("booted_at_ms") - at("first_answer_at_ms") >= 250, "it rebooted in between: {machine}");
    world.close().await;
}

#[tokio::test]
async fn a_create_that_vultr_refuses_is_refused_and_makes_nothing() {
    let world = World::open(60).await;
    let with = |name: &str, value: Value| {
        let mut body = linux("ord_1");
        body[name] = value;
        body
    };
    let windows_with = |name: &str, value: Value| {
        let mut body = windows("ord_1");
        body[name] = value;
        body
    };
    for body in [
        with("region", json!("moon")),
        with("region", Value::Null),
        with("plan", json!("vc2-9c")),
        with("os_id", json!(1713)),
        with("os_id", json!("2284")),
        with("os_id", json!(159)),
        with("os_id", Value::Null),
        with("snapshot_id", json!("also")),
        with("user_data", json!("#cloud-config")),
        with("password", json!("hunter2")),
        with("backups", json!(true)),
        with("enable_ipv6", json!("yes")),
        with("tags", json!("one")),
        with("script_id", json!("unknown")),
        with("firewall_group_id", json!("unknown")),
        with("hostname", json!("a b")),
        with("label", json!(7)),
        windows_with("sshkey_id", json!(["key"])),
        windows_with("user_scheme", json!("limited")),
        windows_with("hostname", json!("longer-than-fifteen")),
        windows_with("plan", json!("vc2-1c-1gb")),
        json!({"region": "sao", "plan": "vcg-a16-2c-8g-2vram", "os_id": 501}),
        json!({"region": "jnb", "plan": "vc2-1c-2gb", "os_id": 2284, "ddos_protection": true}),
    ] {
        let answer = world.vultr(Method::POST, "/instances", Some(body.clone())).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body["error"].is_string() && answer.body["status"] == 400, "{}", answer.body);
    }
    assert_eq!(world.state().await["machines"], json!([]));
    world.close().await;
}

#[tokio::test]
async fn a_deleted_machine_is_204_without_a_body_and_then_404() {
    let world = World::open(60).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let path = format!("/instances/{id}");
    let gone = world.try_vultr(Method::DELETE, &path, None).await.expect("an answer");
    assert_eq!(gone.status(), 204);
    assert!(gone.bytes().await.expect("a body").is_empty());
    for method in [Method::GET, Method::DELETE, Method::PATCH] {
        let answer = world.vultr(method, &path, Some(json!({}))).await;
        assert_eq!((answer.status, &answer.body["status"]), (404, &json!(404)));
    }
    let state = world.state().await;
    assert_eq!(state["machines"], json!([]));
    assert_eq!(state["destroyed"][0]["label"], "ord_1");
    world.close().await;
}

#[tokio::test]
async fn lists_are_cut_into_pages_by_cursor() {
    let world = World::open(60).await;
    for n in 0..5 {
        world.create(&format!("ord_{n}")).await;
    }
    let mut labels = Vec::new();
    let mut cursor = String::new();
    for _ in 0..3 {
        let body =
            world.vultr(Method::GET, &format!("/instances?per_page=2&cursor={cursor}"), None).await.body;
        assert_eq!(body["meta"]["total"], 5);
        for row in body["instances"].as_array().expect("rows") {
            labels.push(row["label"].as_str().expect("a label").to_owned());
        }
        cursor = body["meta"]["links"]["next"].as_str().expect("a cursor").replace('=', "%3D");
    }
    assert_eq!(labels, ["ord_0", "ord_1", "ord_2", "ord_3", "ord_4"]);
    assert_eq!(cursor, "", "the end");
    let bad = world.vultr(Method::GET, "/instances?cursor=rubbish", None).await;
    assert_eq!(bad.status, 400);
    world.close().await;
}

#[tokio::test]
async fn lists_are_filtered_by_tag_exactly_and_by_part_of_the_label() {
    let world = World::open(60).await;
    for label in ["ord_1", "ord_12", "ord_2"] {
        world.create(label).await;
    }
    for (query, count) in [
        ("tag=ord_1", 1),
        ("tag=nemordp", 3),
        ("tag=ord", 0),
        ("label=ord_1", 2),
        ("label=ord_2&region=ewr", 1),
        ("region=lhr", 0),
    ] {
        let body = world.vultr(Method::GET, &format!("/instances?{query}"), None).await.body;
        assert_eq!(body["instances"].as_array().map(Vec::len), Some(count), "{query}");
        assert_eq!(body["meta"]["total"], count, "{query}");
    }
    let charged = world.vultr(Method::GET, "/instances?show_pending_charges=true", None).await.body;
    assert!(charged["instances"][0]["pending_charges"].is_number());
    world.close().await;
}

#[tokio::test]
async fn an_update_answers_202_and_is_kept() {
    let world = World::open(60).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let path = format!("/instances/{id}");
    let change = json!({"user_data": "aGVsbG8=", "tags": ["new"], "label": "renamed", "plan": "vc2-2c-4gb"});
    let answer = world.vultr(Method::PATCH, &path, Some(change)).await;
    assert_eq!(answer.status, 202);
    assert!(answer.body["job_ids"].is_array());
    let now = world.instance(&id).await;
    assert_eq!(
        (&now["label"], &now["tags"], &now["plan"]),
        (&json!("renamed"), &json!(["new"]), &json!("vc2-2c-4gb"))
    );
    let data = world.vultr(Method::GET, &format!("{path}/user-data"), None).await.body;
    assert_eq!(data, json!({"user_data": {"data": "aGVsbG8="}}));
    for bad in [json!({"user_data": "#x"}), json!({"plan": "vc2-1c-1gb"}), json!({"firewall_group_id": "x"})]
    {
        assert_eq!(world.vultr(Method::PATCH, &path, Some(bad.clone())).await.status, 400, "{bad}");
    }
    world.close().await;
}

#[tokio::test]
async fn more_than_thirty_requests_in_a_second_have_to_wait() {
    let world = World::with(Config { vultr_requests_per_second: 30, ..config(60) }).await;
    let mut passed = 0;
    let refused = loop {
        let answer = world.try_vultr(Method::GET, "/instances", None).await.expect("an answer");
        if answer.status() == 429 {
            break answer;
        }
        passed += 1;
        assert!(passed < 1_000, "no limit");
    };
    assert!(passed >= 30, "{passed}");
    assert_eq!(refused.headers().get("retry-after").expect("a header"), "1");
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(world.vultr(Method::GET, "/instances", None).await.status, 200);
    world.close().await;
}

#[tokio::test]
async fn a_wrong_key_or_an_unlisted_address_is_401() {
    let world = World::open(60).await;
    let wrong = world.request(Method::GET, "/vultr/v2/instances").bearer_auth("other").send().await;
    assert_eq!(wrong.expect("an answer").status(), 401);
    let open = world.request(Method::GET, "/vultr/v2/regions").send().await.expect("an answer");
    assert_eq!(open.status(), 200, "the regions need no key");
    world.control(Method::POST, "/vultr/allow-list", Some(json!({"addresses": ["192.0.2.1"]}))).await;
    let unlisted = world.vultr(Method::GET, "/instances", None).await;
    assert_eq!(unlisted.status, 401);
    assert!(unlisted.body["error"].as_str().expect("text").contains("127.0.0.1"), "{}", unlisted.body);
    world.control(Method::POST, "/vultr/allow-list", Some(json!({"addresses": ["127.0.0.1"]}))).await;
    assert_eq!(world.vultr(Method::GET, "/instances", None).await.status, 200);
    world.close().await;
}

#[tokio::test]
async fn every_machine_has_a_loopback_address_of_its_own() {
    let world = World::open(1_000).await;
    let mut addresses = HashSet::new();
    for n in 0..20 {
        let id = world.create(&format!("ord_{n}")).await["id"].as_str().expect("an id").to_owned();
        let address = world.machine(&id).await["address"].as_str().expect("an address").to_owned();
        assert!(address.starts_with("127."), "{address}");
        assert!(addresses.insert(address));
    }
    world.close().await;
}
