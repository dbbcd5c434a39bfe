//! Transactions, refunds and events as Paystack writes them.

use serde_json::{Value, json};

use super::book::{Refund, RefundStatus, Status, Transaction};
use crate::clock::iso_millis;

const INTEGRATION: u64 = 463_433;
/// Banks take days to return money.
const REFUND_EXPECTED_MS: i64 = 7 * 24 * 3_600_000;
const CUSTOMER_IP: &str = "102.89.34.17";

/// `data` of `GET /transaction/verify/:reference`.
pub(super) fn verified(t: &Transaction) -> Value {
    let mut data = transaction(t);
    let more = json!({
        "receipt_number": null,
        "metadata": if t.metadata.is_null() { json!("") } else { t.metadata.clone() },
        "plan": null,
        "plan_object": {},
        "transaction_date": iso_millis(t.created_at_ms),
        "fees_breakdown": null,
        "connect": null,
        "pos_transaction_data": null,
        "source": null,
    });
    extend(&mut data, more);
    data
}

/// One row of `GET /transaction`.
pub(super) fn listed(t: &Transaction) -> Value {
    let mut data = transaction(t);
    let more = json!({
        "metadata": t.metadata,
        "plan": {},
        "connect": null,
        "pos_transaction_data": null,
        "source": {"source": "merchant_api", "type": "api", "identifier": null, "entry_point": "transaction_initialize"},
    });
    extend(&mut data, more);
    data
}

/// `data` of the event `charge.success`.
pub(super) fn charge_success(t: &Transaction) -> Value {
    let mut data = transaction(t);
    let more = json!({
        "metadata": if t.metadata.is_null() { json!(0) } else { t.metadata.clone() },
        "plan": {},
        "message": null,
    });
    extend(&mut data, more);
    if let Value::Object(fields) = &mut data {
        fields.remove("createdAt");
    }
    data
}

/// What verify, list and event have in common.
fn transaction(t: &Transaction) -> Value {
    let paid_at = t.paid_at_ms.map(iso_millis);
    json!({
        "id": t.id,
        "domain": t.domain,
        "status": t.status.as_str(),
        "reference": t.reference,
        "amount": t.amount,
        "requested_amount": t.requested_amount,
        "currency": t.currency,
        "message": null,
        "gateway_response": gateway_response(t),
        "channel": "card",
        "ip_address": CUSTOMER_IP,
        "paid_at": paid_at,
        "paidAt": paid_at,
        "created_at": iso_millis(t.created_at_ms),
        "createdAt": iso_millis(t.created_at_ms),
        "fees": t.fee(),
        "fees_split": null,
        "log": log(t),
        "customer": customer(t),
        "authorization": authorization(t),
        "subaccount": {},
        "split": {},
        "order_id": null,
    })
}

fn gateway_response(t: &Transaction) -> &'static str {
    match t.status {
        Status::Abandoned => "The transaction was not completed",
        Status::Failed => "Declined",
        Status::Success | Status::Reversed => "Successful",
    }
}

fn log(t: &Transaction) -> Value {
    if t.attempts == 0 {
        return Value::Null;
    }
    let success = t.paid_at_ms.is_some();
    json!({
        "start_time": t.created_at_ms / 1_000,
        "time_spent": 9,
        "attempts": t.attempts,
        "errors": t.attempts - u32::from(success),
        "success": success,
        "mobile": false,
        "input": [],
        "history": [
            {"type": "action", "message": "Attempted to pay with card", "time": 8},
            {"type": if success { "success" } else { "error" }, "message": gateway_response(t), "time": 9},
        ],
    })
}

fn customer(t: &Transaction) -> Value {
    json!({
        "id": t.customer_id,
        "first_name": null,
        "last_name": null,
        "email": t.email,
        "customer_code": t.customer_code,
        "phone": null,
        "metadata": null,
        "risk_action": "default",
        "international_format_phone": null,
    })
}

/// Empty until somebody paid. The blank after `visa` is theirs.
fn authorization(t: &Transaction) -> Value {
    if t.paid_at_ms.is_none() {
        return json!({});
    }
    json!({
        "authorization_code": format!("AUTH_{}", t.access_code.get(..10).unwrap_or(&t.access_code)),
        "bin": "408408",
        "last4": "4081",
        "exp_month": "12",
        "exp_year": "2030",
        "channel": "card",
        "card_type": "visa ",
        "bank": "TEST BANK",
        "country_code": "NG",
        "brand": "visa",
        "reusable": true,
        "signature": format!("SIG_{}", t.customer_code.get(4..).unwrap_or_default()),
        "account_name": null,
        "receiver_bank_account_number": null,
        "receiver_bank": null,
    })
}

