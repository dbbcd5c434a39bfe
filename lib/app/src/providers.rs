//! The providers behind their circuit breakers: every call to one goes through here.
//!
//! A healthy provider costs one cached read and no write. One that fails is left alone for a while, by all
//! processes together, and is tried again by one of them at a time.

mod words;

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use domain::catalogue::{Offering, Provider};
use domain::circuit::{self, Circuit, EVERYWHERE, Gate, Operation, Trouble, gate};
use domain::failover::Outlook;
use domain::secret::Secret;
use domain::vm::{Vm, VmId};
use jiff::SignedDuration;

use crate::error::Chain;
use crate::ports::{
    Account, Capabilities, Clock, Commit, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion,
    Question, ReadCircuits, Reinstall, StoreError, Trace, Traffic, VmError, VmHost, VmHosts, Write,
};
use crate::rows::readable;
use words::UnknownWords;

/// How long a process believes the circuits that it has read.
const BELIEVED_FOR: SignedDuration = SignedDuration::from_secs(5);

/// A circuit in which somebody else has just claimed the probe is looked at again after this long.
const OTHERS_PROBE: SignedDuration = SignedDuration::from_secs(5);

/// The providers that are set up, and their circuits.
pub struct Providers<V, S, C> {
    hosts: V,
    store: S,
    clock: C,
    /// What was read of each provider's circuits, and when.
    seen: Mutex<HashMap<Provider, (Timestamp, Vec<Circuit>)>>,
    unknown_words: UnknownWords,
}

