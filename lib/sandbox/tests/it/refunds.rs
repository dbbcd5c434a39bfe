//! `/paystack/refund`

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Receiver, World};

/// Twenty seconds become 20 ms.
const FAST: u32 = 1_000;

async fn refund(world: &World, body: Value) -> (u16, Value) {
    let answer = world.paystack(Method::POST, "/refund", Some(body)).await;
    (answer.status, answer.body)
}

async fn paid(world: &World, reference: &str) {
    world.initialize(reference).await;
    world.pay(reference).await;
}

#[tokio::test]
async fn a_refund_goes_through_its_steps_with_an_event_for_each() {
    let world = World::open(FAST).await;
    paid(&world, "ord-1").await;
    let receiver = Receiver::open(&world, &[]).await;
    let (status, body) = refund(&world, json!({"transaction": "ord-1"})).await;
    assert_eq!(status, 200);
    assert_eq!(body["message"], "Refund has been queued for processing");
    let data = &body["data"];
    assert_eq!((&data["status"], &data["amount"]), (&json!("pending"), &json!(10_000)));
    assert_eq!(data["transaction"]["reference"], "ord-1");
    assert!(data["id"].is_u64() && data["expected_at"].is_string());

    let hooks = receiver.wait_for(&world, 3).await;
    assert_eq!(receiver.names(), ["refund.pending", "refund.processing", "refund.processed"]);
    for hook in &hooks {
        let event = hook.event();
        assert_eq!(event["data"]["amount"], json!("10000"), "a string");
        assert_eq!(event["data"]["transaction_reference"], "ord-1");
        assert!(event["data"].get("id").is_none());
        assert!(event["data"]["customer"].get("customer_code").is_none());
    }
    assert_eq!(hooks[0].event()["data"]["refund_reference"], Value::Null);
    assert!(hooks[2].event()["data"]["refund_reference"].is_string());

    let row =
        world.paystack(Method::GET, &format!("/refund/{}", data["id"]), None).await.body["data"].clone();
    assert_eq!((&row["status"], &row["transaction_reference"]), (&json!("processed"), &json!("ord-1")));
    let verified = world.paystack(Method::GET, "/transaction/verify/ord-1", None).await.body;
    assert_eq!(verified["data"]["status"], "reversed");
    world.close().await;
}

#[tokio::test]
async fn a_refund_can_fail_or_need_attention_and_then_be_retried() {
    let world = World::open(FAST).await;
    paid(&world, "ord-1").await;
    paid(&world, "ord-2").await;
    let receiver = Receiver::open(&world, &[]).await;
    world.fault(json!({"target": "paystack.refund", "kind": "refund_fails", "match": "ord-1"})).await;
    world
        .fault(json!({"target": "paystack.refund", "kind": "refund_needs_attention", "match": "ord-2"}))
        .await;
    refund(&world, json!({"transaction": "ord-1"})).await;
    receiver.wait_for(&world, 3).await;
    let failed = receiver.hooks()[2].event();
    assert_eq!((&failed["event"], &failed["data"]["amount"]), (&json!("refund.failed"), &json!(10_000)));
    let verified = world.paystack(Method::GET, "/transaction/verify/ord-1", None).await.body;
    assert_eq!(verified["data"]["status"], "success", "the money is back with the shop");

    let id = refund(&world, json!({"transaction": "ord-2"})).await.1["data"]["id"].clone();
    let hooks = receiver.wait_for(&world, 6).await;
    let attention = hooks[5].event();
    assert_eq!(attention["event"], "refund.needs-attention");
    assert_eq!(attention["data"]["id"], json!(id.to_string()), "a string, and only here");
    assert!(attention["data"].get("processor").is_none());

    let account =
        json!({"refund_account_details": {"currency": "NGN", "account_number": "1", "bank_id": "9"}});
    let path = format!("/refund/retry_with_customer_details/{id}");
    assert_eq!(world.paystack(Method::POST, &path, Some(json!({}))).await.status, 400);
    assert_eq!(world.paystack(Method::POST, &path, Some(account)).await.status, 200);
    receiver.wait_for(&world, 8).await;
    assert_eq!(receiver.names()[6..], ["refund.processing", "refund.processed"]);
    world.close().await;
}

#[tokio::test]
async fn more_than_was_paid_is_never_refunded() {
    let world = World::open(1).await;
    world.initialize("ord-1").await;
    assert_eq!(refund(&world, json!({"transaction": "nobody"})).await.0, 404);
    assert_eq!(refund(&world, json!({"amount": 5})).await.0, 400);
    assert_eq!(refund(&world, json!({"transaction": "ord-1"})).await.0, 400, "not paid yet");
    world.pay("ord-1").await;
    assert_eq!(refund(&world, json!({"transaction": "ord-1", "amount": 10_001})).await.0, 400);
    assert_eq!(refund(&world, json!({"transaction": "ord-1", "amount": 6_000})).await.0, 200);
    assert_eq!(refund(&world, json!({"transaction": "ord-1", "amount": 6_000})).await.0, 400);
    assert_eq!(refund(&world, json!({"transaction": "ord-1"})).await.1["data"]["amount"], 4_000);
    assert_eq!(refund(&world, json!({"transaction": "ord-1"})).await.0, 400, "nothing is left");
    world.close().await;
}

#[tokio::test]
async fn refunds_are_found_by_reference_or_transaction_id() {
    let world = World::open(1).await;
    for reference in ["ord-1", "ord-2"] {
        paid(&world, reference).await;
        refund(&world, json!({"transaction": reference})).await;
    }
    let all = world.paystack(Method::GET, "/refund", None).await.body;
    assert_eq!(all["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(all["meta"]["perPage"], "50", "a string on this list");
    let id = all["data"][0]["transaction"].clone();
    for query in ["transaction=ord-2".to_owned(), "reference=ord-2".to_owned(), format!("transaction={id}")] {
        let some = world.paystack(Method::GET, &format!("/refund?{query}"), None).await.body;
        assert_eq!(some["data"].as_array().map(Vec::len), Some(1), "{query}");
        assert_eq!(some["data"][0]["transaction_reference"], "ord-2");
    }
    let none = world.paystack(Method::GET, "/refund?transaction=nobody", None).await.body;
    assert_eq!(none["data"], json!([]));
    assert_eq!(world.paystack(Method::GET, "/refund/1", None).await.status, 404);
    world.close().await;
}
