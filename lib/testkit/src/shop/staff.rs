//! What the operator's staff do: trading desktops.

use app::AppError;
use app::trading::{PlaceVps, PlacedVps, VpsView};
use domain::ids::{InstanceId, OrderId};
use domain::order::{Order, OrderStatus};
use domain::trading::is_over;

use super::{Customer, Shop};

fn crashed<T>(_: crate::sim::Crashed) -> Result<T, AppError> {
    Err(AppError::Fault("the process ended".to_owned()))
}

impl Shop {
    /// A wish of a member of the staff for a small machine near London, under a fresh idempotency key.
    pub fn vps_wish(&mut self, who: &Customer, mt5_account_id: &str) -> PlaceVps {
        self.orders += 1;
        PlaceVps {
            staff: who.id.clone(),
            email: who.email.clone(),
            mt5_account_id: mt5_account_id.to_owned(),
            vps_name: Some("gold scalper".to_owned()),
            provider: None,
            region: "lhr".to_owned(),
            plan: "small".to_owned(),
            os_id: "501".to_owned(),
            key: format!("key-{}", self.orders),
            request_hash: format!("hash-{}", self.orders),
            request_id: format!("request-{}", self.orders),
        }
    }

    /// Sends a wish once.
    ///
    /// # Errors
    /// What the use case says; a process that crashed is a `Fault`.
    pub fn place_vps(&mut self, wish: &PlaceVps) -> Result<PlacedVps, AppError> {
        self.place_vps_at_once(vec![wish.clone()]).pop().expect("one outcome")
    }

    /// Sends several wishes at the same moment; their outcomes in the same order.
    pub fn place_vps_at_once(&mut self, wishes: Vec<PlaceVps>) -> Vec<Result<PlacedVps, AppError>> {
        let world = self.world.clone();
        let calls = wishes.into_iter().map(|wish| {
            let desk = world.trading_desk();
            Box::pin(async move { Box::pin(desk.place(&wish)).await }) as _
        });
        let calls = calls.collect();
        self.at_once(calls).into_iter().map(|outcome| outcome.unwrap_or_else(crashed)).collect()
    }

    /// A trading desktop as the API shows it.
    ///
    /// # Errors
    /// The refusal.
    pub fn vps(&mut self, id: InstanceId) -> Result<VpsView, AppError> {
        let desk = self.world.trading_desk();
        self.call(async move { Box::pin(desk.status(id)).await }).unwrap_or_else(crashed)
    }

    /// Has a trading desktop looked at and put right.
    ///
    /// # Errors
    /// The refusal.
    pub fn sync_vps(&mut self, id: InstanceId) -> Result<VpsView, AppError> {
        let desk = self.world.trading_desk();
        self.call(async move { Box::pin(desk.sync(id)).await }).unwrap_or_else(crashed)
    }

    /// Has a trading desktop destroyed.
    ///
    /// # Errors
    /// The refusal.
    pub fn decommission_vps(&mut self, who: &Customer, id: InstanceId) -> Result<VpsView, AppError> {
        let (desk, who) = (self.world.trading_desk(), who.id.clone());
        self.call(async move { Box::pin(desk.decommission(&who, id, "request-1")).await })
            .unwrap_or_else(crashed)
    }

    /// What must be true of a staff's order at rest, beside what is true of every order: no money and no word of it.
    pub(super) fn check_staff_order(&self, order: &Order, broken: &mut Vec<String>) {
        let (id, store) = (order.id, &self.world.store);
        if !matches!(order.status, OrderStatus::Active | OrderStatus::Refunded) {
            broken.push(format!("{id}, which staff ordered, rests as {}", order.status));
        }
        if store.look_payment(order.payment).is_some() || store.payments().iter().any(|p| p.order == id) {
            broken.push(format!("{id}, which staff ordered, has a payment"));
        }
        if !store.look_ledger(id).is_empty() {
            broken.push(format!("{id}, which staff ordered, is in the ledger"));
        }
        let owed: Vec<&str> =
            store.mails().iter().filter(|m| m.order == Some(id)).map(|m| m.kind.as_str()).collect();
        for money in ["receipt", "failed_and_refunded", "delayed", "rebuilding"] {
            if owed.contains(&money) {
                broken.push(format!("{id}, which staff ordered, owes the mail {money}"));
            }
        }
        if owed.contains(&"not_delivered") != (order.status == OrderStatus::Refunded) {
            broken.push(format!("{id}, which staff ordered, is {} and owes {owed:?}", order.status));
        }
    }

    /// One MT5 account, one trading desktop; and its record names it.
    pub(super) fn check_trading_accounts(&self, broken: &mut Vec<String>) {
        let (orders, instances) = (self.world.store.orders(), self.world.store.instances());
        let holds = |order: &&Order| {
            let instance = instances.iter().find(|i| i.id == order.instance);
            instance.is_some_and(|instance| !is_over(order, instance))
        };
        let mut accounts: Vec<(String, OrderId)> = orders
            .iter()
            .filter(holds)
            .filter_map(|o| o.staff.as_ref().map(|vps| (vps.mt5_account_id.clone(), o.id)))
            .collect();
        accounts.sort();
        for pair in accounts.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            broken.push(format!("MT5 account {} has {} and {}", pair[0].0, pair[0].1, pair[1].1));
        }
        let records = self.world.store.trading_accounts();
        for (account, order) in accounts {
            if !records.iter().any(|r| r.mt5_account_id.as_str() == account && r.order == order) {
                broken.push(format!("MT5 account {account} is not recorded as that of {order}"));
            }
        }
    }
}
