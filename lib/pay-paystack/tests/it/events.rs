//! What is made of every event, and of everything that is none.

use domain::payment::RefundStatus;
use pay_paystack::event::{Delivery, DisputeStep, Event, body_key, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::REFERENCE;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../fixtures/", $name, ".json")).as_slice()
    };
}

fn read(raw: &[u8]) -> Event {
    parse(raw).expect("an event").data
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn charge(reference: &str, id: &str) -> Event {
    Event::ChargeSuccess {
        reference: reference.to_owned(),
        id: some(id),
        amount_minor: Some(4_500_000),
        currency: some("NGN"),
        mode: some("test"),
    }
}

#[test]
fn a_successful_charge_names_its_reference_in_every_shape() {
    assert_eq!(read(fixture!("charge-success")), charge(REFERENCE, "4099260516"));
    assert_eq!(read(fixture!("charge-success-both-date-spellings")), charge(REFERENCE, "4099260516"));
    assert_eq!(read(fixture!("charge-success-numbers-as-text")), charge(REFERENCE, "4099260516"));
    let uuid = "9f1c7c1e-52b6-4a5b-9d53-0c9a4d7f6c11";
    assert_eq!(read(fixture!("charge-success-renewal")), charge(uuid, "4099260777"));
}

#[test]
fn a_refund_names_its_transaction_whether_the_amount_is_text_or_number() {
    for (raw, status, refund_reference) in [
        (fixture!("refund-pending"), RefundStatus::Pending, None),
        (fixture!("refund-processing"), RefundStatus::Processing, None),
        (fixture!("refund-processed"), RefundStatus::Processed, some("TRF_0a1b2c3d4e5f")),
        (fixture!("refund-failed"), RefundStatus::Failed, some("TRF_0a1b2c3d4e5f")),
        (fixture!("refund-needs-attention"), RefundStatus::NeedsAttention, None),
    ] {
        let expected = Event::Refund {
            status,
            transaction_reference: REFERENCE.to_owned(),
            refund_reference,
            amount_minor: Some(4_500_000),
            currency: some("NGN"),
            mode: some("test"),
        };
        assert_eq!(read(raw), expected);
    }
}

#[test]
fn a_refund_in_an_unknown_state_is_pending() {
    let raw = json!({"event": "refund.paused", "data": {"transaction_reference": "a_b"}}).to_string();
    let Event::Refund { status, transaction_reference, .. } = read(raw.as_bytes()) else {
        panic!("a refund")
    };
    assert_eq!((status, transaction_reference.as_str()), (RefundStatus::Pending, "a_b"));
}

#[test]
fn a_dispute_names_the_transaction_and_when_evidence_is_due() {
    let dispute =
        |step, transaction_status: &str, status: &str, resolution, due: Option<&str>| Event::Dispute {
            step,
            id: some("358950"),
            transaction_reference: REFERENCE.to_owned(),
            transaction_status: some(transaction_status),
            status: some(status),
            resolution,
            due_at: due.and_then(|due| due.parse().ok()),
            mode: some("live"),
        };
    let (waiting, due) = ("awaiting-merchant-feedback", Some("2026-11-24T18:00:00Z"));
    assert_eq!(read(fixture!("dispute-create")), dispute(DisputeStep::Opened, "success", waiting, None, due));
    assert_eq!(
        read(fixture!("dispute-remind")),
        dispute(DisputeStep::Reminded, "success", waiting, None, due)
    );
    assert_eq!(
        read(fixture!("dispute-resolve")),
        dispute(DisputeStep::Resolved, "reversed", "resolved", some("auto-accepted"), None)
    );
}

#[test]
fn every_other_event_is_kept_by_its_name() {
    for (raw, name) in [
        (fixture!("invoice-create"), "invoice.create"),
        (fixture!("invoice-update"), "invoice.update"),
        (fixture!("invoice-payment-failed"), "invoice.payment_failed"),
        (fixture!("subscription-create"), "subscription.create"),
        (fixture!("subscription-disable"), "subscription.disable"),
        (fixture!("subscription-not-renew"), "subscription.not_renew"),
        (fixture!("subscription-expiring-cards"), "subscription.expiring_cards"),
        (fixture!("transfer-success"), "transfer.success"),
        (fixture!("paymentrequest-pending"), "paymentrequest.pending"),
        (fixture!("customeridentification-success"), "customeridentification.success"),
        (fixture!("dedicatedaccount-assign-failed"), "dedicatedaccount.assign.failed"),
        (fixture!("unknown-event"), "order.teleported"),
    ] {
        let expected = Delivery { event: name.to_owned(), data: Event::Other(name.to_owned()) };
        assert_eq!(parse(raw).expect("an event"), expected);
    }
}

#[test]
fn a_known_event_without_its_transaction_is_for_a_person() {
    for (event, data) in [
        ("charge.success", json!({})),
        ("charge.success", json!({"reference": ""})),
        ("charge.success", json!([])),
        ("charge.success", Value::Null),
        ("refund.processed", json!({"refund_reference": "x"})),
        ("charge.dispute.create", json!({"transaction": {}})),
        ("charge.dispute.create", json!({"transaction": "", "transaction_reference": "x"})),
    ] {
        let raw = json!({"event": event, "data": data}).to_string();
        assert!(matches!(read(raw.as_bytes()), Event::Unreadable { .. }), "{raw}");
    }
}

#[test]
fn what_is_no_event_is_refused() {
    for raw in
        ["", "null", "[]", "{}", r#"{"event":1}"#, r#"{"event":""}"#, r#"{"event":"a""#, "\u{1}", "true"]
    {
        assert!(parse(raw.as_bytes()).is_err(), "{raw}");
    }
    assert!(parse("[".repeat(200_000).as_bytes()).is_err());
    assert!(parse(format!(r#"{{"event":"x","data":{}}}"#, "[".repeat(200_000)).as_bytes()).is_err());
}

#[test]
fn the_key_is_the_hash_of_the_bytes() {
    let key = body_key(b"{}");
    assert_eq!(key, "paystack#44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert_ne!(key, body_key(b"{ }"), "a body written anew is another body");
}

/// JSON of any shape, whose keys and words are often those that the parser looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "event",
        "data",
        "id",
        "reference",
        "transaction",
        "transaction_reference",
        "refund_reference",
        "status",
        "amount",
        "dueAt",
        "due_at",
        "currency",
        "domain",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2026-11-24T18:00:00.000Z")),
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(raw: Vec<u8>) {
        let _ = parse(&raw);
    }

    #[test]
    fn any_data_under_any_name_is_an_event(
        name in prop_oneof![
            Just("charge.success".to_owned()), Just("refund.failed".to_owned()),
            Just("charge.dispute.create".to_owned()), "[a-z.]{1,30}",
        ],
        data in any_json(),
    ) {
        let raw = json!({"event": name, "data": data}).to_string();
        let delivery = parse(raw.as_bytes()).expect("an event");
        prop_assert_eq!(delivery.event, name);
    }

    #[test]
    fn no_json_makes_the_parser_panic(value in any_json()) {
        let _ = parse(value.to_string().as_bytes());
    }
}
