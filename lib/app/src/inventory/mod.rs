//! The inventory: what every provider lists, against what is recorded. The reconciler, which never ends.
//!
//! A provider's machines are listed page by page, never one by one, over as many runs as it takes; what a run saw of
//! a listing is stored for the next. Whatever is decided about a single machine is decided on what is read of its
//! order at that moment, and written on condition, so that it may run beside everything else, and twice at once.

mod look;
mod machines;
mod missing;
mod unknown;
mod view;

use domain::catalogue::{Catalogue, Provider};
use domain::create::Attempt;
use domain::customer::CustomerId;
use domain::ids::{AuditId, InstanceId, OrderId};
use domain::inventory::Inventory;
use jiff::SignedDuration;

pub use view::{Overview, overview};

use crate::error::{AppError, Chain};
use crate::policy::Policy;
use crate::ports::{
    AuditEntry, Clock, Commit, Ids, ReadAttempts, ReadAvailability, ReadCircuits, ReadInstances,
    ReadInventory, ReadOrders, ReadRented, ReadSeen, ReadWork, StoreError, VmHosts, WorkKind, Write,
};
use crate::providers::Providers;
use crate::rows::readable;
use look::Look;

/// How much one run does at one provider.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Machines on a page.
    pub page: u16,
    /// Pages.
    pub pages: u32,
    /// Machines that no desktop records and whose order is looked up.
    pub lookups: u32,
    /// Machines deleted, desktops repaired or made anew.
    pub changes: u32,
    /// How long a run takes at most, over all providers, before it leaves the rest to the next.
    pub lasts: SignedDuration,
}

impl Bounds {
    /// Those of the product: 12,000 machines of a provider in one run, of Hetzner 6,000, which gives 50 on a page.
    pub const STANDARD: Self =
        Self { page: 100, pages: 120, lookups: 500, changes: 100, lasts: SignedDuration::from_secs(240) };
}

/// How long one run has a provider to itself: longer than a run takes, shorter than until the run after the next.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(330);

/// Attempts of unknown outcome that a run looks at.
const UNKNOWN_MAX: u16 = 100;

/// Compares the providers' machines with the records, and puts right what can be put right.
pub struct Reconciler<V, S, W> {
    /// The providers.
    pub providers: Providers<V, S, W>,
    /// The state.
    pub store: S,
    /// Time and chance.
    pub world: W,
    /// Times and limits.
    pub policy: Policy,
    /// How much a run does.
    pub bounds: Bounds,
    /// What is sold, and what Windows costs beside a size.
    pub catalogue: &'static Catalogue,
}

/// What the reconciler does with the state, together.
pub trait State:
    Commit
    + ReadRented
    + ReadOrders
    + ReadInstances
    + ReadAttempts
    + ReadWork
    + ReadAvailability
    + ReadCircuits
    + ReadInventory
    + ReadSeen
    + Sync
{
}

impl<S> State for S where
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
        + Sync
{
}

/// What a run came to, for the log and the metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What is known after it of every provider that is set up.
    pub inventories: Vec<Inventory>,
    /// Pages that were asked for.
    pub pages: u32,
    /// Calls to providers, pages among them.
    pub calls: u32,
    /// Desktops whose record was put right.
    pub repaired: u32,
    /// Machines that were deleted.
    pub deleted: u32,
    /// Orders of which another machine is made.
    pub rebuilt: u32,
    /// How long the oldest attempt of unknown outcome at one of them has been waiting.
    pub unknown_age: SignedDuration,
    /// How old the oldest of their last whole listings is: what is said of that provider is as old.
    pub report_age: SignedDuration,
    /// The providers that were not asked because another run was at them.
    pub held: Vec<Provider>,
    /// The providers at which something of ours failed; the log says what.
    pub failed: Vec<Provider>,
}

