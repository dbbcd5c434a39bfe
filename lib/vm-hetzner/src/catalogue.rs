//! What can be had where, and for how much.

use std::collections::BTreeMap;

use app::ports::{Image, ProviderPlan, ProviderRegion};
use domain::Timestamp;
use http_call::{cents, lenient};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use vm_http::page;

use crate::pages::Meta;

#[derive(Deserialize)]
pub(crate) struct Location {
    name: String,
    #[serde(default, deserialize_with = "lenient::word")]
    city: String,
    #[serde(default, deserialize_with = "lenient::word")]
    country: String,
}

page!(Locations, "locations", locations: Location, meta: Meta);

impl From<Location> for ProviderRegion {
    fn from(location: Location) -> Self {
        Self { id: location.name, city: location.city, country: location.country }
    }
}

#[derive(Deserialize)]
pub(crate) struct ServerType {
    pub(crate) name: String,
    #[serde(default, deserialize_with = "lenient::count")]
    cores: u64,
    /// GB, written as a fraction: `4.0`.
    #[serde(default, deserialize_with = "megabytes")]
    memory: u64,
    /// GB
    #[serde(default, deserialize_with = "lenient::count")]
    disk: u64,
    #[serde(default)]
    prices: Vec<Price>,
    #[serde(default)]
    locations: Option<Vec<Place>>,
}

/// A location that has, or had, the type.
#[derive(Deserialize)]
struct Place {
    name: String,
    /// Whether it can be bought there now. Told since April 2026, in place of the data centres' stock.
    #[serde(default)]
    available: Value,
    /// `{"announced", "unavailable_after"}`, both times; null while it stays.
    #[serde(default)]
    deprecation: Value,
}

impl Place {
    /// Whether it has been taken from there for good.
    fn has_ended(&self, now: Timestamp) -> bool {
        let end = self.deprecation.get("unavailable_after").and_then(Value::as_str);
        end.and_then(|text| text.parse::<Timestamp>().ok()).is_some_and(|end| end <= now)
    }
}

#[derive(Deserialize)]
struct Price {
    #[serde(default, deserialize_with = "lenient::word")]
    location: String,
    #[serde(default)]
    price_monthly: Amount,
}

/// Without VAT.
#[derive(Default, Deserialize)]
struct Amount {
    #[serde(default, deserialize_with = "cents::dollars")]
    net: Option<i64>,
}

page!(ServerTypes, "server_types", server_types: ServerType, meta: Meta);

impl ServerType {
    /// With the places sold out that say nothing of their stock and had an end before `now`.
    pub(crate) fn told_at(mut self, now: Timestamp) -> Self {
        for place in self.locations.iter_mut().flatten() {
            if !place.available.is_boolean() && place.has_ended(now) {
                place.available = Value::Bool(false);
            }
        }
        self
    }

    /// Where it is offered: as it says itself, or else where it has a price.
    pub(crate) fn regions(&self) -> Vec<String> {
        let Some(places) = &self.locations else {
            return self.prices.iter().map(|price| price.location.clone()).collect();
        };
        let offered = places.iter().filter(|place| place.available != Value::Bool(false));
        offered.map(|place| place.name.clone()).collect()
    }

    /// Whether it can be bought in a location now; `None` when it does not say.
    pub(crate) fn available(&self, location: &str) -> Option<bool> {
        self.locations.as_ref()?.iter().find(|place| place.name == location)?.available.as_bool()
    }

    /// As the port has it. `in_dollars`: whether the project pays in US dollars; a price in euros is none in cents
    /// of a dollar, and no rate is known here.
    pub(crate) fn plan(self, in_dollars: bool) -> ProviderPlan {
        let told = self.prices.iter().filter(|_| in_dollars);
        let regional: BTreeMap<String, i64> =
            told.filter_map(|price| Some((price.location.clone(), price.price_monthly.net?))).collect();
        ProviderPlan {
            vcpus: u32::try_from(self.cores).unwrap_or(0),
            memory_mb: self.memory,
            disk_gb: self.disk,
            monthly_usd_cents: regional.values().copied().max(),
            regional_usd_cents: regional,
            regions: self.regions(),
            id: self.name,
        }
    }
}

