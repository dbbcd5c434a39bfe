//! One run at one provider: its part of the listing, and what is stored of it.

use std::collections::{HashMap, HashSet};

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::circuit::EVERYWHERE;
use domain::create::Attempt;
use domain::ids::InstanceId;
use domain::instance::Instance;
use domain::inventory::{
    Inventory, LISTED_MAX, Listing, Margin, OddFound, Recorded, Report, Seen, Tally, UnknownFound, seen_mark,
};
use domain::vm::{Vm, VmId};
use jiff::SignedDuration;

use super::{HELD_FOR, Reconciler, State};
use crate::error::{AppError, Chain};
use crate::ports::{Clock, Ids, StoreError, VmError, VmHost, VmHosts, Write};
use crate::rows::readable;

/// Desktops on one page of what is rented: what is in memory twice, as items and as desktops.
const RENTED_PAGE: u16 = 200;
/// Pages of what is rented from one provider.
const RENTED_PAGES_MAX: usize = 250;
/// What is stored of a listing outlasts its runs by far, and is worthless after it.
const SEEN_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// One run at one provider.
pub(super) struct Look {
    /// What is remembered, as it will be stored.
    pub(super) inventory: Inventory,
    /// What was counted in this run alone.
    pub(super) done: Tally,
    /// The desktops that record a machine there.
    pub(super) recorded: HashMap<VmId, Recorded>,
    /// Those among them of which no listing shows the machine.
    pub(super) unlisted: HashSet<InstanceId>,
    /// Whether these are all.
    pub(super) all_recorded: bool,
    /// The keys of the desktops there that do not read back.
    unread: Vec<String>,
    /// Whether every machine of this run's pages was judged.
    pub(super) all_judged: bool,
    /// The machines that this run has seen.
    pub(super) marks: HashSet<u64>,
    /// When the run began, over all providers.
    pub(super) began: Timestamp,
    /// How many machines may still be looked up.
    pub(super) lookups_left: u32,
    /// How many changes may still be made.
    pub(super) changes_left: u32,
    margins: Vec<Margin>,
}

impl Look {
    /// Counts in this run and in the listing.
    pub(super) fn count(&mut self, which: impl Fn(&mut Tally) -> &mut u32) {
        *which(&mut self.done) += 1;
        *which(&mut self.inventory.listing.tally) += 1;
    }

    /// Goes on after something that concerns one machine, whatever of its records does not read back: what is not
    /// known is left alone, and told. `None` then; any other error ends the run.
    pub(super) fn survive<T>(
        &mut self,
        subject: &str,
        done: Result<T, AppError>,
    ) -> Result<Option<T>, AppError> {
        match done {
            Err(AppError::Store(error @ StoreError::Corrupt { .. })) => {
                tracing::error!(subject, error = %Chain(&error), "not judged: its records do not read back");
                self.odd(subject.to_owned(), "has records that do not read back");
                Ok(None)
            }
            done => done.map(Some),
        }
    }

    /// Counts and names what only a person can judge.
    pub(super) fn odd(&mut self, subject: String, what: &str) {
        self.count(|tally| &mut tally.odd);
        name(&mut self.tally().odd_found, OddFound { subject, what: what.to_owned() });
    }

    pub(super) const fn provider(&self) -> Provider {
        self.inventory.provider
    }

    /// What the listing has found so far.
    pub(super) const fn tally(&mut self) -> &mut Tally {
        &mut self.inventory.listing.tally
    }

    fn record(&mut self, instance: &Instance) {
        let Some(recorded) = Recorded::of(instance) else { return };
        self.recorded.insert(recorded.vm.clone(), recorded);
        let offering = &instance.offering;
        let same = |m: &Margin| {
            (m.plan, m.os, m.revenue) == (instance.plan, instance.os, instance.price)
                && (&m.provider_plan, &m.provider_region) == (&offering.plan, &offering.provider_region)
        };
        match self.margins.iter().position(same) {
            Some(place) => self.margins[place].desktops += 1,
            // Of the others it is told how many they are: those that are recorded and stand in none.
            None if self.margins.len() < LISTED_MAX => self.margins.push(Margin {
                plan: instance.plan,
                os: instance.os,
                provider_plan: offering.plan.clone(),
                provider_region: offering.provider_region.clone(),
                cost_usd_cents: None,
                revenue: instance.price,
                desktops: 1,
            }),
            None => {}
        }
    }
}