impl<V, S, W> Reconciler<V, S, W>
where
    V: VmHosts + Sync,
    S: State,
    W: Clock + Ids + Sync,
{
    /// Looks at every provider that is set up, as far as one run goes.
    ///
    /// # Errors
    /// `Store` when what is remembered cannot be read. One provider's trouble hurts no other.
    pub async fn run(&self) -> Result<Found, AppError> {
        let began = self.world.now();
        let rows = self.store.inventories().await?;
        let some_torn = rows.iter().any(Result::is_err);
        let mut known = readable(rows);
        let unknown = self.unknown_attempts().await?;
        let mut found = Found { unknown_age: oldest(&unknown, began), ..Found::default() };
        for provider in in_turn(began) {
            if self.providers.capabilities(provider).is_none() {
                continue;
            }
            let place = known.iter().position(|inventory| inventory.provider == provider);
            let inventory = place.map_or_else(|| Inventory::new(provider), |place| known.swap_remove(place));
            let before = inventory.clone();
            match Box::pin(self.look_at(inventory, &unknown, began)).await {
                Ok(Some(look)) => found.add(look),
                Ok(None) => {
                    // What was taken for its first look is one beside a row that does not read back.
                    let is_torn = some_torn && before.version == 0;
                    let kept_off = if is_torn { &mut found.failed } else { &mut found.held };
                    kept_off.push(provider);
                    found.inventories.push(before);
                }
                Err(error) => {
                    tracing::error!(%provider, error = %Chain(&error), "inventory not compared");
                    found.failed.push(provider);
                    found.inventories.push(before);
                }
            }
        }
        let now = self.world.now();
        found.report_age =
            found.inventories.iter().map(|inventory| inventory.age(now)).max().unwrap_or_default();
        found.inventories.sort_by_key(|inventory| inventory.provider);
        Ok(found)
    }

    /// The attempts that their orders left behind at providers that are set up, oldest first.
    async fn unknown_attempts(&self) -> Result<Vec<Attempt>, AppError> {
        let mut attempts = Vec::new();
        for id in self.store.due(WorkKind::UnknownAttempt, self.world.now(), UNKNOWN_MAX).await? {
            let Some((order, number)) = id.split_once('/') else { continue };
            let (Ok(order), Ok(number)) = (OrderId::parse(order), number.parse::<u16>()) else { continue };
            let all = match self.store.attempts(order).await {
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%order, error = %Chain(&error), "attempt of unknown outcome does not read back");
                    continue;
                }
                all => all?,
            };
            attempts.extend(all.into_iter().filter(|attempt| {
                let can_be_settled = self.providers.capabilities(attempt.offering.provider).is_some();
                attempt.number == number && attempt.is_left_behind() && can_be_settled
            }));
        }
        Ok(attempts)
    }

    /// A line for the audit log of a desktop: what the reconciler does to it.
    fn audit(&self, instance: InstanceId, action: &str) -> Result<Write, AppError> {
        let now = self.world.now();
        Ok(Write::Audit(AuditEntry {
            id: AuditId::new(now, self.world.random()),
            instance,
            actor: CustomerId::parse("instance-sync").map_err(|error| AppError::Fault(error.to_string()))?,
            action: action.to_owned(),
            request_id: String::new(),
            at: now,
        }))
    }
}

impl Found {
    fn add(&mut self, look: Look) {
        self.pages += look.done.pages;
        self.calls += look.done.calls;
        self.repaired += look.done.repaired;
        self.deleted += look.done.deleted;
        self.rebuilt += look.done.rebuilt;
        self.inventories.push(look.inventory);
    }
}

/// How long the oldest of these has been waiting.
fn oldest(unknown: &[Attempt], now: domain::Timestamp) -> SignedDuration {
    let since = unknown.iter().filter_map(|attempt| attempt.left_at).min();
    since.map_or(SignedDuration::ZERO, |since| now.duration_since(since))
}

/// Every provider, another one first each time: where time runs out, it is not always the same that wait.
fn in_turn(now: domain::Timestamp) -> impl Iterator<Item = Provider> {
    let all = Provider::ALL;
    let turn = usize::try_from(now.as_second() / 600).unwrap_or(0) % all.len();
    all.iter().cycle().skip(turn).take(all.len()).copied()
}
