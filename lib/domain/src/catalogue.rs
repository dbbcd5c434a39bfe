//! What is sold: plans, operating systems, prices, and where each can be made.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};

macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in the API, in stored items and on the pages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads that word; `None` for any other.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use word_enum;

word_enum! {
    /// The sizes that are sold.
    Plan {
        /// Browsing and office work.
        Basic = "basic",
        /// Development and heavier work.
        Performance = "performance",
        /// A desktop with a graphics card.
        Gpu = "gpu",
    }
}

word_enum! {
    /// The desktops that are sold.
    Os {
        /// Windows Server with the desktop experience.
        Windows = "windows",
        /// Ubuntu with Xfce and xrdp.
        Linux = "linux",
    }
}

word_enum! {
    /// Who makes the machines.
    Provider {
        /// <https://api.vultr.com/v2>: Windows and Ubuntu.
        Vultr = "vultr",
        /// <https://api.contabo.com>: Ubuntu and Windows, by the month.
        Contabo = "contabo",
        /// <https://api.digitalocean.com>: Ubuntu.
        Digitalocean = "digitalocean",
        /// <https://api.linode.com> (Akamai): Ubuntu.
        Linode = "linode",
        /// <https://api.hetzner.cloud/v1>: Ubuntu.
        Hetzner = "hetzner",
        /// <https://ec2.amazonaws.com>: Windows and Ubuntu.
        Ec2 = "ec2",
    }
}

impl Provider {
    /// Whether it has an image of this system. DigitalOcean, Linode and Hetzner have none of Windows.
    pub const fn has(self, os: Os) -> bool {
        match (self, os) {
            (_, Os::Linux) | (Self::Vultr | Self::Contabo | Self::Ec2, Os::Windows) => true,
            (Self::Digitalocean | Self::Linode | Self::Hetzner, Os::Windows) => false,
        }
    }

    /// Whether Windows is paid for beside the size. At EC2 the hourly price has it in.
    pub const fn charges_for(self, os: Os) -> bool {
        matches!((self, os), (Self::Vultr | Self::Contabo, Os::Windows))
    }

    /// Whether a machine can be made as new where it is. EC2 would replace it; DigitalOcean keeps the first boot
    /// that it was made with, whose address works once.
    pub const fn reinstalls(self) -> bool {
        match self {
            Self::Vultr | Self::Contabo | Self::Linode | Self::Hetzner => true,
            Self::Digitalocean | Self::Ec2 => false,
        }
    }

    /// Whether a size of this id has a graphics card.
    fn has_graphics_card(self, plan: &str) -> bool {
        match self {
            Self::Vultr => plan.starts_with("vcg-"),
            Self::Digitalocean => plan.starts_with("gpu-"),
            Self::Ec2 => plan.starts_with("g4dn."),
            Self::Contabo | Self::Linode | Self::Hetzner => false,
        }
    }
}

/// What a customer is told they get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Specs {
    /// Virtual processors.
    pub vcpus: u16,
    /// Memory in GB.
    pub memory_gb: u16,
    /// Disk in GB.
    pub disk_gb: u32,
    /// Traffic included per month, in GB.
    pub traffic_gb: u32,
    /// The graphics card, when there is one.
    pub gpu: Option<String>,
}

/// The image at the provider: found by name, so that a provider's renumbering is no outage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The name begins with this text, as the provider spells it, and never contains `Core`. At EC2: the public
    /// SSM parameter that names the newest image.
    pub name_prefix: String,
    /// The id to use when the provider's list cannot be read.
    pub fallback_id: String,
}

/// A part of the world, whoever makes the machines there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// What orders say, such as `us-east`.
    pub id: String,
    /// What a customer reads.
    pub name: String,
}

/// One place where a plan can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offering {
    /// Who makes it.
    pub provider: Provider,
    /// The provider's id of the size.
    pub plan: String,
    /// The region as a customer chooses it, one of [`Catalogue::regions`].
    pub region: String,
    /// The provider's id of the region.
    pub provider_region: String,
    /// What is installed.
    pub image: Image,
}

