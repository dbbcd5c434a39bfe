//! Reads of one item by its key, strongly consistent.

use app::ports::{
    GatewayEvent, IdempotencyRecord, ReadCredentials, ReadEvents, ReadFirstBoots, ReadIdempotency, ReadMails,
    ReadPayments, ReadProfiles, ReadSetupTimes, ReadTradingAccounts, StoreError,
};
use domain::catalogue::{Os, Plan};
use domain::customer::{CustomerId, Profile};
use domain::first_boot::FirstBoot;
use domain::ids::{InstanceId, PaymentId};
use domain::instance::StoredCredentials;
use domain::mail::Mail;
use domain::payment::Payment;
use domain::trading::{Mt5AccountId, TradingAccount};

use crate::Store;
use crate::errors::store_error;
use crate::items::SetupTimes;
use crate::keys::{self, Key};
use crate::row::{Thing, decode};

impl Store {
    /// The thing at `key`, if there is one.
    pub(crate) async fn get<T: Thing>(&self, key: Key) -> Result<Option<T>, StoreError> {
        let key = key.primary()?.into_iter().collect();
        let call = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        let found = call.send().await.map_err(|error| store_error("GetItem", error))?;
        found.item.map(decode).transpose()
    }
}

impl ReadPayments for Store {
    async fn payment(&self, id: PaymentId) -> Result<Option<Payment>, StoreError> {
        self.get(keys::payment(id)).await
    }
}

impl ReadFirstBoots for Store {
    async fn first_boot(
        &self,
        instance: InstanceId,
        attempt: u16,
        boot: u16,
    ) -> Result<Option<FirstBoot>, StoreError> {
        self.get(keys::first_boot(instance, attempt, boot)).await
    }
}

impl ReadCredentials for Store {
    async fn credentials(&self, instance: InstanceId) -> Result<Option<StoredCredentials>, StoreError> {
        self.get(keys::credentials(instance)).await
    }
}

impl ReadMails for Store {
    async fn mail(&self, id: &str) -> Result<Option<Mail>, StoreError> {
        self.get(keys::mail(id)).await
    }
}

impl ReadEvents for Store {
    async fn event(&self, key: &str) -> Result<Option<GatewayEvent>, StoreError> {
        self.get(keys::event(key)).await
    }
}

impl ReadProfiles for Store {
    async fn profile(&self, customer: &CustomerId) -> Result<Option<Profile>, StoreError> {
        self.get(keys::profile(customer)).await
    }
}

impl ReadIdempotency for Store {
    async fn idempotency(
        &self,
        customer: &CustomerId,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.get(keys::idempotency(customer, key)).await
    }
}

impl ReadSetupTimes for Store {
    async fn setup_times(&self, plan: Plan, os: Os) -> Result<Vec<u32>, StoreError> {
        let times: Option<SetupTimes> = self.get(keys::setup_times(plan, os)).await?;
        Ok(times.map(|times| times.recent).unwrap_or_default())
    }
}

impl ReadTradingAccounts for Store {
    async fn trading_account(&self, id: &Mt5AccountId) -> Result<Option<TradingAccount>, StoreError> {
        self.get(keys::trading_account(id)).await
    }
}
