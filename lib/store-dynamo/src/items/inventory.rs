//! [`Inventory`]

use domain::catalogue::Provider;
use domain::inventory::{Inventory, Listing, Memory, Report};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

/// Listing, memory and report stand in it as they are: all three are made anew within the hour, so a change to them
/// needs no more than defaults for what is new.
#[derive(Serialize, Deserialize)]
pub(crate) struct InventoryItem {
    provider: Provider,
    listing: Listing,
    before: Memory,
    report: Option<Report>,
    #[serde(default)]
    since: Option<StoredTime>,
    looked_at: Option<StoredTime>,
    trouble: Option<String>,
    held_until: Option<StoredTime>,
    version: u64,
}

impl From<&Inventory> for InventoryItem {
    fn from(inventory: &Inventory) -> Self {
        Self {
            provider: inventory.provider,
            listing: inventory.listing.clone(),
            before: inventory.before.clone(),
            report: inventory.report.clone(),
            since: inventory.since.map(Into::into),
            looked_at: inventory.looked_at.map(Into::into),
            trouble: inventory.trouble.clone(),
            held_until: inventory.held_until.map(Into::into),
            version: inventory.version,
        }
    }
}

impl From<InventoryItem> for Inventory {
    fn from(item: InventoryItem) -> Self {
        Self {
            provider: item.provider,
            listing: item.listing,
            before: item.before,
            report: item.report,
            since: item.since.map(Into::into),
            looked_at: item.looked_at.map(Into::into),
            trouble: item.trouble,
            held_until: item.held_until.map(Into::into),
            version: item.version,
        }
    }
}

impl Thing for Inventory {
    type Item = InventoryItem;

    fn key(&self) -> Key {
        keys::inventory(self.provider)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }
}