/// Puts `one` on a list of examples, if there is room.
pub(super) fn name<T>(list: &mut Vec<T>, one: T) {
    if list.len() < LISTED_MAX {
        list.push(one);
    }
}

impl<V, S, W> Reconciler<V, S, W>
where
    V: VmHosts + Sync,
    S: State,
    W: Clock + Ids + Sync,
{
    /// Takes a provider's listing as far as one run goes; `None` when another run is at it.
    pub(super) async fn look_at(
        &self,
        mut inventory: Inventory,
        unknown: &[Attempt],
        began: Timestamp,
    ) -> Result<Option<Look>, AppError> {
        let now = self.world.now();
        if inventory.held_until.is_some_and(|until| until > now) || self.is_over(began) {
            return Ok(None);
        }
        inventory.held_until = now.checked_add(HELD_FOR).ok();
        inventory.since = inventory.since.or(Some(now));
        match self.store.commit(vec![Write::Inventory(Box::new(inventory.clone()))]).await {
            Ok(()) => inventory.version += 1,
            Err(StoreError::Conflict) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        inventory.looked_at = Some(now);
        inventory.trouble = None;
        let mut look = Look {
            inventory,
            done: Tally::default(),
            recorded: HashMap::new(),
            unlisted: HashSet::new(),
            all_recorded: false,
            unread: Vec::new(),
            all_judged: true,
            marks: HashSet::new(),
            began,
            lookups_left: self.bounds.lookups,
            changes_left: self.bounds.changes,
            margins: Vec::new(),
        };
        self.read_recorded(&mut look).await?;
        match self.walk(&mut look).await {
            Ok(true) => self.finish(&mut look, unknown).await?,
            Ok(false) => {}
            Err(AppError::Provider(error)) => {
                tracing::warn!(provider = %look.provider(), error = %Chain(&error), "listing interrupted");
                look.inventory.trouble = Some(error.to_string());
            }
            Err(error) => return Err(error),
        }
        self.save(look).await.map(Some)
    }

    /// Whether a run has had its time.
    pub(super) fn is_over(&self, began: Timestamp) -> bool {
        self.world.now().duration_since(began) >= self.bounds.lasts
    }

    async fn read_recorded(&self, look: &mut Look) -> Result<(), AppError> {
        let mut after = None;
        for _ in 0..RENTED_PAGES_MAX {
            let page = self.store.rented(look.provider(), RENTED_PAGE, after.as_deref()).await?;
            for desktop in page.items {
                match desktop {
                    Ok(desktop) => {
                        let region = &desktop.offering.provider_region;
                        if !self.providers.lists(look.provider(), region) {
                            look.unlisted.insert(desktop.id);
                        }
                        look.record(&desktop);
                    }
                    Err(StoreError::Corrupt { key, what }) => {
                        tracing::error!(key, what, "a desktop that does not read back is not compared");
                        look.unread.push(key);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            after = page.next;
            if after.is_none() {
                look.all_recorded = true;
                break;
            }
        }
        Ok(())
    }

    /// Lists page after page; `true` when the listing is whole.
    async fn walk(&self, look: &mut Look) -> Result<bool, AppError> {
        for _ in 0..self.bounds.pages {
            if self.is_over(look.began) {
                return Ok(false);
            }
            let listing = &mut look.inventory.listing;
            let first = listing.cursor.is_none();
            if first {
                *listing = Listing { began_at: Some(self.world.now()), ..Listing::fresh(listing.number) };
            }
            let cursor = listing.cursor.clone();
            let (page, next) = match self.page(look, cursor.as_deref()).await {
                Ok(page) => page,
                // A place in a list that the provider knows no longer: the list is begun anew.
                Err(VmError::Refused(_) | VmError::NotFound) if !first => {
                    let number = look.inventory.listing.number + 1;
                    look.inventory.listing = Listing::fresh(number);
                    look.marks.clear();
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            for vm in &page {
                let compared = self.compare(look, vm).await;
                look.survive(&vm.name, compared)?;
            }
            look.inventory.listing.cursor = next;
            if look.inventory.listing.cursor.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn page(
        &self,
        look: &mut Look,
        cursor: Option<&str>,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let host = self.providers.at(look.provider(), EVERYWHERE)?;
        let page = host.list(cursor, self.bounds.page).await;
        if !matches!(page, Err(VmError::LeftAlone { .. })) {
            look.count(|tally| &mut tally.pages);
            look.count(|tally| &mut tally.calls);
        }
        page
    }

    /// A listing is whole: what was in none of its pages, and what it says altogether.
    async fn finish(&self, look: &mut Look, unknown: &[Attempt]) -> Result<(), AppError> {
        let Some(began_at) = look.inventory.listing.began_at else { return Ok(()) };
        for key in std::mem::take(&mut look.unread) {
            look.odd(key, "is a desktop whose record does not read back");
        }
        let whole = self.recall(look).await?;
        if whole && look.all_recorded {
            self.find_missing(look, began_at).await?;
        }
        let here = unknown.iter().filter(|attempt| attempt.offering.provider == look.provider());
        let mut left: Vec<UnknownFound> = Vec::new();
        for attempt in here {
            let listed = self.providers.lists(look.provider(), &attempt.offering.provider_region);
            let told = whole && look.all_judged && listed;
            let settled = told && self.settle_unknown(look, attempt, began_at).await?;
            if let Some(since) = attempt.left_at.filter(|_| !settled) {
                name(&mut left, UnknownFound { order: attempt.order, number: attempt.number, since });
            }
        }
        self.price(look).await?;
        let next = Listing::fresh(look.inventory.listing.number + 1);
        let done = std::mem::replace(&mut look.inventory.listing, next);
        look.inventory.before = done.memory;
        look.inventory.report = Some(Report {
            began_at,
            complete_at: self.world.now(),
            recorded: u32::try_from(look.recorded.len()).unwrap_or(u32::MAX),
            tally: done.tally,
            unknown: left,
            margins: std::mem::take(&mut look.margins),
        });
        look.marks.clear();
        Ok(())
    }

    /// Adds what earlier runs saw of this listing; `false` when not all of it is there.
    async fn recall(&self, look: &mut Look) -> Result<bool, AppError> {
        let Listing { number, runs, .. } = look.inventory.listing;
        if runs == 0 {
            return Ok(true);
        }
        let earlier = match self.store.seen(look.provider(), number).await {
            // Nothing is missed by this listing; the next one writes anew what it saw.
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(provider = %look.provider(), error = %Chain(&error), "what was seen earlier is not known");
                return Ok(false);
            }
            earlier => earlier?,
        };
        let whole = earlier.len() == usize::from(runs);
        look.marks.extend(earlier.into_iter().flat_map(|seen| seen.marks));
        Ok(whole)
    }

    /// What the provider asks for each size, as it was last told, and for the system on it.
    async fn price(&self, look: &mut Look) -> Result<(), AppError> {
        let known = readable(self.store.availability().await?);
        let provider = look.provider();
        let stock: Vec<_> =
            known.into_iter().filter(|a| a.provider == provider).flat_map(|a| a.stock).collect();
        for margin in &mut look.margins {
            let told = stock
                .iter()
                .find(|s| s.plan == margin.provider_plan && s.provider_region == margin.provider_region);
            let size = told.and_then(|s| s.monthly_usd_cents);
            let licence = self.catalogue.licence(provider, &margin.provider_plan, margin.os);
            margin.cost_usd_cents = size.zip(licence).and_then(|(size, licence)| size.checked_add(licence));
        }
        Ok(())
    }

    /// Stores how far the listing has come, together with what this run saw of it.
    async fn save(&self, mut look: Look) -> Result<Look, AppError> {
        look.inventory.held_until = None;
        let mut writes = Vec::new();
        if !look.marks.is_empty() {
            let listing = &mut look.inventory.listing;
            let expires_at = self.world.now().checked_add(SEEN_KEPT).unwrap_or(self.world.now());
            writes.push(Write::Seen(Seen {
                provider: look.inventory.provider,
                listing: listing.number,
                run: listing.runs,
                marks: look.marks.iter().copied().collect(),
                expires_at,
            }));
            listing.runs += 1;
        }
        writes.push(Write::Inventory(Box::new(look.inventory.clone())));
        self.store.commit(writes).await?;
        look.inventory.version += 1;
        Ok(look)
    }
}

/// The mark of a machine, for what was seen.
pub(super) fn mark(vm: &Vm) -> u64 {
    seen_mark(&vm.id)
}
