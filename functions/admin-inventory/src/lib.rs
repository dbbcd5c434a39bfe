//! `GET /admin/inventory`: what the providers' last whole listings found, for staff.

use app::inventory::overview;
use app::ports::{Clock, ReadInventory};
use app::readable;
use lambda_kit::{Caller, Problem, Reply, Request};

/// What the handler works with.
pub struct Deps<S, C> {
    /// Reads what is remembered.
    pub store: S,
    /// The time.
    pub clock: C,
}

/// Answers 200 with the sums and every provider's report.
///
/// # Errors
/// 401, 403 for whoever is not staff, 503.
pub async fn handle<S, C>(deps: &Deps<S, C>, request: &Request) -> Result<Reply, Problem>
where
    S: ReadInventory + Sync,
    C: Clock + Sync,
{
    let caller = Caller::of(request)?;
    if !caller.admin {
        return Err(app::AppError::Forbidden("Only staff may see the inventory.".to_owned()).into());
    }
    let inventories = deps.store.inventories().await.map_err(app::AppError::from)?;
    Reply::json(200, &overview(readable(inventories), deps.clock.now()))
}
