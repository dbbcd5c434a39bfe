//! `/checkout`: the page that the customer sees.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Receiver, World};

async fn open(world: &World, callback_url: Option<&str>, metadata: Value) -> String {
    let body = json!({"email": "<ada>@example.com", "amount": 1_500_000, "currency": "NGN", "reference": "ord-1",
        "callback_url": callback_url, "metadata": metadata});
    let answer = world.paystack(Method::POST, "/transaction/initialize", Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    format!("/checkout/{}", answer.body["data"]["access_code"].as_str().expect("a code"))
}

async fn press(world: &World, page: &str, action: &str) -> (u16, String, String) {
    let answer =
        world.request(Method::POST, page).form(&[("action", action)]).send().await.expect("an answer");
    let location =
        answer.headers().get("location").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    (answer.status().as_u16(), location, answer.text().await.expect("text"))
}

async fn status(world: &World) -> Value {
    world.paystack(Method::GET, "/transaction/verify/ord-1", None).await.body["data"]["status"].clone()
}

#[tokio::test]
async fn the_page_shows_what_is_paid_and_nobodys_markup() {
    let world = World::open(1).await;
    let page = open(&world, None, json!({})).await;
    let answer = world.request(Method::GET, &page).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let html = answer.text().await.expect("text");
    for part in
        ["NGN 15,000.00", "&lt;ada&gt;@example.com", "ord-1", "Fail this attempt", "Cancel", "test mode"]
    {
        assert!(html.contains(part), "{part} is missing");
    }
    assert!(!html.contains("<ada>") && !html.contains("{{"), "{html}");
    assert_eq!(
        world.request(Method::GET, "/checkout/nothing").send().await.expect("an answer").status(),
        404
    );
    world.close().await;
}

#[tokio::test]
async fn paying_sends_the_customer_back_with_both_spellings_of_the_reference() {
    let world = World::open(1).await;
    let receiver = Receiver::open(&world, &[]).await;
    let page = open(&world, Some("https://shop.example/back?order=1"), json!({})).await;
    for _ in 0..2 {
        let (code, location, _) = press(&world, &page, "pay").await;
        assert_eq!(code, 302);
        assert_eq!(location, "https://shop.example/back?order=1&trxref=ord-1&reference=ord-1");
    }
    assert_eq!(status(&world).await, "success");
    receiver.wait_for(&world, 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(receiver.hooks().len(), 1, "a second press pays nothing");
    world.close().await;
}

#[tokio::test]
async fn a_failed_attempt_can_be_tried_again() {
    let world = World::open(1).await;
    let page = open(&world, None, json!({})).await;
    let (code, _, html) = press(&world, &page, "fail").await;
    assert_eq!(code, 200);
    assert!(html.contains("declined"), "{html}");
    assert_eq!(status(&world).await, "failed");
    let (code, _, html) = press(&world, &page, "pay").await;
    assert_eq!(code, 200, "there is no callback URL to go to");
    assert!(html.contains("Payment successful"), "{html}");
    assert_eq!(status(&world).await, "success");
    world.close().await;
}

#[tokio::test]
async fn cancelling_goes_where_the_shop_said() {
    let world = World::open(1).await;
    let metadata = json!({"cancel_action": "https://shop.example/cancelled"});
    let page = open(&world, Some("https://shop.example/back"), metadata).await;
    let (code, location, _) = press(&world, &page, "cancel").await;
    assert_eq!((code, location.as_str()), (302, "https://shop.example/cancelled"));
    assert_eq!(status(&world).await, "abandoned");
    assert_eq!(press(&world, &page, "dance").await.0, 400);
    world.close().await;
}
