//! Regions, types and images: real ids, prices as published or near them.

use serde_json::{Value, json};

const GPU: &str = "GPU Linodes";
const PREMIUM: &str = "Premium Plans";
const METADATA: &str = "Metadata";

pub(super) struct Region {
    pub(super) id: &'static str,
    label: &'static str,
    country: &'static str,
    capabilities: &'static [&'static str],
}

const fn region(
    id: &'static str,
    label: &'static str,
    country: &'static str,
    capabilities: &'static [&'static str],
) -> Region {
    Region { id, label, country, capabilities }
}

/// The older ones have no `Metadata`: which ones those are changes.
pub(super) const REGIONS: &[Region] = &[
    region("ap-south", "Singapore, SG", "sg", &["Linodes", METADATA]),
    region("ca-central", "Toronto, CA", "ca", &["Linodes"]),
    region("de-fra-2", "Frankfurt 2, DE", "de", &["Linodes", METADATA, GPU, PREMIUM]),
    region("eu-central", "Frankfurt, DE", "de", &["Linodes", METADATA]),
    region("eu-west", "London, UK", "gb", &["Linodes", METADATA]),
    region("fr-par", "Paris, FR", "fr", &["Linodes", METADATA, GPU, PREMIUM]),
    region("gb-lon", "London 2, UK", "gb", &["Linodes", METADATA, PREMIUM]),
    region("id-cgk", "Jakarta, ID", "id", &["Linodes", METADATA]),
    region("us-central", "Dallas, TX", "us", &["Linodes", METADATA]),
    region("us-east", "Newark, NJ", "us", &["Linodes", METADATA]),
    region("us-ord", "Chicago, IL", "us", &["Linodes", METADATA, GPU, PREMIUM]),
    region("us-sea", "Seattle, WA", "us", &["Linodes", METADATA, GPU, PREMIUM]),
    region("us-southeast", "Atlanta, GA", "us", &["Linodes", METADATA]),
    region("us-west", "Fremont, CA", "us", &["Linodes", METADATA]),
];

/// Memory and disk in MB, transfer in GB a month, price in US cents a month.
pub(super) struct Type {
    pub(super) id: &'static str,
    label: &'static str,
    class: &'static str,
    pub(super) vcpus: u32,
    pub(super) memory: u32,
    pub(super) disk: u32,
    pub(super) transfer: u32,
    monthly_cents: u32,
}

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn kind(
    id: &'static str,
    label: &'static str,
    class: &'static str,
    vcpus: u32,
    memory: u32,
    disk: u32,
    transfer: u32,
    monthly_cents: u32,
) -> Type {
    Type { id, label, class, vcpus, memory, disk, transfer, monthly_cents }
}

pub(super) const TYPES: &[Type] = &[
    kind("g6-nanode-1", "Nanode 1GB", "nanode", 1, 1_024, 25_600, 1_000, 500),
    kind("g6-standard-1", "Linode 2GB", "standard", 1, 2_048, 51_200, 2_000, 1_200),
    kind("g6-standard-2", "Linode 4GB", "standard", 2, 4_096, 81_920, 4_000, 2_400),
    kind("g6-standard-4", "Linode 8GB", "standard", 4, 8_192, 163_840, 5_000, 4_800),
    kind("g6-standard-6", "Linode 16GB", "standard", 6, 16_384, 327_680, 8_000, 9_600),
    kind("g6-dedicated-4", "Dedicated 8GB", "dedicated", 4, 8_192, 163_840, 5_000, 7_200),
    kind("g7-premium-4", "Premium 8GB", "premium", 4, 8_192, 163_840, 5_000, 8_600),
    kind("g2-gpu-rtx4000a1-s", "RTX4000 Ada x1 Small", "gpu", 4, 16_384, 524_288, 0, 35_000),
];

pub(super) struct Image {
    pub(super) id: &'static str,
    label: &'static str,
    vendor: &'static str,
    cloud_init: bool,
}

