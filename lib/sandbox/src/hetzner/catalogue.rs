//! Locations, server types and images: real names, prices in euros as published or illustrative.

use serde_json::{Value, json};

pub(super) struct Location {
    id: u32,
    pub(super) name: &'static str,
    city: &'static str,
    country: &'static str,
    description: &'static str,
    zone: &'static str,
}

pub(super) const LOCATIONS: &[Location] = &[
    Location {
        id: 1,
        name: "fsn1",
        city: "Falkenstein",
        country: "DE",
        description: "Falkenstein DC Park 1",
        zone: "eu-central",
    },
    Location {
        id: 2,
        name: "nbg1",
        city: "Nuremberg",
        country: "DE",
        description: "Nuremberg DC Park 1",
        zone: "eu-central",
    },
    Location {
        id: 3,
        name: "hel1",
        city: "Helsinki",
        country: "FI",
        description: "Helsinki DC Park 1",
        zone: "eu-central",
    },
    Location {
        id: 4,
        name: "ash",
        city: "Ashburn, VA",
        country: "US",
        description: "Ashburn, VA",
        zone: "us-east",
    },
    Location {
        id: 5,
        name: "hil",
        city: "Hillsboro, OR",
        country: "US",
        description: "Hillsboro, OR",
        zone: "us-west",
    },
    Location {
        id: 6,
        name: "sin",
        city: "Singapore",
        country: "SG",
        description: "Singapore",
        zone: "ap-southeast",
    },
];

/// Memory and disk in GB; the price in hundredths of a euro a month, net.
pub(super) struct ServerType {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) cores: u32,
    pub(super) memory_gb: u32,
    pub(super) disk_gb: u32,
    cents: u32,
    architecture: &'static str,
    /// Where it is offered; `sin` is not among the places of the cheapest.
    places: &'static [&'static str],
    /// On its way out, still to be had.
    deprecated: bool,
}

const EVERYWHERE: &[&str] = &["fsn1", "nbg1", "hel1", "ash", "hil", "sin"];
const EUROPE: &[&str] = &["fsn1", "nbg1", "hel1"];

const fn server_type(
    id: u32,
    name: &'static str,
    size: (u32, u32, u32),
    cents: u32,
    places: &'static [&'static str],
) -> ServerType {
    let (cores, memory_gb, disk_gb) = size;
    ServerType { id, name, cores, memory_gb, disk_gb, cents, architecture: "x86", places, deprecated: false }
}

pub(super) const SERVER_TYPES: &[ServerType] = &[
    ServerType { deprecated: true, ..server_type(22, "cpx11", (2, 2, 40), 435, EVERYWHERE) },
    ServerType { deprecated: true, ..server_type(23, "cpx21", (3, 4, 80), 755, EVERYWHERE) },
    ServerType { architecture: "arm", ..server_type(45, "cax11", (2, 4, 40), 379, EUROPE) },
    server_type(108, "cx22", (2, 4, 40), 379, EUROPE),
    server_type(114, "cpx22", (2, 4, 80), 649, EVERYWHERE),
    server_type(115, "cpx32", (4, 8, 160), 1_099, EVERYWHERE),
    server_type(116, "cpx42", (8, 16, 320), 1_999, EVERYWHERE),
];

pub(super) struct Image {
    id: u32,
    pub(super) name: &'static str,
    description: &'static str,
    flavor: &'static str,
    version: &'static str,
    architecture: &'static str,
}

const fn image(
    id: u32,
    name: &'static str,
    description: &'static str,
    os: (&'static str, &'static str),
    architecture: &'static str,
) -> Image {
    Image { id, name, description, flavor: os.0, version: os.1, architecture }
}

