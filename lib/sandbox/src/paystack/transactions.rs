//! `/transaction`: initialise, verify, list.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{book, failure, fields, integer, invalid, not_found, page, rules, shapes, success, text};
use crate::clock::parse_iso;
use crate::faults::Kind;
use crate::operation::{Call, Service};
use crate::world::{Shared, World, locked};

const PER_PAGE_DEFAULT: usize = 50;
const PER_PAGE_MAX: usize = 1_000;

/// `POST /transaction/initialize`
pub(super) async fn initialize(State(world): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(fields) = fields(&headers, &body) else {
        return invalid("invalid_params", "The request body is not valid JSON");
    };
    let subject = text(&fields, "reference").unwrap_or_default().to_owned();
    let call = Call { service: Service::Paystack, target: "paystack.initialize", subject: &subject };
    call.run(&world, async { open(&world, &fields) }).await
}

fn open(world: &World, fields: &Value) -> Response {
    let request = match checked(fields) {
        Ok(request) => request,
        Err(refused) => return *refused,
    };
    let domain = world.paystack.domain;
    let Some(transaction) = locked(&world.paystack.book).open(request, domain, world.clock.now_ms()) else {
        return invalid("duplicate_reference", "Duplicate Transaction Reference");
    };
    success(
        "Authorization URL created",
        json!({
            "authorization_url": format!("{}/checkout/{}", world.base_url, transaction.access_code),
            "access_code": transaction.access_code,
            "reference": transaction.reference,
        }),
    )
}

fn checked(fields: &Value) -> Result<book::Request, Box<Response>> {
    let refuse = |code: &str, message: &str| Err(Box::new(invalid(code, message)));
    let Some(email) = text(fields, "email") else {
        return refuse("missing_params", "Email Address is required");
    };
    if !email.contains('@') || email.len() > 254 {
        return refuse("invalid_email_address", "Invalid Email Address Passed");
    }
    let Some(amount) = fields.get("amount").filter(|amount| !amount.is_null()) else {
        return refuse("missing_params", "Amount is required");
    };
    let Some(amount) = integer(amount).filter(|amount| *amount > 0) else {
        return refuse("invalid_params", "Invalid Amount Sent");
    };
    let currency = text(fields, "currency").unwrap_or("NGN");
    let Some(least) = rules::least_amount(currency) else {
        return refuse("unsupported_currency", "Currency not supported by merchant");
    };
    if amount < least {
        let message = format!("The amount must be at least {}", rules::display(least, currency));
        return refuse("invalid_params", &message);
    }
    let reference = match fields.get("reference") {
        None | Some(Value::Null) => None,
        Some(Value::String(reference)) if rules::reference_allowed(reference) => Some(reference.clone()),
        Some(_) => return refuse("invalid_params", "Invalid characters in the transaction reference"),
    };
    if text(fields, "plan").is_some() {
        return refuse("invalid_params", "Plan not found");
    }
    let callback_url = match text(fields, "callback_url") {
        None => None,
        Some(url) if url::Url::parse(url).is_ok_and(|u| matches!(u.scheme(), "http" | "https")) => {
            Some(url.to_owned())
        }
        Some(_) => return refuse("invalid_params", "Invalid callback_url"),
    };
    let metadata = match fields.get("metadata") {
        Some(Value::String(json)) => {
            serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.clone()))
        }
        Some(other) => other.clone(),
        None => Value::Null,
    };
    Ok(book::Request {
        email: email.to_lowercase(),
        amount,
        currency: currency.to_owned(),
        reference,
        callback_url,
        metadata,
    })
}

/// `GET /transaction/verify/:reference`
pub(super) async fn verify(State(world): State<Shared>, Path(reference): Path<String>) -> Response {
    let call = Call { service: Service::Paystack, target: "paystack.verify", subject: &reference };
    call.run(&world, async {
        let Some(transaction) = locked(&world.paystack.book).find(&reference).cloned() else {
            return not_found("Entity not found");
        };
        let mut data = shapes::verified(&transaction);
        if world.faults.take(call.target, &reference, |kind| kind == Kind::UnknownStatus).is_some() {
            data["status"] = json!("under_review");
        }
        success("Verification successful", data)
    })
    .await
}

/// What the lists of transactions and refunds are narrowed by. `per_page` is the newer spelling.
#[derive(Deserialize, Default)]
pub(super) struct ListQuery {
    #[serde(rename = "perPage")]
    per_page: Option<usize>,
    #[serde(rename = "per_page")]
    per_page_newer: Option<usize>,
    page: Option<usize>,
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    /// Refunds only: a transaction's id or reference.
    pub(super) transaction: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) currency: Option<String>,
}

impl ListQuery {
    fn per_page(&self) -> usize {
        self.per_page.or(self.per_page_newer).unwrap_or(PER_PAGE_DEFAULT).clamp(1, PER_PAGE_MAX)
    }

    fn page(&self) -> usize {
        self.page.unwrap_or(1).max(1)
    }

    /// Whether something made at `at_ms` lies between `from` and `to`.
    pub(super) fn covers(&self, at_ms: i64) -> bool {
        let bound = |text: &Option<String>| text.as_deref().and_then(parse_iso);
        bound(&self.from).is_none_or(|from| at_ms >= from) && bound(&self.to).is_none_or(|to| at_ms <= to)
    }

    /// One page of `all`, and its `meta`.
    pub(super) fn cut<T>(&self, all: impl Iterator<Item = T>) -> (Vec<T>, Value) {
        let all: Vec<T> = all.collect();
        let (total, per_page, number) = (all.len(), self.per_page(), self.page());
        let skipped = per_page.saturating_mul(number - 1);
        let rows = all.into_iter().skip(skipped).take(per_page).collect();
        let meta = json!({
            "total": total,
            "skipped": skipped,
            "perPage": per_page,
            "page": number,
            "pageCount": total.div_ceil(per_page),
        });
        (rows, meta)
    }
}

/// `GET /transaction`
pub(super) async fn list(
    State(world): State<Shared>,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let Ok(Query(query)) = query else {
        return failure(StatusCode::BAD_REQUEST, json!({"status": false, "message": "Invalid query"}));
    };
    let subject = query.reference.clone().unwrap_or_default();
    let call = Call { service: Service::Paystack, target: "paystack.list", subject: &subject };
    call.run(&world, async {
        let book = locked(&world.paystack.book);
        let wanted = book.transactions().filter(|t| {
            query.status.as_deref().is_none_or(|status| t.status.as_str() == status)
                && query.reference.as_deref().is_none_or(|reference| t.reference == reference)
                && query.covers(t.created_at_ms)
        });
        let (rows, mut meta) = query.cut(wanted);
        meta["total_volume"] = json!(rows.iter().map(|t| t.amount).sum::<i64>());
        page("Transactions retrieved", rows.into_iter().map(shapes::listed).collect(), meta)
    })
    .await
}
