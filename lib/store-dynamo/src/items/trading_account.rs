//! [`TradingAccount`]

use domain::ids::{InstanceId, OrderId};
use domain::trading::{Mt5AccountId, TradingAccount};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct TradingAccountItem {
    mt5_account_id: Mt5AccountId,
    order: OrderId,
    instance: InstanceId,
    version: u64,
}

impl From<&TradingAccount> for TradingAccountItem {
    fn from(account: &TradingAccount) -> Self {
        Self {
            mt5_account_id: account.mt5_account_id.clone(),
            order: account.order,
            instance: account.instance,
            version: account.version,
        }
    }
}

impl From<TradingAccountItem> for TradingAccount {
    fn from(item: TradingAccountItem) -> Self {
        Self {
            mt5_account_id: item.mt5_account_id,
            order: item.order,
            instance: item.instance,
            version: item.version,
        }
    }
}

impl Thing for TradingAccount {
    type Item = TradingAccountItem;

    fn key(&self) -> Key {
        keys::trading_account(&self.mt5_account_id)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }
}
