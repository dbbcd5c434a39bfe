//! The page on which the customer pays, in a browser.

use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use url::Url;

use super::book::{Paid, Status, Transaction};
use super::rules::display;
use crate::world::{Shared, locked};

const PAGE: &str = include_str!("checkout.html");

/// Routes under `/checkout`, the counterpart of `https://checkout.paystack.com`.
pub(crate) fn router() -> Router<Shared> {
    Router::new().route("/{access_code}", get(show).post(submit))
}

async fn show(State(world): State<Shared>, Path(access_code): Path<String>) -> Response {
    match find(&world, &access_code) {
        Some(transaction) => page(StatusCode::OK, &transaction),
        None => no_such_payment(),
    }
}

#[derive(Deserialize)]
struct Press {
    action: String,
}

async fn submit(
    State(world): State<Shared>,
    Path(access_code): Path<String>,
    press: Result<Form<Press>, FormRejection>,
) -> Response {
    let Some(transaction) = find(&world, &access_code) else { return no_such_payment() };
    let reference = transaction.reference.as_str();
    let action = press.map(|Form(press)| press.action).unwrap_or_default();
    match action.as_str() {
        "pay" => {
            // Paid already, by a second press or tab: the customer goes on to the shop all the same.
            drop(super::pay(&world, reference, Paid::default()));
            match &transaction.callback_url {
                Some(url) => redirect(&with_reference(url, reference)),
                None => again(&world, &access_code),
            }
        }
        "fail" => {
            drop(locked(&world.paystack.book).fail_attempt(reference));
            again(&world, &access_code)
        }
        "cancel" => match transaction.metadata.get("cancel_action").and_then(|url| url.as_str()) {
            Some(url) if is_web_address(url) => redirect(url),
            _ => match &transaction.callback_url {
                Some(url) => redirect(&with_reference(url, reference)),
                None => again(&world, &access_code),
            },
        },
        _ => (StatusCode::BAD_REQUEST, "action is pay, fail or cancel\n").into_response(),
    }
}

fn find(world: &Shared, access_code: &str) -> Option<Transaction> {
    locked(&world.paystack.book).by_access_code(access_code).cloned()
}

fn again(world: &Shared, access_code: &str) -> Response {
    match find(world, access_code) {
        Some(transaction) => page(StatusCode::OK, &transaction),
        None => no_such_payment(),
    }
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Adds both spellings of the reference, as Paystack does in practice.
fn with_reference(callback_url: &str, reference: &str) -> String {
    match Url::parse(callback_url) {
        Ok(mut url) => {
            url.query_pairs_mut().append_pair("trxref", reference).append_pair("reference", reference);
            url.into()
        }
        Err(_) => callback_url.to_owned(),
    }
}

/// 302, as Paystack sends it; axum's own `Redirect` has no 302.
fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => {
            (StatusCode::BAD_REQUEST, "the callback URL cannot be written in a header\n").into_response()
        }
    }
}

fn no_such_payment() -> Response {
    let body = Html("<!doctype html><title>Checkout</title><p>We could not find this transaction.</p>");
    (StatusCode::NOT_FOUND, body).into_response()
}

fn page(status: StatusCode, transaction: &Transaction) -> Response {
    let (state, notice) = match transaction.status {
        Status::Abandoned => ("open", String::new()),
        Status::Failed => ("open", "Your card was declined. No money was taken; try again.".to_owned()),
        Status::Success => ("done", "Payment successful".to_owned()),
        Status::Reversed => ("done", "This payment was refunded".to_owned()),
    };
    let back = match (&transaction.callback_url, state) {
        (Some(url), "done") => {
            format!(
                "<a href=\"{}\">Back to the shop</a>",
                escaped(&with_reference(url, &transaction.reference))
            )
        }
        _ => String::new(),
    };
    let body = PAGE
        .replace(
            "{{amount}}",
            &escaped(&display(transaction.requested_amount, &transaction.requested_currency)),
        )
        .replace("{{state}}", state)
        .replace("{{domain}}", &escaped(&transaction.domain))
        .replace("{{notice}}", &escaped(&notice))
        .replace("{{back}}", &back)
        .replace("{{reference}}", &escaped(&transaction.reference))
        .replace("{{email}}", &escaped(&transaction.email));
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::X_FRAME_OPTIONS, "DENY")];
    (status, headers, Html(body)).into_response()
}

/// Braces too, so that no value can be taken for one of the page's own marks.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '{' => out.push_str("&#123;"),
            other => out.push(other),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_return_address_keeps_its_own_query() {
        assert_eq!(
            with_reference("https://shop.example/back?order=1", "ord-1"),
            "https://shop.example/back?order=1&trxref=ord-1&reference=ord-1"
        );
    }

    #[test]
    fn what_a_caller_wrote_cannot_become_markup() {
        assert_eq!(escaped("<b>\"{{email}}\"&'"), "&lt;b&gt;&quot;&#123;&#123;email}}&quot;&amp;&#39;");
    }
}
