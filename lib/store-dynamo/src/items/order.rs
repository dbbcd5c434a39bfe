//! [`Order`]

use app::ports::WorkKind;
use domain::Timestamp;
use domain::catalogue::{Os, Plan};
use domain::customer::{CustomerId, Email};
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::money::{Currency, Money};
use domain::order::{Failure, Order, OrderStatus, PaymentMethod, StaffVps, Step, StepDone};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::{OfferingPart, StoredTime};
use crate::row::{Listed, Thing};

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderItem {
    id: OrderId,
    customer: CustomerId,
    email: Email,
    plan: Plan,
    os: Os,
    region: Option<String>,
    staff: Option<StaffPart>,
    price_minor: i64,
    currency: Currency,
    method: PaymentMethod,
    payment: PaymentId,
    instance: InstanceId,
    status: OrderStatus,
    timeline: Vec<TimelinePart>,
    created_at: StoredTime,
    paid_at: Option<StoredTime>,
    deadline: Option<StoredTime>,
    offering: u16,
    attempt: u16,
    failure: Option<Failure>,
    executions: u16,
    restarted_at: Option<StoredTime>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct TimelinePart {
    step: Step,
    at: StoredTime,
}

#[derive(Serialize, Deserialize)]
struct StaffPart {
    mt5_account_id: String,
    vps_name: Option<String>,
    offering: OfferingPart,
}

impl From<&StaffVps> for StaffPart {
    fn from(staff: &StaffVps) -> Self {
        Self {
            mt5_account_id: staff.mt5_account_id.clone(),
            vps_name: staff.vps_name.clone(),
            offering: (&staff.offering).into(),
        }
    }
}

impl From<StaffPart> for StaffVps {
    fn from(part: StaffPart) -> Self {
        Self { mt5_account_id: part.mt5_account_id, vps_name: part.vps_name, offering: part.offering.into() }
    }
}

impl From<&Order> for OrderItem {
    fn from(order: &Order) -> Self {
        let timeline = order.timeline.iter().map(|done| TimelinePart { step: done.step, at: done.at.into() });
        Self {
            id: order.id,
            customer: order.customer.clone(),
            email: order.email.clone(),
            plan: order.plan,
            os: order.os,
            region: order.region.clone(),
            staff: order.staff.as_ref().map(Into::into),
            price_minor: order.price.minor,
            currency: order.price.currency,
            method: order.method,
            payment: order.payment,
            instance: order.instance,
            status: order.status,
            timeline: timeline.collect(),
            created_at: order.created_at.into(),
            paid_at: order.paid_at.map(Into::into),
            deadline: order.deadline.map(Into::into),
            offering: order.offering,
            attempt: order.attempt,
            failure: order.failure,
            executions: order.executions,
            restarted_at: order.restarted_at.map(Into::into),
            version: order.version,
        }
    }
}

impl From<OrderItem> for Order {
    fn from(item: OrderItem) -> Self {
        let timeline = item.timeline.into_iter().map(|part| StepDone { step: part.step, at: part.at.into() });
        Self {
            id: item.id,
            customer: item.customer,
            email: item.email,
            plan: item.plan,
            os: item.os,
            region: item.region,
            staff: item.staff.map(Into::into),
            price: Money::new(item.price_minor, item.currency),
            method: item.method,
            payment: item.payment,
            instance: item.instance,
            status: item.status,
            timeline: timeline.collect(),
            created_at: item.created_at.into(),
            paid_at: item.paid_at.map(Into::into),
            deadline: item.deadline.map(Into::into),
            offering: item.offering,
            attempt: item.attempt,
            failure: item.failure,
            executions: item.executions,
            restarted_at: item.restarted_at.map(Into::into),
            version: item.version,
        }
    }
}

impl Thing for Order {
    type Item = OrderItem;

    fn key(&self) -> Key {
        keys::order(self.id)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }

    fn in_by_customer(&self) -> Option<Key> {
        Some(keys::order_of_customer(&self.customer, self.id))
    }

    fn work(&self) -> Option<(WorkKind, Timestamp)> {
        self.needs_work().then(|| (WorkKind::UnsettledOrder, self.last_moved_at()))
    }
}

impl Listed for Order {
    type Id = OrderId;

    fn listing(customer: &CustomerId) -> Key {
        keys::orders_of(customer)
    }

    fn place(customer: &CustomerId, id: OrderId) -> Key {
        keys::order_of_customer(customer, id)
    }

    fn key_of(id: OrderId) -> Key {
        keys::order(id)
    }

    fn id(&self) -> OrderId {
        self.id
    }
}
