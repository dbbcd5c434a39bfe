//! Paystack: transactions, the checkout page, refunds and signed webhooks.

mod book;
mod checkout;
mod refunds;
mod rules;
mod shapes;
mod transactions;
mod webhooks;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::access::bearer;
use crate::config::Config;
use crate::world::{Shared, locked};

pub(crate) use book::{Book, Paid, PayError};
pub(crate) use checkout::router as checkout_router;
pub(crate) use webhooks::{Redeliver, Webhooks, redeliver};

/// The merchant's account.
pub(crate) struct Paystack {
    secret_key: String,
    /// `test` or `live`, as the key's prefix says.
    pub(crate) domain: &'static str,
    pub(crate) book: Mutex<Book>,
    pub(crate) webhooks: Webhooks,
}

impl Paystack {
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let secret_key = config.paystack_secret_key.clone();
        Ok(Self {
            domain: if secret_key.starts_with("sk_live_") { "live" } else { "test" },
            book: Mutex::new(Book::default()),
            webhooks: Webhooks::new(&secret_key, config.webhook_url.clone())?,
            secret_key,
        })
    }

    /// Forgets payments and events; keeps the webhook URL.
    pub(crate) fn reset(&self) {
        locked(&self.book).clear();
        self.webhooks.reset();
    }
}

/// Marks a transaction paid, as the customer's payment does, and announces `charge.success`.
///
/// # Errors
/// An unknown reference, or one that is paid already.
pub(crate) fn pay(world: &Shared, reference: &str, paid: Paid) -> Result<Value, PayError> {
    let now = world.clock.now_ms();
    let transaction = locked(&world.paystack.book).pay(reference, paid, now)?;
    let event = shapes::charge_success(&transaction);
    webhooks::announce(world, &transaction.reference, "charge.success", event);
    Ok(shapes::summary(&transaction))
}

/// Routes under `/paystack`, the counterpart of `https://api.paystack.co`.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    Router::new()
        .route("/transaction/initialize", post(transactions::initialize))
        .route("/transaction/verify/{reference}", get(transactions::verify))
        .route("/transaction", get(transactions::list))
        .route("/refund", post(refunds::create).get(refunds::list))
        .route("/refund/{id}", get(refunds::fetch))
        .route("/refund/retry_with_customer_details/{id}", post(refunds::retry))
        .fallback(unknown_endpoint)
        .layer(middleware::from_fn_with_state(Arc::clone(world), authorise))
}

async fn authorise(State(world): State<Shared>, request: Request, next: Next) -> Response {
    match bearer(request.headers()) {
        Some(key) if key == world.paystack.secret_key => next.run(request).await,
        Some(_) => {
            world.counts.add("paystack.unauthorized");
            failure(StatusCode::UNAUTHORIZED, json!({"status": false, "message": "Invalid key"}))
        }
        None => {
            world.counts.add("paystack.unauthorized");
            let text = "No Authorization Header was found";
            failure(StatusCode::UNAUTHORIZED, json!({"status": false, "message": text}))
        }
    }
}

async fn unknown_endpoint() -> Response {
    failure(StatusCode::NOT_FOUND, json!({"status": false, "message": "Unknown endpoint"}))
}

/// The envelope of an answer: `{status: true, message, data}`.
fn success(message: &str, data: Value) -> Response {
    axum::Json(json!({"status": true, "message": message, "data": data})).into_response()
}

/// The envelope of a list: `{status: true, message, data: [], meta}`.
fn page(message: &str, data: Vec<Value>, meta: Value) -> Response {
    axum::Json(json!({"status": true, "message": message, "data": data, "meta": meta})).into_response()
}

fn failure(status: StatusCode, body: Value) -> Response {
    (status, axum::Json(body)).into_response()
}

/// A refused request, with all the fields that the documentation gives an error.
fn invalid(code: &str, message: &str) -> Response {
    failure(
        StatusCode::BAD_REQUEST,
        json!({
            "status": false,
            "message": message,
            "meta": {"nextStep": "Ensure that the parameters are right and try again"},
            "type": "validation_error",
            "code": code,
        }),
    )
}

fn not_found(message: &str) -> Response {
    failure(StatusCode::NOT_FOUND, json!({"status": false, "message": message}))
}

/// A JSON or form body as one JSON object; Paystack takes both.
fn fields(headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(body);
        return Some(Value::Object(
            pairs.map(|(k, v)| (k.into_owned(), Value::String(v.into_owned()))).collect(),
        ));
    }
    serde_json::from_slice::<Value>(body).ok().filter(Value::is_object)
}

/// An integer that came as one or as a string of digits.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn text<'a>(fields: &'a Value, name: &str) -> Option<&'a str> {
    fields.get(name)?.as_str().filter(|text| !text.is_empty())
}
