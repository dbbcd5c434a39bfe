//! `/paystack/transaction`

use reqwest::Method;
use sandbox::Config;
use serde_json::{Value, json};

use crate::support::{PAYSTACK_KEY, World, config};

async fn refused(world: &World, body: Value) -> (u16, Value) {
    let answer = world.paystack(Method::POST, "/transaction/initialize", Some(body)).await;
    assert_eq!(answer.body["status"], false, "{}", answer.body);
    (answer.status, answer.body)
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_401_in_their_words() {
    let world = World::open(1).await;
    let wrong = world.request(Method::GET, "/paystack/transaction").bearer_auth("sk_test_other").send().await;
    let wrong = wrong.expect("an answer");
    assert_eq!(wrong.status(), 401);
    assert_eq!(
        wrong.json::<Value>().await.expect("JSON"),
        json!({"status": false, "message": "Invalid key"})
    );
    let none = world.request(Method::GET, "/paystack/transaction").send().await.expect("an answer");
    assert_eq!(none.status(), 401);
    world.close().await;
}

#[tokio::test]
async fn an_initialised_payment_is_abandoned_until_it_is_paid() {
    let world = World::open(1).await;
    let data = world.initialize("ord-1").await;
    assert_eq!(data["reference"], "ord-1");
    let url = data["authorization_url"].as_str().expect("a URL");
    assert!(url.ends_with(&format!("/checkout/{}", data["access_code"].as_str().expect("a code"))), "{url}");

    let before = world.paystack(Method::GET, "/transaction/verify/ord-1", None).await.body;
    assert_eq!(before["status"], true);
    assert_eq!(before["data"]["status"], "abandoned");
    assert_eq!(before["data"]["paid_at"], Value::Null);
    assert_eq!(before["data"]["authorization"], json!({}));

    world.pay("ord-1").await;
    let after = world.paystack(Method::GET, "/transaction/verify/ord-1", None).await.body["data"].clone();
    assert_eq!(after["status"], "success");
    assert_eq!((&after["amount"], &after["requested_amount"]), (&json!(10_000), &json!(10_000)));
    assert_eq!((&after["currency"], &after["domain"]), (&json!("NGN"), &json!("test")));
    assert_eq!((&after["metadata"], &after["plan"]), (&json!(""), &Value::Null));
    assert_eq!((&after["plan_object"], &after["fees"]), (&json!({}), &json!(150)));
    assert_eq!(after["paid_at"], after["paidAt"]);
    assert_eq!(after["created_at"], after["createdAt"]);
    assert!(after["id"].as_u64().expect("an id") > u64::from(u32::MAX));
    world.close().await;
}

/// The fields that the published description requires of a verified transaction.
const VERIFY_FIELDS: &[&str] = &[
    "id",
    "domain",
    "status",
    "reference",
    "receipt_number",
    "amount",
    "message",
    "gateway_response",
    "paid_at",
    "created_at",
    "channel",
    "currency",
    "ip_address",
    "metadata",
    "log",
    "fees",
    "fees_split",
    "authorization",
    "customer",
    "plan",
    "split",
    "order_id",
    "paidAt",
    "createdAt",
    "requested_amount",
    "pos_transaction_data",
    "source",
    "fees_breakdown",
    "connect",
    "transaction_date",
    "plan_object",
    "subaccount",
];

#[tokio::test]
async fn verify_and_list_have_every_documented_field() {
    let world = World::open(1).await;
    world.initialize("ord-1").await;
    world.pay("ord-1").await;
    let verified = world.paystack(Method::GET, "/transaction/verify/ord-1", None).await.body["data"].clone();
    for field in VERIFY_FIELDS {
        assert!(verified.get(field).is_some(), "verify lacks {field}");
    }
    let list = world.paystack(Method::GET, "/transaction?perPage=1&status=success", None).await.body;
    for field in [
        "id",
        "status",
        "reference",
        "metadata",
        "plan",
        "source",
        "connect",
        "fees_split",
        "requested_amount",
    ] {
        assert!(list["data"][0].get(field).is_some(), "the list lacks {field}");
    }
    let meta =
        json!({"total": 1, "total_volume": 10_000, "skipped": 0, "perPage": 1, "page": 1, "pageCount": 1});
    assert_eq!(list["meta"], meta);
    world.close().await;
}

#[tokio::test]
async fn a_reference_is_used_once() {
    let world = World::open(1).await;
    world.initialize("ord-1").await;
    let again = json!({"email": "bob@example.com", "amount": 99_999, "reference": "ord-1"});
    let (status, body) = refused(&world, again).await;
    assert_eq!(status, 400);
    assert_eq!(body["code"], "duplicate_reference");
    assert_eq!(body["message"], "Duplicate Transaction Reference");
    assert_eq!(body["type"], "validation_error");
    world.close().await;
}

#[tokio::test]
async fn requests_that_paystack_refuses_are_refused() {
    let world = World::open(1).await;
    let email = "ada@example.com";
    for (body, code) in [
        (json!({"amount": 10_000}), "missing_params"),
        (json!({"email": email}), "missing_params"),
        (json!({"email": "ada", "amount": 10_000}), "invalid_email_address"),
        (json!({"email": email, "amount": "12.50"}), "invalid_params"),
        (json!({"email": email, "amount": -1}), "invalid_params"),
        (json!({"email": email, "amount": 4_999, "currency": "NGN"}), "invalid_params"),
        (json!({"email": email, "amount": 199, "currency": "USD"}), "invalid_params"),
        (json!({"email": email, "amount": 10_000, "currency": "EUR"}), "unsupported_currency"),
        (json!({"email": email, "amount": 10_000, "reference": "ord_1"}), "invalid_params"),
        (json!({"email": email, "amount": 10_000, "callback_url": "javascript:alert(1)"}), "invalid_params"),
    ] {
        let (status, answer) = refused(&world, body.clone()).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some(code)), "{body}");
    }
    let message = refused(&world, json!({"amount": 10_000})).await.1["message"].clone();
    assert_eq!(message, "Email Address is required");
    world.close().await;
}

