//! `/refund`: asked for, then moved on in the background with an event for each step.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::book::{RefundError, RefundStatus};
use super::transactions::ListQuery;
use super::{failure, fields, integer, invalid, not_found, page, shapes, success, text, webhooks};
use crate::faults::Kind;
use crate::operation::{Call, Service};
use crate::world::{Shared, locked};

/// From `pending` to `processing`, and from there to the end. Banks take days; nothing hangs on it here.
const UNTIL_PROCESSING: Duration = Duration::from_secs(20);
const UNTIL_PROCESSED: Duration = Duration::from_secs(40);

/// `POST /refund`
pub(super) async fn create(State(world): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(fields) = fields(&headers, &body) else {
        return invalid("invalid_params", "The request body is not valid JSON");
    };
    let transaction = match fields.get("transaction") {
        Some(Value::String(reference)) if !reference.is_empty() => reference.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => return invalid("missing_params", "Transaction is required"),
    };
    let call = Call { service: Service::Paystack, target: "paystack.refund", subject: &transaction };
    call.run(&world, async { open(&world, &transaction, &fields) }).await
}

fn open(world: &Shared, transaction: &str, fields: &Value) -> Response {
    let amount = match fields.get("amount") {
        None | Some(Value::Null) => None,
        Some(amount) => match integer(amount) {
            Some(amount) => Some(amount),
            None => return invalid("invalid_params", "Invalid Amount Sent"),
        },
    };
    let mut book = locked(&world.paystack.book);
    if let (Some(currency), Some(paid)) = (text(fields, "currency"), book.find(transaction))
        && currency != paid.currency
    {
        return invalid("invalid_params", "Refund currency must be the transaction's");
    }
    let note = |name: &str, default: &str| text(fields, name).unwrap_or(default).to_owned();
    let reference = book.find(transaction).map_or(transaction, |t| t.reference.as_str()).to_owned();
    let notes = (
        note("customer_note", &format!("Refund for transaction {reference}")),
        note("merchant_note", &format!("Refund for transaction {reference}")),
    );
    let opened = book.refund(transaction, amount, notes, world.clock.now_ms());
    drop(book);
    let (transaction, refund) = match opened {
        Ok(opened) => opened,
        Err(RefundError::UnknownTransaction) => return not_found("Transaction not found"),
        Err(RefundError::NotPaid) => {
            return invalid(
                "invalid_transaction",
                "Transaction was not successful, so it cannot be refunded",
            );
        }
        Err(RefundError::TooMuch) => {
            return invalid("invalid_params", "Refund amount is more than what is left of the transaction");
        }
    };
    let end = world
        .faults
        .take("paystack.refund", &reference, |kind| {
            matches!(kind, Kind::RefundFails | Kind::RefundNeedsAttention)
        })
        .map_or(RefundStatus::Processed, |strike| match strike.kind {
            Kind::RefundFails => RefundStatus::Failed,
            _ => RefundStatus::NeedsAttention,
        });
    webhooks::announce(world, &reference, "refund.pending", shapes::refund_event(&transaction, &refund));
    tokio::spawn(follow(Arc::clone(world), refund.id, end));
    success("Refund has been queued for processing", shapes::refund_created(&transaction, &refund))
}

async fn follow(world: Shared, id: u64, end: RefundStatus) {
    let mut epoch = world.epoch();
    for (wait, status) in [(UNTIL_PROCESSING, RefundStatus::Processing), (UNTIL_PROCESSED, end)] {
        if !epoch.sleep(world.clock.compressed(wait)).await {
            return;
        }
        let moved = locked(&world.paystack.book).move_refund(id, status, world.clock.now_ms());
        let Some((transaction, refund)) = moved else { return };
        let name = match status {
            RefundStatus::Pending => "refund.pending",
            RefundStatus::Processing => "refund.processing",
            RefundStatus::Processed => "refund.processed",
            RefundStatus::Failed => "refund.failed",
            RefundStatus::NeedsAttention => "refund.needs-attention",
        };
        webhooks::announce(&world, &transaction.reference, name, shapes::refund_event(&transaction, &refund));
    }
}

/// `GET /refund/:id`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    let call = Call { service: Service::Paystack, target: "paystack.refund_get", subject: &id };
    call.run(&world, async {
        let book = locked(&world.paystack.book);
        match id.parse().ok().and_then(|id| book.find_refund(id)) {
            Some((transaction, refund)) => {
                success("Refund retrieved", shapes::refund_row(transaction, refund))
            }
            None => not_found("Entity not found"),
        }
    })
    .await
}

/// `GET /refund`, narrowed by `transaction` (id or reference), `reference`, `currency`, `from` and `to`.
pub(super) async fn list(
    State(world): State<Shared>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else {
        return failure(StatusCode::BAD_REQUEST, json!({"status": false, "message": "Invalid query"}));
    };
    let wanted = query.transaction.clone().or_else(|| query.reference.clone());
    let subject = wanted.clone().unwrap_or_default();
    let call = Call { service: Service::Paystack, target: "paystack.refund_list", subject: &subject };
    call.run(&world, async {
        let book = locked(&world.paystack.book);
        let transaction = wanted.as_deref().map(|wanted| book.find(wanted).map(|t| t.id));
        let rows = book.refunds().filter(|(t, r)| {
            transaction.is_none_or(|id| id == Some(t.id))
                && query.currency.as_deref().is_none_or(|currency| t.currency == currency)
                && query.covers(r.created_at_ms)
        });
        let (rows, mut meta) = query.cut(rows);
        meta["perPage"] = json!(meta["perPage"].to_string());
        meta["failedRefundCount"] =
            json!(rows.iter().filter(|(_, r)| r.status == RefundStatus::Failed).count());
        page("Refunds retrieved", rows.into_iter().map(|(t, r)| shapes::refund_row(t, r)).collect(), meta)
    })
    .await
}

/// `POST /refund/retry_with_customer_details/:id`, for a refund that needs attention.
pub(super) async fn retry(
    State(world): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let details = fields(&headers, &body);
    let complete =
        details.as_ref().and_then(|fields| fields.get("refund_account_details")).is_some_and(|details| {
            ["currency", "account_number", "bank_id"].iter().all(|name| text(details, name).is_some())
        });
    if !complete {
        return invalid(
            "missing_params",
            "refund_account_details needs currency, account_number and bank_id",
        );
    }
    let found = id
        .parse()
        .ok()
        .and_then(|id| locked(&world.paystack.book).find_refund(id).map(|(t, r)| (t.clone(), r.clone())));
    let Some((transaction, refund)) = found else { return not_found("Entity not found") };
    if refund.status != RefundStatus::NeedsAttention {
        return invalid("invalid_params", "Refund does not need attention");
    }
    tokio::spawn(follow(Arc::clone(&world), refund.id, RefundStatus::Processed));
    success("Refund retried and has been queued for processing", shapes::refund_row(&transaction, &refund))
}
