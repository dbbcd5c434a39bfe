//! [`Payment`]

use app::ports::WorkKind;
use domain::Timestamp;
use domain::customer::CustomerId;
use domain::ids::{OrderId, PaymentId};
use domain::money::{Currency, Money};
use domain::order::PaymentMethod;
use domain::payment::{Payment, PaymentStatus, Refund, RefundStatus};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct PaymentItem {
    id: PaymentId,
    order: OrderId,
    customer: CustomerId,
    method: PaymentMethod,
    amount_minor: i64,
    currency: Currency,
    status: PaymentStatus,
    references: u16,
    checkout_url: Option<String>,
    created_at: StoredTime,
    /// Not `expires_at`: a payment is kept for ever.
    payable_until: StoredTime,
    next_check_at: Option<StoredTime>,
    checks: u16,
    paid_at: Option<StoredTime>,
    gateway_id: Option<String>,
    fee_minor: Option<i64>,
    mismatch: Option<String>,
    refund: Option<RefundPart>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct RefundPart {
    status: RefundStatus,
    gateway_id: Option<String>,
    wanted_at: StoredTime,
    next_check_at: StoredTime,
}

impl From<&Payment> for PaymentItem {
    fn from(payment: &Payment) -> Self {
        Self {
            id: payment.id,
            order: payment.order,
            customer: payment.customer.clone(),
            method: payment.method,
            amount_minor: payment.amount.minor,
            currency: payment.amount.currency,
            status: payment.status,
            references: payment.references,
            checkout_url: payment.checkout_url.clone(),
            created_at: payment.created_at.into(),
            payable_until: payment.expires_at.into(),
            next_check_at: payment.next_check_at.map(Into::into),
            checks: payment.checks,
            paid_at: payment.paid_at.map(Into::into),
            gateway_id: payment.gateway_id.clone(),
            fee_minor: payment.fee_minor,
            mismatch: payment.mismatch.clone(),
            refund: payment.refund.as_ref().map(|refund| RefundPart {
                status: refund.status,
                gateway_id: refund.gateway_id.clone(),
                wanted_at: refund.wanted_at.into(),
                next_check_at: refund.next_check_at.into(),
            }),
            version: payment.version,
        }
    }
}

impl From<PaymentItem> for Payment {
    fn from(item: PaymentItem) -> Self {
        Self {
            id: item.id,
            order: item.order,
            customer: item.customer,
            method: item.method,
            amount: Money::new(item.amount_minor, item.currency),
            status: item.status,
            references: item.references,
            checkout_url: item.checkout_url,
            created_at: item.created_at.into(),
            expires_at: item.payable_until.into(),
            next_check_at: item.next_check_at.map(Into::into),
            checks: item.checks,
            paid_at: item.paid_at.map(Into::into),
            gateway_id: item.gateway_id,
            fee_minor: item.fee_minor,
            mismatch: item.mismatch,
            refund: item.refund.map(|part| Refund {
                status: part.status,
                gateway_id: part.gateway_id,
                wanted_at: part.wanted_at.into(),
                next_check_at: part.next_check_at.into(),
            }),
            version: item.version,
        }
    }
}

impl Thing for Payment {
    type Item = PaymentItem;

    fn key(&self) -> Key {
        keys::payment(self.id)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }

    /// An item has one place in the index. A refund under way comes first: it says that the money is known.
    fn work(&self) -> Option<(WorkKind, Timestamp)> {
        use RefundStatus as R;
        if let Some(refund) = &self.refund
            && matches!(refund.status, R::Wanted | R::Pending | R::Processing)
        {
            return Some((WorkKind::OpenRefund, refund.next_check_at));
        }
        match self.status {
            PaymentStatus::Open | PaymentStatus::Expired => {
                self.next_check_at.map(|at| (WorkKind::OpenPayment, at))
            }
            PaymentStatus::Paid | PaymentStatus::Mismatched => None,
        }
    }
}
