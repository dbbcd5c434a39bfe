//! Paystack: what it sends by webhook, and what its API answers.

use app::ports::{CheckoutRequest, GatewayError, PaymentGateway};
use domain::customer::Email;
use domain::money::{Currency, Money};
use domain::secret::Secret;
use pay_paystack::Client;
use pay_paystack::event::{self, Event};

use crate::scripted::{self, KEY};
use crate::{assert_discreet, assert_tame, choice};

/// A body whose signature fits.
pub(crate) fn event(bytes: &[u8]) {
    assert_eq!(event::body_key(bytes).len(), "paystack#".len() + 64);
    let Ok(delivery) = event::parse(bytes) else { return };
    assert_tame(&delivery.event);
    assert!(!delivery.event.is_empty());
    match delivery.data {
        Event::ChargeSuccess { reference, .. } => assert!(!reference.is_empty()),
        Event::Refund { transaction_reference, .. } | Event::Dispute { transaction_reference, .. } => {
            assert!(!transaction_reference.is_empty());
        }
        Event::Unreadable { what } => assert_tame(&what),
        Event::Other(name) => assert_eq!(name, delivery.event),
    }
}

/// A byte for the call, and the answers that it gets.
pub(crate) fn answers(bytes: &[u8]) {
    const REFERENCE: &str = "pay-01KAH8ZJ5V3W1Q6YB7T9R2C4DE-1";
    let (call, script) = choice(bytes);
    let error = scripted::play(scripted::answers(script), false, |http, url| async move {
        let client = Client::new(http, &url, Secret::new(KEY.to_owned()));
        let price = Money::new(4_500_000, Currency::Ngn);
        match call % 4 {
            0 => client.verify(REFERENCE).await.map(|found| {
                assert!(!found.id.is_empty() && !found.reference.is_empty());
                assert_tame(&found.currency);
                assert_tame(&found.mode);
            }),
            1 => {
                let request = CheckoutRequest {
                    reference: REFERENCE.to_owned(),
                    email: Email::parse("ada@example.com").expect("an address"),
                    amount: price,
                    return_url: "https://shop.test/checkout/return".to_owned(),
                    cancel_url: None,
                    order: "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF".to_owned(),
                };
                let page = client.open_checkout(&request).await;
                page.map(|page| assert!(page.url.starts_with("http") && page.url.len() <= 2000))
            }
            2 => client.refunds(REFERENCE).await.map(|refunds| {
                assert!(refunds.iter().all(|refund| !refund.id.is_empty()));
            }),
            _ => client
                .refund(REFERENCE, price, "not delivered")
                .await
                .map(|refund| assert!(!refund.id.is_empty())),
        }
    });
    if let Err(error) = error {
        assert_discreet(&error, bytes);
        assert!(!matches!(error, GatewayError::Busy { retry_after: Some(3601..) }));
    }
}
