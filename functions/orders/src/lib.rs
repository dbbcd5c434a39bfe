//! `GET /orders` and `GET /orders/{id}`: status, timeline and when it will be ready.

use app::ports::{Clock, ReadOrders, ReadPayments, ReadSetupTimes};
use app::views::{OrderView, Orders};
use domain::ids::OrderId;
use lambda_kit::lambda_http::RequestExt;
use lambda_kit::{Caller, Paging, Problem, Reply, Request, path_id};
use serde::Serialize;

/// What the handler works with.
pub struct Deps<S, C> {
    /// Reads orders.
    pub orders: Orders<S>,
    /// The time.
    pub clock: C,
}

/// A page of orders.
#[derive(Debug, Serialize)]
struct OrderPage {
    orders: Vec<OrderView>,
    next_cursor: Option<String>,
}

/// Answers 200 with one order, or with a page of the caller's, newest first.
///
/// # Errors
/// 400 naming the parameter, 401, 404 (also for another customer's), 503.
pub async fn handle<S, C>(deps: &Deps<S, C>, request: &Request) -> Result<Reply, Problem>
where
    S: ReadOrders + ReadPayments + ReadSetupTimes + Sync,
    C: Clock + Sync,
{
    let caller = Caller::of(request)?;
    if request.path_parameters_ref().is_some_and(|p| p.first("id").is_some()) {
        let id: OrderId = path_id(request, "id", "order")?;
        let order = deps.orders.one(&caller.customer, id, deps.clock.now()).await?;
        return Reply::json(200, &order);
    }
    let paging = Paging::of(request)?;
    let page = deps.orders.list(&caller.customer, paging.limit, paging.cursor.as_deref()).await?;
    Reply::json(200, &OrderPage { orders: page.items, next_cursor: page.next })
}
