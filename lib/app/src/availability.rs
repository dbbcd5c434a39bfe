//! Asking every provider, on a schedule, what it has and for how much.

use domain::availability::{Availability, Stock};
use domain::catalogue::{Catalogue, Offering, Provider};
use domain::circuit::EVERYWHERE;
use futures_util::future::join_all;
use jiff::SignedDuration;

use crate::error::{AppError, Chain};
use crate::ports::{
    Clock, Commit, ProviderPlan, Question, ReadAvailability, ReadCircuits, StoreError, VmError, VmHost,
    VmHosts, Write,
};
use crate::providers::Providers;
use crate::rows::readable;

/// How long one provider is asked. What it has not told by then is not believed: its last answer stays.
const ASKED_FOR: SignedDuration = SignedDuration::from_secs(60);

/// Asks the providers about everything that the catalogue offers.
pub struct Survey<V, S, C> {
    /// The providers.
    pub providers: Providers<V, S, C>,
    /// Where their answers are kept.
    pub store: S,
    /// The time.
    pub clock: C,
    /// What is sold.
    pub catalogue: &'static Catalogue,
}

/// What a run came to, for the log. Who is not asked because what it has is known here beforehand stands in neither.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Who answered.
    pub told: Vec<Provider>,
    /// Who did not; their last answer stays and ages. The log says why.
    pub silent: Vec<Provider>,
}

impl<V, S, C> Survey<V, S, C>
where
    V: VmHosts + Sync,
    S: Commit + ReadAvailability + ReadCircuits + Sync,
    C: Clock + Sync,
{
    /// Asks all providers that are set up and in the catalogue, at the same time, and stores what each says. One
    /// that gives no clear answer hurts no other.
    ///
    /// # Errors
    /// `Store` when the last answers cannot be read.
    pub async fn run(&self) -> Result<Asked, AppError> {
        let rows = self.store.availability().await?;
        let torn = rows.iter().any(Result::is_err);
        let known = readable(rows);
        let looks = Provider::ALL.iter().filter_map(|provider| {
            let windows = self.providers.capabilities(*provider)?.windows.is_some();
            let places = self.places(*provider);
            if places.is_empty() {
                return None;
            }
            let version = known.iter().find(|a| a.provider == *provider).map_or(0, |a| a.version);
            // One that does not read back cannot be written over: whoever wrote it is another program.
            let known = version > 0 || !torn;
            let look = async move {
                let said = self.ask(*provider, &places, windows, version).await;
                (*provider, said.and_then(|kept| if kept || known { Ok(()) } else { Err(conflict()) }))
            };
            Some(look)
        });
        let mut asked = Asked::default();
        for (provider, done) in join_all(looks).await {
            match done {
                Ok(()) if !self.is_asked(provider) => {}
                Ok(()) => asked.told.push(provider),
                Err(error) => {
                    tracing::warn!(%provider, error = %Chain(&error), "the provider did not say what it has");
                    asked.silent.push(provider);
                }
            }
        }
        Ok(asked)
    }

    /// Whether anything that is stored about a provider is its own word.
    fn is_asked(&self, provider: Provider) -> bool {
        [Question::Plans, Question::Stock].into_iter().any(|what| self.providers.asks(provider, what))
    }

    /// What the catalogue offers at a provider: each size in each region once.
    fn places(&self, provider: Provider) -> Vec<&'static Offering> {
        let mut places: Vec<&'static Offering> = Vec::new();
        let offerings = self.catalogue.products.iter().flat_map(|product| &product.offerings);
        for offering in offerings.filter(|o| o.provider == provider) {
            let same =
                |o: &&Offering| (&o.plan, &o.provider_region) == (&offering.plan, &offering.provider_region);
            if !places.iter().any(same) {
                places.push(offering);
            }
        }
        places
    }

    /// Asks one provider and stores what it says; `false` when something else was stored meanwhile.
    async fn ask(
        &self,
        provider: Provider,
        places: &[&Offering],
        windows: bool,
        version: u64,
    ) -> Result<bool, AppError> {
        let host = self.providers.at(provider, EVERYWHERE)?;
        let began = self.clock.now();
        let sizes = match host.plans().await {
            Err(error) if says_nothing(&error) => Vec::new(),
            sizes => sizes?,
        };
        let mut stock = Vec::with_capacity(places.len());
        for place in places {
            if self.clock.now().duration_since(began) > ASKED_FOR {
                return Err(VmError::Busy { retry_after: None }.into());
            }
            let in_stock = match host.in_stock(place).await {
                Ok(in_stock) => in_stock,
                Err(VmError::OutOfStock(_)) => false,
                // Of this one place nothing is known; the others may still be told.
                Err(error) if says_nothing(&error) => {
                    tracing::info!(%provider, %place, error = %Chain(&error), "stock not told");
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            stock.push(Stock {
                plan: place.plan.clone(),
                provider_region: place.provider_region.clone(),
                in_stock,
                monthly_usd_cents: price(&sizes, place),
            });
        }
        let said = Availability { provider, seen_at: began, stock, windows: Some(windows), version };
        match self.store.commit(vec![Write::Availability(said)]).await {
            Ok(()) => Ok(true),
            // Another run wrote what it heard at the same time.
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

const fn conflict() -> AppError {
    AppError::Store(StoreError::Conflict)
}

/// Whether an error is an answer that leaves the question open, rather than trouble with the provider.
const fn says_nothing(error: &VmError) -> bool {
    matches!(error, VmError::NotFound | VmError::Refused(_) | VmError::Unsupported { .. })
}

fn price(sizes: &[ProviderPlan], place: &Offering) -> Option<i64> {
    sizes.iter().find(|size| size.id == place.plan)?.monthly_usd_cents_in(&place.provider_region)
}

#[cfg(test)]
mod tests;
