//! Checkout: one order and one payment request, however often the customer clicks.

use domain::Timestamp;
use domain::catalogue::{Catalogue, Os, Plan};
use domain::customer::{CustomerId, Email};
use domain::ids::{InstanceId, OrderId, PaymentId};
use domain::money::Currency;
use domain::order::{Order, OrderStatus, PaymentMethod, Step, StepDone};
use domain::payment::{Payment, PaymentStatus, REFERENCES_MAX};
use jiff::SignedDuration;

use crate::deliverable::{Deliverable, Now};
use crate::error::{AppError, undisturbed};
use crate::policy::Policy;
use crate::ports::{
    CheckoutRequest, Clock, Commit, GatewayError, IdempotencyRecord, Ids, PaymentGateway, ReadAvailability,
    ReadCircuits, ReadIdempotency, ReadOrders, ReadPayments, StoreError, Write,
};

/// How long an idempotency key is remembered.
pub const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// A wish to buy, checked for form.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    /// Who buys.
    pub customer: CustomerId,
    /// Where their mails go.
    pub email: Email,
    /// Whether that address was verified.
    pub email_verified: bool,
    /// The size.
    pub plan: Plan,
    /// The system.
    pub os: Os,
    /// What to pay in.
    pub currency: Currency,
    /// How to pay.
    pub method: PaymentMethod,
    /// Where the desktop should stand.
    pub region: Option<String>,
    /// The `Idempotency-Key` header: 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 of the request body's meaning, hex.
    pub request_hash: String,
    /// Where the gateway sends the browser back to, without the reference.
    pub return_url: String,
    /// Where it sends the browser after a cancelled payment.
    pub cancel_url: Option<String>,
}

/// A placed order and where to pay it.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// Its payment.
    pub payment: Payment,
    /// Whether this call made it; `false` for a repeat of an earlier one.
    pub fresh: bool,
}

/// Places orders.
pub struct Checkout<S, G, W> {
    /// The state.
    pub store: S,
    /// The gateway.
    pub gateway: G,
    /// Time and chance.
    pub world: W,
    /// What is sold.
    pub catalogue: &'static Catalogue,
    /// What of it can be had now.
    pub deliverable: Deliverable,
    /// Times and limits.
    pub policy: Policy,
}

