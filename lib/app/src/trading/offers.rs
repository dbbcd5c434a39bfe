//! Where and on what a trading desktop can be made: the provider's own lists, and what of them is recommended.

use std::cmp::Reverse;

use domain::catalogue::{Image as WantedImage, Offering, Os, Plan, Provider};
use domain::circuit::EVERYWHERE;
use domain::failover::Outlook;
use futures_util::future::join_all;
use serde::Serialize;

use super::wish::invalid;
use super::{PlaceVps, TradingDesk};
use crate::deliverable::Alternative;
use crate::error::AppError;
use crate::ports::{
    Clock, Commit, Image, ProviderPlan, ProviderRegion, ReadCircuits, VmError, VmHost, VmHosts,
};

/// Who makes it when nobody says.
const USUAL_PROVIDER: Provider = Provider::Vultr;

/// Where brokers' servers stand, and the regions close to them (a few milliseconds): the beginning of what a provider
/// calls the city, or its id of the region where it names no city.
/// Source: the data centres that MT5 brokers name (Equinix LD4, NY4, FR2, AM3, TY3, SG1).
const NEAR_BROKERS: &[(&str, &str)] = &[
    ("London", "London"),
    ("UK", "London"),
    ("New Jersey", "New York"),
    ("New York", "New York"),
    ("Ashburn", "New York"),
    ("US-east", "New York"),
    ("Frankfurt", "Frankfurt"),
    ("EU", "Frankfurt"),
    ("Amsterdam", "Amsterdam"),
    ("Tokyo", "Tokyo"),
    ("JPN", "Tokyo"),
    ("Singapore", "Singapore"),
    ("SIN", "Singapore"),
];

/// What one terminal with some charts and an expert advisor needs, and no more.
const RECOMMENDED_VCPUS: std::ops::RangeInclusive<u32> = 2..=4;
const RECOMMENDED_MEMORY_MB: std::ops::RangeInclusive<u64> = 3_800..=8_192;
/// So many of them, the cheapest.
const RECOMMENDED_PLANS_MAX: usize = 3;

/// How many alternatives a refusal names.
const ALTERNATIVES_MAX: usize = 40;

/// In how many other regions a size that is sold out is asked about, at the same time.
const REGIONS_ASKED_MAX: usize = 8;

/// The account at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountOffer {
    /// What is left in US cents, where the provider tells it; positive is credit.
    pub balance_usd_cents: Option<i64>,
    /// What has been used and not yet billed, in US cents.
    pub pending_usd_cents: Option<i64>,
    /// The providers that can be chosen.
    pub providers: Vec<Provider>,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegionOffer {
    /// The provider's id.
    pub id: String,
    /// Its city.
    pub city: String,
    /// Its country, ISO 3166; empty where it is not told.
    pub country: String,
    /// Whether it is close to brokers' servers.
    pub recommended: bool,
    /// To those in which city.
    pub near: Option<&'static str>,
}

/// A size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanOffer {
    /// The provider's id.
    pub id: String,
    /// Processors.
    pub vcpus: u32,
    /// Memory in MB.
    pub memory_mb: u64,
    /// Disk in GB; 0 where it is not told.
    pub disk_gb: u64,
    /// Price per month in US cents, without the licence of Windows; some regions may ask for more.
    pub monthly_usd_cents: Option<i64>,
    /// The regions that have it.
    pub regions: Vec<String>,
    /// Whether it suits one terminal.
    pub recommended: bool,
}

/// A system that MetaTrader 5 runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OsOffer {
    /// The provider's id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl<S, V, Q, F, W> TradingDesk<S, V, Q, F, W>
