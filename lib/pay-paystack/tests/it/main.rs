//! Paystack's adapter at the wire: what it sends, and what it makes of every answer.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod answers;
mod calls;
mod events;
mod refunds;
mod sandbox;
mod signature;

use domain::secret::Secret;
use http_call::peer::{Peer, client};
use pay_paystack::Client;

/// The adapter in front of a scripted peer.
fn adapter(peer: &Peer) -> Client {
    Client::new(client(), peer.url(), Secret::new("sk_test_example".to_owned()))
}

/// The reference that these tests use; ours never has an underscore.
const REFERENCE: &str = "pay-01KAH8ZJ5V3W1Q6YB7T9R2C4DE-1";

/// An order to pay: NGN 45,000.00.
fn checkout() -> app::ports::CheckoutRequest {
    app::ports::CheckoutRequest {
        reference: REFERENCE.to_owned(),
        email: domain::customer::Email::parse("ada@example.com").expect("an address"),
        amount: domain::money::Money::new(4_500_000, domain::money::Currency::Ngn),
        return_url: "https://shop.test/checkout/return".to_owned(),
        cancel_url: Some("https://shop.test/pricing".to_owned()),
        order: "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF".to_owned(),
    }
}

/// The answer of `GET /transaction/verify/:reference` with some fields changed.
fn verified(changes: serde_json::Value) -> String {
    let mut body = serde_json::json!({
        "status": true,
        "message": "Verification successful",
        "data": {
            "id": 4_099_260_516_u64, "domain": "test", "status": "success", "reference": REFERENCE,
            "receipt_number": null, "amount": 4_500_000, "message": null, "gateway_response": "Successful",
            "paid_at": "2026-11-20T08:15:11.000Z", "created_at": "2026-11-20T08:14:01.000Z",
            "channel": "card", "currency": "NGN", "ip_address": "192.0.2.7", "metadata": "", "log": null,
            "fees": 77_500, "fees_split": null,
            "authorization": {"authorization_code": "AUTH_ada0000001", "last4": "4081"},
            "customer": {"id": 90_210, "email": "ada@example.com"}, "plan": null, "split": {},
            "order_id": null, "paidAt": "2026-11-20T08:15:11.000Z", "createdAt": "2026-11-20T08:14:01.000Z",
            "requested_amount": 4_500_000, "pos_transaction_data": null, "source": null,
            "fees_breakdown": null, "connect": null, "transaction_date": "2026-11-20T08:14:01.000Z",
            "plan_object": {}, "subaccount": {}
        }
    });
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            body["data"].as_object_mut().expect("an object").remove(name);
        } else {
            body["data"][name] = value.clone();
        }
    }
    body.to_string()
}