/// Gigabytes with a fraction as megabytes, from the digits.
fn megabytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        _ => return Ok(0),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let tenth = fraction.bytes().next().filter(u8::is_ascii_digit).map_or(0, |b| u64::from(b - b'0'));
    Ok(whole
        .parse::<u64>()
        .ok()
        .and_then(|gb| gb.checked_mul(1024))
        .map_or(0, |mb| mb.saturating_add(tenth * 1024 / 10)))
}

/// What the project pays in.
#[derive(Deserialize)]
pub(crate) struct Pricing {
    pricing: Currency,
}

#[derive(Deserialize)]
struct Currency {
    #[serde(default, deserialize_with = "lenient::word")]
    currency: String,
}

impl Pricing {
    pub(crate) fn is_in_dollars(&self) -> bool {
        self.pricing.currency == "USD"
    }
}

/// An image; snapshots have no name.
#[derive(Deserialize)]
pub(crate) struct ImageBody {
    #[serde(deserialize_with = "lenient::word")]
    id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "lenient::word")]
    os_flavor: String,
}

page!(Images, "images", images: ImageBody, meta: Meta);

impl From<ImageBody> for Image {
    fn from(image: ImageBody) -> Self {
        Self { id: image.id, name: image.name, family: image.os_flavor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn server_type() -> Value {
        json!({
            "id": 114, "name": "cpx22", "cores": 2, "memory": 4.0, "disk": 80,
            "prices": [
                {"location": "fsn1", "price_monthly": {"net": "6.4900000000", "gross": "7.7231000000000000"}},
                {"location": "ash", "price_monthly": {"net": "7.99", "gross": "9.51"}},
            ],
            "locations": [{"id": 1, "name": "fsn1", "deprecation": null}],
        })
    }

    #[test]
    fn a_price_in_euros_is_none_in_dollars() {
        let plan = |in_dollars| serde_json::from_value::<ServerType>(server_type()).unwrap().plan(in_dollars);
        assert_eq!((plan(true).monthly_usd_cents, plan(false).monthly_usd_cents), (Some(799), None));
        assert_eq!(
            ["fsn1", "ash"].map(|location| plan(true).monthly_usd_cents_in(location)),
            [Some(649), Some(799)]
        );
        assert_eq!((plan(true).vcpus, plan(true).memory_mb, plan(true).disk_gb), (2, 4096, 80));
        assert_eq!(plan(true).regions, ["fsn1"]);
    }

    #[test]
    fn half_a_gigabyte_is_one_too() {
        for (memory, mb) in
            [(json!(0.5), 512), (json!(16), 16_384), (json!("4.0"), 4_096), (json!(null), 0), (json!(-1), 0)]
        {
            let mut body = server_type();
            body["memory"] = memory;
            assert_eq!(serde_json::from_value::<ServerType>(body).unwrap().plan(false).memory_mb, mb);
        }
    }

    #[test]
    fn a_place_that_had_its_end_has_none_left_unless_it_says_so() {
        let now = "2026-11-20T08:15:11Z".parse().unwrap();
        for (end, available, told) in [
            (json!("2026-11-20T08:15:11Z"), Value::Null, Some(false)),
            (json!("2026-11-20T08:15:12Z"), Value::Null, None),
            (json!("2026-01-01T00:00:00+00:00"), json!("?"), Some(false)),
            (json!("2026-01-01T00:00:00Z"), json!(true), Some(true)),
            (json!("2099-01-01T00:00:00Z"), json!(false), Some(false)),
            (json!("soon"), Value::Null, None),
            (json!(7), Value::Null, None),
        ] {
            let mut body = server_type();
            let deprecation = json!({"announced": "2025-10-16T06:00:00Z", "unavailable_after": end});
            body["locations"] = json!([{"name": "fsn1", "deprecation": deprecation, "available": available}, {"name": "ash"}]);
            let one = serde_json::from_value::<ServerType>(body).unwrap().told_at(now);
            assert_eq!((one.available("fsn1"), one.available("ash")), (told, None), "{end} {available}");
            assert_eq!(one.regions().contains(&"fsn1".to_owned()), told != Some(false), "{end} {available}");
        }
    }
}
