//! Signed events and their delivery.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha512;

use crate::support::{PAYSTACK_KEY, Receiver, World};

fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(PAYSTACK_KEY.as_bytes()).expect("any length");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn a_payment_is_announced_once_signed_over_the_raw_bytes() {
    let world = World::open(1).await;
    let receiver = Receiver::open(&world, &[]).await;
    world.initialize("ord-1").await;
    world.pay("ord-1").await;
    let hooks = receiver.wait_for(&world, 1).await;
    assert_eq!(hooks[0].signature, signature(&hooks[0].body));
    let event = hooks[0].event();
    assert_eq!(event["event"], "charge.success");
    let data = &event["data"];
    assert_eq!((&data["status"], &data["reference"]), (&json!("success"), &json!("ord-1")));
    assert_eq!((&data["plan"], &data["metadata"]), (&json!({}), &json!(0)));
    assert_eq!(data["paid_at"], data["paidAt"]);
    assert!(data.get("created_at").is_some());
    let deliveries = world.state().await["deliveries"].clone();
    assert_eq!((&deliveries[0]["status"], &deliveries[0]["attempt"]), (&json!(200), &json!(1)));
    world.close().await;
}

#[tokio::test]
async fn only_200_ends_the_redelivery_and_every_copy_is_identical() {
    // Three minutes become 60 ms.
    let world = World::open(3_000).await;
    let receiver = Receiver::open(&world, &[500, 204, 302, 201, 202]).await;
    world.initialize("ord-1").await;
    world.pay("ord-1").await;
    let hooks = receiver.wait_for(&world, 5).await;
    assert!(hooks.iter().all(|h| h.body == hooks[0].body && h.signature == hooks[0].signature));
    // The next gap is an hour, 1.2 s here.
    let hooks = receiver.wait_for(&world, 6).await;
    assert_eq!(hooks.len(), 6);
    world
        .until("the attempts are on record", async || {
            let deliveries = world.state().await["deliveries"].clone();
            let statuses: Vec<Value> =
                deliveries.as_array()?.iter().rev().map(|d| d["status"].clone()).collect();
            (statuses == [500, 204, 302, 201, 202, 200]).then_some(())
        })
        .await;
    world.close().await;
}

#[tokio::test]
async fn nothing_is_sent_while_paused_and_everything_afterwards() {
    let world = World::open(1).await;
    let receiver = Receiver::open(&world, &[]).await;
    world.control(Method::POST, "/paystack/webhooks/pause", None).await;
    for reference in ["ord-1", "ord-2"] {
        world.initialize(reference).await;
        world.pay(reference).await;
    }
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(receiver.hooks().is_empty());
    world.control(Method::POST, "/paystack/webhooks/resume", None).await;
    assert_eq!(receiver.wait_for(&world, 2).await.len(), 2);
    world.close().await;
}

#[tokio::test]
async fn ten_copies_at_once_have_the_same_bytes() {
    let world = World::open(1).await;
    let receiver = Receiver::open(&world, &[]).await;
    world.initialize("ord-1").await;
    world.pay("ord-1").await;
    receiver.wait_for(&world, 1).await;
    let order = json!({"reference": "ord-1", "copies": 10, "concurrent": true});
    let answer = world.control(Method::POST, "/paystack/redeliver", Some(order)).await;
    assert_eq!(answer.body, json!({"statuses": vec![200; 10]}));
    let hooks = receiver.hooks();
    assert_eq!(hooks.len(), 11);
    assert!(hooks.iter().all(|hook| hook.body == hooks[0].body));
    let unknown = json!({"reference": "ord-2"});
    assert_eq!(world.control(Method::POST, "/paystack/redeliver", Some(unknown)).await.status, 400);
    world.close().await;
}

#[tokio::test]
async fn a_webhook_can_be_lost_late_or_sent_twice() {
    let world = World::open(3_000).await;
    let receiver = Receiver::open(&world, &[]).await;
    for (reference, kind) in [("lost", "refuse"), ("late", "delay"), ("twice", "drop_after_effect")] {
        world
            .fault(json!({"target": "paystack.webhook", "kind": kind, "match": reference, "delay_ms": 200}))
            .await;
        world.initialize(reference).await;
    }
    for reference in ["lost", "late", "twice"] {
        world.pay(reference).await;
    }
    let hooks = receiver.wait_for(&world, 3).await;
    let references: Vec<Value> = hooks.iter().map(|h| h.event()["data"]["reference"].clone()).collect();
    assert_eq!(references.iter().filter(|r| *r == "twice").count(), 2, "{references:?}");
    assert_eq!(references.iter().filter(|r| *r == "late").count(), 1, "{references:?}");
    world.close().await;
}

#[tokio::test]
async fn without_a_url_the_attempt_is_noted_and_nothing_hangs() {
    let world = World::open(1).await;
    world.initialize("ord-1").await;
    world.pay("ord-1").await;
    let delivery =
        world.until("it is noted", async || world.state().await["deliveries"].get(0).cloned()).await;
    assert_eq!(delivery["error"], "no webhook URL is set");
    for url in ["ftp://x/", "not a url"] {
        let answer = world.control(Method::POST, "/paystack/webhook", Some(json!({"url": url}))).await;
        assert_eq!(answer.status, 400, "{url}");
    }
    world.close().await;
}
