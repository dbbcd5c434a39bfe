//! [`Mail`]

use app::ports::WorkKind;
use domain::Timestamp;
use domain::customer::{CustomerId, Email};
use domain::ids::OrderId;
use domain::mail::{Mail, MailKind, MailStatus};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct MailItem {
    id: String,
    kind: MailKind,
    to: Option<Email>,
    customer: Option<CustomerId>,
    order: Option<OrderId>,
    note: Option<String>,
    status: MailStatus,
    attempts: u16,
    created_at: StoredTime,
    next_at: StoredTime,
    version: u64,
}

impl From<&Mail> for MailItem {
    fn from(mail: &Mail) -> Self {
        Self {
            id: mail.id.clone(),
            kind: mail.kind,
            to: mail.to.clone(),
            customer: mail.customer.clone(),
            order: mail.order,
            note: mail.note.clone(),
            status: mail.status,
            attempts: mail.attempts,
            created_at: mail.created_at.into(),
            next_at: mail.next_at.into(),
            version: mail.version,
        }
    }
}

impl From<MailItem> for Mail {
    fn from(item: MailItem) -> Self {
        Self {
            id: item.id,
            kind: item.kind,
            to: item.to,
            customer: item.customer,
            order: item.order,
            note: item.note,
            status: item.status,
            attempts: item.attempts,
            created_at: item.created_at.into(),
            next_at: item.next_at.into(),
            version: item.version,
        }
    }
}

impl Thing for Mail {
    type Item = MailItem;

    fn key(&self) -> Key {
        keys::mail(&self.id)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }

    fn work(&self) -> Option<(WorkKind, Timestamp)> {
        (self.status == MailStatus::Pending).then_some((WorkKind::PendingMail, self.next_at))
    }
}