impl fmt::Display for Offering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {}", self.provider, self.plan, self.provider_region)
    }
}

/// One (plan, OS) pair that is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The size.
    pub plan: Plan,
    /// The system.
    pub os: Os,
    /// What the customer is told they get.
    pub specs: Specs,
    /// Price per month in hundredths of each currency it is sold in.
    pub monthly: BTreeMap<Currency, i64>,
    /// How long it usually takes from paid to working, in seconds; used until there are measurements.
    pub usual_setup_seconds: u32,
    /// Where it can be made, first choice first.
    pub offerings: Vec<Offering>,
}

impl Product {
    /// The monthly price, or `None` when it is not sold in that currency.
    pub fn price(&self, currency: Currency) -> Option<Money> {
        self.monthly.get(&currency).map(|minor| Money::new(*minor, currency))
    }

    /// The offerings for an order: those of the wanted region, or all when the customer does not mind.
    pub fn offerings_in(&self, region: Option<&str>) -> Vec<Offering> {
        self.offerings.iter().filter(|o| region.is_none_or(|r| o.region == r)).cloned().collect()
    }

    /// The regions it can be made in, each once, first choice first.
    pub fn regions(&self) -> Vec<&str> {
        let mut regions: Vec<&str> = Vec::new();
        for offering in &self.offerings {
            if !regions.contains(&offering.region.as_str()) {
                regions.push(&offering.region);
            }
        }
        regions
    }
}

/// What Windows costs on a size, beside the size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowsLicence {
    /// Who asks for it.
    pub provider: Provider,
    /// The provider's id of the size.
    pub plan: String,
    /// US cents a month. No provider's API tells it.
    pub usd_cents: i64,
}

/// Everything that is sold. [`Catalogue::check`] has passed for every value the program holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The regions that a customer can choose, in the order in which they are shown.
    pub regions: Vec<Region>,
    /// The currencies that every product must be priced in.
    pub currencies: Vec<Currency>,
    /// One for every size that is sold with Windows where that is paid for beside the size.
    pub windows_licences: Vec<WindowsLicence>,
    /// One per (plan, OS) pair.
    pub products: Vec<Product>,
}

/// Smallest amount Paystack takes, in hundredths. Source: Paystack, supported currencies.
const fn smallest_charge(currency: Currency) -> i64 {
    match currency {
        Currency::Ngn => 5_000,
        Currency::Usd => 200,
        Currency::Ghs => 10,
        Currency::Zar => 100,
        Currency::Kes => 300,
        Currency::Eur | Currency::Gbp => 100,
    }
}

/// The number of offerings of one product.
pub const OFFERINGS_MAX: usize = 24;

impl Catalogue {
    /// The product for a plan and system, if it is sold.
    pub fn product(&self, plan: Plan, os: Os) -> Option<&Product> {
        self.products.iter().find(|p| p.plan == plan && p.os == os)
    }

    /// What a system costs on a provider's size beside the size, in US cents a month; `None` when that is not known.
    pub fn licence(&self, provider: Provider, plan: &str, os: Os) -> Option<i64> {
        if !provider.charges_for(os) {
            return Some(0);
        }
        let asked = |licence: &&WindowsLicence| licence.provider == provider && licence.plan == plan;
        self.windows_licences.iter().find(asked).map(|licence| licence.usd_cents)
    }

