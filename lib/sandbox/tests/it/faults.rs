//! Each fault does what README.md says.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{World, linux};

async fn labels(world: &World, query: &str) -> Vec<String> {
    let body = world.vultr(Method::GET, &format!("/instances{query}"), None).await.body;
    let rows = body["instances"].as_array().cloned().unwrap_or_default();
    rows.iter().map(|row| row["label"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn create(world: &World, label: &str) -> (u16, Value) {
    let answer = world.vultr(Method::POST, "/instances", Some(linux(label))).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn refusals_and_early_failures_have_no_effect() {
    let world = World::open(60).await;
    for (kind, status) in [
        ("refuse", 400),
        ("fail_before", 500),
        ("out_of_stock", 400),
        ("rate_limited", 429),
        ("quota", 400),
        ("unauthorized", 401),
    ] {
        world.fault(json!({"target": "vultr.create", "kind": kind})).await;
        let (code, body) = create(&world, "ord_1").await;
        assert_eq!(code, status, "{kind}");
        assert!(body["error"].is_string(), "{kind}: {body}");
    }
    world.fault(json!({"target": "vultr.create", "kind": "refuse", "status": 403})).await;
    assert_eq!(create(&world, "ord_1").await.0, 403);
    assert!(labels(&world, "").await.is_empty());
    assert_eq!(create(&world, "ord_1").await.0, 202, "used up");
    world.close().await;
}

#[tokio::test]
async fn a_failure_after_the_effect_leaves_the_machine() {
    let world = World::open(60).await;
    world.fault(json!({"target": "vultr.create", "kind": "fail_after_effect", "match": "ord_1"})).await;
    assert_eq!(create(&world, "ord_2").await.0, 202, "not the one that was meant");
    assert_eq!(create(&world, "ord_1").await.0, 500);
    assert_eq!(labels(&world, "?tag=ord_1").await, ["ord_1"]);
    world.close().await;
}

#[tokio::test]
async fn a_dropped_connection_gives_no_answer_but_the_effect_is_there() {
    let world = World::open(60).await;
    world.fault(json!({"target": "vultr.create", "kind": "drop_after_effect"})).await;
    let lost = world.try_vultr(Method::POST, "/instances", Some(linux("ord_1"))).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(labels(&world, "").await, ["ord_1"]);

    world.fault(json!({"target": "paystack.initialize", "kind": "drop_after_effect"})).await;
    let body = json!({"email": "ada@example.com", "amount": 10_000, "reference": "ord-1"});
    let key = crate::support::PAYSTACK_KEY;
    let request = world.request(Method::POST, "/paystack/transaction/initialize").bearer_auth(key);
    assert!(request.json(&body).send().await.is_err());
    let again = world.paystack(Method::POST, "/transaction/initialize", Some(body)).await;
    assert_eq!(again.body["code"], "duplicate_reference");
    world.close().await;
}

#[tokio::test]
async fn a_connection_dropped_before_the_effect_makes_nothing() {
    let world = World::open(60).await;
    world.fault(json!({"target": "vultr.create", "kind": "drop_before"})).await;
    let lost = world.try_vultr(Method::POST, "/instances", Some(linux("ord_1"))).await;
    assert!(lost.is_err(), "{lost:?}");
    assert!(labels(&world, "").await.is_empty());
    world.close().await;
}

#[tokio::test]
async fn a_delay_acts_at_once_and_answers_late() {
    let world = World::open(60).await;
    world.fault(json!({"target": "vultr.create", "kind": "delay", "delay_ms": 300})).await;
    let begun = Instant::now();
    let (created, seen) = tokio::join!(create(&world, "ord_1"), async {
        tokio::time::sleep(Duration::from_millis(120)).await;
        labels(&world, "").await
    });
    assert_eq!(created.0, 202);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(seen, ["ord_1"]);
    world.close().await;
}

#[tokio::test]
async fn a_machine_that_never_boots_stays_in_installation() {
    let world = World::open(1_000).await;
    world.fault(json!({"target": "vultr.create", "kind": "never_boot"})).await;
    let id = create(&world, "ord_1").await.1["instance"]["id"].as_str().expect("an id").to_owned();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let instance = world.instance(&id).await;
    assert_eq!(
        (&instance["status"], &instance["server_status"]),
        (&json!("active"), &json!("installingbooting"))
    );
    assert_eq!(world.machine(&id).await["booted_at_ms"], Value::Null);
    world.close().await;
}

#[tokio::test]
async fn a_silent_machine_boots_without_calling_home() {
    let world = World::open(1_000).await;
    world.fault(json!({"target": "vultr.create", "kind": "boot_silent"})).await;
    let id = create(&world, "ord_1").await.1["instance"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(world.booted(&id).await["calls_home"], false);
    world.close().await;
}

#[tokio::test]
async fn a_late_create_fails_now_and_appears_afterwards() {
    let world = World::open(60).await;
    world.fault(json!({"target": "vultr.create", "kind": "late_create", "delay_ms": 1_000})).await;
    assert_eq!(create(&world, "ord_1").await.0, 504);
    assert!(labels(&world, "?tag=ord_1").await.is_empty());
    let shown = world
        .until("it appears", async || {
            let shown = labels(&world, "?tag=ord_1").await;
            (!shown.is_empty()).then_some(shown)
        })
        .await;
    assert_eq!(shown, ["ord_1"]);
    world.close().await;
}

#[tokio::test]
async fn a_stale_list_leaves_young_machines_out() {
    let world = World::open(60).await;
    create(&world, "ord_1").await;
    world.fault(json!({"target": "vultr.list", "kind": "stale_list", "match": "ord_1"})).await;
    assert_eq!(labels(&world, "?tag=ord_2").await.len(), 0);
    assert!(labels(&world, "?tag=ord_1").await.is_empty());
    assert_eq!(labels(&world, "?tag=ord_1").await, ["ord_1"]);
    world.close().await;
}

#[tokio::test]
async fn unknown_statuses_and_html_come_where_they_are_asked_for() {
    let world = World::open(1).await;
    let id = create(&world, "ord_1").await.1["instance"]["id"].as_str().expect("an id").to_owned();
    world.fault(json!({"target": "vultr.get", "kind": "unknown_status"})).await;
    assert_eq!(world.instance(&id).await["status"], "migrating_host");
    assert_eq!(world.instance(&id).await["status"], "pending");

    world.initialize("ord-1").await;
    world.fault(json!({"target": "paystack.verify", "kind": "unknown_status"})).await;
    let verified = world.paystack(Method::GET, "/transaction/verify/ord-1", None).await.body;
    assert_eq!(verified["data"]["status"], "under_review");

    world.fault(json!({"target": "paystack.verify", "kind": "html_answer"})).await;
    let url = "/paystack/transaction/verify/ord-1";
    let page = world.request(Method::GET, url).bearer_auth(crate::support::PAYSTACK_KEY).send().await;
    let page = page.expect("an answer");
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-type"].to_str().expect("text").starts_with("text/html"));
    world.close().await;
}

#[tokio::test]
async fn faults_are_shown_lifted_and_checked() {
    let world = World::open(60).await;
    let order = json!({"target": "vultr.*", "kind": "fail_before", "times": 0});
    let id = world.control(Method::POST, "/faults", Some(order)).await.body["id"].clone();
    for _ in 0..3 {
        assert_eq!(world.vultr(Method::GET, "/account", None).await.status, 500);
    }
    let faults = world.state().await["faults"].clone();
    assert_eq!((&faults[0]["id"], &faults[0]["struck"]), (&id, &json!(3)));
    assert_eq!(world.control(Method::DELETE, &format!("/faults/{id}"), None).await.status, 204);
    assert_eq!(world.vultr(Method::GET, "/account", None).await.status, 200);
    for bad in [
        json!({"target": "vultr.dance", "kind": "delay"}),
        json!({"target": "vultr.get", "kind": "melt"}),
        json!({"target": "vultr.get", "kind": "delay", "colour": "red"}),
    ] {
        let answer = world.control(Method::POST, "/faults", Some(bad.clone())).await;
        assert!(matches!(answer.status, 400 | 422), "{bad}");
        assert!(answer.body["error"].is_string());
    }
    assert_eq!(world.state().await["requests"]["vultr.account"], 4);
    world.close().await;
}

#[tokio::test]
async fn a_reset_leaves_nothing_behind() {
    let world = World::open(60).await;
    world.initialize("ord-1").await;
    create(&world, "ord_1").await;
    world.fault(json!({"target": "vultr.*", "kind": "fail_before", "times": 0})).await;
    assert_eq!(world.control(Method::POST, "/reset", None).await.status, 204);
    let state = world.state().await;
    for list in ["machines", "destroyed", "payments", "refunds", "deliveries", "faults"] {
        assert_eq!(state[list], json!([]), "{list}");
    }
    assert_eq!(create(&world, "ord_1").await.0, 202);
    world.initialize("ord-1").await;
    world.close().await;
}
