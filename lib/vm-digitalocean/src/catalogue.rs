//! What can be had where.

use std::collections::BTreeMap;

use app::ports::{ProviderPlan, ProviderRegion};
use http_call::{cents, lenient};
use serde::Deserialize;
use vm_http::page;

use crate::pages::Links;

#[derive(Deserialize)]
pub(crate) struct Region {
    slug: String,
    #[serde(default, deserialize_with = "lenient::word")]
    name: String,
    /// Whether anything can be made there now.
    #[serde(default = "yes")]
    pub(crate) available: bool,
}

page!(Regions, "regions", regions: Region, links: Links);

impl From<Region> for ProviderRegion {
    fn from(region: Region) -> Self {
        // "New York 3": the number is that of the building.
        let city = region.name.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned();
        Self { country: country(&region.slug).to_owned(), city, id: region.slug }
    }
}

/// The country of a region, which DigitalOcean does not tell; empty for a region that is new to us.
fn country(slug: &str) -> &'static str {
    match slug.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "nyc" | "sfo" | "atl" | "ric" => "US",
        "tor" => "CA",
        "lon" => "GB",
        "ams" => "NL",
        "fra" => "DE",
        "sgp" => "SG",
        "blr" => "IN",
        "syd" => "AU",
        _ => "",
    }
}

#[derive(Deserialize)]
pub(crate) struct Size {
    slug: String,
    #[serde(default, deserialize_with = "lenient::count")]
    vcpus: u64,
    /// MB
    #[serde(default, deserialize_with = "lenient::count")]
    memory: u64,
    /// GB
    #[serde(default, deserialize_with = "lenient::count")]
    disk: u64,
    #[serde(default, deserialize_with = "cents::dollars")]
    price_monthly: Option<i64>,
    /// Where it can be had now.
    #[serde(default, deserialize_with = "lenient::words")]
    regions: Vec<String>,
    #[serde(default = "yes")]
    available: bool,
}

page!(Sizes, "sizes", sizes: Size, links: Links);

impl Size {
    /// Whether this is that size, and can be had in that region now.
    pub(crate) fn is_to_be_had(&self, slug: &str, region: &str) -> bool {
        self.slug == slug && self.available && self.regions.iter().any(|one| one == region)
    }
}

impl From<Size> for ProviderPlan {
    fn from(size: Size) -> Self {
        Self {
            id: size.slug,
            vcpus: u32::try_from(size.vcpus).unwrap_or(0),
            memory_mb: size.memory,
            disk_gb: size.disk,
            monthly_usd_cents: size.price_monthly,
            regional_usd_cents: BTreeMap::new(),
            regions: if size.available { size.regions } else { Vec::new() },
        }
    }
}

fn yes() -> bool {
    true
}
