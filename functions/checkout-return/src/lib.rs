//! `GET /checkout/return`: where the gateway sends the customer's browser back to.
//!
//! The visit proves nothing: it only makes us look, and sends the customer on to their order.

use app::ports::{PaymentMessage, QueuePayment, ReadPayments};
use domain::ids::OrderId;
use domain::payment::Payment;
use lambda_kit::lambda_http::RequestExt;
use lambda_kit::{Problem, Reply, Request};

/// What the handler works with.
pub struct Deps<S, Q> {
    /// The state.
    pub store: S,
    /// The payment queue.
    pub queue: Q,
    /// The dashboard, when there is one.
    pub site_url: Option<String>,
}

/// Answers 303 to the order in the dashboard, or 200 with a page that says what happens next.
///
/// # Errors
/// 404 for a reference that is not ours, 503.
pub async fn handle<S, Q>(deps: &Deps<S, Q>, request: &Request) -> Result<Reply, Problem>
where
    S: ReadPayments + Sync,
    Q: QueuePayment + Sync,
{
    let query = request.query_string_parameters_ref();
    // Paystack documents `reference` and in practice adds `trxref`.
    let reference =
        query.and_then(|q| q.first("reference").or_else(|| q.first("trxref"))).unwrap_or_default();
    let (id, number) = Payment::parse_reference(reference).ok_or_else(|| Problem::not_found("payment"))?;
    let found = deps.store.payment(id).await.map_err(app::AppError::from)?;
    let payment = found.filter(|p| number <= p.references).ok_or_else(|| Problem::not_found("payment"))?;
    let message = PaymentMessage::CheckPayment { reference: reference.to_owned() };
    deps.queue.queue_payment(&message).await.map_err(app::AppError::from)?;
    Ok(match &deps.site_url {
        Some(site) => {
            let order = format!("{}/orders/{}", site.trim_end_matches('/'), payment.order);
            Reply::empty(303).header("location", order)
        }
        None => Reply::text(200, "text/html; charset=utf-8", page(payment.order))
            .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
    })
}

/// Without a dashboard: one plain page. The only value in it is an id that we made.
fn page(order: OrderId) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>Thank you</title><style>body{{font:16px/1.5 system-ui;max-width:32em;margin:4em auto;padding:0 1em}}\
         @media(prefers-color-scheme:dark){{body{{background:#111;color:#eee}}}}</style>\
         <h1>Thank you</h1><p>We are checking your payment with the gateway. As soon as it is confirmed we make your \
         desktop and send you an e-mail with how to sign in. If it cannot be delivered, you get your money back.\
         <p>Your order: <code>{order}</code>"
    )
}
