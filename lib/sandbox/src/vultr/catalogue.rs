//! Regions, plans and operating systems: real ids, published prices where they are known.

use serde_json::{Value, json};

use crate::desktops::Os;

pub(super) struct Region {
    pub(super) id: &'static str,
    city: &'static str,
    country: &'static str,
    continent: &'static str,
    pub(super) ddos_protection: bool,
    gpu: bool,
}

const fn region(
    id: &'static str,
    city: &'static str,
    country: &'static str,
    continent: &'static str,
    ddos_protection: bool,
    gpu: bool,
) -> Region {
    Region { id, city, country, continent, ddos_protection, gpu }
}

/// No GPU in `sao`, as reported from the field.
pub(super) const REGIONS: &[Region] = &[
    region("ams", "Amsterdam", "NL", "Europe", true, true),
    region("ewr", "New Jersey", "US", "North America", true, true),
    region("fra", "Frankfurt", "DE", "Europe", true, true),
    region("jnb", "Johannesburg", "ZA", "Africa", false, true),
    region("lax", "Los Angeles", "US", "North America", true, true),
    region("lhr", "London", "GB", "Europe", true, true),
    region("nrt", "Tokyo", "JP", "Asia", true, true),
    region("ord", "Chicago", "US", "North America", true, true),
    region("sao", "São Paulo", "BR", "South America", false, false),
    region("sgp", "Singapore", "SG", "Asia", true, true),
];

/// RAM in MB, disk in GB, bandwidth in GB a month, price in US cents a month.
pub(super) struct Plan {
    pub(super) id: &'static str,
    pub(super) vcpus: u32,
    pub(super) ram: u32,
    pub(super) disk: u32,
    pub(super) bandwidth: u32,
    monthly_cents: u32,
    gpu_brand: &'static str,
}

const fn plan(
    id: &'static str,
    vcpus: u32,
    ram: u32,
    disk: u32,
    bandwidth: u32,
    monthly_cents: u32,
    gpu_brand: &'static str,
) -> Plan {
    Plan { id, vcpus, ram, disk, bandwidth, monthly_cents, gpu_brand }
}

/// Prices of the two largest A40 slices and of the `vhf` sizes other than `8c-32gb` are illustrative.
pub(super) const PLANS: &[Plan] = &[
    plan("vc2-1c-1gb", 1, 1_024, 25, 1_024, 500, "none"),
    plan("vc2-1c-2gb", 1, 2_048, 55, 2_048, 1_000, "none"),
    plan("vc2-2c-4gb", 2, 4_096, 80, 3_072, 2_000, "none"),
    plan("vc2-4c-8gb", 4, 8_192, 160, 4_096, 4_000, "none"),
    plan("vc2-6c-16gb", 6, 16_384, 320, 5_120, 8_000, "none"),
    plan("vc2-8c-32gb", 8, 32_768, 640, 6_144, 16_000, "none"),
    plan("vhf-1c-2gb", 1, 2_048, 64, 2_048, 1_200, "none"),
    plan("vhf-2c-4gb", 2, 4_096, 128, 3_072, 2_400, "none"),
    plan("vhf-4c-16gb", 4, 16_384, 384, 5_120, 9_600, "none"),
    plan("vhf-8c-32gb", 8, 32_768, 512, 6_144, 19_200, "none"),
    plan("vcg-a16-2c-8g-2vram", 2, 8_192, 50, 1_024, 4_300, "nvidia"),
    plan("vcg-a16-2c-16g-4vram", 2, 16_384, 80, 2_048, 8_600, "nvidia"),
    plan("vcg-a40-1c-5g-2vram", 1, 5_120, 90, 4_096, 5_500, "nvidia"),
    plan("vcg-a40-2c-10g-4vram", 2, 10_240, 180, 5_120, 10_500, "nvidia"),
    plan("vcg-a40-4c-20g-8vram", 4, 20_480, 360, 6_144, 20_500, "nvidia"),
    plan("vcg-a40-6c-30g-12vram", 6, 30_720, 540, 7_168, 30_500, "nvidia"),
];

pub(super) struct OperatingSystem {
    pub(super) id: u64,
    pub(super) name: &'static str,
    family: &'static str,
}

const fn system(id: u64, name: &'static str, family: &'static str) -> OperatingSystem {
    OperatingSystem { id, name, family }
}

