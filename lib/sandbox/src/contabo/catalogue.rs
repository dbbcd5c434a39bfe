//! What can be had: products, images, regions.

use serde_json::{Value, json};

use super::{CUSTOMER, TENANT};
use crate::desktops::Os;

/// A size. Which ones can be ordered depends on the account: of the older ones this account has two.
pub(super) struct Product {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) vcpus: u32,
    pub(super) memory_mb: u32,
    /// Those of V154 and V155 are not published where we looked: guesses.
    pub(super) disk_mb: u32,
    /// Windows in the Standard Edition was refused for some.
    takes_standard_edition: bool,
}

pub(super) const PRODUCTS: [Product; 5] = [
    Product {
        id: "V153",
        name: "Cloud VPS 4 SSD",
        kind: "ssd",
        vcpus: 4,
        memory_mb: 8 << 10,
        disk_mb: 100 << 10,
        takes_standard_edition: true,
    },
    Product {
        id: "V154",
        name: "Cloud VPS 6 SSD",
        kind: "ssd",
        vcpus: 6,
        memory_mb: 12 << 10,
        disk_mb: 200 << 10,
        takes_standard_edition: true,
    },
    Product {
        id: "V155",
        name: "Cloud VPS 8 SSD",
        kind: "ssd",
        vcpus: 8,
        memory_mb: 24 << 10,
        disk_mb: 400 << 10,
        takes_standard_edition: true,
    },
    Product {
        id: "V94",
        name: "VPS 20 NVMe",
        kind: "nvme",
        vcpus: 6,
        memory_mb: 12 << 10,
        disk_mb: 100 << 10,
        takes_standard_edition: false,
    },
    Product {
        id: "V95",
        name: "VPS 20 SSD",
        kind: "ssd",
        vcpus: 6,
        memory_mb: 12 << 10,
        disk_mb: 200 << 10,
        takes_standard_edition: false,
    },
];

impl Product {
    pub(super) fn takes(&self, image: &Image) -> bool {
        self.takes_standard_edition || !image.name.ends_with("-se")
    }
}

pub(super) struct Image {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) os: Os,
    version: &'static str,
}

/// The Windows ones have ids of our own: the real ones are not published.
pub(super) const IMAGES: [Image; 9] = [
    Image {
        id: "afecbb85-e2fc-46f0-9684-b46b1faf00bb",
        name: "ubuntu-22.04",
        os: Os::Linux,
        version: "22.04",
    },
    Image {
        id: "d64d5c6c-9dda-4e38-8174-0ee282474d8a",
        name: "ubuntu-24.04",
        os: Os::Linux,
        version: "24.04",
    },
    Image {
        id: "6b2f0a11-5f0c-4c7e-9a3e-0d9f6c1e2404",
        name: "ubuntu-24.04-plesk",
        os: Os::Linux,
        version: "24.04",
    },
    Image {
        id: "3f184ab8-a600-4e7c-8c9b-3413e21a2019",
        name: "windows-server-2019-se",
        os: Os::Windows,
        version: "2019",
    },
    Image {
        id: "3f184ab8-a600-4e7c-8c9b-3413e2de2019",
        name: "windows-server-2019-de",
        os: Os::Windows,
        version: "2019",
    },
    Image {
        id: "3f184ab8-a600-4e7c-8c9b-3413e21a2022",
        name: "windows-server-2022-se",
        os: Os::Windows,
        version: "2022",
    },
    Image {
        id: "3f184ab8-a600-4e7c-8c9b-3413e2de2022",
        name: "windows-server-2022-de",
        os: Os::Windows,
        version: "2022",
    },
    Image {
        id: "3f184ab8-a600-4e7c-8c9b-3413e21a2025",
        name: "windows-server-2025-se",
        os: Os::Windows,
        version: "2025",
    },
    Image {
        id: "3f184ab8-a600-4e7c-8c9b-3413e2de2025",
        name: "windows-server-2025-de",
        os: Os::Windows,
        version: "2025",
    },
];

impl Image {
    pub(super) fn os_type(&self) -> &'static str {
        os_type(self.os)
    }

    pub(super) fn shape(&self) -> Value {
        json!({
            "imageId": self.id,
            "tenantId": TENANT,
            "customerId": CUSTOMER,
            "name": self.name,
            "description": self.name,
            "url": "",
            "sizeMb": 0,
            "uploadedSizeMb": 0,
            "osType": self.os_type(),
            "version": self.version,
            "format": "qcow2",
            "status": "downloaded",
            "errorMessage": "",
            "standardImage": true,
            "creationDate": "2026-05-04T09:12:44Z",
            "lastModifiedDate": "2026-05-04T09:12:44Z",
            "tags": [],
        })
    }
}

pub(super) fn os_type(os: Os) -> &'static str {
    match os {
        Os::Windows => "Windows",
        Os::Linux => "Linux",
    }
}

/// A region; its data centre is called after it.
pub(super) struct Region {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
}

pub(super) const REGIONS: [Region; 9] = [
    Region { id: "EU", name: "European Union" },
    Region { id: "US-central", name: "United States (Central)" },
    Region { id: "US-east", name: "United States (East)" },
    Region { id: "US-west", name: "United States (West)" },
    Region { id: "SIN", name: "Asia (Singapore)" },
    Region { id: "UK", name: "United Kingdom" },
    Region { id: "AUS", name: "Australia (Sydney)" },
    Region { id: "JPN", name: "Asia (Japan)" },
    Region { id: "IND", name: "Asia (India)" },
];

impl Region {
    pub(super) fn data_center(&self) -> String {
        format!("{} 1", self.name)
    }

    pub(super) fn shape(&self) -> Value {
        json!({
            "tenantId": TENANT,
            "customerId": CUSTOMER,
            "name": self.data_center(),
            "slug": format!("{}1", self.id),
            "capabilities": ["VPS", "VDS", "Private-Networking"],
            "s3Url": "",
            "regionName": self.name,
            "regionSlug": self.id,
        })
    }
}

pub(super) fn find_product(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

pub(super) fn find_image(id: &str) -> Option<&'static Image> {
    IMAGES.iter().find(|image| image.id == id)
}

pub(super) fn find_region(id: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.id == id)
}
