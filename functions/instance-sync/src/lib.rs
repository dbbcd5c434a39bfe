//! The inventory, every ten minutes: what the providers list, against what is recorded.

use app::AppError;
use app::inventory::{Found, Reconciler, overview};
use app::ports::{
    Clock, Commit, Ids, ReadAttempts, ReadAvailability, ReadCircuits, ReadInstances, ReadInventory,
    ReadOrders, ReadRented, ReadSeen, ReadWork, VmHosts,
};
use domain::Timestamp;
use domain::money::Currency;
use lambda_kit::{Metric, TaskFailure, Unit, emit_metrics};
use serde_json::Value;

/// What the handler works with.
pub struct Deps<V, S, W> {
    /// The use case.
    pub reconciler: Reconciler<V, S, W>,
    /// Under which name the metrics are kept.
    pub stack: String,
}

/// Looks at every provider as far as one run goes. The event of the schedule says nothing that matters.
///
/// # Errors
/// `Nemo.TryAgain` when what is remembered cannot be read, `Nemo.Internal` when something of ours failed at a provider;
/// the next run tries again. A provider that gives no answer fails nothing: `report_age_seconds` grows with it.
pub async fn handle<V, S, W>(deps: &Deps<V, S, W>, _event: Value) -> Result<(), TaskFailure>
where
    V: VmHosts + Sync,
    S: Commit
        + ReadRented
        + ReadOrders
        + ReadInstances
        + ReadAttempts
        + ReadWork
        + ReadAvailability
        + ReadCircuits
        + ReadInventory
        + ReadSeen
        + Sync,
    W: Clock + Ids + Sync,
{
    let found = deps.reconciler.run().await?;
    let Found { pages, calls, repaired, deleted, rebuilt, .. } = found;
    tracing::info!(pages, calls, repaired, deleted, rebuilt, held = ?found.held, failed = ?found.failed, "inventory compared");
    let now = deps.reconciler.world.now();
    emit_metrics(&deps.stack, now, &metrics(&found, now));
    if found.failed.is_empty() {
        return Ok(());
    }
    Err(AppError::Fault(format!("the inventory failed at {:?}", found.failed)).into())
}

/// Sums over the providers that are set up: of the last whole listings what they found, and of this run what it did.
fn metrics(found: &Found, now: Timestamp) -> Vec<Metric> {
    let totals = overview(found.inventories.clone(), now).totals;
    let count = |name, value: u32| Metric { name, unit: Unit::Count, value: i64::from(value) };
    let money = |name, value| Metric { name, unit: Unit::Count, value };
    let mut metrics = vec![
        count("ghosts", totals.ghosts),
        count("doubles", totals.doubles),
        count("missing", totals.missing),
        count("odd", totals.odd),
        count("strangers", totals.strangers),
        Metric { name: "unknown_age_seconds", unit: Unit::Seconds, value: found.unknown_age.as_secs() },
        Metric { name: "report_age_seconds", unit: Unit::Seconds, value: found.report_age.as_secs() },
        count("repaired", found.repaired),
        count("inventory_pages", found.pages),
        count("inventory_calls", found.calls),
        money("cost_usd_cents", totals.cost_usd_cents),
        count("unpriced", totals.unpriced),
        count("without_revenue", totals.without_revenue),
    ];
    metrics.extend(totals.revenue_minor.into_iter().map(|(currency, minor)| money(revenue(currency), minor)));
    metrics
}

/// The metric of what desktops that are paid in a currency bring.
const fn revenue(currency: Currency) -> &'static str {
    match currency {
        Currency::Usd => "revenue_usd_minor",
        Currency::Ngn => "revenue_ngn_minor",
        Currency::Ghs => "revenue_ghs_minor",
        Currency::Zar => "revenue_zar_minor",
        Currency::Kes => "revenue_kes_minor",
        Currency::Eur => "revenue_eur_minor",
        Currency::Gbp => "revenue_gbp_minor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::{Os, Plan, Provider};
    use domain::inventory::{Inventory, Margin, Report, Tally};
    use domain::money::Money;

    #[test]
    fn what_desktops_cost_and_bring_is_told_and_each_currency_by_a_name_of_its_own() {
        let kind = |cost_usd_cents, revenue| Margin {
            plan: Plan::Basic,
            os: Os::Linux,
            provider_plan: "small".to_owned(),
            provider_region: "ams".to_owned(),
            cost_usd_cents,
            revenue,
            desktops: 2,
        };
        let paid = |minor, currency| Some(Money { minor, currency });
        let margins = vec![
            kind(Some(500), paid(900, Currency::Usd)),
            kind(Some(500), paid(700, Currency::Ghs)),
            kind(None, None),
        ];
        let now = Timestamp::UNIX_EPOCH;
        let tally = Tally { strangers: 3, ..Tally::default() };
        // Seven are recorded, one of them of a kind that the report had no room for.
        let report =
            Report { began_at: now, complete_at: now, recorded: 7, tally, unknown: Vec::new(), margins };
        let vultr = Inventory { report: Some(report), ..Inventory::new(Provider::Vultr) };
        let found = Found { inventories: vec![vultr], ..Found::default() };
        let metrics = metrics(&found, now);
        let value = |name| metrics.iter().find(|metric| metric.name == name).map(|metric| metric.value);
        for (name, expected) in [
            ("cost_usd_cents", Some(2_000)),
            ("unpriced", Some(3)),
            ("without_revenue", Some(3)),
            ("revenue_usd_minor", Some(1_800)),
            ("revenue_ghs_minor", Some(1_400)),
            ("revenue_ngn_minor", None),
            ("strangers", Some(3)),
        ] {
            assert_eq!(value(name), expected, "{name}");
        }
        for currency in Currency::ALL {
            assert_eq!(revenue(currency), format!("revenue_{}_minor", currency.code().to_lowercase()));
        }
    }
}