/// One name, two architectures. There is none of Windows.
pub(super) const IMAGES: &[Image] = &[
    image(67_794_396, "ubuntu-22.04", "Ubuntu 22.04", ("ubuntu", "22.04"), "x86"),
    image(103_907_373, "ubuntu-22.04", "Ubuntu 22.04", ("ubuntu", "22.04"), "arm"),
    image(114_690_387, "debian-12", "Debian 12", ("debian", "12"), "x86"),
    image(161_547_269, "ubuntu-24.04", "Ubuntu 24.04", ("ubuntu", "24.04"), "x86"),
    image(161_547_270, "ubuntu-24.04", "Ubuntu 24.04", ("ubuntu", "24.04"), "arm"),
    image(168_855_040, "rocky-10", "Rocky Linux 10", ("rocky", "10"), "x86"),
];

pub(super) fn find_location(name: &str) -> Option<&'static Location> {
    LOCATIONS.iter().find(|one| one.name == name)
}

pub(super) fn find_type(name: &str) -> Option<&'static ServerType> {
    SERVER_TYPES.iter().find(|one| one.name == name || one.id.to_string() == name)
}

/// By name or id, for the architecture of a server type.
pub(super) fn find_image(name: &str, of: &ServerType) -> Option<&'static Image> {
    IMAGES
        .iter()
        .find(|one| (one.name == name || one.id.to_string() == name) && one.architecture == of.architecture)
}

impl Location {
    pub(super) fn shape(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "city": self.city,
            "country": self.country,
            "latitude": 50.47612,
            "longitude": 12.370071,
            "network_zone": self.zone,
        })
    }
}

impl ServerType {
    pub(super) fn is_in(&self, location: &Location) -> bool {
        self.places.contains(&location.name)
    }

    fn deprecation(&self) -> Value {
        if self.deprecated {
            json!({"announced": "2025-10-16T06:00:00Z", "unavailable_after": "2099-01-01T00:00:00Z"})
        } else {
            Value::Null
        }
    }

    pub(super) fn prices(&self) -> Value {
        let price = |place: &&'static str| {
            json!({
                "location": place,
                "price_hourly": {"net": net(self.cents / 6, 4), "gross": net(self.cents / 5, 4)},
                "price_monthly": {"net": net(self.cents, 2), "gross": net(self.cents * 119 / 100, 2)},
                "included_traffic": 21_990_232_555_520_u64,
                "price_per_tb_traffic": {"net": "1.0000000000", "gross": "1.1900000000000000"},
            })
        };
        self.places.iter().map(price).collect()
    }

    /// `empty`: where nothing can be had now.
    pub(super) fn shape(&self, empty: &[&str]) -> Value {
        let at = |place: &&'static str| {
            let id = find_location(place).map(|location| location.id);
            let available = !empty.contains(place);
            json!({"id": id, "name": place, "deprecation": self.deprecation(), "available": available})
        };
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.name.to_uppercase(),
            "category": "Shared vCPU",
            "cores": self.cores,
            "memory": f64::from(self.memory_gb),
            "disk": self.disk_gb,
            "deprecated": self.deprecated,
            "deprecation": self.deprecation(),
            "prices": self.prices(),
            "storage_type": "local",
            "cpu_type": "shared",
            "architecture": self.architecture,
            "locations": self.places.iter().map(at).collect::<Vec<_>>(),
        })
    }
}

/// A whole number of parts as Hetzner writes prices: `"6.4900000000"`.
fn net(parts: u32, places: u32) -> String {
    let one = 10_u32.pow(places);
    let fraction = format!("{:0width$}", parts % one, width = usize::try_from(places).unwrap_or(0));
    format!("{}.{fraction:0<10}", parts / one)
}

impl Image {
    pub(super) fn shape(&self) -> Value {
        json!({
            "id": self.id,
            "type": "system",
            "status": "available",
            "name": self.name,
            "description": self.description,
            "image_size": null,
            "disk_size": 5.0,
            "created": "2024-04-25T13:26:27Z",
            "created_from": null,
            "bound_to": null,
            "os_flavor": self.flavor,
            "os_version": self.version,
            "rapid_deploy": true,
            "protection": {"delete": false},
            "deprecated": null,
            "deleted": null,
            "labels": {},
            "architecture": self.architecture,
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn prices_are_written_as_long_decimals() {
        assert_eq!(super::net(649, 2), "6.4900000000");
        assert_eq!(super::net(105, 4), "0.0105000000");
    }
}
