//! What bad input gets over the real HTTP interface: a clear refusal, and nothing done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha512;

use crate::stack::{Answer, Customer, Stack, unique, until};

/// Every route that only a signed-in customer may use.
const ROUTES: [(&str, &str); 13] = [
    ("GET", "/auth/me"),
    ("PUT", "/auth/profile"),
    ("POST", "/checkout"),
    ("GET", "/orders"),
    ("GET", "/orders/ord_1"),
    ("GET", "/instances"),
    ("GET", "/instances/ins_1"),
    ("GET", "/instances/ins_1/credentials"),
    ("GET", "/instances/ins_1/rdp-file"),
    ("POST", "/instances/ins_1/restart"),
    ("POST", "/instances/ins_1/stop"),
    ("POST", "/instances/ins_1/reinstall"),
    ("DELETE", "/instances/ins_1"),
];

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, field: Option<&str>) {
    let problem = answer.json();
    assert_eq!((answer.status, problem["code"].as_str()), (status, Some(code)), "{}", answer.text);
    assert_eq!(problem["field"].as_str(), field, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert!(!answer.header("x-request-id").is_empty(), "no request id");
}

fn wish() -> Value {
    json!({"plan": "basic", "os": "linux", "currency": "USD", "method": "paystack"})
}

#[test]
fn nobody_gets_in_without_a_token_that_this_shop_gave_out_and_that_is_still_good() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    let tokens = [
        None,
        Some("Bearer".to_owned()),
        Some("Bearer not-a-token".to_owned()),
        Some(with_claim(&ada.authorization, "exp", &json!(1_600_000_000))),
        Some(with_claim(&ada.authorization, "sub", &json!("somebody-else"))),
        Some(with_claim(
            &ada.authorization,
            "iss",
            &json!("https://cognito-idp.us-east-1.amazonaws.com/other"),
        )),
        Some(ada.authorization[..ada.authorization.len() - 8].to_owned()),
        Some(format!("Bearer {}", stack.foreign_token())),
    ];
    for (method, path) in ROUTES {
        for token in &tokens {
            let headers: Vec<_> = token.iter().map(|token| ("authorization", token.as_str())).collect();
            let body = matches!(method, "POST" | "PUT").then_some("{}");
            let answer = stack.call(method, path, &headers, body);
            assert_eq!(answer.status, 401, "{method} {path} with {token:?}: {}", answer.text);
        }
    }
}

#[test]
fn a_token_is_good_until_it_expires_and_not_a_moment_longer() {
    let Some(stack) = Stack::alone() else { return };
    stack.set_token_minutes(0);
    let customer = catch_unwind(AssertUnwindSafe(|| Customer::new(&stack)));
    stack.set_token_minutes(60);
    let ada = customer.expect("a customer with a token for a second");
    let expired = || (ada.call("GET", "/auth/me", None).status == 401).then_some(());
    until(Duration::from_secs(10), expired, || "the token is still good".to_owned());
}

#[test]
fn somebody_whose_address_is_not_verified_cannot_order() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::unverified(&stack);
    assert_eq!(ada.get("/auth/me")["email_verified"], false);
    refused(&ada.post_checkout(&unique(), &wish()), 403, "forbidden", None);
    assert_eq!(ada.get("/orders")["orders"], json!([]));
}

