//! Finding the refunds of one transaction in the list of all.

use app::ports::{PaymentGateway, RefundState};
use domain::payment::RefundStatus;
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{REFERENCE, adapter, verified};

/// A row of `GET /refund`.
fn row(id: u64, reference: &str, transaction: u64, status: &str, day: u8) -> Value {
    json!({
        "integration": 412_829, "transaction": transaction, "dispute": null, "settlement": null, "id": id,
        "domain": "test", "currency": "NGN", "amount": 4_500_000, "status": status, "refunded_at": null,
        "refunded_by": "api@example.com", "customer_note": "", "merchant_note": "", "deducted_amount": 0,
        "fully_deducted": 0, "createdAt": format!("2026-11-{day}T09:00:00.000Z"),
        "transaction_reference": reference, "reason": "",
        "customer": {"id": 90_210, "email": "ada@example.com", "metadata": ""},
    })
}

fn page(rows: &[Value], page: u32, of: Value) -> Reply {
    let meta = json!({"total": 3, "skipped": 0, "perPage": "100", "page": page, "pageCount": of});
    let body = json!({"status": true, "message": "Refunds retrieved", "data": rows, "meta": meta});
    Reply::json(200, body.to_string())
}

fn found() -> Reply {
    Reply::json(200, verified(json!({})))
}

#[tokio::test]
async fn only_refunds_of_exactly_this_transaction_count_newest_first() {
    let longer = format!("{REFERENCE}0");
    let rows = [
        row(1, REFERENCE, 4_099_260_516, "failed", 20),
        row(2, &longer, 7, "processed", 21),
        row(3, "", 4_099_260_516, "sideways", 22),
    ];
    let peer = Peer::start(vec![found(), page(&rows, 1, json!(1))]).await;
    let refunds = adapter(&peer).refunds(REFERENCE).await.expect("a list");
    let state = |id: &str, status| RefundState { id: id.to_owned(), status, amount_minor: 4_500_000 };
    assert_eq!(refunds, [state("3", RefundStatus::Pending), state("1", RefundStatus::Failed)]);
    assert_eq!(
        peer.lines()[1],
        "GET /refund?transaction=4099260516&perPage=100&page=1&from=2026-11-19T08%3A15%3A11Z"
    );
}

#[tokio::test]
async fn the_list_is_read_to_its_end_when_the_filter_is_ignored() {
    let other = [row(1, "other", 7, "processed", 20)];
    let ours = [row(2, REFERENCE, 4_099_260_516, "processed", 20)];
    let peer = Peer::start(vec![
        found(),
        page(&other, 1, json!("3")),
        page(&other, 2, json!("3")),
        page(&ours, 3, json!("3")),
    ])
    .await;
    let refunds = adapter(&peer).refunds(REFERENCE).await.expect("a list");
    assert_eq!((refunds.len(), refunds[0].status), (1, RefundStatus::Processed));
    assert_eq!(peer.seen().len(), 4);
}

#[tokio::test]
async fn without_a_page_count_an_empty_page_is_the_end() {
    let other = [row(1, "other", 7, "processed", 20)];
    let peer = Peer::start(vec![found(), page(&other, 1, Value::Null), page(&[], 2, Value::Null)]).await;
    assert_eq!(adapter(&peer).refunds(REFERENCE).await.expect("a list"), []);
}

#[tokio::test]
async fn a_list_without_end_proves_nothing() {
    let other = [row(1, "other", 7, "processed", 20)];
    let script = std::iter::once(found()).chain((1..=40).map(|n| page(&other, n, json!(99)))).collect();
    let peer = Peer::start(script).await;
    let error = adapter(&peer).refunds(REFERENCE).await.expect_err("no end");
    assert_eq!(error.to_string(), "no clear answer from the gateway: more than 20 pages of refunds");
    assert_eq!(peer.seen().len(), 21);
}

#[tokio::test]
async fn a_refund_may_name_its_transaction_in_any_documented_way() {
    for transaction in [
        json!({"id": 4_099_260_516_u64}),
        json!({"id": "x", "reference": REFERENCE}),
        json!(REFERENCE),
        json!("4099260516"),
        json!(4_099_260_516_u64),
    ] {
        let mut one = row(5, "", 0, "processed", 20);
        one["transaction"] = transaction.clone();
        let peer = Peer::start(vec![found(), page(&[one], 1, json!(1))]).await;
        assert_eq!(adapter(&peer).refunds(REFERENCE).await.expect("a list").len(), 1, "{transaction}");
    }
}

#[tokio::test]
async fn an_unreadable_list_is_not_an_empty_one() {
    for reply in [
        Reply::json(200, r#"{"status":true,"data":{}}"#),
        Reply::json(200, r#"{"status":true}"#),
        Reply::html(200),
        Reply::json(404, r#"{"status":false,"message":"Entity not found"}"#),
    ] {
        let peer = Peer::start(vec![found(), reply]).await;
        assert!(adapter(&peer).refunds(REFERENCE).await.is_err());
    }
}
