//! What a customer does.

use app::AppError;
use app::checkout::{PlaceOrder, Placed};
use domain::catalogue::{Os, Plan};
use domain::command::CommandKind;
use domain::customer::{CustomerId, Email};
use domain::ids::OrderId;
use domain::instance::Instance;
use domain::money::Currency;
use domain::order::PaymentMethod;
use jiff::SignedDuration;

use super::Shop;
use crate::ports::SentMail;

/// Somebody who signed up and verified their address.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Their id.
    pub id: CustomerId,
    /// Their address.
    pub email: Email,
}

impl Shop {
    /// A new customer.
    pub fn customer(&mut self, email: &str) -> Customer {
        self.customers += 1;
        Customer {
            id: CustomerId::parse(&format!("customer-{}", self.customers)).expect("a sub"),
            email: Email::parse(email).expect("an address"),
        }
    }

    /// A wish as the checkout function makes it, under a fresh idempotency key.
    pub fn wish(&mut self, who: &Customer, plan: Plan, os: Os) -> PlaceOrder {
        self.orders += 1;
        PlaceOrder {
            customer: who.id.clone(),
            email: who.email.clone(),
            email_verified: true,
            plan,
            os,
            currency: Currency::Ngn,
            method: PaymentMethod::Paystack,
            region: None,
            key: format!("key-{}", self.orders),
            request_hash: format!("hash-{}", self.orders),
            return_url: "https://shop.example/return".to_owned(),
            cancel_url: None,
        }
    }

    /// Sends a wish once.
    ///
    /// # Errors
    /// What the use case says; a process that crashed is a `Fault`.
    pub fn place(&mut self, wish: &PlaceOrder) -> Result<Placed, AppError> {
        let (checkout, wish) = (self.world.checkout(), wish.clone());
        let crashed = |_| Err(AppError::Fault("the process ended".to_owned()));
        self.call(async move { Box::pin(checkout.place(&wish)).await }).unwrap_or_else(crashed)
    }

    /// Orders a basic desktop, repeating the click until it works.
    pub fn orders(&mut self, who: &Customer, os: Os) -> OrderId {
        self.orders_in(who, os, None)
    }

    /// The same in a region of the catalogue.
    pub fn orders_in(&mut self, who: &Customer, os: Os, region: Option<&str>) -> OrderId {
        let wish = PlaceOrder { region: region.map(str::to_owned), ..self.wish(who, Plan::Basic, os) };
        for _ in 0..20 {
            if let Ok(placed) = self.place(&wish) {
                return placed.order.id;
            }
        }
        panic!("the checkout never worked:\n{}", self.world.sim.trace().join("\n"));
    }

    /// The gateway reference under which an order can be paid.
    pub fn reference(&self, order: OrderId) -> String {
        let payment = self.order(order).payment;
        self.world.store.look_payment(payment).expect("its payment").reference()
    }

    /// Pays, and the gateway tells us a second later.
    pub fn pays(&mut self, order: OrderId) {
        let reference = self.pays_silently(order);
        self.world.gateway.webhook("charge.success", &reference, SignedDuration::from_secs(1));
    }

    /// Pays, and nobody tells us. Returns the reference.
    pub fn pays_silently(&mut self, order: OrderId) -> String {
        let reference = self.reference(order);
        self.world.gateway.pay(&reference);
        reference
    }

    /// A paid order of a new customer.
    pub fn paid_order(&mut self, os: Os) -> OrderId {
        let ada = self.customer("ada@example.com");
        let order = self.orders(&ada, os);
        self.pays(order);
        order
    }

    /// A delivered desktop of a new customer.
    pub fn delivered(&mut self, os: Os) -> (Customer, OrderId) {
        let ada = self.customer("ada@example.com");
        let order = self.orders(&ada, os);
        self.pays(order);
        self.run_until_idle();
        (ada, order)
    }

    /// The customer comes back to the site after paying.
    pub fn comes_back(&mut self, order: OrderId) {
        let (settlement, reference) = (self.world.settlement(), self.reference(order));
        let outcome = self.call(async move { Box::pin(settlement.check(&reference)).await });
        outcome.expect("no crash").expect("the look works");
    }

    /// The same, while things may fail: the customer sees an error and leaves.
    pub fn try_come_back(&mut self, order: OrderId) {
        let (settlement, reference) = (self.world.settlement(), self.reference(order));
        drop(self.call(async move { Box::pin(settlement.check(&reference)).await }));
    }

    /// Asks for a command on an order's desktop.
    ///
    /// # Errors
    /// The refusal.
    pub fn commands(
        &mut self,
        who: &Customer,
        order: OrderId,
        kind: CommandKind,
    ) -> Result<Instance, AppError> {
        let (desk, who, id) = (self.world.desk(), who.id.clone(), self.order(order).instance);
        let crashed = |_| Err(AppError::Fault("the process ended".to_owned()));
        self.call(async move { Box::pin(desk.take(&who, id, kind, "request-1")).await })
            .unwrap_or_else(crashed)
    }

    /// An order's desktop.
    pub fn instance(&self, order: OrderId) -> Instance {
        self.desktop(order).expect("its desktop")
    }

    /// The same, or `None` while it has no record.
    pub(crate) fn desktop(&self, order: OrderId) -> Option<Instance> {
        self.world.store.look_instance(self.order(order).instance)
    }

    /// The mails of one kind that went out about an order.
    pub fn mails(&self, order: OrderId, kind: &str) -> Vec<SentMail> {
        self.world.outbox.sent().into_iter().filter(|m| m.order == Some(order) && m.kind == kind).collect()
    }

    /// The kinds of the mails that went out about an order, sorted.
    pub fn mail_kinds(&self, order: OrderId) -> Vec<&'static str> {
        let sent = self.world.outbox.sent().into_iter().filter(|m| m.order == Some(order));
        let mut kinds: Vec<_> = sent.map(|m| m.kind).collect();
        kinds.sort_unstable();
        kinds
    }

    /// The password by which an owner signs in, revealed on the site.
    ///
    /// # Errors
    /// The refusal.
    pub fn reveals(&mut self, who: &Customer, order: OrderId) -> Result<String, AppError> {
        let (credentials, who, id) = (self.world.credentials(), who.id.clone(), self.order(order).instance);
        let revealed = self.call(async move { Box::pin(credentials.reveal(&who, id, "request-1")).await });
        revealed.expect("no crash").map(|r| r.password.expose().clone())
    }
}
