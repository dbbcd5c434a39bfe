//! `POST /checkout`: one order and one payment request for it.

use app::checkout::{Checkout, PlaceOrder, Placed};
use app::ports::{
    Clock, Commit, Ids, PaymentGateway, ReadAvailability, ReadCircuits, ReadIdempotency, ReadOrders,
    ReadPayments,
};
use app::views::MoneyView;
use domain::Timestamp;
use domain::catalogue::{Os, Plan};
use domain::ids::{OrderId, PaymentId};
use domain::money::Currency;
use domain::order::{OrderStatus, PaymentMethod};
use lambda_kit::{Caller, Problem, Reply, Request, api_url, fingerprint, idempotency_key, json_body};
use serde::{Deserialize, Serialize};

/// What the handler works with.
pub struct Deps<S, G, W> {
    /// Places orders.
    pub checkout: Checkout<S, G, W>,
    /// Where this API answers, when not under the request's own host.
    pub public_url: Option<String>,
    /// The dashboard, when there is one.
    pub site_url: Option<String>,
}

/// The body of `POST /checkout`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CheckoutBody {
    plan: Plan,
    os: Os,
    currency: Currency,
    method: PaymentMethod,
    #[serde(default)]
    region: Option<String>,
}

/// A placed order, and where to pay it.
#[derive(Debug, Serialize)]
struct CheckoutView {
    order_id: OrderId,
    payment_id: PaymentId,
    status: OrderStatus,
    amount: MoneyView,
    method: PaymentMethod,
    reference: String,
    authorization_url: Option<String>,
    expires_at: Timestamp,
}

/// Answers 201 with a new order, or 200 with the order that the same key made before.
///
/// # Errors
/// 400 (header, JSON), 401, 403 (unverified address), 413, 422 naming the field (with alternatives
/// where it cannot be delivered) or for a reused key, 502, 503.
pub async fn handle<S, G, W>(deps: &Deps<S, G, W>, request: &Request) -> Result<Reply, Problem>
where
    S: Commit + ReadIdempotency + ReadOrders + ReadPayments + ReadAvailability + ReadCircuits + Sync,
    G: PaymentGateway + Sync,
    W: Clock + Ids + Sync,
{
    let caller = Caller::of(request)?;
    let key = idempotency_key(request)?;
    let body: CheckoutBody = json_body(request)?;
    let api = api_url(deps.public_url.as_deref(), request);
    let wish = PlaceOrder {
        customer: caller.customer,
        email: caller.email,
        email_verified: caller.email_verified,
        plan: body.plan,
        os: body.os,
        currency: body.currency,
        method: body.method,
        request_hash: fingerprint(&body)?,
        region: body.region,
        key,
        return_url: format!("{api}/checkout/return"),
        cancel_url: deps.site_url.as_ref().map(|site| format!("{}/checkout", site.trim_end_matches('/'))),
    };
    let placed = deps.checkout.place(&wish).await?;
    let status = if placed.fresh { 201 } else { 200 };
    let location = format!("/orders/{}", placed.order.id);
    Ok(Reply::json(status, &CheckoutView::from(placed))?.header("location", location))
}

impl From<Placed> for CheckoutView {
    fn from(placed: Placed) -> Self {
        let Placed { order, payment, .. } = placed;
        Self {
            order_id: order.id,
            payment_id: payment.id,
            status: order.status,
            amount: payment.amount.into(),
            method: payment.method,
            reference: payment.reference(),
            authorization_url: payment.checkout_url,
            expires_at: payment.expires_at,
        }
    }
}