/// `data` of `POST /refund`.
pub(super) fn refund_created(t: &Transaction, r: &Refund) -> Value {
    json!({
        "transaction": {
            "id": t.id,
            "domain": t.domain,
            "reference": t.reference,
            "amount": t.amount,
            "paid_at": t.paid_at_ms.map(iso_millis),
            "paidAt": t.paid_at_ms.map(iso_millis),
            "channel": "card",
            "currency": t.currency,
            "authorization": {"exp_month": null, "exp_year": null, "account_name": null},
            "customer": {"international_format_phone": null},
            "plan": {},
            "subaccount": {"currency": null},
            "split": {},
            "order_id": null,
            "pos_transaction_data": null,
            "source": null,
            "fees_breakdown": null,
        },
        "id": r.id,
        "status": r.status.as_str(),
        "amount": r.amount,
        "currency": t.currency,
        "domain": t.domain,
        "integration": INTEGRATION,
        "deducted_amount": 0,
        "fully_deducted": false,
        "channel": null,
        "merchant_note": r.merchant_note,
        "customer_note": r.customer_note,
        "refunded_by": "merchant@example.com",
        "expected_at": iso_millis(r.created_at_ms + REFUND_EXPECTED_MS),
        "createdAt": iso_millis(r.created_at_ms),
        "updatedAt": iso_millis(r.updated_at_ms),
    })
}

/// `data` of `GET /refund/:id` and one row of `GET /refund`.
pub(super) fn refund_row(t: &Transaction, r: &Refund) -> Value {
    let done = r.status == RefundStatus::Processed;
    json!({
        "id": r.id,
        "integration": INTEGRATION,
        "transaction": t.id,
        "transaction_reference": t.reference,
        "transaction_amount": t.amount,
        "dispute": null,
        "settlement": null,
        "domain": t.domain,
        "currency": t.currency,
        "amount": r.amount,
        "status": r.status.as_str(),
        "refunded_at": done.then(|| iso_millis(r.updated_at_ms)),
        "refunded_by": "merchant@example.com",
        "customer_note": r.customer_note,
        "merchant_note": r.merchant_note,
        "deducted_amount": if done { r.amount } else { 0 },
        "fully_deducted": i32::from(done),
        "createdAt": iso_millis(r.created_at_ms),
        "bank_reference": r.refund_reference,
        "reason": "REFUND",
        "customer": customer(t),
        "refund_type": if r.amount == t.amount { "full" } else { "partial" },
        "initiated_by": "merchant@example.com",
        "refund_channel": "migs",
        "session_id": null,
        "collect_account_number": r.status == RefundStatus::NeedsAttention,
    })
}

/// `data` of `refund.*`. The amount is a string while all goes well, a number in `failed` and
/// `needs-attention`, and only the latter names the refund, as a string.
pub(super) fn refund_event(t: &Transaction, r: &Refund) -> Value {
    let amount = match r.status {
        RefundStatus::Failed | RefundStatus::NeedsAttention => json!(r.amount),
        RefundStatus::Pending | RefundStatus::Processing | RefundStatus::Processed => {
            json!(r.amount.to_string())
        }
    };
    let mut data = json!({
        "status": r.status.as_str(),
        "transaction_reference": t.reference,
        "refund_reference": r.refund_reference,
        "amount": amount,
        "currency": t.currency,
        "customer": {"first_name": null, "last_name": null, "email": t.email},
        "integration": INTEGRATION,
        "domain": t.domain,
    });
    let more = match r.status {
        RefundStatus::NeedsAttention => json!({
            "id": r.id.to_string(),
            "customer_note": r.customer_note,
            "merchant_note": r.merchant_note,
        }),
        _ => json!({"processor": "mpgs_zen"}),
    };
    extend(&mut data, more);
    data
}

/// A payment as the control API shows it.
pub(super) fn summary(t: &Transaction) -> Value {
    json!({
        "id": t.id,
        "reference": t.reference,
        "access_code": t.access_code,
        "status": t.status.as_str(),
        "email": t.email,
        "requested_amount": t.requested_amount,
        "requested_currency": t.requested_currency,
        "amount": t.amount,
        "currency": t.currency,
        "domain": t.domain,
        "refunded": t.refunded,
        "attempts": t.attempts,
        "created_at_ms": t.created_at_ms,
        "paid_at_ms": t.paid_at_ms,
    })
}

/// A refund as the control API shows it.
pub(super) fn refund_summary(t: &Transaction, r: &Refund) -> Value {
    json!({
        "id": r.id,
        "reference": t.reference,
        "amount": r.amount,
        "currency": t.currency,
        "status": r.status.as_str(),
        "created_at_ms": r.created_at_ms,
        "updated_at_ms": r.updated_at_ms,
    })
}

fn extend(base: &mut Value, more: Value) {
    if let (Value::Object(base), Value::Object(more)) = (base, more) {
        base.extend(more);
    }
}