#[tokio::test]
async fn form_bodies_and_amounts_as_strings_are_taken_too() {
    let world = World::open(1).await;
    let request = world.request(Method::POST, "/paystack/transaction/initialize").bearer_auth(PAYSTACK_KEY);
    let form = [("email", "ada@example.com"), ("amount", "500"), ("currency", "USD"), ("reference", "ord-f")];
    let answer = request.form(&form).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let data = world.paystack(Method::GET, "/transaction/verify/ord-f", None).await.body["data"].clone();
    assert_eq!((&data["amount"], &data["currency"]), (&json!(500), &json!("USD")));
    world.close().await;
}

#[tokio::test]
async fn an_unknown_reference_is_404() {
    let world = World::open(1).await;
    let answer = world.paystack(Method::GET, "/transaction/verify/nobody", None).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.body, json!({"status": false, "message": "Entity not found"}));
    world.close().await;
}

#[tokio::test]
async fn a_payment_can_be_made_to_differ_from_the_order() {
    let world = World::open(1).await;
    world.initialize("ord-1").await;
    let other = json!({"reference": "ord-1", "amount": 9_999, "currency": "KES", "domain": "live"});
    assert_eq!(world.control(Method::POST, "/paystack/pay", Some(other.clone())).await.status, 200);
    let data = world.paystack(Method::GET, "/transaction/verify/ord-1", None).await.body["data"].clone();
    assert_eq!((&data["amount"], &data["requested_amount"]), (&json!(9_999), &json!(10_000)));
    assert_eq!((&data["currency"], &data["domain"]), (&json!("KES"), &json!("live")));
    assert_eq!(world.control(Method::POST, "/paystack/pay", Some(other)).await.status, 409);
    let unknown = json!({"reference": "nobody"});
    assert_eq!(world.control(Method::POST, "/paystack/pay", Some(unknown)).await.status, 404);
    world.close().await;
}

#[tokio::test]
async fn the_domain_follows_the_key() {
    let key = "sk_live_0123456789abcdef";
    let world = World::with(Config { paystack_secret_key: key.into(), ..config(1) }).await;
    let body = json!({"email": "ada@example.com", "amount": 10_000, "reference": "ord-1",
        "metadata": {"order_id": "ord_1"}});
    let request = world.request(Method::POST, "/paystack/transaction/initialize").bearer_auth(key);
    assert_eq!(request.json(&body).send().await.expect("an answer").status(), 200);
    let verify = world.request(Method::GET, "/paystack/transaction/verify/ord-1").bearer_auth(key);
    let data = verify.send().await.expect("an answer").json::<Value>().await.expect("JSON")["data"].clone();
    assert_eq!(data["domain"], "live");
    assert_eq!(data["metadata"], json!({"order_id": "ord_1"}));
    world.close().await;
}
