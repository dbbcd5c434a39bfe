//! What can be had where.

use std::collections::BTreeMap;

use app::ports::{Image, ProviderPlan, ProviderRegion, VmError};
use aws_sdk_ec2::types::{InstanceType, InstanceTypeInfo, LocationType};
use domain::catalogue::Offering;

use crate::client::{Client, Manner};
use crate::inventory::named;
use crate::{failure, place};

/// Where to ask what is the same everywhere, when no region is sold.
const HOME: &str = "us-east-1";

/// What people call the regions, and their countries; the API tells neither. One that is missing is called by its id.
const PLACES: &[(&str, &str, &str)] = &[
    ("af-south-1", "Cape Town", "ZA"),
    ("ap-northeast-1", "Tokyo", "JP"),
    ("ap-south-1", "Mumbai", "IN"),
    ("ap-southeast-1", "Singapore", "SG"),
    ("ap-southeast-2", "Sydney", "AU"),
    ("ca-central-1", "Montreal", "CA"),
    ("eu-central-1", "Frankfurt", "DE"),
    ("eu-north-1", "Stockholm", "SE"),
    ("eu-south-1", "Milan", "IT"),
    ("eu-west-1", "Dublin", "IE"),
    ("eu-west-2", "London", "GB"),
    ("eu-west-3", "Paris", "FR"),
    ("me-central-1", "Dubai", "AE"),
    ("sa-east-1", "São Paulo", "BR"),
    ("us-east-1", "Ashburn", "US"),
    ("us-east-2", "Columbus", "US"),
    ("us-west-1", "San Francisco", "US"),
    ("us-west-2", "Portland", "US"),
];

impl Client {
    /// `DescribeRegions`: those that are open to the account, and have a network to put machines in.
    pub(crate) async fn all_regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        let home = self.settings.regions.first().map_or(HOME, String::as_str);
        let answer = self.at(home, Manner::Read).describe_regions().send().await;
        let answer = answer.map_err(|error| failure::of("DescribeRegions", error))?;
        let open = answer.regions().iter().filter_map(|one| one.region_name());
        Ok(open.filter(|id| self.settings.networks.contains_key(*id)).map(region).collect())
    }

    /// `DescribeInstanceTypes` in every region with a network, for the types that are sold; the API has no prices. A
    /// region that does not answer is left out, unless none does: the regions are down each by itself.
    pub(crate) async fn all_plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        let mut plans: BTreeMap<String, ProviderPlan> = BTreeMap::new();
        if self.settings.sizes.is_empty() {
            return Ok(Vec::new());
        }
        let has_network = |region: &&String| self.settings.networks.contains_key(*region);
        let (mut answered, mut silent) = (false, None);
        for region in self.settings.regions.iter().filter(has_network) {
            let told = self
                .at(region, Manner::Read)
                .describe_instance_types()
                .filters(named("instance-type", self.settings.sizes.keys()))
                .send()
                .await
                .map_err(|error| failure::of("DescribeInstanceTypes", error));
            let types = match told {
                Ok(types) => types,
                Err(error) => {
                    tracing::warn!(region, %error, "a region does not tell its sizes");
                    silent = Some(error);
                    continue;
                }
            };
            answered = true;
            for info in types.instance_types() {
                let Some(id) = info.instance_type().map(InstanceType::as_str) else { continue };
                let plan = plans.entry(id.to_owned()).or_insert_with(|| self.plan(id, info));
                plan.regions.push(region.clone());
            }
        }
        match silent.filter(|_| !answered) {
            Some(error) => Err(error),
            None => Ok(plans.into_values().collect()),
        }
    }

    fn plan(&self, id: &str, info: &InstanceTypeInfo) -> ProviderPlan {
        let vcpus = info.v_cpu_info().and_then(|cpus| cpus.default_v_cpus());
        let memory_mb = info.memory_info().and_then(|memory| memory.size_in_mib());
        ProviderPlan {
            id: id.to_owned(),
            vcpus: vcpus.and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            memory_mb: memory_mb.and_then(|n| u64::try_from(n).ok()).unwrap_or(0),
            disk_gb: self.settings.sizes.get(id).copied().unwrap_or(0).into(),
            monthly_usd_cents: None,
            regional_usd_cents: BTreeMap::new(),
            regions: Vec::new(),
        }
    }

    /// The images that are sold, by the parameters that name them. EC2 has hundreds of thousands, and its own list
    /// of them says nothing about which is the newest; so nothing is asked.
    pub(crate) fn sold_images(&self) -> Vec<Image> {
        let image = |path: &String| Image {
            id: path.clone(),
            name: path.clone(),
            family: if path.contains("windows") { "windows" } else { "ubuntu" }.to_owned(),
        };
        self.settings.images.iter().map(image).collect()
    }

    /// `DescribeInstanceTypeOfferings`: whether the region has the type at all, where there is a network to put it in.
    /// Only a create shows whether there is room for one more.
    pub(crate) async fn offers(&self, offering: &Offering) -> Result<bool, VmError> {
        let region = &offering.provider_region;
        if !place::is_region(region) || !self.settings.networks.contains_key(region) {
            return Ok(false);
        }
        let answer = self
            .at(region, Manner::Read)
            .describe_instance_type_offerings()
            .location_type(LocationType::Region)
            .filters(named("instance-type", [offering.plan.as_str()]))
            .send()
            .await
            .map_err(|error| failure::of("DescribeInstanceTypeOfferings", error))?;
        let is_it = |kind: &InstanceType| kind.as_str() == offering.plan;
        Ok(answer.instance_type_offerings().iter().any(|one| one.instance_type().is_some_and(is_it)))
    }
}

fn region(id: &str) -> ProviderRegion {
    let known = PLACES.iter().find(|(region, _, _)| *region == id);
    let (city, country) = known.map_or((id, ""), |(_, city, country)| (*city, *country));
    ProviderRegion { id: id.to_owned(), city: city.to_owned(), country: country.to_owned() }
}
