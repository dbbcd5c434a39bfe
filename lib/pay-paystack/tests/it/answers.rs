//! Every way in which a call can go wrong.

use app::ports::{GatewayError, PaymentGateway};
use domain::money::{Currency, Money};
use domain::secret::Secret;
use http_call::peer::{Peer, Reply, client};
use pay_paystack::Client;
use serde_json::json;

use crate::{REFERENCE, adapter, checkout, verified};

fn refusal(status: u16, code: &str, message: &str) -> Reply {
    let meta = json!({"nextStep": "Check it and try again"});
    let body = json!({
        "status": false, "message": message, "meta": meta, "type": "validation_error", "code": code,
    });
    Reply::json(status, body.to_string())
}

/// The variant, and what it carries.
fn name(error: &GatewayError) -> String {
    match error {
        GatewayError::DuplicateReference => "duplicate".to_owned(),
        GatewayError::NotFound => "not found".to_owned(),
        GatewayError::Unauthorized => "unauthorized".to_owned(),
        GatewayError::Refused(text) => format!("refused: {text}"),
        GatewayError::Busy { retry_after } => format!("busy {retry_after:?}"),
        GatewayError::Unclear { .. } => "unclear".to_owned(),
    }
}

const BAD_KEY_UNDER_400: fn() -> Reply = || Reply::json(400, r#"{"status":false,"message":"Invalid key"}"#);

#[tokio::test]
async fn a_checkout_that_is_not_opened_says_why() {
    let long = "no ".repeat(400);
    let rows: Vec<(Reply, String)> = vec![
        (refusal(400, "duplicate_reference", "Duplicate Transaction Reference"), "duplicate".into()),
        (refusal(400, "", "Duplicate Transaction Reference"), "duplicate".into()),
        (refusal(401, "invalid_Key", "Invalid key"), "unauthorized".into()),
        (BAD_KEY_UNDER_400(), "unauthorized".into()),
        (Reply::html(401), "unauthorized".into()),
        (
            refusal(400, "missing_params", "Email Address is required"),
            "refused: Email Address is required".into(),
        ),
        (
            refusal(403, "unsupported_currency", "Currency not supported by merchant"),
            "refused: Currency not supported by merchant".into(),
        ),
        (refusal(404, "", "Entity not found"), "refused: Entity not found".into()),
        (refusal(200, "", "Not today"), "refused: Not today".into()),
        (refusal(422, "odd", ""), "refused: HTTP 422 odd".into()),
        (refusal(400, "", &long), format!("refused: {}…", &long[..300])),
        (refusal(429, "", "slow down").with("retry-after", "7"), "busy Some(7)".into()),
        (Reply::html(429), "busy None".into()),
        (refusal(500, "api_error", "oops"), "unclear".into()),
        (refusal(503, "duplicate_reference", "Duplicate Transaction Reference"), "unclear".into()),
        (refusal(408, "", "Request timeout"), "unclear".into()),
        (Reply::html(200), "unclear".into()),
        (Reply::html(403), "unclear".into()),
        (Reply::html(502), "unclear".into()),
        (Reply::empty(204), "unclear".into()),
        (Reply::empty(302).with("location", "https://elsewhere.test/"), "unclear".into()),
        (Reply::json(200, "{"), "unclear".into()),
        (Reply::json(200, "[]"), "unclear".into()),
        (Reply::json(400, r#"{"status":true,"message":"?"}"#), "unclear".into()),
        (Reply::json(400, r#""no""#), "unclear".into()),
        (Reply::json(200, r#"{"status":true,"data":{}}"#), "unclear".into()),
        (Reply::json(200, r#"{"status":true,"data":[1]}"#), "unclear".into()),
        (
            Reply::json(200, r#"{"status":true,"data":{"authorization_url":"javascript:1"}}"#),
            "unclear".into(),
        ),
        (
            Reply::json(
                200,
                r#"{"status":true,"data":{"authorization_url":"https://p.test/1","reference":"other"}}"#,
            ),
            "unclear".into(),
        ),
        (Reply::json(200, "x".repeat((1 << 20) + 1)), "unclear".into()),
        (Reply::HangUp, "unclear".into()),
        (Reply::CutShort(200), "unclear".into()),
    ];
    for (index, (reply, expected)) in rows.into_iter().enumerate() {
        let peer = Peer::start(vec![reply]).await;
        let error = adapter(&peer).open_checkout(&checkout()).await.expect_err("no page");
        assert_eq!(name(&error), expected, "row {index}");
        assert!(peer.seen().len() <= 1, "row {index} was sent again");
    }
}

#[tokio::test]
async fn an_unknown_reference_is_not_found_and_a_wrong_address_is_not() {
    for (reply, expected) in [
        (refusal(404, "", "Entity not found"), "not found"),
        (refusal(400, "transaction_not_found", "Transaction reference not found."), "not found"),
        (
            refusal(400, "invalid", "Transaction ID or reference is invalid"),
            "refused: Transaction ID or reference is invalid",
        ),
        (refusal(401, "", "Invalid key"), "unauthorized"),
        (BAD_KEY_UNDER_400(), "unauthorized"),
        (Reply::html(404), "unclear"),
        (Reply::json(404, r#"{"message":"no route"}"#), "unclear"),
        (Reply::json(200, verified(json!({"amount": null}))), "unclear"),
        (Reply::json(200, verified(json!({"amount": 45.5}))), "unclear"),
        (Reply::json(200, verified(json!({"status": null}))), "unclear"),
        (Reply::json(200, r#"{"status":true,"data":null}"#), "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        let error = adapter(&peer).verify(REFERENCE).await.expect_err("no transaction");
        assert_eq!(name(&error), expected);
    }
}

#[tokio::test]
async fn a_read_survives_two_failures_and_a_refund_none() {
    let peer =
        Peer::start(vec![Reply::html(502), Reply::HangUp, Reply::json(200, verified(json!({})))]).await;
    assert!(adapter(&peer).verify(REFERENCE).await.is_ok());
    assert_eq!(peer.seen().len(), 3);

    for reply in [Reply::html(502), Reply::HangUp, Reply::CutShort(200)] {
        let peer = Peer::start(vec![reply, Reply::empty(200)]).await;
        let amount = Money::new(100, Currency::Usd);
        let error = adapter(&peer).refund(REFERENCE, amount, "x").await.expect_err("no answer");
        assert_eq!((name(&error).as_str(), peer.seen().len()), ("unclear", 1));
    }
}

#[tokio::test]
async fn a_refund_that_is_refused_says_why() {
    let text = "Transaction has been fully reversed";
    for (reply, expected) in [
        (refusal(400, "transaction_reversed", text), format!("refused: {text}")),
        (refusal(404, "", "Transaction not found"), "not found".to_owned()),
        (Reply::json(200, r#"{"status":true,"data":{"status":"pending"}}"#), "unclear".to_owned()),
    ] {
        let peer = Peer::start(vec![reply]).await;
        let amount = Money::new(100, Currency::Usd);
        let error = adapter(&peer).refund(REFERENCE, amount, "x").await.expect_err("no refund");
        assert_eq!(name(&error), expected);
    }
}

#[tokio::test]
async fn a_gateway_that_cannot_be_reached_has_done_nothing() {
    let peer = Peer::start(Vec::new()).await;
    let adapter = adapter(&peer);
    drop(peer);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let error = adapter.open_checkout(&checkout()).await.expect_err("nobody there");
    assert_eq!(name(&error), "busy None");
}

#[tokio::test]
async fn without_a_usable_key_nothing_is_sent() {
    let peer = Peer::start(Vec::new()).await;
    for key in ["", " \n", "sk\u{0}x"] {
        let adapter = Client::new(client(), peer.url(), Secret::new(key.to_owned()));
        let error = adapter.open_checkout(&checkout()).await.expect_err("no key");
        assert_eq!(name(&error), "unauthorized");
    }
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn no_error_repeats_the_body_of_an_answer() {
    let canary = "canary-5a1b";
    for body in
        [format!(r#"{{"status":true,"data":"{canary}"}}"#), format!("<p>{canary}"), format!("{{\"{canary}")]
    {
        let peer = Peer::start(vec![Reply::json(200, body)]).await;
        let error = adapter(&peer).verify(REFERENCE).await.expect_err("no transaction");
        assert!(!error.to_string().contains(canary), "{error}");
    }
}