    /// Every rule the data file has to keep, each broken one as a sentence that names the place.
    ///
    /// Returns an empty list when the catalogue is sound.
    pub fn check(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.currencies.is_empty() {
            faults.push("currencies: at least one is needed".to_owned());
        }
        for (index, region) in self.regions.iter().enumerate() {
            if region.id.is_empty() || region.name.is_empty() {
                faults.push(format!("regions[{index}]: id and name must not be empty"));
            }
            if self.regions[..index].iter().any(|other| other.id == region.id) {
                faults.push(format!("regions[{index}].id: {} stands twice", region.id));
            }
        }
        for (index, licence) in self.windows_licences.iter().enumerate() {
            let WindowsLicence { provider, plan, usd_cents } = licence;
            if !provider.charges_for(Os::Windows) {
                faults.push(format!(
                    "windows_licences[{index}]: {provider} has it in the price, or has no Windows"
                ));
            }
            if *usd_cents <= 0 {
                faults.push(format!("windows_licences[{index}].usd_cents: must be above zero"));
            }
            let same = |other: &WindowsLicence| (other.provider, &other.plan) == (*provider, plan);
            if self.windows_licences[..index].iter().any(same) {
                faults.push(format!("windows_licences[{index}]: {provider} {plan} stands twice"));
            }
        }
        for plan in Plan::ALL {
            for os in Os::ALL {
                match self.products.iter().filter(|p| p.plan == *plan && p.os == *os).count() {
                    1 => {}
                    0 => faults.push(format!("{plan} {os}: missing")),
                    n => faults.push(format!("{plan} {os}: stands {n} times")),
                }
            }
        }
        for product in &self.products {
            self.check_product(product, &mut faults);
        }
        faults
    }

    fn check_product(&self, product: &Product, faults: &mut Vec<String>) {
        let mut fault = |what: String| faults.push(format!("{} {}: {what}", product.plan, product.os));
        for currency in &self.currencies {
            match product.monthly.get(currency) {
                None => fault(format!("monthly.{currency}: no price")),
                Some(minor) if *minor < smallest_charge(*currency) => {
                    fault(format!("monthly.{currency}: {minor} is below what a gateway takes"));
                }
                Some(_) => {}
            }
        }
        for currency in product.monthly.keys().filter(|c| !self.currencies.contains(c)) {
            fault(format!("monthly.{currency}: not one of the catalogue's currencies"));
        }
        let specs = &product.specs;
        if specs.vcpus == 0 || specs.memory_gb == 0 || specs.disk_gb == 0 || specs.traffic_gb == 0 {
            fault("specs: every number must be above zero".to_owned());
        }
        if (product.plan == Plan::Gpu) != specs.gpu.is_some() {
            fault("specs.gpu: exactly the gpu plan names a graphics card".to_owned());
        }
        if !(60..=1800).contains(&product.usual_setup_seconds) {
            fault("usual_setup_seconds: between 60 and 1800".to_owned());
        }
        if product.offerings.is_empty() || product.offerings.len() > OFFERINGS_MAX {
            fault(format!("offerings: between 1 and {OFFERINGS_MAX}"));
        }
        for (index, offering) in product.offerings.iter().enumerate() {
            let texts = [&offering.plan, &offering.provider_region, &offering.image.name_prefix];
            if texts.iter().any(|text| text.is_empty()) {
                fault(format!(
                    "offerings[{index}]: plan, provider_region and image.name_prefix must not be empty"
                ));
            }
            if !self.regions.iter().any(|region| region.id == offering.region) {
                fault(format!("offerings[{index}].region: {} is none of the regions", offering.region));
            }
            if !offering.provider.has(product.os) {
                fault(format!("offerings[{index}]: {} has no {}", offering.provider, product.os));
            }
            if self.licence(offering.provider, &offering.plan, product.os).is_none() {
                fault(format!(
                    "offerings[{index}]: windows_licences has none for {} {}",
                    offering.provider, offering.plan
                ));
            }
            if offering.image.name_prefix.contains("Core") {
                fault(format!("offerings[{index}].image: a Core system has no desktop"));
            }
            if product.plan == Plan::Gpu && !offering.provider.has_graphics_card(&offering.plan) {
                fault(format!("offerings[{index}].plan: {} has no graphics card", offering.plan));
            }
            if product.offerings[..index].contains(offering) {
                fault(format!("offerings[{index}]: stands twice"));
            }
        }
    }
}
