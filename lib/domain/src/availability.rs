//! What the providers say they can make now, and for how much: read on a schedule, and believed for a while.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Offering, Os, Product, Provider};

/// What is older than this is not believed any more: the offering counts as unknown.
pub const BELIEVED_FOR: SignedDuration = SignedDuration::from_mins(60);

/// Stock and price of one size in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// The provider's id of the size.
    pub plan: String,
    /// The provider's id of the region.
    pub provider_region: String,
    /// Whether it could be had.
    pub in_stock: bool,
    /// What the provider asks per month, in US cents, without a licence; `None` where it does not say.
    pub monthly_usd_cents: Option<i64>,
}

/// What one provider said at one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Who.
    pub provider: Provider,
    /// When it was asked.
    pub seen_at: Timestamp,
    /// Each (size, region) of the catalogue that it was asked about.
    pub stock: Vec<Stock>,
    /// Whether it can set Windows up for us, by what we have there; `None` where nobody noted it.
    pub windows: Option<bool>,
    /// Counts the writes.
    pub version: u64,
}

/// What is known of an offering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The provider has it.
    InStock,
    /// The provider has none.
    OutOfStock,
    /// Nobody has asked lately: it is offered, because failing over is possible and money goes back.
    Unknown,
}

/// Whether a provider can set a system up for us, as it was last noted. That goes with our settings and not with the
/// day, so it does not age.
pub fn sets_up(provider: Provider, os: Os, known: &[Availability]) -> bool {
    if os == Os::Linux || !provider.has(os) {
        return provider.has(os);
    }
    let noted = known.iter().find(|a| a.provider == provider).and_then(|a| a.windows);
    // EC2 tells a password only to who has the launch key pair: until it is known that there is one, nobody buys it.
    noted.unwrap_or(provider != Provider::Ec2)
}

/// What is known of an offering at `now`.
pub fn standing(offering: &Offering, known: &[Availability], now: Timestamp) -> Standing {
    let fresh = known
        .iter()
        .find(|a| a.provider == offering.provider)
        .filter(|a| now.duration_since(a.seen_at) < BELIEVED_FOR);
    let stock = fresh.and_then(|a| {
        a.stock.iter().find(|s| s.plan == offering.plan && s.provider_region == offering.provider_region)
    });
    match stock.map(|s| s.in_stock) {
        Some(true) => Standing::InStock,
        Some(false) => Standing::OutOfStock,
        None => Standing::Unknown,
    }
}

/// The regions in which a product can be had now, first choice first: where at least one offering that may be asked
/// for (`usable`: a key is set up, the provider is not left alone) is not known to be out of stock.
pub fn regions_now<'a>(
    product: &'a Product,
    known: &[Availability],
    usable: impl Fn(&Offering) -> bool,
    now: Timestamp,
) -> Vec<&'a str> {
    let mut regions: Vec<&str> = Vec::new();
    for offering in product.offerings.iter().filter(|o| usable(o)) {
        let sold = standing(offering, known, now) != Standing::OutOfStock;
        if sold && !regions.contains(&offering.region.as_str()) {
            regions.push(&offering.region);
        }
    }
    regions
}