impl<V, S, C> Providers<V, S, C>
where
    V: VmHosts + Sync,
    S: Commit + ReadCircuits + Sync,
    C: Clock + Sync,
{
    /// `store` keeps the circuits.
    pub fn new(hosts: V, store: S, clock: C) -> Self {
        Self { hosts, store, clock, seen: Mutex::default(), unknown_words: UnknownWords::default() }
    }

    /// A provider, for calls that concern one of its regions.
    ///
    /// # Errors
    /// `Unauthorized` when no key of ours is set up there.
    pub fn at<'a>(&'a self, provider: Provider, region: &'a str) -> Result<Guarded<'a, V, S, C>, VmError> {
        let host = self.hosts.host(provider);
        let host = host.ok_or_else(|| VmError::Unauthorized(format!("no key of {provider} is set up")))?;
        Ok(Guarded { all: self, host, provider, region })
    }

    /// What a provider can do; `None` when it is not set up.
    pub fn capabilities(&self, provider: Provider) -> Option<Capabilities> {
        self.hosts.host(provider).map(VmHost::capabilities)
    }

    /// Whether a provider's listing shows the machines of one of its regions.
    pub fn lists(&self, provider: Provider, region: &str) -> bool {
        self.hosts.host(provider).is_some_and(|host| host.lists(region))
    }

    /// Whether a provider is asked for the answer to a question at all.
    pub fn asks(&self, provider: Provider, question: Question) -> bool {
        self.hosts.host(provider).is_some_and(|host| host.asks(question))
    }

    /// Whether a machine may be asked for at each of these offerings now, in their order.
    pub async fn outlooks(&self, offerings: &[Offering]) -> Vec<Outlook> {
        let mut outlooks = Vec::with_capacity(offerings.len());
        for offering in offerings {
            outlooks.push(self.outlook(offering).await);
        }
        outlooks
    }

    async fn outlook(&self, offering: &Offering) -> Outlook {
        if self.hosts.host(offering.provider).is_none() {
            return Outlook::NotSetUp;
        }
        // A machine that cannot be looked at is delivered to nobody.
        let needed = [(offering.provider_region.as_str(), Operation::Create), (EVERYWHERE, Operation::Read)];
        let mut closed = None;
        for (region, operation) in needed {
            let found = self.circuit(offering.provider, region, operation).await;
            if let Gate::Open { until } = gate(found.as_ref(), self.clock.now()) {
                closed = closed.max(Some(until));
            }
        }
        closed.map_or(Outlook::Open, Outlook::ClosedUntil)
    }

    /// The circuit, if anything ever went wrong in it. A store that does not answer closes no circuit.
    async fn circuit(&self, provider: Provider, region: &str, operation: Operation) -> Option<Circuit> {
        let now = self.clock.now();
        if let Some((at, circuits)) = self.seen().get(&provider)
            && now.duration_since(*at) < BELIEVED_FOR
        {
            return circuit::of(circuits, region, operation).cloned();
        }
        match self.store.circuits(provider).await {
            Ok(rows) => {
                let circuits = readable(rows);
                let found = circuit::of(&circuits, region, operation).cloned();
                self.seen().insert(provider, (now, circuits));
                found
            }
            Err(error) => {
                tracing::warn!(%provider, error = %Chain(&error), "circuits not read");
                None
            }
        }
    }

    /// Stores a circuit; what was read of its provider is forgotten, since it is not true any more.
    async fn save(&self, circuit: Circuit) -> Result<(), StoreError> {
        let provider = circuit.provider;
        let stored = self.store.commit(vec![Write::Circuit(circuit)]).await;
        self.seen().remove(&provider);
        stored
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, HashMap<Provider, (Timestamp, Vec<Circuit>)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One provider, guarded.
pub struct Guarded<'a, V: VmHosts, S, C> {
    all: &'a Providers<V, S, C>,
    host: &'a V::Host,
    provider: Provider,
    region: &'a str,
}

impl<V, S, C> Guarded<'_, V, S, C>
where
    V: VmHosts + Sync,
    S: Commit + ReadCircuits + Sync,
    C: Clock + Sync,
{
    /// Makes a call if its circuit lets it through, and remembers how it went. An answer without sense says whose it is.
    async fn guard<T: Send>(
        &self,
        operation: Operation,
        call: impl Future<Output = Result<T, VmError>> + Send,
    ) -> Result<T, VmError> {
        let region = if operation == Operation::Create { self.region } else { EVERYWHERE };
        let known = self.all.circuit(self.provider, region, operation).await;
        let now = self.all.clock.now();
        let gate = gate(known.as_ref(), now);
        let probed = gate == Gate::Probe;
        match (gate, known) {
            (Gate::Open { until }, _) => return Err(VmError::LeftAlone { until }),
            (Gate::Probe, Some(circuit)) => {
                if let Err(error) = self.all.save(circuit.probed(now)).await {
                    tracing::info!(provider = %self.provider, %operation, error = %Chain(&error), "not the one that probes");
                    return Err(VmError::LeftAlone { until: now.checked_add(OTHERS_PROBE).unwrap_or(now) });
                }
                tracing::info!(provider = %self.provider, region, %operation, "probing");
            }
            (Gate::Pass | Gate::Probe, _) => {}
        }
        let done = call.await.map_err(|error| named(self.provider, error));
        match judge(operation, done.as_ref().err()) {
            Health::Well => self.note(region, operation, None, probed).await,
            Health::Ill(trouble) => self.note(region, operation, Some(trouble), probed).await,
            Health::Unsaid if probed => self.give_up_probe(region, operation).await,
            Health::Unsaid => {}
        }
        done
    }

    /// Answers a question about the provider; the call is held against its circuit only if there is one.
    async fn ask<T: Send>(
        &self,
        question: Question,
        answer: impl Future<Output = Result<T, VmError>> + Send,
    ) -> Result<T, VmError> {
        if self.host.asks(question) { self.guard(Operation::Read, answer).await } else { answer.await }
    }

    /// Lets another call probe at once, where it can be stored; otherwise once the probe's time is over.
    async fn give_up_probe(&self, region: &str, operation: Operation) {
        let Some(circuit) = self.all.circuit(self.provider, region, operation).await else { return };
        if let Err(error) = self.all.save(circuit.unprobed()).await {
            tracing::info!(provider = %self.provider, error = %Chain(&error), "probe not given up");
        }
    }

    /// Remembers an outcome, unless it is no news. Forgetting one costs little, so nothing fails by it. `probed`: it
    /// is the probe's.
    async fn note(&self, region: &str, operation: Operation, trouble: Option<Trouble>, probed: bool) {
        for fresh in [false, true] {
            if fresh {
                self.all.seen().remove(&self.provider);
            }
            let known = self.all.circuit(self.provider, region, operation).await;
            let now = self.all.clock.now();
            let next = match (trouble, known) {
                (None, None) => return,
                (None, Some(circuit)) if circuit.is_healthy() => return,
                (None, Some(circuit)) => circuit.recovered(),
                (Some(trouble), Some(circuit)) if circuit.has_opened() && !probed => {
                    let Some(longer) = circuit.failed_late(trouble, now) else { return };
                    longer
                }
                (Some(trouble), known) => known
                    .unwrap_or_else(|| Circuit::new(self.provider, region.to_owned(), operation, now))
                    .failed(trouble, now),
            };
            let (open_until, failures) = (next.open_until, next.failures);
            match self.all.save(next).await {
                Ok(()) => {
                    let provider = self.provider;
                    match open_until {
                        Some(until) => tracing::warn!(%provider, region, %operation, %until, "circuit open"),
                        None => tracing::info!(%provider, region, %operation, failures, "circuit"),
                    }
                    return;
                }
                Err(StoreError::Conflict) => {}
                Err(error) => {
                    tracing::warn!(provider = %self.provider, error = %Chain(&error), "circuit not stored");
                    return;
                }
            }
        }
    }
}

fn named(provider: Provider, error: VmError) -> VmError {
    match error {
        VmError::Unclear { what, source } => VmError::Unclear { what: format!("{provider}: {what}"), source },
        other => other,
    }
}

/// What an outcome says about a provider's health.
enum Health {
    Well,
    Ill(Trouble),
    /// Nothing: a machine that is in the middle of something says "later" as well, and what does not exist there was
    /// not asked for.
    Unsaid,
}

fn judge(operation: Operation, error: Option<&VmError>) -> Health {
    match error {
        None | Some(VmError::NotFound | VmError::OutOfStock(_) | VmError::Refused(_)) => Health::Well,
        Some(error) if error.seems_blocked() => Health::Ill(Trouble::Refused),
        Some(VmError::Unclear { .. }) => Health::Ill(Trouble::Failed),
        Some(VmError::Unauthorized(_)) => Health::Ill(Trouble::Refused),
        Some(VmError::Quota(_)) if operation == Operation::Create => Health::Ill(Trouble::Refused),
        Some(VmError::Quota(_)) => Health::Well,
        Some(VmError::Busy { retry_after: Some(seconds) }) => {
            Health::Ill(Trouble::Asked { seconds: *seconds })
        }
        Some(VmError::Busy { retry_after: None }) if operation == Operation::Change => Health::Unsaid,
        Some(VmError::Busy { retry_after: None }) => Health::Ill(Trouble::Failed),
        Some(VmError::LeftAlone { .. } | VmError::Unsupported { .. }) => Health::Unsaid,
    }
}

impl<V, S, C> VmHost for Guarded<'_, V, S, C>
where
    V: VmHosts + Sync,
    S: Commit + ReadCircuits + Sync,
    C: Clock + Sync,
{
    fn capabilities(&self) -> Capabilities {
        self.host.capabilities()
    }

    fn lists(&self, region: &str) -> bool {
        self.host.lists(region)
    }

    fn asks(&self, question: Question) -> bool {
        self.host.asks(question)
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        let made = self.guard(Operation::Create, self.host.create(request)).await?;
        self.all.unknown_words.note(&made.vm);
        Ok(made)
    }

    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        let found = self.guard(Operation::Read, self.host.get(id)).await?;
        self.all.unknown_words.note(&found.vm);
        Ok(found)
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let found = self.guard(Operation::Read, self.host.find(trace)).await?;
        found.iter().for_each(|vm| self.all.unknown_words.note(vm));
        Ok(found)
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let page = self.guard(Operation::Read, self.host.list(cursor, limit)).await?;
        page.0.iter().for_each(|vm| self.all.unknown_words.note(vm));
        Ok(page)
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        self.guard(Operation::Change, self.host.reboot(id)).await
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        self.guard(Operation::Change, self.host.start(id)).await
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        self.guard(Operation::Change, self.host.halt(id)).await
    }

    async fn reinstall(&self, id: &VmId, request: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        self.guard(Operation::Change, self.host.reinstall(id, request)).await
    }

    async fn reset_password(
        &self,
        id: &VmId,
        password: &Secret<String>,
    ) -> Result<Option<Secret<String>>, VmError> {
        self.guard(Operation::Change, self.host.reset_password(id, password)).await
    }

    async fn allow_rdp_from(&self, id: &VmId, sources: &[IpAddr]) -> Result<(), VmError> {
        self.guard(Operation::Change, self.host.allow_rdp_from(id, sources)).await
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        self.guard(Operation::Change, self.host.delete(id)).await
    }

    async fn traffic(&self, id: &VmId, days: u16) -> Result<Vec<Traffic>, VmError> {
        self.guard(Operation::Read, self.host.traffic(id, days)).await
    }

    async fn account(&self) -> Result<Account, VmError> {
        self.ask(Question::Account, self.host.account()).await
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        self.ask(Question::Regions, self.host.regions()).await
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        self.ask(Question::Plans, self.host.plans()).await
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        self.ask(Question::Images, self.host.images()).await
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        self.ask(Question::Stock, self.host.in_stock(offering)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeemsBlocked;

    #[test]
    fn an_account_that_seems_blocked_leaves_its_provider_alone_at_once() {
        let unclear =
            |source| named(Provider::Contabo, VmError::Unclear { what: "HTTP 500".to_owned(), source });
        for (error, trouble) in
            [(unclear(None), Trouble::Failed), (unclear(Some(Box::new(SeemsBlocked))), Trouble::Refused)]
        {
            assert!(error.is_passing(), "whether it acted is unclear");
            let health = judge(Operation::Create, Some(&error));
            assert!(matches!(health, Health::Ill(found) if found == trouble), "{error}");
        }
    }
}
