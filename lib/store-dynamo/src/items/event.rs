//! [`GatewayEvent`]

use app::ports::{GatewayEvent, WorkKind};
use domain::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

/// How long an event is remembered, so that a replay of it is known: longer than any gateway repeats one.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

#[derive(Serialize, Deserialize)]
pub(crate) struct EventItem {
    key: String,
    name: String,
    body: String,
    received_at: StoredTime,
    applied_at: Option<StoredTime>,
    version: u64,
}

impl From<&GatewayEvent> for EventItem {
    fn from(event: &GatewayEvent) -> Self {
        Self {
            key: event.key.clone(),
            name: event.name.clone(),
            body: event.body.clone(),
            received_at: event.received_at.into(),
            applied_at: event.applied_at.map(Into::into),
            version: event.version,
        }
    }
}

impl From<EventItem> for GatewayEvent {
    fn from(item: EventItem) -> Self {
        Self {
            key: item.key,
            name: item.name,
            body: item.body,
            received_at: item.received_at.into(),
            applied_at: item.applied_at.map(Into::into),
            version: item.version,
        }
    }
}

impl Thing for GatewayEvent {
    type Item = EventItem;

    fn key(&self) -> Key {
        keys::event(&self.key)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }

    fn work(&self) -> Option<(WorkKind, Timestamp)> {
        self.applied_at.is_none().then_some((WorkKind::UnappliedEvent, self.received_at))
    }

    /// 90 days after it came in.
    fn forgotten_at(&self) -> Option<Timestamp> {
        self.received_at.checked_add(KEPT).ok()
    }
}
