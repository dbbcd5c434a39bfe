//! Regions, sizes and images: real slugs, prices as published or near them.

use serde_json::{Value, json};

pub(super) struct Region {
    pub(super) slug: &'static str,
    name: &'static str,
    /// Whether anything can be made there.
    pub(super) available: bool,
    gpu: bool,
}

const fn region(slug: &'static str, name: &'static str, available: bool, gpu: bool) -> Region {
    Region { slug, name, available, gpu }
}

/// The first New York takes nobody new.
pub(super) const REGIONS: &[Region] = &[
    region("ams3", "Amsterdam 3", true, false),
    region("atl1", "Atlanta 1", true, true),
    region("blr1", "Bangalore 1", true, false),
    region("fra1", "Frankfurt 1", true, false),
    region("lon1", "London 1", true, false),
    region("nyc1", "New York 1", false, false),
    region("nyc2", "New York 2", true, true),
    region("nyc3", "New York 3", true, false),
    region("sfo3", "San Francisco 3", true, false),
    region("sgp1", "Singapore 1", true, false),
    region("tor1", "Toronto 1", true, true),
];

/// Memory in MB, disk in GB, transfer in TB a month, price in US cents a month.
pub(super) struct Size {
    pub(super) slug: &'static str,
    pub(super) vcpus: u32,
    pub(super) memory: u32,
    pub(super) disk: u32,
    transfer: u32,
    monthly_cents: u32,
    available: bool,
}

const fn size(
    slug: &'static str,
    vcpus: u32,
    memory: u32,
    disk: u32,
    transfer: u32,
    monthly_cents: u32,
    available: bool,
) -> Size {
    Size { slug, vcpus, memory, disk, transfer, monthly_cents, available }
}

/// Prices of the sizes with a graphics card are those of 730 hours.
pub(super) const SIZES: &[Size] = &[
    size("512mb", 1, 512, 20, 1, 500, false),
    size("s-1vcpu-1gb", 1, 1_024, 25, 1, 600, true),
    size("s-1vcpu-2gb", 1, 2_048, 50, 2, 1_200, true),
    size("s-2vcpu-2gb", 2, 2_048, 60, 3, 1_800, true),
    size("s-2vcpu-4gb", 2, 4_096, 80, 4, 2_400, true),
    size("s-4vcpu-8gb", 4, 8_192, 160, 5, 4_800, true),
    size("s-8vcpu-16gb", 8, 16_384, 320, 6, 9_600, true),
    size("g-2vcpu-8gb", 2, 8_192, 25, 4, 6_300, true),
    size("gpu-4000adax1-20gb", 8, 32_768, 500, 10, 55_480, true),
    size("gpu-h100x1-80gb", 20, 245_760, 720, 15, 247_470, true),
];

pub(super) struct Image {
    pub(super) id: u64,
    name: &'static str,
    distribution: &'static str,
    pub(super) slug: &'static str,
}

const fn image(id: u64, name: &'static str, distribution: &'static str, slug: &'static str) -> Image {
    Image { id, name, distribution, slug }
}

/// None is of Windows.
pub(super) const IMAGES: &[Image] = &[
    image(155_133_621, "12 x64", "Debian", "debian-12-x64"),
    image(129_211_873, "22.04 (LTS) x64", "Ubuntu", "ubuntu-22-04-x64"),
    image(159_651_797, "24.04 (LTS) x64", "Ubuntu", "ubuntu-24-04-x64"),
    image(160_232_537, "40 x64", "Fedora", "fedora-40-x64"),
];

const FEATURES: &[&str] =
    &["private_networking", "backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"];

pub(super) fn find_region(slug: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.slug == slug)
}

pub(super) fn find_size(slug: &str) -> Option<&'static Size> {
    SIZES.iter().find(|size| size.slug == slug)
}

/// By slug or by number, as the API takes either.
pub(super) fn find_image(id: &Value) -> Option<&'static Image> {
    IMAGES.iter().find(|image| id.as_str() == Some(image.slug) || id.as_u64() == Some(image.id))
}

impl Region {
    pub(super) fn stocks(&self, size: &Size) -> bool {
        self.available && size.available && (self.gpu || !size.is_gpu())
    }

    pub(super) fn shape(&self) -> Value {
        let sizes: Vec<&str> = SIZES.iter().filter(|size| self.stocks(size)).map(|size| size.slug).collect();
        json!({
            "slug": self.slug,
            "name": self.name,
            "features": FEATURES,
            "available": self.available,
            "sizes": sizes,
        })
    }
}

impl Size {
    pub(super) fn is_gpu(&self) -> bool {
        self.slug.starts_with("gpu-")
    }

    /// `regions`: where it can be had now.
    pub(super) fn shape(&self, regions: &[&str]) -> Value {
        let monthly = f64::from(self.monthly_cents) / 100.0;
        let mut shape = json!({
            "slug": self.slug,
            "memory": self.memory,
            "vcpus": self.vcpus,
            "disk": self.disk,
            "transfer": f64::from(self.transfer),
            "price_monthly": monthly,
            "price_hourly": monthly / 672.0,
            "regions": regions,
            "available": self.available,
            "description": if self.is_gpu() { "GPU" } else { "Basic" },
            "disk_info": [{"type": "local", "size": {"amount": self.disk, "unit": "gib"}}],
        });
        if self.is_gpu() {
            shape["gpu_info"] = json!({"count": 1, "vram": {"amount": 80, "unit": "gib"}, "model": "nvidia"});
        }
        shape
    }
}

impl Image {
    pub(super) fn shape(&self) -> Value {
        let regions: Vec<&str> = REGIONS.iter().map(|region| region.slug).collect();
        json!({
            "id": self.id,
            "name": self.name,
            "distribution": self.distribution,
            "slug": self.slug,
            "public": true,
            "regions": regions,
            "created_at": "2026-08-15T05:47:50Z",
            "type": "base",
            "min_disk_size": 7,
            "size_gigabytes": 2.36,
            "description": format!("{} {}", self.distribution, self.name),
            "tags": [],
            "status": "available",
            "error_message": "",
        })
    }
}
