//! Trading desktops for the operator's staff: ordered without a payment, made by the same workflow as a customer's,
//! one per MT5 account.

mod offers;
mod view;
mod wish;

use domain::Timestamp;
use domain::catalogue::Catalogue;
use domain::command::CommandKind;
use domain::customer::CustomerId;
use domain::ids::{AuditId, InstanceId, OrderId, PaymentId};
use domain::instance::Instance;
use domain::inventory::{Comparison, Recorded, StateSays, compare};
use domain::order::{Order, OrderStatus};
use domain::trading::{self, Mt5AccountId, NewVps, TradingAccount, VpsStatus, is_over};
use domain::vm::Vm;

use crate::checkout::KEY_LIFETIME;
use crate::commands::CommandDesk;
use crate::error::{AppError, Chain, undisturbed};
use crate::ports::{
    AuditEntry, Clock, Commit, IdempotencyRecord, Ids, QueueCommand, ReadCircuits, ReadIdempotency,
    ReadInstances, ReadOrders, ReadTradingAccounts, StartWorkflow, VmError, VmHost, VmHosts, Write,
};
use crate::providers::Providers;
use crate::settle::start;

pub use offers::{AccountOffer, OsOffer, PlanOffer, RegionOffer};
pub use view::{ProviderMetadata, VpsView};
pub use wish::PlaceVps;

/// Orders trading desktops, shows them and takes them away.
pub struct TradingDesk<S, V, Q, F, W> {
    /// Takes the command to terminate; it also has the state, the time and chance.
    pub desk: CommandDesk<S, Q, W>,
    /// The providers.
    pub providers: Providers<V, S, W>,
    /// The workflow.
    pub workflow: F,
    /// What customers buy: which size a provider's plan comes nearest to.
    pub catalogue: &'static Catalogue,
}

/// A trading desktop that was ordered.
#[derive(Debug)]
pub struct PlacedVps {
    /// As it is now.
    pub view: VpsView,
    /// Whether this call ordered it; `false` for a repeat of an earlier one.
    pub fresh: bool,
}

