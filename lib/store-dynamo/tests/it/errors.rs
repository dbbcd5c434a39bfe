//! What becomes of answers that are none.

use std::error::Error;

use app::ports::{CheckStore, Commit, ReadLedger, ReadOrders, StoreError, Write};
use domain::mail::MailKind;
use store_dynamo::Store;

use crate::canned::answering;
use crate::fixtures::{ada, client, mail, order, payment};

/// A store whose server always answers this error.
async fn store(status: &'static str, code: &str, rest: &str) -> Store {
    let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"said so"{rest}}}"#);
    Store::new(client(&answering(status, body).await), "table".to_owned())
}

fn cancelled(codes: &[&str]) -> String {
    let reasons: Vec<String> = codes.iter().map(|code| format!(r#"{{"Code":"{code}"}}"#)).collect();
    format!(r#","CancellationReasons":[{}]"#, reasons.join(","))
}

fn both() -> Vec<Write> {
    vec![Write::Order(order(1)), Write::Payment(payment(1))]
}

#[tokio::test]
async fn a_cancelled_transaction_is_a_conflict_only_when_somebody_else_wrote() {
    for (codes, expected) in [
        (["None", "ConditionalCheckFailed"], "conflict"),
        (["TransactionConflict", "None"], "conflict"),
        (["ThrottlingError", "ConditionalCheckFailed"], "conflict"),
        (["ThrottlingError", "None"], "unavailable"),
        (["None", "ProvisionedThroughputExceeded"], "unavailable"),
        (["None", "ValidationError"], "invalid"),
    ] {
        let store = store("400 Bad Request", "TransactionCanceledException", &cancelled(&codes)).await;
        let error = store.commit(both()).await.unwrap_err();
        assert_eq!(kind(&error), expected, "{codes:?}: {error:?}");
    }
}

#[tokio::test]
async fn an_error_says_whether_trying_again_can_help() {
    for (status, code, expected) in [
        ("400 Bad Request", "ConditionalCheckFailedException", "conflict"),
        ("400 Bad Request", "TransactionConflictException", "conflict"),
        ("400 Bad Request", "ProvisionedThroughputExceededException", "unavailable"),
        ("400 Bad Request", "ThrottlingException", "unavailable"),
        ("500 Internal Server Error", "InternalServerError", "unavailable"),
        ("503 Service Unavailable", "SomethingNew", "unavailable"),
        ("400 Bad Request", "ValidationException", "invalid"),
        ("400 Bad Request", "AccessDeniedException", "invalid"),
        ("400 Bad Request", "ResourceNotFoundException", "invalid"),
    ] {
        let store = store(status, code, "").await;
        let written = store.commit(vec![Write::Order(order(1))]).await.unwrap_err();
        assert_eq!(kind(&written), expected, "{code}: {written:?}");
        if expected != "conflict" {
            let read = store.order(order(1).id).await.unwrap_err();
            assert_eq!(kind(&read), expected, "{code}: {read:?}");
        }
    }
}

#[tokio::test]
async fn a_mail_that_somebody_is_about_to_write_is_not_taken_for_written() {
    let commit = || vec![Write::MailIfNew(mail(MailKind::Ready))];
    let there = store("400 Bad Request", "ConditionalCheckFailedException", "").await;
    there.commit(commit()).await.unwrap();
    let under_way = store("400 Bad Request", "TransactionConflictException", "").await;
    assert!(matches!(under_way.commit(commit()).await, Err(StoreError::Conflict)));
}

#[tokio::test]
async fn a_ledger_that_never_ends_is_an_error_and_a_listing_a_short_page() {
    let endless = r#"{"Items":[],"LastEvaluatedKey":{"pk":{"S":"p"},"sk":{"S":"s"}}}"#;
    let url = answering("200 OK", endless.to_owned()).await;
    let store = Store::new(client(&url), "table".to_owned());
    let ledger = store.ledger(order(1).id).await;
    assert!(matches!(ledger, Err(StoreError::Invalid { .. })), "{ledger:?}");
    assert!(store.orders_of(&ada(), 10, None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn the_store_is_well_when_it_answers() {
    let well = Store::new(client(&answering("200 OK", "{}".to_owned()).await), "table".to_owned());
    well.check().await.unwrap();
    let down = store("500 Internal Server Error", "InternalServerError", "").await;
    assert!(matches!(down.check().await, Err(StoreError::Unavailable { .. })));
}

#[tokio::test]
async fn an_outage_keeps_what_was_underneath() {
    let store = store("500 Internal Server Error", "InternalServerError", "").await;
    let error = store.order(order(1).id).await.unwrap_err();
    assert!(error.source().is_some_and(|source| format!("{source:?}").contains("said so")), "{error:?}");

    let nobody = Store::new(client("http://127.0.0.1:1"), "table".to_owned());
    let error = nobody.commit(both()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { what: "TransactWriteItems", .. }), "{error:?}");
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_refusal_for_good_is_told_in_dynamodbs_words() {
    let store = store("400 Bad Request", "ValidationException", "").await;
    let error = store.order(order(1).id).await.unwrap_err();
    assert!(matches!(&error, StoreError::Invalid { what } if what.contains("said so")), "{error:?}");
}

fn kind(error: &StoreError) -> &'static str {
    match error {
        StoreError::Conflict => "conflict",
        StoreError::Unavailable { .. } => "unavailable",
        StoreError::Invalid { .. } => "invalid",
        StoreError::BadCursor | StoreError::Corrupt { .. } => "other",
    }
}
