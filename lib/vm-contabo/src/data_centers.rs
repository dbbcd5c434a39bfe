//! Where machines can be.

use app::ports::{ProviderRegion, VmError};
use http_call::lenient;
use serde::Deserialize;

use crate::client::Client;

/// The regions that a create takes, with their countries. Source: `region` of `CreateInstanceRequest`.
pub(crate) const REGIONS: [(&str, &str); 9] = [
    ("EU", "DE"),
    ("US-central", "US"),
    ("US-east", "US"),
    ("US-west", "US"),
    ("SIN", "SG"),
    ("UK", "GB"),
    ("AUS", "AU"),
    ("JPN", "JP"),
    ("IND", "IN"),
];
const PAGES_MAX: u32 = 10;
const MACHINES: &str = "VPS";

/// One building. A region has several.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataCenter {
    #[serde(default, deserialize_with = "lenient::words")]
    capabilities: Vec<String>,
    #[serde(default, deserialize_with = "lenient::word")]
    region_name: String,
    #[serde(default, deserialize_with = "lenient::word")]
    region_slug: String,
}

impl Client {
    /// The regions that have machines, each once, as the data centres name them. Contabo tells no city.
    pub(crate) async fn machine_regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        let centers: Vec<DataCenter> = self.all(&["v1", "data-centers"], &[], PAGES_MAX).await?;
        let mut regions: Vec<ProviderRegion> = Vec::new();
        for center in centers {
            let known =
                center.region_slug.is_empty() || regions.iter().any(|region| region.id == center.region_slug);
            if !known && center.capabilities.iter().any(|one| one == MACHINES) {
                let country = REGIONS.iter().find(|(id, _)| *id == center.region_slug);
                regions.push(ProviderRegion {
                    city: center.region_name,
                    country: country.map_or("", |(_, country)| country).to_owned(),
                    id: center.region_slug,
                });
            }
        }
        Ok(regions)
    }
}

/// Whether a create takes this region at all.
pub(crate) fn is_region(id: &str) -> bool {
    REGIONS.iter().any(|(region, _)| *region == id)
}