where
    S: Commit + ReadCircuits + Sync,
    V: VmHosts + Sync,
    W: Clock + Sync,
{
    /// The provider that a word names, or the usual one.
    ///
    /// # Errors
    /// A sentence with those that can be chosen: that have a key of ours, and can set Windows up.
    pub fn provider(&self, word: Option<&str>) -> Result<Provider, String> {
        let wanted = word.map_or(Some(USUAL_PROVIDER), Provider::parse);
        wanted.filter(|provider| self.sets_windows_up(*provider)).ok_or_else(|| {
            let words: Vec<&str> = self.able().iter().map(|provider| provider.as_str()).collect();
            if words.is_empty() {
                return "no provider that can set Windows up is there".to_owned();
            }
            format!("choose one of {}", words.join(", "))
        })
    }

    fn able(&self) -> Vec<Provider> {
        Provider::ALL.iter().copied().filter(|provider| self.sets_windows_up(*provider)).collect()
    }

    fn sets_windows_up(&self, provider: Provider) -> bool {
        self.providers.capabilities(provider).is_some_and(|able| able.windows.is_some())
    }

    /// The account at a provider.
    ///
    /// # Errors
    /// `Provider` when it does not answer.
    pub async fn account(&self, provider: Provider) -> Result<AccountOffer, AppError> {
        let told = match self.providers.at(provider, EVERYWHERE)?.account().await {
            Ok(account) => Some(account),
            Err(VmError::Unsupported { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(AccountOffer {
            balance_usd_cents: told.as_ref().and_then(|account| account.balance_usd_cents),
            pending_usd_cents: told.as_ref().and_then(|account| account.pending_usd_cents),
            providers: self.able(),
        })
    }

    /// The regions, those near brokers first.
    ///
    /// # Errors
    /// `Provider` when it does not answer.
    pub async fn regions(&self, provider: Provider) -> Result<Vec<RegionOffer>, AppError> {
        let mut regions: Vec<RegionOffer> =
            self.providers.at(provider, EVERYWHERE)?.regions().await?.into_iter().map(region_offer).collect();
        regions.sort_by(|a, b| (!a.recommended, &a.id).cmp(&(!b.recommended, &b.id)));
        Ok(regions)
    }

    /// The sizes, those that suit one terminal first, then by price.
    ///
    /// # Errors
    /// `Provider` when it does not answer.
    pub async fn plans(&self, provider: Provider) -> Result<Vec<PlanOffer>, AppError> {
        Ok(plan_offers(self.providers.at(provider, EVERYWHERE)?.plans().await?))
    }

    /// The systems that MetaTrader 5 runs on, newest name first.
    ///
    /// # Errors
    /// `Provider` when it does not answer.
    pub async fn systems(&self, provider: Provider) -> Result<Vec<OsOffer>, AppError> {
        let images = self.providers.at(provider, EVERYWHERE)?.images().await?;
        let mut systems: Vec<OsOffer> = images
            .into_iter()
            .filter(runs_mt5)
            .map(|image| OsOffer { id: image.id, name: image.name })
            .collect();
        systems.sort_by_key(|os| Reverse(os.name.clone()));
        Ok(systems)
    }

    /// The place that a wish names, held against what the provider has.
    pub(super) async fn offering(&self, provider: Provider, wish: &PlaceVps) -> Result<Offering, AppError> {
        let host = self.providers.at(provider, &wish.region)?;
        let regions = host.regions().await?;
        if !regions.iter().any(|region| region.id == wish.region) {
            let near = |region: &ProviderRegion| near_brokers(region).is_none();
            return Err(choose("region", regions.iter().map(|r| (near(r), r.id.as_str()))));
        }
        let plans = plan_offers(host.plans().await?);
        let Some(plan) = plans.iter().find(|plan| plan.id == wish.plan) else {
            return Err(choose("plan", plans.iter().map(|plan| (!plan.recommended, plan.id.as_str()))));
        };
        if !plan.regions.is_empty() && !plan.regions.contains(&wish.region) {
            return Err(choose("region", plan.regions.iter().map(|id| (false, id.as_str()))));
        }
        let images = host.images().await?;
        let image = images.iter().find(|image| image.id == wish.os_id);
        let Some(image) = image.filter(|image| runs_mt5(image)) else {
            let fitting = images.iter().filter(|image| runs_mt5(image));
            let why = image.map(|image| format!("MetaTrader 5 does not run on {}: ", image.name));
            let named: Vec<String> = fitting.map(|image| format!("{} ({})", image.id, image.name)).collect();
            let named = named.iter().map(|text| (false, text.as_str()));
            return Err(choose_because("os_id", &why.unwrap_or_default(), named));
        };
        let offering = self.at(provider, wish, image);
        match host.in_stock(&offering).await {
            Ok(true) | Err(VmError::Unsupported { .. }) => Ok(offering),
            Ok(false) => {
                let others = regions.iter().filter(|region| {
                    region.id != wish.region && (plan.regions.is_empty() || plan.regions.contains(&region.id))
                });
                Err(self.sold_out(wish, &offering, others.collect()).await)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The refusal of a size that a region has none of, with those of `others` that have it, near brokers first.
    async fn sold_out(
        &self,
        wish: &PlaceVps,
        sold_out: &Offering,
        mut others: Vec<&ProviderRegion>,
    ) -> AppError {
        others.sort_by_key(|region| near_brokers(region).is_none());
        others.truncate(REGIONS_ASKED_MAX);
        let places: Vec<Offering> = others
            .into_iter()
            .map(|region| Offering { provider_region: region.id.clone(), ..sold_out.clone() })
            .collect();
        let stock = join_all(places.iter().map(|place| self.is_in_stock(place))).await;
        let outlooks = self.providers.outlooks(&places).await;
        let had = places.iter().zip(stock.into_iter().zip(outlooks));
        let regions: Vec<&str> = had
            .filter(|(_, (in_stock, outlook))| *in_stock && *outlook == Outlook::Open)
            .map(|(place, _)| place.provider_region.as_str())
            .collect();
        let provider = sold_out.provider;
        let elsewhere = match regions.as_slice() {
            [] => String::new(),
            regions => format!("; it has some in {}", regions.join(", ")),
        };
        let alternative = |region: &&str| Alternative::Vps {
            provider,
            region: (*region).to_owned(),
            plan: wish.plan.clone(),
            os_id: wish.os_id.clone(),
        };
        AppError::NotDeliverable {
            field: "plan",
            reason: format!("{provider} has no {} left in {} now{elsewhere}", wish.plan, wish.region),
            passing: true,
            alternatives: regions.iter().map(alternative).collect(),
        }
    }

    /// What is not answered does not count.
    async fn is_in_stock(&self, place: &Offering) -> bool {
        match self.providers.at(place.provider, &place.provider_region) {
            Ok(host) => host.in_stock(place).await.unwrap_or(false),
            Err(_) => false,
        }
    }

    /// As the catalogue writes places; where it knows the image, with its own words for it.
    fn at(&self, provider: Provider, wish: &PlaceVps, image: &Image) -> Offering {
        let products = self.catalogue.products.iter().filter(|product| product.os == Os::Windows);
        let sold: Vec<&Offering> =
            products.flat_map(|p| &p.offerings).filter(|o| o.provider == provider).collect();
        let region = sold.iter().find(|o| o.provider_region == wish.region);
        let known = sold.iter().find(|o| o.image.name_prefix == image.id);
        Offering {
            provider,
            plan: wish.plan.clone(),
            region: region.map_or_else(|| wish.region.clone(), |o| o.region.clone()),
            provider_region: wish.region.clone(),
            image: known.map_or_else(
                || WantedImage { name_prefix: image.name.clone(), fallback_id: image.id.clone() },
                |o| o.image.clone(),
            ),
        }
    }

    /// The size of ours that is made on the same plan, or the smallest: it says what else is installed.
    pub(super) fn nearest_plan(&self, offering: &Offering) -> Plan {
        let same = |o: &&Offering| o.provider == offering.provider && o.plan == offering.plan;
        let products = self.catalogue.products.iter().filter(|product| product.os == Os::Windows);
        let sold = products.filter(|product| product.offerings.iter().any(|o| same(&o)));
        sold.map(|product| product.plan).next().unwrap_or(Plan::Basic)
    }
}

fn choose<'a>(field: &'static str, ids: impl Iterator<Item = (bool, &'a str)>) -> AppError {
    choose_because(field, "", ids)
}

/// The refusal of a field with what can be chosen instead; each is named behind whether it stands further back.
fn choose_because<'a>(
    field: &'static str,
    why: &str,
    ids: impl Iterator<Item = (bool, &'a str)>,
) -> AppError {
    let mut ids: Vec<(bool, &str)> = ids.collect();
    if ids.is_empty() {
        return invalid(field)(format!("{why}the provider has none now"));
    }
    ids.sort_by_key(|(further_back, _)| *further_back);
    let named: Vec<&str> = ids.iter().take(ALTERNATIVES_MAX).map(|(_, id)| *id).collect();
    let more = if ids.len() > named.len() { ", …" } else { "" };
    invalid(field)(format!("{why}choose one of {}{more}", named.join(", ")))
}

fn near_brokers(region: &ProviderRegion) -> Option<&'static str> {
    let is_near = |(place, _): &&(&str, &str)| region.city.starts_with(place) || region.id == *place;
    NEAR_BROKERS.iter().find(is_near).map(|(_, hub)| *hub)
}

fn region_offer(region: ProviderRegion) -> RegionOffer {
    let near = near_brokers(&region);
    let ProviderRegion { id, city, country } = region;
    RegionOffer { id, city, country, recommended: near.is_some(), near }
}

fn plan_offers(plans: Vec<ProviderPlan>) -> Vec<PlanOffer> {
    let mut offers: Vec<PlanOffer> = plans.into_iter().map(plan_offer).collect();
    offers.sort_by(|a, b| {
        let price = |offer: &PlanOffer| offer.monthly_usd_cents.unwrap_or(i64::MAX);
        (!a.recommended, price(a), &a.id).cmp(&(!b.recommended, price(b), &b.id))
    });
    for offer in offers.iter_mut().skip(RECOMMENDED_PLANS_MAX) {
        offer.recommended = false;
    }
    offers.sort_by_key(|offer| !offer.recommended);
    offers
}

fn plan_offer(plan: ProviderPlan) -> PlanOffer {
    let ProviderPlan { id, vcpus, memory_mb, disk_gb, monthly_usd_cents, regions, regional_usd_cents: _ } =
        plan;
    let recommended = RECOMMENDED_VCPUS.contains(&vcpus) && RECOMMENDED_MEMORY_MB.contains(&memory_mb);
    PlanOffer { id, vcpus, memory_mb, disk_gb, monthly_usd_cents, regions, recommended }
}

/// Windows with a desktop.
fn runs_mt5(image: &Image) -> bool {
    image.family.eq_ignore_ascii_case("windows") && !image.name.to_ascii_lowercase().contains("core")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn region(id: &str, city: &str) -> RegionOffer {
        region_offer(ProviderRegion { id: id.to_owned(), city: city.to_owned(), country: String::new() })
    }

    #[test]
    fn regions_near_brokers_are_recommended_whoever_names_them() {
        for (id, city, near) in [
            ("lhr", "London", Some("London")),
            ("ewr", "New Jersey", Some("New York")),
            ("us-east-1", "Ashburn", Some("New York")),
            ("UK", "United Kingdom", Some("London")),
            ("SIN", "Asia (Singapore)", Some("Singapore")),
            ("nrt", "Tokyo", Some("Tokyo")),
            ("mia", "Miami", None),
            ("US-west", "United States (West)", None),
        ] {
            let offer = region(id, city);
            assert_eq!((offer.near, offer.recommended), (near, near.is_some()), "{id}");
        }
    }

    #[test]
    fn the_three_cheapest_that_suit_one_terminal_are_recommended_and_come_first() {
        let plan = |id: &str, vcpus, memory_mb, monthly_usd_cents| ProviderPlan {
            id: id.to_owned(),
            vcpus,
            memory_mb,
            disk_gb: 80,
            monthly_usd_cents,
            regional_usd_cents: BTreeMap::new(),
            regions: Vec::new(),
        };
        let offers = plan_offers(vec![
            plan("tiny", 1, 1024, Some(500)),
            plan("dear", 4, 8192, Some(9_000)),
            plan("unpriced", 2, 4096, None),
            plan("good", 2, 4096, Some(2_000)),
            plan("better", 4, 8192, Some(4_000)),
            plan("huge", 32, 65_536, Some(64_000)),
        ]);
        let ids: Vec<(&str, bool)> = offers.iter().map(|o| (o.id.as_str(), o.recommended)).collect();
        assert_eq!(
            ids,
            [
                ("good", true),
                ("better", true),
                ("dear", true),
                ("unpriced", false),
                ("tiny", false),
                ("huge", false),
            ]
        );
    }

    #[test]
    fn mt5_runs_on_windows_with_a_desktop() {
        let image =
            |family: &str, name: &str| Image { id: "1".into(), name: name.into(), family: family.into() };
        assert!(runs_mt5(&image("windows", "Windows 2022 Standard x64")));
        assert!(runs_mt5(&image("Windows", "windows-server-2022-se")));
        assert!(!runs_mt5(&image("windows", "Windows Core 2022 Standard x64")));
        assert!(!runs_mt5(&image("ubuntu", "Ubuntu 24.04 LTS x64")));
    }

    #[test]
    fn a_refusal_names_a_bounded_number_of_alternatives_the_recommended_first() {
        let many: Vec<String> = (0..100).map(|n| format!("p{n}")).collect();
        let said = choose("plan", many.iter().map(|id| (id != "p77", id.as_str()))).to_string();
        assert!(said.starts_with("plan: choose one of p77, p0, p1, "), "{said}");
        assert!(said.ends_with("p38, …"), "{said}");
    }
}
