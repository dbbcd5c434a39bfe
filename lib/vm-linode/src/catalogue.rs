//! What can be had where.

use app::ports::{ProviderPlan, ProviderRegion, VmError};
use domain::catalogue::Offering;
use http_call::{cents, lenient};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::client::Client;

/// Capabilities of a region: it has machines, and they can be given user data.
const MACHINES: &str = "Linodes";
const METADATA: &str = "Metadata";

#[derive(Deserialize)]
pub(crate) struct Region {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    label: String,
    /// ISO 3166, lower case.
    #[serde(default, deserialize_with = "lenient::word")]
    country: String,
    #[serde(default, deserialize_with = "lenient::words")]
    capabilities: Vec<String>,
    /// `ok` or `outage`.
    #[serde(default, deserialize_with = "lenient::word")]
    status: String,
}

impl Region {
    fn can(&self, what: &str) -> bool {
        self.capabilities.iter().any(|one| one == what)
    }

    /// Whether first boot runs what it is given.
    pub(crate) fn runs_user_data(&self) -> bool {
        self.can(METADATA)
    }

    /// Whether desktops can be made there now.
    fn is_open(&self) -> bool {
        self.can(MACHINES) && self.can(METADATA) && self.status != "outage"
    }
}

impl From<&Region> for ProviderRegion {
    fn from(region: &Region) -> Self {
        // "Newark, NJ, USA"
        let city = region.label.split(',').next().unwrap_or_default().trim().to_owned();
        Self { id: region.id.clone(), city, country: region.country.to_ascii_uppercase() }
    }
}

#[derive(Deserialize)]
struct Type {
    id: String,
    #[serde(default, deserialize_with = "lenient::count")]
    vcpus: u64,
    /// MB
    #[serde(default, deserialize_with = "lenient::count")]
    memory: u64,
    /// MB
    #[serde(default, deserialize_with = "lenient::count")]
    disk: u64,
    /// `standard`, `gpu`, `premium`, …
    #[serde(default, deserialize_with = "lenient::word")]
    class: String,
    #[serde(default)]
    price: Price,
    /// Of the regions that cost something else.
    #[serde(default, deserialize_with = "lenient::part")]
    region_prices: Vec<RegionPrice>,
}

/// The usual price.
#[derive(Default, Deserialize)]
struct Price {
    #[serde(default, deserialize_with = "cents::dollars")]
    monthly: Option<i64>,
}

#[derive(Deserialize)]
struct RegionPrice {
    /// The region.
    #[serde(default, deserialize_with = "lenient::word")]
    id: String,
    #[serde(default, deserialize_with = "cents::dollars")]
    monthly: Option<i64>,
}

impl Type {
    /// What a region has to have for it, beyond machines.
    fn needs(&self) -> Option<&'static str> {
        match self.class.as_str() {
            "gpu" => Some("GPU Linodes"),
            "premium" => Some("Premium Plans"),
            _ => None,
        }
    }

    fn listed(self, regions: &[Region], availabilities: &[Availability]) -> ProviderPlan {
        let needs = self.needs();
        let to_be_had = |region: &&Region| {
            let refused = |one: &Availability| one.region == region.id && one.says_no_to(&self.id);
            region.is_open()
                && needs.is_none_or(|what| region.can(what))
                && !availabilities.iter().any(refused)
        };
        let regional = self.region_prices.into_iter();
        ProviderPlan {
            regional_usd_cents: regional.filter_map(|price| Some((price.id, price.monthly?))).collect(),
            regions: regions.iter().filter(to_be_had).map(|region| region.id.clone()).collect(),
            vcpus: u32::try_from(self.vcpus).unwrap_or(0),
            memory_mb: self.memory,
            disk_gb: self.disk / 1024,
            monthly_usd_cents: self.price.monthly,
            id: self.id,
        }
    }
}

/// Whether a type can be had in a region now. A type that is not mentioned there is not limited.
#[derive(Deserialize)]
struct Availability {
    #[serde(default, deserialize_with = "lenient::word")]
    region: String,
    #[serde(default, deserialize_with = "lenient::word")]
    plan: String,
    #[serde(default)]
    available: Value,
}

impl Availability {
    fn says_no_to(&self, plan: &str) -> bool {
        self.plan == plan && self.available == Value::Bool(false)
    }
}

/// Those of one region: a bare list by the changelog, and a page by the look of every other list.
#[derive(Deserialize)]
struct OfOneRegion(#[serde(deserialize_with = "bare_or_paged")] Vec<Availability>);

fn bare_or_paged<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Availability>, D::Error> {
    let list = match Value::deserialize(deserializer)? {
        Value::Object(mut page) => page.remove("data").unwrap_or_default(),
        list => list,
    };
    serde_json::from_value(list).map_err(serde::de::Error::custom)
}

impl Client {
    /// The regions where machines can be made, whatever else they lack.
    pub(crate) async fn regions_with_machines(&self) -> Result<Vec<ProviderRegion>, VmError> {
        let regions = self.all::<Region>(&["regions"]).await?;
        Ok(regions.iter().filter(|region| region.can(MACHINES)).map(Into::into).collect())
    }

    /// The types, each with the regions where it can be had now.
    pub(crate) async fn types(&self) -> Result<Vec<ProviderPlan>, VmError> {
        let types = self.all::<Type>(&["linode", "types"]).await?;
        let regions = self.all::<Region>(&["regions"]).await?;
        let availabilities = self.all::<Availability>(&["regions", "availability"]).await?;
        Ok(types.into_iter().map(|one| one.listed(&regions, &availabilities)).collect())
    }

    /// Whether a type can be had in a region now, with user data.
    pub(crate) async fn is_to_be_had(&self, offering: &Offering) -> Result<bool, VmError> {
        let id = offering.provider_region.as_str();
        let region: Region = match self.read(&["regions", id], &[], None).await {
            Ok(region) => region,
            Err(VmError::NotFound) => return Ok(false),
            Err(error) => return Err(error),
        };
        if !region.is_open() {
            return Ok(false);
        }
        let found: OfOneRegion = self.read(&["regions", id, "availability"], &[], None).await?;
        Ok(!found.0.iter().any(|one| one.says_no_to(&offering.plan)))
    }
}
