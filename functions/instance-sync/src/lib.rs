//! The inventory, every ten minutes: what the providers list, against what is recorded.

use app::AppError;
use app::inventory::{Found, Reconciler, overview};
use app::ports::{
    Clock, Commit, Ids, ReadAttempts, ReadAvailability, ReadCircuits, ReadInstances, ReadInventory,
    ReadOrders, ReadRented, ReadSeen, ReadWork, VmHosts,
};
use domain::Timestamp;
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

/// Sums over all providers: of the last whole listings what they found, and of this run what it did.
fn metrics(found: &Found, now: Timestamp) -> Vec<Metric> {
    let totals = overview(found.inventories.clone(), now).totals;
    let count = |name, value: u32| Metric { name, unit: Unit::Count, value: i64::from(value) };
    vec![
        count("ghosts", totals.ghosts),
        count("doubles", totals.doubles),
        count("missing", totals.missing),
        count("odd", totals.odd),
        Metric { name: "unknown_age_seconds", unit: Unit::Seconds, value: found.unknown_age.as_secs() },
        Metric { name: "report_age_seconds", unit: Unit::Seconds, value: found.report_age.as_secs() },
        count("repaired", found.repaired),
        count("inventory_pages", found.pages),
        count("inventory_calls", found.calls),
    ]
}
