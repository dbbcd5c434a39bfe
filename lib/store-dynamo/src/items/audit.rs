//! [`AuditEntry`]

use app::ports::AuditEntry;
use domain::customer::CustomerId;
use domain::ids::{AuditId, InstanceId};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct AuditItem {
    id: AuditId,
    instance: InstanceId,
    actor: CustomerId,
    action: String,
    request_id: String,
    at: StoredTime,
}

impl From<&AuditEntry> for AuditItem {
    fn from(entry: &AuditEntry) -> Self {
        Self {
            id: entry.id,
            instance: entry.instance,
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            request_id: entry.request_id.clone(),
            at: entry.at.into(),
        }
    }
}

impl From<AuditItem> for AuditEntry {
    fn from(item: AuditItem) -> Self {
        Self {
            id: item.id,
            instance: item.instance,
            actor: item.actor,
            action: item.action,
            request_id: item.request_id,
            at: item.at.into(),
        }
    }
}

impl Thing for AuditEntry {
    type Item = AuditItem;

    fn key(&self) -> Key {
        keys::audit_entry(self.instance, self.id)
    }

    fn version(&self) -> Option<u64> {
        None
    }
}