/// A token that claims something else under the same signature.
fn with_claim(authorization: &str, claim: &str, value: &Value) -> String {
    let mut parts = authorization.split('.');
    let (header, claims) = (parts.next().expect("a header"), parts.next().expect("claims"));
    let signature = parts.next().expect("a signature");
    let mut claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON");
    claims[claim] = value.clone();
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

#[test]
fn a_checkout_that_makes_no_sense_is_refused_by_the_name_of_what_is_wrong() {
    let Some(stack) = Stack::beside_others() else { return };
    let ada = Customer::new(&stack);
    for (field, value) in [
        ("plan", json!("enormous")),
        ("os", json!("macos")),
        ("currency", json!("XXX")),
        ("method", json!("cash")),
        ("region", json!("moon")),
        ("plan", json!(7)),
    ] {
        let mut wrong = wish();
        wrong[field] = value;
        refused(&ada.post_checkout(&unique(), &wrong), 422, "invalid_field", Some(field));
    }
    let mut incomplete = wish();
    incomplete.as_object_mut().expect("an object").remove("os");
    refused(&ada.post_checkout(&unique(), &incomplete), 422, "invalid_field", Some("os"));
    let mut surplus = wish();
    surplus["amount"] = json!(1);
    refused(&ada.post_checkout(&unique(), &surplus), 422, "invalid_field", Some("amount"));

    let key = unique();
    let keyed = [("idempotency-key", key.as_str())];
    refused(&ada.call_with("POST", "/checkout", &keyed, Some("{\"plan\":")), 400, "malformed_json", None);
    refused(&ada.call_with("POST", "/checkout", &keyed, Some("")), 400, "malformed_json", None);
    refused(&ada.call("POST", "/checkout", Some(&wish())), 400, "invalid_request", Some("Idempotency-Key"));
    let long = format!("{{\"plan\":\"{}\"}}", "x".repeat(256 * 1024));
    refused(&ada.call_with("POST", "/checkout", &keyed, Some(&long)), 413, "body_too_large", None);
    refused(&ada.call("GET", "/orders?limit=0", None), 400, "invalid_request", Some("limit"));
    refused(&ada.call("GET", "/orders?cursor=nonsense", None), 400, "invalid_request", Some("cursor"));
    let preferences = json!({"credential_delivery": "pigeon"});
    refused(
        &ada.call("PUT", "/auth/profile", Some(&preferences)),
        422,
        "invalid_field",
        Some("credential_delivery"),
    );
    assert_eq!(ada.get("/orders")["orders"], json!([]), "something was ordered all the same");
}

#[test]
fn an_idempotency_key_means_one_order_for_good() {
    let Some(stack) = Stack::beside_others() else { return };
    let (ada, bob) = (Customer::new(&stack), Customer::new(&stack));
    let key = unique();
    let first = ada.post_checkout(&key, &wish());
    assert_eq!(first.status, 201, "{}", first.text);
    let again = ada.post_checkout(&key, &wish());
    assert_eq!((again.status, again.json()), (200, first.json()));
    let mut other = wish();
    other["os"] = json!("windows");
    refused(&ada.post_checkout(&key, &other), 422, "idempotency_key_reused", None);
    assert_eq!(ada.get("/orders")["orders"].as_array().map(Vec::len), Some(1));

    let of_bob = bob.post_checkout(&key, &wish());
    assert_eq!(of_bob.status, 201, "keys of two customers are two keys: {}", of_bob.text);
    assert_ne!(of_bob.json()["order_id"], first.json()["order_id"]);

    let key = unique();
    let at_once: Vec<Answer> = std::thread::scope(|scope| {
        let clicks: Vec<_> = (0..4).map(|_| scope.spawn(|| ada.post_checkout(&key, &wish()))).collect();
        clicks.into_iter().map(|click| click.join().expect("an answer")).collect()
    });
    let mut orders: Vec<String> = at_once.iter().map(|a| a.json()["order_id"].to_string()).collect();
    orders.dedup();
    assert_eq!(orders.len(), 1, "four clicks at once: {orders:?}");
    assert_eq!(at_once.iter().filter(|answer| answer.status == 201).count(), 1);
}

#[test]
fn what_belongs_to_another_customer_does_not_exist() {
    let Some(stack) = Stack::beside_others() else { return };
    let (ada, eve) = (Customer::new(&stack), Customer::new(&stack));
    let order = ada.order("basic", "linux");
    order.pay();
    order.is_delivered();
    let instance = order.instance();
    let nobodys = "00000000000000000000000000";
    for (method, path) in [
        ("GET", format!("/orders/{}", order.id)),
        ("GET", format!("/instances/{instance}")),
        ("GET", format!("/instances/{instance}/credentials")),
        ("GET", format!("/instances/{instance}/rdp-file")),
        ("POST", format!("/instances/{instance}/restart")),
        ("POST", format!("/instances/{instance}/start")),
        ("POST", format!("/instances/{instance}/stop")),
        ("POST", format!("/instances/{instance}/reinstall")),
        ("DELETE", format!("/instances/{instance}")),
    ] {
        let theirs = eve.call(method, &path, None);
        refused(&theirs, 404, "not_found", None);
        let missing = path.replace(&order.id[4..], nobodys).replace(&instance[4..], nobodys);
        let missing = eve.call(method, &missing, None);
        refused(&missing, 404, "not_found", None);
        assert_eq!(theirs.json()["detail"], missing.json()["detail"], "{method} {path} tells that it exists");
    }
    assert_eq!(eve.get("/orders")["orders"], json!([]));
    assert_eq!(eve.get("/instances")["instances"], json!([]));
    assert_eq!(stack.item(&format!("INSTANCE#{instance}"), "INSTANCE")["status"], "active");
}

#[test]
fn a_webhook_that_the_gateway_did_not_sign_is_refused_and_nothing_of_it_is_stored() {
    let Some(stack) = Stack::beside_others() else { return };
    let mark = unique();
    let body = json!({"event": "charge.success", "data": {"reference": format!("pay-{mark}-1")}}).to_string();
    let of_another_key = signed(&body, "sk_test_of_somebody_else");
    let right = signed(&body, stack.fact("paystack_secret_key"));
    let of_other_bytes = signed(&format!("{body} "), stack.fact("paystack_secret_key"));
    for signature in ["", "00", &of_another_key, &of_other_bytes, &right.to_uppercase(), &right[..64]] {
        let headers = [("x-paystack-signature", signature), ("content-type", "application/json")];
        let answer = stack.call("POST", "/webhooks/paystack", &headers, Some(&body));
        refused(&answer, 401, "unauthorized", None);
    }
    refused(&stack.call("POST", "/webhooks/paystack", &[], Some(&body)), 401, "unauthorized", None);
    let long = "x".repeat(256 * 1024 + 1);
    refused(&stack.call("POST", "/webhooks/paystack", &[], Some(&long)), 413, "body_too_large", None);
    let signed_nonsense = signed("nonsense", stack.fact("paystack_secret_key"));
    let headers = [("x-paystack-signature", signed_nonsense.as_str())];
    refused(
        &stack.call("POST", "/webhooks/paystack", &headers, Some("nonsense")),
        400,
        "malformed_json",
        None,
    );
    let kept = stack.all_items().into_iter().find(|item| item.to_string().contains(&mark));
    assert!(kept.is_none(), "stored: {kept:?}");

    let headers = [("x-paystack-signature", right.as_str()), ("content-type", "application/json")];
    let answer = stack.call("POST", "/webhooks/paystack", &headers, Some(&body));
    assert_eq!(answer.status, 200, "what the gateway signed is taken: {}", answer.text);
}

fn signed(body: &str, key: &str) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).expect("any length will do");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[test]
fn a_machine_that_reports_at_an_address_nobody_gave_it_is_not_heard() {
    let Some(stack) = Stack::beside_others() else { return };
    let report = json!({"state": "ready"}).to_string();
    for path in [
        "/first-boot/ins_00000000000000000000000000/1.1.00",
        "/first-boot/ins_00000000000000000000000000/nonsense",
        "/first-boot/nobody/1.1.00",
    ] {
        let answer = stack.call("POST", path, &[("content-type", "application/json")], Some(&report));
        refused(&answer, 404, "not_found", None);
    }
}

#[test]
fn what_anybody_may_ask_is_answered_without_a_token() {
    let Some(stack) = Stack::beside_others() else { return };
    let plans = stack.call("GET", "/plans", &[], None).good("plans");
    assert_eq!(plans["plans"].as_array().map(Vec::len), Some(6));
    let health = stack.call("GET", "/health", &[], None).good("health");
    assert_eq!(health["status"], "healthy", "{health}");
    let description = stack.call("GET", "/openapi.json", &[], None).good("openapi");
    assert_eq!(description["openapi"], "3.1.0");
    assert_eq!(stack.call("GET", "/checkout/return?reference=pay-0-1", &[], None).status, 404);
    assert_eq!(stack.call("GET", "/nowhere", &[], None).status, 404);
}