const fn image(id: &'static str, label: &'static str, vendor: &'static str, cloud_init: bool) -> Image {
    Image { id, label, vendor, cloud_init }
}

/// None is of Windows, and not all run user data.
pub(super) const IMAGES: &[Image] = &[
    image("linode/alpine3.20", "Alpine 3.20", "Alpine", false),
    image("linode/debian12", "Debian 12", "Debian", true),
    image("linode/ubuntu22.04", "Ubuntu 22.04 LTS", "Ubuntu", true),
    image("linode/ubuntu24.04", "Ubuntu 24.04 LTS", "Ubuntu", true),
];

pub(super) fn find_region(id: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.id == id)
}

pub(super) fn find_type(id: &str) -> Option<&'static Type> {
    TYPES.iter().find(|one| one.id == id)
}

pub(super) fn find_image(id: &str) -> Option<&'static Image> {
    IMAGES.iter().find(|image| image.id == id)
}

impl Region {
    /// Whether the guest gets its user data.
    pub(super) fn has_metadata(&self) -> bool {
        self.capabilities.contains(&METADATA)
    }

    pub(super) fn stocks(&self, one: &Type) -> bool {
        match one.class {
            "gpu" => self.capabilities.contains(&GPU),
            "premium" => self.capabilities.contains(&PREMIUM),
            _ => true,
        }
    }

    pub(super) fn shape(&self) -> Value {
        json!({
            "id": self.id,
            "label": self.label,
            "country": self.country,
            "capabilities": self.capabilities,
            "status": "ok",
            "resolvers": {"ipv4": "192.0.2.53", "ipv6": "2001:db8::53"},
            "placement_group_limits": {"maximum_pgs_per_customer": null, "maximum_linodes_per_pg": 5},
            "site_type": "core",
        })
    }

    /// Whether each limited type can be had here; the others are not mentioned, unless nothing at all is left.
    pub(super) fn availability(&self, nothing_left: bool) -> Vec<Value> {
        let is_limited = |one: &&Type| nothing_left || matches!(one.class, "gpu" | "premium" | "dedicated");
        let row = |one: &Type| {
            let available = !nothing_left && self.stocks(one);
            json!({"region": self.id, "plan": one.id, "available": available})
        };
        TYPES.iter().filter(is_limited).map(row).collect()
    }
}

impl Type {
    pub(super) fn gpus(&self) -> u32 {
        u32::from(self.class == "gpu")
    }

    pub(super) fn shape(&self) -> Value {
        // US dollars: the wire has plain numbers.
        let monthly = f64::from(self.monthly_cents) / 100.0;
        json!({
            "id": self.id,
            "label": self.label,
            "class": self.class,
            "vcpus": self.vcpus,
            "memory": self.memory,
            "disk": self.disk,
            "transfer": self.transfer,
            "network_out": 4_000,
            "gpus": self.gpus(),
            "successor": null,
            "price": {"hourly": (monthly / 667.0 * 1_000.0).round() / 1_000.0, "monthly": monthly},
            // Jakarta costs a fifth more, which only this tells.
            "region_prices": [{
                "id": "id-cgk",
                "hourly": (monthly * 1.2 / 667.0 * 1_000.0).round() / 1_000.0,
                "monthly": (monthly * 120.0).round() / 100.0,
            }],
            "addons": {"backups": {"price": {"hourly": 0.008, "monthly": 5.0}, "region_prices": []}},
        })
    }
}

impl Image {
    pub(super) fn runs_user_data(&self) -> bool {
        self.cloud_init
    }

    pub(super) fn shape(&self) -> Value {
        json!({
            "id": self.id,
            "label": self.label,
            "vendor": self.vendor,
            "capabilities": if self.cloud_init { vec!["cloud-init"] } else { vec![] },
            "type": "manual",
            "is_public": true,
            "deprecated": false,
            "status": "available",
            "size": 3_500,
            "created": "2026-04-25T00:00:00",
            "eol": "2029-04-25T00:00:00",
            "created_by": "linode",
            "description": "",
            "expiry": null,
        })
    }
}
