//! The sizes, from Contabo's price page of 2026: its API tells neither sizes nor prices nor stock.
//!
//! Which generation of products can be ordered depends on the account, so an offering may name one that is not here;
//! when it cannot be had, its create says so.

use std::collections::BTreeMap;

use app::ports::ProviderPlan;

use crate::data_centers::REGIONS;

struct Size {
    product: &'static str,
    vcpus: u32,
    memory_gb: u64,
    /// 0 where it is not known.
    disk_gb: u64,
    monthly_usd_cents: Option<i64>,
}

/// "Cloud VPS 4", "6" and "8" on SSD. Without the Windows licence, which is an add-on.
const SIZES: [Size; 3] = [
    Size { product: "V153", vcpus: 4, memory_gb: 8, disk_gb: 100, monthly_usd_cents: Some(660) },
    Size { product: "V154", vcpus: 6, memory_gb: 12, disk_gb: 0, monthly_usd_cents: None },
    Size { product: "V155", vcpus: 8, memory_gb: 24, disk_gb: 0, monthly_usd_cents: None },
];

pub(crate) fn known() -> Vec<ProviderPlan> {
    let plan = |size: &Size| ProviderPlan {
        id: size.product.to_owned(),
        vcpus: size.vcpus,
        memory_mb: size.memory_gb * 1024,
        disk_gb: size.disk_gb,
        monthly_usd_cents: size.monthly_usd_cents,
        regional_usd_cents: BTreeMap::new(),
        regions: REGIONS.iter().map(|(id, _)| (*id).to_owned()).collect(),
    };
    SIZES.iter().map(plan).collect()
}
