//! What counts as paid.

use domain::Timestamp;
use domain::customer::CustomerId;
use domain::ids::{OrderId, PaymentId};
use domain::money::{Currency, Money};
use domain::order::PaymentMethod;
use domain::payment::{
    GatewayMode, GatewayStatus, GatewayTransaction, Payment, PaymentStatus, REFERENCES_MAX, Refund, Verdict,
    judge,
};
use jiff::SignedDuration;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn payment() -> Payment {
    Payment {
        id: PaymentId::new(at(0), 7),
        order: OrderId::new(at(0), 8),
        customer: CustomerId::parse("ada").unwrap(),
        method: PaymentMethod::Paystack,
        amount: Money::new(11_040_000, Currency::Ngn),
        status: PaymentStatus::Open,
        references: 2,
        checkout_url: None,
        created_at: at(0),
        expires_at: at(86_400),
        next_check_at: None,
        checks: 0,
        paid_at: None,
        gateway_id: None,
        fee_minor: None,
        mismatch: None,
        refund: None,
        version: 1,
    }
}

fn found() -> GatewayTransaction {
    GatewayTransaction {
        id: "4099260516".to_owned(),
        reference: payment().reference(),
        status: GatewayStatus::Success,
        amount_minor: 11_040_000,
        currency: "NGN".to_owned(),
        mode: "live".to_owned(),
        paid_at: Some(at(60)),
        fee_minor: Some(200_000),
    }
}

#[test]
fn exactly_what_was_asked_for_is_accepted() {
    assert_eq!(judge(&payment(), &found(), GatewayMode::Live), Verdict::Accept);
}

#[test]
fn anything_else_with_money_in_it_is_a_mismatch() {
    type Change = fn(&mut GatewayTransaction);
    let cases: [(&str, Change); 7] = [
        ("a hundredth less", |t| t.amount_minor -= 1),
        ("a hundredth more", |t| t.amount_minor += 1),
        ("another currency", |t| t.currency = "USD".to_owned()),
        ("the same in lower case", |t| t.currency = "ngn".to_owned()),
        ("test money", |t| t.mode = "test".to_owned()),
        ("a reference that was never given out", |t| t.reference = format!("{}0", t.reference)),
        ("somebody else's reference", |t| {
            t.reference = Payment { id: PaymentId::new(at(1), 7), ..payment() }.reference();
        }),
    ];
    for (what, change) in cases {
        let mut transaction = found();
        change(&mut transaction);
        let verdict = judge(&payment(), &transaction, GatewayMode::Live);
        assert!(matches!(verdict, Verdict::Mismatch(_)), "{what}: {verdict:?}");
    }
}

#[test]
fn money_that_went_back_is_no_money() {
    let reversed = GatewayTransaction { status: GatewayStatus::Reversed, ..found() };
    assert!(matches!(judge(&payment(), &reversed, GatewayMode::Live), Verdict::Mismatch(_)));
}

#[test]
fn every_other_state_of_a_transaction_is_waited_for() {
    for word in ["abandoned", "failed", "ongoing", "pending", "a word of next year"] {
        let open = GatewayTransaction { status: GatewayStatus::NotYet(word.to_owned()), ..found() };
        assert_eq!(judge(&payment(), &open, GatewayMode::Live), Verdict::NotYet, "{word}");
    }
}

#[test]
fn paystack_takes_our_references() {
    let reference = payment().reference();
    assert!(reference.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.=".contains(&b)), "{reference}");
}

#[test]
fn a_reference_has_one_spelling() {
    let reference = payment().reference();
    let bare = reference.strip_suffix("-2").unwrap();
    for other in ["-+2", "-02", "-2 ", "--2", "-65536"] {
        assert_eq!(Payment::parse_reference(&format!("{bare}{other}")), None, "{other}");
    }
}

#[test]
fn only_the_references_that_can_have_been_given_out_are_ours() {
    for (number, ours) in [(0, false), (1, true), (REFERENCES_MAX, true), (REFERENCES_MAX + 1, false)] {
        let reference = Payment { references: number, ..payment() }.reference();
        let verdict = judge(&payment(), &GatewayTransaction { reference, ..found() }, GatewayMode::Live);
        assert_eq!(verdict == Verdict::Accept, ours, "{number}");
    }
    let play = GatewayTransaction { mode: "test".to_owned(), ..found() };
    assert_eq!(judge(&payment(), &play, GatewayMode::Test), Verdict::Accept);
}

#[test]
fn an_open_payment_is_asked_about_often_at_first() {
    for (checks, minutes) in [(0, 2), (4, 2), (5, 10), (9, 10), (10, 60), (u16::MAX, 60)] {
        let next = Payment { checks, ..payment() }.next_check_after(at(0));
        assert_eq!(next, Some(at(minutes * 60)), "{checks}");
    }
    assert_eq!(payment().next_check_after(at(86_399)), Some(at(86_400)));
    assert_eq!(payment().next_check_after(at(86_400)), None);
}

#[test]
fn a_refund_is_asked_about_after_as_long_as_it_is_old() {
    let hours = |n: i64| n * 60 * 60;
    for (age, pause) in [(0, 120), (600, 600), (hours(3), hours(3)), (hours(48), hours(6))] {
        assert_eq!(Refund::next_check_after(at(0), at(age)), at(age + pause), "{age}");
    }
}

proptest! {
    #[test]
    fn a_reference_leads_back_to_its_payment(millis in 0i64..4_000_000_000_000, random: u128, number in 1u16..99) {
        let id = PaymentId::new(Timestamp::from_millisecond(millis).unwrap(), random);
        let payment = Payment { id, references: number, ..payment() };
        prop_assert_eq!(Payment::parse_reference(&payment.reference()), Some((id, number)));
    }

    #[test]
    fn no_reference_makes_the_parser_panic(text in ".{0,64}") {
        let _ = Payment::parse_reference(&text);
    }

    #[test]
    fn an_open_payment_is_looked_at_until_it_expires_and_never_after(checks in 0u16..100, now in 0i64..200_000) {
        let payment = Payment { checks, ..payment() };
        match payment.next_check_after(at(now)) {
            Some(next) => prop_assert!(next > at(now) && next <= payment.expires_at),
            None => prop_assert!(at(now) >= payment.expires_at),
        }
    }

    #[test]
    fn a_refund_is_asked_about_ever_more_rarely(age in 0i64..2_000_000) {
        let pause = Refund::next_check_after(at(0), at(age)).duration_since(at(age));
        prop_assert!(pause >= SignedDuration::from_mins(2) && pause <= SignedDuration::from_hours(6));
    }
}
