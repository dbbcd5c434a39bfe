//! What staff see of the inventory.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::inventory::{Inventory, Report};
use domain::money::Currency;
use serde::Serialize;

/// Every provider's inventory, and the sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// The sums over the last whole listing of each provider.
    pub totals: Totals,
    /// Provider by provider.
    pub providers: Vec<ProviderView>,
}

/// Sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Desktops that record a machine.
    pub recorded: u32,
    /// Machines of ours that were listed.
    pub machines: u32,
    /// Machines that nobody will ever use.
    pub ghosts: u32,
    /// Second machines of delivered orders.
    pub doubles: u32,
    /// Desktops without their machine.
    pub missing: u32,
    /// What only a person can judge.
    pub odd: u32,
    /// Machines that carry a name of ours and that nothing recorded explains.
    pub strangers: u32,
    /// Attempts whose outcome is not known.
    pub unknown: u32,
    /// How long the oldest of them has been waiting.
    pub unknown_age_seconds: i64,
    /// What the desktops cost a month, in US cents, where the provider says what it asks.
    pub cost_usd_cents: i64,
    /// Desktops of which the cost is not known.
    pub unpriced: u32,
    /// What the desktops bring a month, per currency, in hundredths. Nothing is converted.
    pub revenue_minor: BTreeMap<Currency, i64>,
    /// Desktops of which the price is not recorded.
    pub without_revenue: u32,
}

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderView {
    /// Which.
    pub provider: Provider,
    /// When it was last looked at.
    pub looked_at: Option<Timestamp>,
    /// Why that look did not get on.
    pub trouble: Option<String>,
    /// Pages of the listing that is going on now.
    pub pages_so_far: u32,
    /// How long ago the last whole listing was; where there was none yet, how long one has been wanted.
    pub report_age_seconds: i64,
    /// What it found.
    pub report: Option<Report>,
}

/// Sums up what is remembered.
pub fn overview(inventories: Vec<Inventory>, now: Timestamp) -> Overview {
    let mut totals = Totals::default();
    for report in inventories.iter().filter_map(|inventory| inventory.report.as_ref()) {
        totals.add(report, now);
    }
    let providers = inventories.into_iter().map(|inventory| ProviderView {
        provider: inventory.provider,
        report_age_seconds: inventory.age(now).as_secs(),
        looked_at: inventory.looked_at,
        trouble: inventory.trouble,
        pages_so_far: inventory.listing.tally.pages,
        report: inventory.report,
    });
    Overview { totals, providers: providers.collect() }
}

impl Totals {
    fn add(&mut self, report: &Report, now: Timestamp) {
        self.recorded += report.recorded;
        self.machines += report.tally.machines;
        self.ghosts += report.tally.ghosts;
        self.doubles += report.tally.doubles;
        self.missing += report.tally.missing;
        self.odd += report.tally.odd;
        self.strangers += report.tally.strangers;
        self.unknown += u32::try_from(report.unknown.len()).unwrap_or(u32::MAX);
        self.unknown_age_seconds = self.unknown_age_seconds.max(report.unknown_age(now).as_secs());
        // Kinds beyond those that a report has room for.
        let listed: u32 = report.margins.iter().map(|margin| margin.desktops).sum();
        let more = report.recorded.saturating_sub(listed);
        self.unpriced += more;
        self.without_revenue += more;
        for margin in &report.margins {
            let desktops = i64::from(margin.desktops);
            match margin.cost_usd_cents.and_then(|cents| cents.checked_mul(desktops)) {
                Some(cost) => self.cost_usd_cents = self.cost_usd_cents.saturating_add(cost),
                None => self.unpriced += margin.desktops,
            }
            match margin.revenue {
                Some(price) => {
                    let sum = self.revenue_minor.entry(price.currency).or_default();
                    *sum = sum.saturating_add(price.minor.saturating_mul(desktops));
                }
                None => self.without_revenue += margin.desktops,
            }
        }
    }
}