impl<S, V, Q, F, W> TradingDesk<S, V, Q, F, W>
where
    S: Commit + ReadIdempotency + ReadOrders + ReadInstances + ReadTradingAccounts + ReadCircuits + Sync,
    V: VmHosts + Sync,
    Q: QueueCommand + Sync,
    F: StartWorkflow + Sync,
    W: Clock + Ids + Sync,
{
    /// Orders a trading desktop, or finds the one that the same key ordered before.
    ///
    /// Order, desktop, MT5 account, key and audit line are stored in one transaction; then the workflow is started,
    /// by the sweep if not here.
    ///
    /// # Errors
    /// `Invalid` with the field and what can be chosen instead, `NotDeliverable` when the provider has none left,
    /// `Conflict` naming the desktop that the account has already, `KeyReused`, `Provider` when its lists cannot be
    /// read.
    pub async fn place(&self, wish: &PlaceVps) -> Result<PlacedVps, AppError> {
        let (order, instance, fresh) = match self.known(wish).await? {
            Some((order, instance)) => (order, instance, false),
            None => match self.store_new(wish).await {
                // The same key at the same moment: it is the other one of the two that has the account.
                Err(AppError::Conflict(why)) => match self.known(wish).await? {
                    Some((order, instance)) => (order, instance, false),
                    None => return Err(AppError::Conflict(why)),
                },
                stored => stored?,
            },
        };
        if order.status == OrderStatus::Paid
            && let Err(error) = start(&self.workflow, &order).await
        {
            tracing::warn!(order = %order.id, error = %Chain(&error), "workflow left to the sweep");
        }
        Ok(PlacedVps { view: VpsView::of(&order, &instance), fresh })
    }

    /// A trading desktop as it is recorded.
    ///
    /// # Errors
    /// `NotFound`, also for a desktop that a customer bought.
    pub async fn status(&self, id: InstanceId) -> Result<VpsView, AppError> {
        let (order, instance) = self.vps(id).await?;
        Ok(VpsView::of(&order, &instance))
    }

    /// Asks the provider once how a trading desktop's machine is, and puts right what is recorded of it.
    ///
    /// One that is being made, or busy, is only looked at. A machine that the provider does not know is told as
    /// such and left to the inventory, which looks more than once.
    ///
    /// # Errors
    /// `NotFound`; `Provider` when it does not answer.
    pub async fn sync(&self, id: InstanceId) -> Result<VpsView, AppError> {
        let (order, instance) = self.vps(id).await?;
        let Some(vm) = instance.vm.clone().filter(|_| instance.rents()) else {
            return Ok(VpsView::of(&order, &instance));
        };
        let host = self.providers.at(instance.offering.provider, &instance.offering.provider_region)?;
        let found = match host.get(&vm).await {
            Ok(found) => Some(found.vm),
            Err(VmError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        let instance = match &found {
            Some(vm) => undisturbed!(self.repaired(id, vm))?,
            None => instance,
        };
        Ok(VpsView::of(&order, &instance).seen(&instance, found.as_ref(), self.now()))
    }

    /// Has a trading desktop destroyed; its MT5 account is free when that is done.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` with a sentence when it cannot be done now.
    pub async fn decommission(
        &self,
        staff: &CustomerId,
        id: InstanceId,
        request_id: &str,
    ) -> Result<VpsView, AppError> {
        let (order, instance) = self.vps(id).await?;
        if VpsStatus::of(&order, &instance) == VpsStatus::Decommissioned {
            return Ok(VpsView::of(&order, &instance));
        }
        let busy = self.desk.take_from_staff(staff, id, CommandKind::Terminate, request_id).await?;
        Ok(VpsView::of(&order, &busy))
    }

    fn now(&self) -> Timestamp {
        self.desk.world.now()
    }

    async fn known(&self, wish: &PlaceVps) -> Result<Option<(Order, Instance)>, AppError> {
        let Some(record) = self.desk.store.idempotency(&wish.staff, &wish.key).await? else {
            return Ok(None);
        };
        if record.request_hash != wish.request_hash {
            return Err(AppError::KeyReused);
        }
        let order = self.desk.store.order(record.order).await?.ok_or(AppError::NotFound("order"))?;
        let (order, instance) = self.vps(order.instance).await?;
        Ok(Some((order, instance)))
    }

    /// A desktop that staff ordered, and its order.
    async fn vps(&self, id: InstanceId) -> Result<(Order, Instance), AppError> {
        let missing = || AppError::NotFound("trading desktop");
        let instance = self.desk.store.instance(id).await?.ok_or_else(missing)?;
        let order = self.desk.store.order(instance.order).await?.filter(|order| order.staff.is_some());
        Ok((order.ok_or_else(missing)?, instance))
    }

    async fn store_new(&self, wish: &PlaceVps) -> Result<(Order, Instance, bool), AppError> {
        let account = wish.account()?;
        wish.check_name()?;
        let provider = self.provider(wish.provider.as_deref()).map_err(wish::invalid("provider"))?;
        // Said before the provider is asked anything.
        self.free(&account).await?;
        let offering = self.offering(provider, wish).await?;
        let new = NewVps {
            staff: wish.staff.clone(),
            email: wish.email.clone(),
            plan: self.nearest_plan(&offering),
            vps: wish.vps(&account, offering),
        };
        undisturbed!(async {
            let (order, instance) = self.store_once(wish, &account, new.clone()).await?;
            Ok((order, instance, true))
        })
    }

    async fn store_once(
        &self,
        wish: &PlaceVps,
        account: &Mt5AccountId,
        new: NewVps,
    ) -> Result<(Order, Instance), AppError> {
        let version = self.free(account).await?;
        let (now, world) = (self.now(), &self.desk.world);
        let ids = (
            OrderId::new(now, world.random()),
            PaymentId::new(now, world.random()),
            InstanceId::new(now, world.random()),
        );
        let (mut order, mut instance) = trading::place(new, ids, now);
        let holder = TradingAccount {
            mt5_account_id: account.clone(),
            order: order.id,
            instance: instance.id,
            version,
        };
        let record = IdempotencyRecord {
            customer: wish.staff.clone(),
            key: wish.key.clone(),
            request_hash: wish.request_hash.clone(),
            order: order.id,
            expires_at: now.checked_add(KEY_LIFETIME).unwrap_or(now),
        };
        let audit = AuditEntry {
            id: AuditId::new(now, world.random()),
            instance: instance.id,
            actor: wish.staff.clone(),
            action: "trading_desktop_ordered".to_owned(),
            request_id: wish.request_id.clone(),
            at: now,
        };
        self.desk
            .store
            .commit(vec![
                Write::Idempotency(record),
                Write::TradingAccount(holder),
                Write::Order(order.clone()),
                Write::Instance(instance.clone()),
                Write::Audit(audit),
            ])
            .await?;
        tracing::info!(order = %order.id, instance = %instance.id, offering = %instance.offering, "trading desktop ordered");
        order.version += 1;
        instance.version += 1;
        Ok((order, instance))
    }

    /// The version at which an MT5 account's record may be written over, 0 when there is none.
    ///
    /// # Errors
    /// `Conflict` naming the desktop that has the account.
    async fn free(&self, account: &Mt5AccountId) -> Result<u64, AppError> {
        let Some(holder) = self.desk.store.trading_account(account).await? else { return Ok(0) };
        let (order, instance) = self.vps(holder.instance).await?;
        if is_over(&order, &instance) {
            return Ok(holder.version);
        }
        let id = holder.instance;
        Err(AppError::Conflict(match VpsStatus::of(&order, &instance) {
            VpsStatus::Error => format!(
                "MT5 account {account} still has the trading desktop {id}, which could not be made and is being \
                 destroyed. Try again in a few minutes."
            ),
            status => {
                format!("MT5 account {account} has a trading desktop already: {id}, which is {status}.")
            }
        }))
    }

    async fn repaired(&self, id: InstanceId, vm: &Vm) -> Result<Instance, AppError> {
        let mut instance =
            self.desk.store.instance(id).await?.ok_or(AppError::NotFound("trading desktop"))?;
        let Some(recorded) = Recorded::of(&instance).filter(|recorded| recorded.vm == vm.id) else {
            return Ok(instance);
        };
        let Comparison { address, state } = compare(&recorded, vm);
        let wrong_state = match state {
            StateSays::Is(status) => Some(status),
            StateSays::Fits | StateSays::Odd(_) => None,
        };
        if address.is_none() && wrong_state.is_none() {
            return Ok(instance);
        }
        instance.address = address.or(instance.address);
        instance.status = wrong_state.unwrap_or(instance.status);
        self.desk.store.commit(vec![Write::Instance(instance.clone())]).await?;
        tracing::info!(instance = %id, ?address, status = %instance.status, "trading desktop's record put right");
        instance.version += 1;
        Ok(instance)
    }
}
