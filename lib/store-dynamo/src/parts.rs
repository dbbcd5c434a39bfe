//! Values inside items: how times and bytes are stored, and the parts that several items share.

use domain::Timestamp;
use domain::catalogue::{Image, Offering, Provider};
use domain::first_boot::Fingerprints;
use domain::money::{Currency, Money};
use serde::de::{Error as _, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time as fixed-width text (`2026-11-20T08:15:11.000000000Z`), so that text order is time order.
///
/// Years 0 to 9999; a time before them is refused when it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredTime(pub(crate) Timestamp);

impl StoredTime {
    /// The stored spelling.
    pub(crate) fn text(self) -> String {
        format!("{:.9}", self.0)
    }
}

impl From<Timestamp> for StoredTime {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl From<StoredTime> for Timestamp {
    fn from(time: StoredTime) -> Self {
        time.0
    }
}

impl Serialize for StoredTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.text();
        if text.starts_with('-') {
            return Err(S::Error::custom("a time before the year 0"));
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for StoredTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = Self(text.parse().map_err(|_| D::Error::custom("not a time"))?);
        // Another spelling of the same time would sort elsewhere in the index.
        if time.text() == text { Ok(time) } else { Err(D::Error::custom("not a time of the stored width")) }
    }
}

/// Bytes, stored as DynamoDB's binary type rather than as a list of numbers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;
        impl Visitor<'_> for BytesVisitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

/// [`Offering`] as a map.
#[derive(Serialize, Deserialize)]
pub(crate) struct OfferingPart {
    provider: Provider,
    plan: String,
    region: String,
    /// Absent in items whose `region` is the provider's.
    provider_region: Option<String>,
    image_name_prefix: String,
    image_fallback_id: String,
}

impl From<&Offering> for OfferingPart {
    fn from(offering: &Offering) -> Self {
        Self {
            provider: offering.provider,
            plan: offering.plan.clone(),
            region: offering.region.clone(),
            provider_region: Some(offering.provider_region.clone()),
            image_name_prefix: offering.image.name_prefix.clone(),
            image_fallback_id: offering.image.fallback_id.clone(),
        }
    }
}

impl From<OfferingPart> for Offering {
    fn from(part: OfferingPart) -> Self {
        Self {
            provider: part.provider,
            plan: part.plan,
            provider_region: part.provider_region.unwrap_or_else(|| part.region.clone()),
            region: part.region,
            image: Image { name_prefix: part.image_name_prefix, fallback_id: part.image_fallback_id },
        }
    }
}

/// [`Money`] as a map.
#[derive(Serialize, Deserialize)]
pub(crate) struct MoneyPart {
    minor: i64,
    currency: Currency,
}

impl From<Money> for MoneyPart {
    fn from(money: Money) -> Self {
        Self { minor: money.minor, currency: money.currency }
    }
}

impl From<MoneyPart> for Money {
    fn from(part: MoneyPart) -> Self {
        Self::new(part.minor, part.currency)
    }
}

/// [`Fingerprints`] as a map.
#[derive(Serialize, Deserialize)]
pub(crate) struct FingerprintsPart {
    sha256: Option<String>,
    sha1: Option<String>,
}

impl From<&Fingerprints> for FingerprintsPart {
    fn from(prints: &Fingerprints) -> Self {
        Self { sha256: prints.sha256.clone(), sha1: prints.sha1.clone() }
    }
}

impl From<FingerprintsPart> for Fingerprints {
    fn from(part: FingerprintsPart) -> Self {
        Self { sha256: part.sha256, sha1: part.sha1 }
    }
}
