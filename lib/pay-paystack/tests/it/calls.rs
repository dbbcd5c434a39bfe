//! The requests, byte by byte, and the plain answers to them.

use app::ports::{CheckoutPage, PaymentGateway, RefundState};
use domain::money::{Currency, Money};
use domain::payment::{GatewayStatus, GatewayTransaction, RefundStatus};
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{REFERENCE, adapter, checkout, verified};

fn opened() -> Reply {
    let data = json!({
        "authorization_url": "https://checkout.paystack.com/3ni8kdavz62431k",
        "access_code": "3ni8kdavz62431k",
        "reference": REFERENCE,
    });
    let body = json!({"status": true, "message": "Authorization URL created", "data": data});
    Reply::json(200, body.to_string())
}

#[tokio::test]
async fn opening_a_checkout_sends_what_the_documentation_asks_for() {
    let peer = Peer::start(vec![opened()]).await;
    let page = adapter(&peer).open_checkout(&checkout()).await.expect("a page");
    assert_eq!(page, CheckoutPage { url: "https://checkout.paystack.com/3ni8kdavz62431k".to_owned() });

    let seen = peer.seen().remove(0);
    assert_eq!(seen.line, "POST /transaction/initialize");
    assert_eq!(seen.header("authorization"), Some("Bearer sk_test_example"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(
        seen.body,
        concat!(
            r#"{"email":"ada@example.com","amount":4500000,"currency":"NGN","#,
            r#""reference":"pay-01KAH8ZJ5V3W1Q6YB7T9R2C4DE-1","#,
            r#""callback_url":"https://shop.test/checkout/return","#,
            r#""metadata":{"order_id":"ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF","#,
            r#""cancel_action":"https://shop.test/pricing"}}"#
        )
    );
}

#[tokio::test]
async fn channels_are_sent_only_when_they_are_set() {
    let peer = Peer::start(vec![opened()]).await;
    let channels = vec!["card".to_owned(), "bank_transfer".to_owned()];
    let mut request = checkout();
    request.cancel_url = None;
    adapter(&peer).with_channels(channels).open_checkout(&request).await.expect("a page");
    let body = peer.seen()[0].json();
    assert_eq!(body["channels"], json!(["card", "bank_transfer"]));
    assert_eq!(body["metadata"], json!({"order_id": request.order}));
}

#[tokio::test]
async fn verifying_reads_everything_that_the_judgement_needs() {
    let peer = Peer::start(vec![Reply::json(200, verified(json!({})))]).await;
    let found = adapter(&peer).verify(REFERENCE).await.expect("a transaction");
    assert_eq!(
        found,
        GatewayTransaction {
            id: "4099260516".to_owned(),
            reference: REFERENCE.to_owned(),
            status: GatewayStatus::Success,
            amount_minor: 4_500_000,
            currency: "NGN".to_owned(),
            mode: "test".to_owned(),
            paid_at: "2026-11-20T08:15:11Z".parse().ok(),
            fee_minor: Some(77_500),
        }
    );
    let seen = peer.seen().remove(0);
    assert_eq!(seen.line, format!("GET /transaction/verify/{REFERENCE}"));
    assert_eq!(seen.header("authorization"), Some("Bearer sk_test_example"));
    assert_eq!((seen.header("content-type"), seen.body.as_str()), (None, ""));
}

#[tokio::test]
async fn every_word_for_a_transaction_is_survived() {
    for (word, status) in [
        ("success", GatewayStatus::Success),
        ("reversed", GatewayStatus::Reversed),
        ("abandoned", GatewayStatus::NotYet("abandoned".to_owned())),
        ("failed", GatewayStatus::NotYet("failed".to_owned())),
        ("ongoing", GatewayStatus::NotYet("ongoing".to_owned())),
        ("queued", GatewayStatus::NotYet("queued".to_owned())),
        ("Success", GatewayStatus::NotYet("Success".to_owned())),
        ("teleported", GatewayStatus::NotYet("teleported".to_owned())),
    ] {
        let peer = Peer::start(vec![Reply::json(200, verified(json!({"status": word})))]).await;
        assert_eq!(adapter(&peer).verify(REFERENCE).await.expect("a transaction").status, status, "{word}");
    }
}

#[tokio::test]
async fn numbers_as_text_and_one_date_spelling_are_enough() {
    let changes = json!({"id": "17", "amount": "4500000", "fees": "77500", "paid_at": null, "metadata": 0});
    let peer = Peer::start(vec![Reply::json(200, verified(changes))]).await;
    let found = adapter(&peer).verify(REFERENCE).await.expect("a transaction");
    assert_eq!((found.id.as_str(), found.amount_minor, found.fee_minor), ("17", 4_500_000, Some(77_500)));
    assert!(found.paid_at.is_some());
}

#[tokio::test]
async fn a_foreign_reference_cannot_leave_its_place_in_the_path() {
    let peer = Peer::start(vec![Reply::json(200, verified(json!({})))]).await;
    adapter(&peer).verify("../../refund?x=a b").await.expect("a transaction");
    assert_eq!(peer.lines(), ["GET /transaction/verify/..%2F..%2Frefund%3Fx%3Da%20b".replace("%3Da", "=a")]);
    for nothing in ["", "..", "."] {
        let error = adapter(&peer).verify(nothing).await.expect_err("no such reference");
        assert_eq!(error.to_string(), "the gateway knows nothing of it");
    }
    assert_eq!(peer.seen().len(), 1);
}

#[tokio::test]
async fn a_refund_names_transaction_amount_currency_and_reason() {
    let data = json!({
        "transaction": {"id": 4_099_260_516_u64, "reference": REFERENCE, "amount": 4_500_000, "plan": {}},
        "id": 15_581_137, "status": "pending", "amount": 4_500_000, "currency": "NGN",
        "domain": "test", "deducted_amount": 0, "fully_deducted": false, "channel": null,
        "createdAt": "2026-11-20T09:00:00.000Z",
    });
    let body = json!({"status": true, "message": "Refund has been queued for processing", "data": data});
    let peer = Peer::start(vec![Reply::json(200, body.to_string())]).await;
    let refund = adapter(&peer)
        .refund(REFERENCE, Money::new(4_500_000, Currency::Ngn), "ord_01KAH8ZJ5V could\nnot be delivered")
        .await
        .expect("a refund");
    let expected =
        RefundState { id: "15581137".to_owned(), status: RefundStatus::Pending, amount_minor: 4_500_000 };
    assert_eq!(refund, expected);
    let seen = peer.seen().remove(0);
    assert_eq!(seen.line, "POST /refund");
    assert_eq!(
        seen.body,
        concat!(
            r#"{"transaction":"pay-01KAH8ZJ5V3W1Q6YB7T9R2C4DE-1","amount":4500000,"currency":"NGN","#,
            r#""merchant_note":"ord_01KAH8ZJ5V could not be delivered"}"#
        )
    );
}