impl<S, G, W> Checkout<S, G, W>
where
    S: Commit + ReadIdempotency + ReadOrders + ReadPayments + ReadAvailability + ReadCircuits + Sync,
    G: PaymentGateway + Sync,
    W: Clock + Ids + Sync,
{
    /// Places an order, or finds the one that the same key made before.
    ///
    /// Order, payment and key are stored in one transaction before the gateway is asked; the payment's
    /// reference is the gateway's idempotency key, so a repeat after any failure goes on where it stopped.
    ///
    /// # Errors
    /// `Invalid` with the field, `NotDeliverable` with what can be had instead, `Forbidden` for an unverified
    /// address, `KeyReused`, `Gateway` when no page could be opened (the order stands; repeat with the same key).
    /// An order that was placed before is not refused for what can be had now.
    pub async fn place(&self, wish: &PlaceOrder) -> Result<Placed, AppError> {
        if !wish.email_verified {
            return Err(AppError::Forbidden("Verify your e-mail address before you order.".to_owned()));
        }
        let (order, payment, fresh) = match self.known(wish).await? {
            Some((order, payment)) => (order, payment, false),
            None => match self.store_new(wish).await {
                Ok((order, payment)) => (order, payment, true),
                // The same key at the same moment: the other one stored it.
                Err(AppError::Store(StoreError::Conflict)) => {
                    let (order, payment) = self.known(wish).await?.ok_or(StoreError::Conflict)?;
                    (order, payment, false)
                }
                Err(error) => return Err(error),
            },
        };
        let payment = self.with_page(wish, &order, payment).await?;
        Ok(Placed { order, payment, fresh })
    }

    async fn known(&self, wish: &PlaceOrder) -> Result<Option<(Order, Payment)>, AppError> {
        // A key counts for as long as it is stored: DynamoDB may forget it later than promised, never earlier.
        let Some(record) = self.store.idempotency(&wish.customer, &wish.key).await? else { return Ok(None) };
        if record.request_hash != wish.request_hash {
            return Err(AppError::KeyReused);
        }
        let order = self.store.order(record.order).await?.ok_or(AppError::NotFound("order"))?;
        let payment = self.store.payment(order.payment).await?.ok_or(AppError::NotFound("payment"))?;
        Ok(Some((order, payment)))
    }

    async fn store_new(&self, wish: &PlaceOrder) -> Result<(Order, Payment), AppError> {
        let now = self.world.now();
        let deliverable = self.deliverable.now(&self.store, now).await?;
        let (order, payment) = self.decide(wish, &deliverable, now)?;
        let record = IdempotencyRecord {
            customer: wish.customer.clone(),
            key: wish.key.clone(),
            request_hash: wish.request_hash.clone(),
            order: order.id,
            expires_at: now.checked_add(KEY_LIFETIME).unwrap_or(now),
        };
        self.store
            .commit(vec![
                Write::Idempotency(record),
                Write::Order(order.clone()),
                Write::Payment(payment.clone()),
            ])
            .await?;
        tracing::info!(order = %order.id, plan = %order.plan, os = %order.os, price = %order.price, "order placed");
        let (mut order, mut payment) = (order, payment);
        order.version += 1;
        payment.version += 1;
        Ok((order, payment))
    }

    fn decide(
        &self,
        wish: &PlaceOrder,
        deliverable: &Now,
        now: Timestamp,
    ) -> Result<(Order, Payment), AppError> {
        let product = self.catalogue.product(wish.plan, wish.os).ok_or_else(|| AppError::Invalid {
            field: "plan",
            reason: format!("{} {} is not sold", wish.plan, wish.os),
        })?;
        let price = product.price(wish.currency).ok_or_else(|| AppError::Invalid {
            field: "currency",
            reason: format!("{} {} is not sold in {}", wish.plan, wish.os, wish.currency),
        })?;
        deliverable.check(self.catalogue, product, wish.region.as_deref())?;
        let order = Order {
            id: OrderId::new(now, self.world.random()),
            customer: wish.customer.clone(),
            email: wish.email.clone(),
            plan: wish.plan,
            os: wish.os,
            region: wish.region.clone(),
            staff: None,
            price,
            method: wish.method,
            payment: PaymentId::new(now, self.world.random()),
            instance: InstanceId::new(now, self.world.random()),
            status: OrderStatus::AwaitingPayment,
            timeline: vec![StepDone { step: Step::Placed, at: now }],
            created_at: now,
            paid_at: None,
            deadline: None,
            offering: 0,
            attempt: 0,
            failure: None,
            executions: 0,
            restarted_at: None,
            version: 0,
        };
        let mut payment = Payment {
            id: order.payment,
            order: order.id,
            customer: order.customer.clone(),
            method: order.method,
            amount: price,
            status: PaymentStatus::Open,
            references: 1,
            checkout_url: None,
            created_at: now,
            expires_at: now.checked_add(self.policy.payment_expiry).unwrap_or(now),
            next_check_at: None,
            checks: 0,
            paid_at: None,
            gateway_id: None,
            fee_minor: None,
            mismatch: None,
            refund: None,
            version: 0,
        };
        payment.next_check_at = payment.next_check_after(now);
        Ok((order, payment))
    }

    /// The payment with the address of its page: the stored one, or a page opened now.
    async fn with_page(
        &self,
        wish: &PlaceOrder,
        order: &Order,
        mut payment: Payment,
    ) -> Result<Payment, AppError> {
        if payment.status != PaymentStatus::Open || payment.checkout_url.is_some() {
            return Ok(payment);
        }
        loop {
            let request = CheckoutRequest {
                reference: payment.reference(),
                email: order.email.clone(),
                amount: payment.amount,
                return_url: wish.return_url.clone(),
                cancel_url: wish.cancel_url.clone(),
                order: order.id.to_string(),
            };
            match self.gateway.open_checkout(&request).await {
                Ok(page) => return self.keep_page(payment.id, payment.references, page.url).await,
                // The page behind this reference was opened by a call whose answer was lost or whose process
                // died: nobody has its address, so nobody can pay there, and another reference is safe.
                Err(GatewayError::DuplicateReference) if payment.references < REFERENCES_MAX => {
                    payment = self.next_reference(payment.id, payment.references).await?;
                    if payment.checkout_url.is_some() {
                        return Ok(payment);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn keep_page(&self, id: PaymentId, number: u16, url: String) -> Result<Payment, AppError> {
        undisturbed!(async {
            let mut payment = self.store.payment(id).await?.ok_or(AppError::NotFound("payment"))?;
            // First one wins: two calls at once may hold two references, and the customer gets one page.
            if payment.checkout_url.is_none() {
                payment.checkout_url = Some(url.clone());
                // The other call may have gone on to a later reference: what is looked at is what can be paid.
                payment.references = number;
                self.store.commit(vec![Write::Payment(payment.clone())]).await?;
                payment.version += 1;
            }
            Ok(payment)
        })
    }

    async fn next_reference(&self, id: PaymentId, used: u16) -> Result<Payment, AppError> {
        undisturbed!(async {
            let mut payment = self.store.payment(id).await?.ok_or(AppError::NotFound("payment"))?;
            if payment.references == used && payment.checkout_url.is_none() {
                payment.references += 1;
                self.store.commit(vec![Write::Payment(payment.clone())]).await?;
                payment.version += 1;
            }
            Ok(payment)
        })
    }
}
