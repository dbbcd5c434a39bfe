//! What customers see of an order: its status, its timeline and when it will be ready.

use domain::Timestamp;
use domain::catalogue::{Catalogue, Os, Plan};
use domain::customer::CustomerId;
use domain::eta::expected_seconds;
use domain::ids::{InstanceId, OrderId};
use domain::money::Money;
use domain::order::{Failure, Order, OrderStatus, PaymentMethod, StepDone};
use jiff::SignedDuration;
use serde::Serialize;

use crate::error::AppError;
use crate::ports::{Page, ReadOrders, ReadPayments, ReadSetupTimes};

/// An order as its customer sees it.
#[derive(Debug, Clone, Serialize)]
pub struct OrderView {
    /// Its id.
    pub id: OrderId,
    /// The size.
    pub plan: Plan,
    /// The system.
    pub os: Os,
    /// The wanted region, if one was named.
    pub region: Option<String>,
    /// What it costs.
    pub price: MoneyView,
    /// How it is paid; `None` for what the operator's staff ordered, which nobody pays for.
    pub method: Option<PaymentMethod>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where to pay, while it can be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_url: Option<String>,
    /// The desktop it becomes, once it has begun to exist.
    pub instance_id: Option<InstanceId>,
    /// What happened so far.
    pub timeline: Vec<StepDone>,
    /// When it should be ready, while it is being made.
    pub ready_at: Option<Timestamp>,
    /// Why it could not be delivered.
    pub failure: Option<Failure>,
    /// When it was placed.
    pub created_at: Timestamp,
}

/// An amount as the API writes it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MoneyView {
    /// Hundredths of the currency.
    pub minor: i64,
    /// ISO 4217.
    pub currency: domain::money::Currency,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self { minor: money.minor, currency: money.currency }
    }
}

/// When an order should be ready: from paid, or from the loss of its machine, as long as the median of recent ones took, but never in the past.
pub fn ready_at(order: &Order, recent: &[u32], usual: u32) -> Option<Timestamp> {
    if !matches!(order.status, OrderStatus::Paid | OrderStatus::Provisioning) {
        return None;
    }
    let seconds = expected_seconds(recent, usual);
    order.wanted_at()?.checked_add(SignedDuration::from_secs(i64::from(seconds))).ok()
}

/// Reads orders for their customers.
pub struct Orders<S> {
    /// The state.
    pub store: S,
    /// What is sold.
    pub catalogue: &'static Catalogue,
}

impl<S: ReadOrders + ReadPayments + ReadSetupTimes + Sync> Orders<S> {
    /// One order with its timeline.
    ///
    /// # Errors
    /// `NotFound` when there is none, or when it is somebody else's.
    pub async fn one(
        &self,
        customer: &CustomerId,
        id: OrderId,
        now: Timestamp,
    ) -> Result<OrderView, AppError> {
        let order = self.store.order(id).await?.filter(|o| o.customer == *customer);
        let order = order.ok_or(AppError::NotFound("order"))?;
        let mut view = self.view(&order);
        if let Some(product) = self.catalogue.product(order.plan, order.os) {
            let recent = self.store.setup_times(order.plan, order.os).await?;
            view.ready_at = ready_at(&order, &recent, product.usual_setup_seconds).map(|at| at.max(now));
        }
        if order.status == OrderStatus::AwaitingPayment {
            view.authorization_url = self.store.payment(order.payment).await?.and_then(|p| p.checkout_url);
        }
        Ok(view)
    }

    /// A customer's orders, newest first.
    ///
    /// # Errors
    /// `Store` when they cannot be read, or when `after` is not a cursor of ours.
    pub async fn list(
        &self,
        customer: &CustomerId,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Page<OrderView>, AppError> {
        let page = self.store.orders_of(customer, limit, after).await?;
        Ok(Page { items: page.items.iter().map(|o| self.view(o)).collect(), next: page.next })
    }

    fn view(&self, order: &Order) -> OrderView {
        OrderView {
            id: order.id,
            plan: order.plan,
            os: order.os,
            region: order.region.clone(),
            price: order.price.into(),
            method: order.staff.is_none().then_some(order.method),
            status: order.status,
            authorization_url: None,
            instance_id: (order.attempt > 0).then_some(order.instance),
            timeline: order.timeline.clone(),
            ready_at: None,
            failure: order.failure,
            created_at: order.created_at,
        }
    }
}
