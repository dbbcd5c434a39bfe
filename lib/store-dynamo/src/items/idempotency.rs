//! [`IdempotencyRecord`]

use app::ports::IdempotencyRecord;
use domain::Timestamp;
use domain::customer::CustomerId;
use domain::ids::OrderId;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct IdempotencyItem {
    customer: CustomerId,
    key: String,
    request_hash: String,
    order: OrderId,
    /// Not `expires_at`: that is in whole seconds, for DynamoDB alone.
    holds_until: StoredTime,
}

impl From<&IdempotencyRecord> for IdempotencyItem {
    fn from(record: &IdempotencyRecord) -> Self {
        Self {
            customer: record.customer.clone(),
            key: record.key.clone(),
            request_hash: record.request_hash.clone(),
            order: record.order,
            holds_until: record.expires_at.into(),
        }
    }
}

impl From<IdempotencyItem> for IdempotencyRecord {
    fn from(item: IdempotencyItem) -> Self {
        Self {
            customer: item.customer,
            key: item.key,
            request_hash: item.request_hash,
            order: item.order,
            expires_at: item.holds_until.into(),
        }
    }
}

impl Thing for IdempotencyRecord {
    type Item = IdempotencyItem;

    fn key(&self) -> Key {
        keys::idempotency(&self.customer, &self.key)
    }

    fn version(&self) -> Option<u64> {
        None
    }

    /// When the record says. DynamoDB may take two days more; until then the key is still taken.
    fn forgotten_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