/// In the API's order: by id. The Core editions have no desktop; nobody should sell them.
pub(super) const OPERATING_SYSTEMS: &[OperatingSystem] = &[
    system(124, "Windows 2012 R2 Standard x64", "windows"),
    system(127, "CentOS 6 x64", "centos"),
    system(159, "Custom", "iso"),
    system(164, "Snapshot", "snapshot"),
    system(240, "Windows 2016 Standard x64", "windows"),
    system(371, "Windows 2019 Standard x64", "windows"),
    system(501, "Windows 2022 Standard x64", "windows"),
    system(521, "Windows Core 2022 Standard x64", "windows"),
    system(522, "Windows Core 2016 Standard x64", "windows"),
    system(523, "Windows Core 2019 Standard x64", "windows"),
    system(1743, "Ubuntu 22.04 LTS x64", "ubuntu"),
    system(1761, "Windows Core 2019 Datacenter x64", "windows"),
    system(1762, "Windows Core 2022 Datacenter x64", "windows"),
    system(1764, "Windows 2019 Datacenter x64", "windows"),
    system(1765, "Windows 2022 Datacenter x64", "windows"),
    system(2136, "Debian 12 x64 (bookworm)", "debian"),
    system(2284, "Ubuntu 24.04 LTS x64", "ubuntu"),
    system(2514, "Windows 2025 Standard x64", "windows"),
];

/// Too small for Windows.
const NO_WINDOWS: &[&str] = &["vc2-1c-1gb"];
/// Billing is capped at this many hours a month.
const HOURS_A_MONTH: f64 = 672.0;

pub(super) fn find_region(id: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.id == id)
}

pub(super) fn find_plan(id: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.id == id)
}

/// Only systems that can be installed: not the marks for one's own ISO or snapshot.
pub(super) fn find_system(id: u64) -> Option<&'static OperatingSystem> {
    OPERATING_SYSTEMS.iter().find(|os| os.id == id && !matches!(os.family, "iso" | "snapshot"))
}

impl Region {
    pub(super) fn stocks(&self, plan: &Plan) -> bool {
        self.gpu || !plan.is_gpu()
    }

    pub(super) fn shape(&self) -> Value {
        let mut options = vec!["block_storage_storage_opt", "load_balancers", "kubernetes"];
        if self.ddos_protection {
            options.insert(0, "ddos_protection");
        }
        json!({
            "id": self.id,
            "city": self.city,
            "country": self.country,
            "continent": self.continent,
            "options": options,
            "connectivity": ["public_ip", "nat_gateway"],
        })
    }
}

impl Plan {
    fn is_gpu(&self) -> bool {
        self.gpu_brand != "none"
    }

    /// `vc2`, `vhf`, `vcg`
    pub(super) fn kind(&self) -> &'static str {
        self.id.split('-').next().unwrap_or_default()
    }

    pub(super) fn runs(&self, os: Os) -> bool {
        os == Os::Linux || !NO_WINDOWS.contains(&self.id)
    }

    /// Whether a machine of this plan may become one of that: never to another kind or a smaller disk.
    pub(super) fn grows_to(&self, other: &Plan) -> bool {
        other.disk >= self.disk && other.kind() == self.kind()
    }

    /// US dollars: the wire has plain numbers.
    pub(super) fn monthly_cost(&self) -> f64 {
        f64::from(self.monthly_cents) / 100.0
    }

    pub(super) fn shape(&self) -> Value {
        let (monthly, hourly) = (self.monthly_cost(), self.monthly_cost() / HOURS_A_MONTH);
        let cost = json!({"monthly_cost": monthly, "hourly_cost": (hourly * 1_000.0).round() / 1_000.0});
        let locations: Vec<&str> = REGIONS.iter().filter(|r| r.stocks(self)).map(|r| r.id).collect();
        // Johannesburg and São Paulo cost more, which only `location_cost` tells.
        let dear: serde_json::Map<String, Value> = locations
            .iter()
            .filter(|id| matches!(**id, "jnb" | "sao"))
            .map(|id| {
                let (monthly, hourly) = (monthly * 1.2, (hourly * 1_200.0).round() / 1_000.0);
                (
                    (*id).to_owned(),
                    json!({"monthly_cost": (monthly * 100.0).round() / 100.0, "hourly_cost": hourly}),
                )
            })
            .collect();
        json!({
            "id": self.id,
            "vcpu_count": self.vcpus,
            "ram": self.ram,
            "disk": self.disk,
            "disk_count": 1,
            "bandwidth": self.bandwidth,
            "invoice_type": "hourly",
            "monthly_cost": cost["monthly_cost"],
            "hourly_cost": cost["hourly_cost"],
            "type": self.kind(),
            "locations": locations,
            "location_cost": dear,
            "gpu_brand": self.gpu_brand,
        })
    }
}

impl OperatingSystem {
    pub(super) fn desktop(&self) -> Os {
        if self.family == "windows" { Os::Windows } else { Os::Linux }
    }

    pub(super) fn shape(&self) -> Value {
        json!({"id": self.id, "name": self.name, "arch": "x64", "family": self.family})
    }
}
