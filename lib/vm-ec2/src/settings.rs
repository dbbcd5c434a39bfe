//! What the client has to be told.

use std::collections::{BTreeMap, BTreeSet};

use domain::catalogue::{Catalogue, Provider};
use domain::secret::Secret;

use crate::key_pair::KeyPair;

/// Settings. Most come from the catalogue: [`Settings::from_catalogue`].
pub struct Settings {
    /// `EC2_ENDPOINT_URL`: one address for every region, and for CloudWatch as well; `None` = AWS itself.
    pub endpoint_url: Option<String>,
    /// Whose account; `None` = that of the SDK's configuration, which is the function's role.
    pub access_key: Option<AccessKey>,
    /// Decrypts Windows passwords; the key pair of this name has to exist in every region. Without one there is no
    /// Windows here.
    pub key_pair: Option<KeyPair>,
    /// Where in a region machines are put. Where a region is missing none are made: the account's default group lets
    /// no RDP in. A region that is named here is listed whether or not it is sold: so it stays in sight while machines
    /// are left in it.
    pub networks: BTreeMap<String, Network>,
    /// The regions that are sold; their machines are listed, and those of `networks`.
    pub regions: Vec<String>,
    /// The instance types that are sold, with the size of their disks in GB.
    pub sizes: BTreeMap<String, u32>,
    /// The public SSM parameters that name the images that are sold.
    pub images: Vec<String>,
}

/// Keys of an account. No `Debug`.
pub struct AccessKey {
    /// `AKIA…`
    pub id: String,
    /// What requests are signed with.
    pub secret: Secret<String>,
}

/// Where in a region machines are put. The subnet has to give public addresses, a group has to open TCP 3389; so do the
/// default ones where they are named by leaving a field empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// `subnet-…`; `None` = the default one.
    pub subnet_id: Option<String>,
    /// `sg-…`; none = the default group.
    pub security_group_ids: Vec<String>,
}

impl Settings {
    /// The regions whose machines are listed, each once, those that are sold first.
    pub(crate) fn listed_regions(&self) -> Vec<String> {
        let mut regions = self.regions.clone();
        regions.extend(self.networks.keys().filter(|named| !self.regions.contains(named)).cloned());
        regions
    }

    /// Whether there is a region of the catalogue with a network.
    pub(crate) fn sells(&self) -> bool {
        self.regions.iter().any(|region| self.networks.contains_key(region)) && !self.sizes.is_empty()
    }

    /// What the catalogue says: regions, types with the disks that customers are promised, images. The rest is
    /// empty.
    pub fn from_catalogue(catalogue: &Catalogue) -> Self {
        let (mut regions, mut images) = (BTreeSet::new(), BTreeSet::new());
        let mut sizes: BTreeMap<String, u32> = BTreeMap::new();
        for product in &catalogue.products {
            for offering in product.offerings.iter().filter(|o| o.provider == Provider::Ec2) {
                regions.insert(offering.provider_region.clone());
                images.insert(offering.image.name_prefix.clone());
                let disk_gb = sizes.entry(offering.plan.clone()).or_default();
                *disk_gb = product.specs.disk_gb.max(*disk_gb);
            }
        }
        Self {
            endpoint_url: None,
            access_key: None,
            key_pair: None,
            networks: BTreeMap::new(),
            regions: regions.into_iter().collect(),
            sizes,
            images: images.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_where_a_region_that_is_sold_has_a_network_is_anything_sold() {
        let settings = |named: &str| Settings {
            endpoint_url: None,
            access_key: None,
            key_pair: None,
            networks: [(named.to_owned(), Network::default())].into(),
            regions: vec!["eu-west-2".to_owned()],
            sizes: [("t3.medium".to_owned(), 80)].into(),
            images: Vec::new(),
        };
        assert!(settings("eu-west-2").sells());
        assert!(!settings("us-east-1").sells(), "it is listed only");
        assert!(!Settings { networks: BTreeMap::new(), ..settings("") }.sells());
        assert!(!Settings { sizes: BTreeMap::new(), ..settings("eu-west-2") }.sells());
    }
}
