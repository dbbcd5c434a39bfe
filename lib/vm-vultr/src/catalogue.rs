//! What can be had where.

use std::collections::BTreeMap;

use app::ports::{ProviderPlan, ProviderRegion};
use http_call::{cents, lenient};
use serde::Deserialize;
use vm_http::page;

use crate::pages::Meta;

#[derive(Deserialize)]
pub(crate) struct Region {
    id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    city: String,
    #[serde(default, deserialize_with = "lenient::word")]
    country: String,
}

page!(Regions, "regions", regions: Region, meta: Meta);

impl From<Region> for ProviderRegion {
    fn from(region: Region) -> Self {
        Self { id: region.id, city: region.city, country: region.country }
    }
}

#[derive(Deserialize)]
pub(crate) struct Plan {
    id: String,
    #[serde(default, deserialize_with = "lenient::count")]
    vcpu_count: u64,
    /// MB
    #[serde(default, deserialize_with = "lenient::count")]
    ram: u64,
    /// GB
    #[serde(default, deserialize_with = "lenient::count")]
    disk: u64,
    /// Without the Windows licence.
    #[serde(default, deserialize_with = "cents::dollars")]
    monthly_cost: Option<i64>,
    #[serde(default, deserialize_with = "lenient::words")]
    locations: Vec<String>,
    /// By region, where it costs something else.
    #[serde(default, deserialize_with = "lenient::part")]
    location_cost: BTreeMap<String, Cost>,
}

#[derive(Deserialize)]
struct Cost {
    #[serde(default, deserialize_with = "cents::dollars")]
    monthly_cost: Option<i64>,
}

page!(Plans, "plans", plans: Plan, meta: Meta);

impl From<Plan> for ProviderPlan {
    fn from(plan: Plan) -> Self {
        let regional = plan.location_cost.into_iter();
        Self {
            id: plan.id,
            vcpus: u32::try_from(plan.vcpu_count).unwrap_or(0),
            memory_mb: plan.ram,
            disk_gb: plan.disk,
            monthly_usd_cents: plan.monthly_cost,
            regional_usd_cents: regional
                .filter_map(|(region, cost)| Some((region, cost.monthly_cost?)))
                .collect(),
            regions: plan.locations,
        }
    }
}

/// The sizes that a region has now.
#[derive(Deserialize)]
pub(crate) struct Availability {
    available_plans: Vec<String>,
}

impl Availability {
    pub(crate) fn offers(&self, plan: &str) -> bool {
        self.available_plans.iter().any(|one| one == plan)
    }
}
