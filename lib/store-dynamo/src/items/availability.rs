//! [`Availability`]

use domain::availability::{Availability, Stock};
use domain::catalogue::Provider;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

#[derive(Serialize, Deserialize)]
pub(crate) struct AvailabilityItem {
    provider: Provider,
    seen_at: StoredTime,
    stock: Vec<StockPart>,
    #[serde(default)]
    windows: Option<bool>,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct StockPart {
    plan: String,
    provider_region: String,
    in_stock: bool,
    monthly_usd_cents: Option<i64>,
}

impl From<&Availability> for AvailabilityItem {
    fn from(said: &Availability) -> Self {
        let stock = said.stock.iter().map(|stock| StockPart {
            plan: stock.plan.clone(),
            provider_region: stock.provider_region.clone(),
            in_stock: stock.in_stock,
            monthly_usd_cents: stock.monthly_usd_cents,
        });
        Self {
            provider: said.provider,
            seen_at: said.seen_at.into(),
            stock: stock.collect(),
            windows: said.windows,
            version: said.version,
        }
    }
}

impl From<AvailabilityItem> for Availability {
    fn from(item: AvailabilityItem) -> Self {
        let stock = item.stock.into_iter().map(|part| Stock {
            plan: part.plan,
            provider_region: part.provider_region,
            in_stock: part.in_stock,
            monthly_usd_cents: part.monthly_usd_cents,
        });
        Self {
            provider: item.provider,
            seen_at: item.seen_at.into(),
            stock: stock.collect(),
            windows: item.windows,
            version: item.version,
        }
    }
}

impl Thing for Availability {
    type Item = AvailabilityItem;

    fn key(&self) -> Key {
        keys::availability(self.provider)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }
}
