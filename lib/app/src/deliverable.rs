//! What can be had now: the catalogue, narrowed to the providers that are set up, have the size in stock, and are
//! not being left alone.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use domain::availability::{Availability, Standing, regions_now, standing};
use domain::catalogue::{Catalogue, Offering, Os, Plan, Product, Provider};
use domain::circuit::{Circuit, Gate, Operation, gate};
use jiff::SignedDuration;
use serde::Serialize;

use crate::ports::{ReadAvailability, ReadCircuits, StoreError};

/// How long a process believes what it has read.
const BELIEVED_FOR: SignedDuration = SignedDuration::from_secs(10);

/// Reads the setting that names the providers that are set up: their words, separated by commas. Without any, it is
/// Vultr alone.
///
/// # Errors
/// A sentence about a word that is no provider's, or that stands twice.
pub fn parse_providers(text: &str) -> Result<Vec<Provider>, String> {
    if text.trim().is_empty() {
        return Ok(vec![Provider::Vultr]);
    }
    let mut providers = Vec::new();
    for word in text.split(',').map(str::trim) {
        let provider = Provider::parse(word).ok_or_else(|| format!("{word:?} is no provider"))?;
        if providers.contains(&provider) {
            return Err(format!("{provider} stands twice"));
        }
        providers.push(provider);
    }
    Ok(providers)
}

/// What this process knows of the providers. Clones share what was read.
#[derive(Debug, Clone)]
pub struct Deliverable {
    set_up: Arc<[Provider]>,
    seen: Arc<Mutex<Option<Arc<Known>>>>,
}

/// What was read at once.
#[derive(Debug, Default)]
struct Known {
    read_at: Timestamp,
    stock: Vec<Availability>,
    /// Of all providers that are set up.
    circuits: Vec<Circuit>,
}

impl Deliverable {
    /// `set_up`: the providers that a key of ours is for.
    pub fn new(set_up: Vec<Provider>) -> Self {
        Self { set_up: set_up.into(), seen: Arc::default() }
    }

    /// What is known at `now`: one query for the stock and one for each provider's circuits, or what was read in
    /// the last seconds.
    ///
    /// # Errors
    /// What the store says. [`Deliverable::unknown`] is what to go on with where that must not matter.
    pub async fn now<S>(&self, store: &S, now: Timestamp) -> Result<Now, StoreError>
    where
        S: ReadAvailability + ReadCircuits + Sync,
    {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = seen.filter(|known| now.duration_since(known.read_at).abs() < BELIEVED_FOR) {
            return Ok(self.at(known, now));
        }
        let mut known = Known { read_at: now, stock: store.availability().await?, circuits: Vec::new() };
        for provider in self.set_up.iter() {
            known.circuits.extend(store.circuits(*provider).await?);
        }
        let known = Arc::new(known);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(self.at(known, now))
    }

    /// As if nothing were known: whatever the providers that are set up offer can be had.
    pub fn unknown(&self, now: Timestamp) -> Now {
        self.at(Arc::default(), now)
    }

    fn at(&self, known: Arc<Known>, now: Timestamp) -> Now {
        Now { set_up: Arc::clone(&self.set_up), known, at: now }
    }
}

/// What is known of the providers at one moment.
#[derive(Debug, Clone)]
pub struct Now {
    set_up: Arc<[Provider]>,
    known: Arc<Known>,
    at: Timestamp,
}

/// Something that can be had instead; its fields are those of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The size.
    pub plan: Plan,
    /// The system.
    pub os: Os,
    /// The region.
    pub region: String,
}

impl Now {
    /// The regions in which a product can be had, first choice first.
    pub fn regions<'a>(&self, product: &'a Product) -> Vec<&'a str> {
        regions_now(product, &self.known.stock, |offering| self.may_be_asked(offering), self.at)
    }

    /// Whether an offering can be had. What nobody has asked about lately can: failing over is possible, and money
    /// goes back.
    pub fn has(&self, offering: &Offering) -> bool {
        self.may_be_asked(offering) && standing(offering, &self.known.stock, self.at) != Standing::OutOfStock
    }

    /// What can be had instead of a product in a region: the same product elsewhere, then the other sizes of its
    /// system, in that region where they can be had there.
    pub fn alternatives(
        &self,
        catalogue: &Catalogue,
        wanted: &Product,
        region: Option<&str>,
    ) -> Vec<Alternative> {
        let of = |product: &Product, region: &str| Alternative {
            plan: product.plan,
            os: product.os,
            region: region.to_owned(),
        };
        let elsewhere = self.regions(wanted).into_iter().filter(|r| region != Some(r)).map(|r| of(wanted, r));
        let others = catalogue.products.iter().filter(|p| p.os == wanted.os && p.plan != wanted.plan);
        let other_sizes = others.filter_map(|product| {
            let regions = self.regions(product);
            let there = regions.iter().find(|r| region == Some(**r)).or_else(|| regions.first());
            there.map(|region| of(product, region))
        });
        elsewhere.chain(other_sizes).collect()
    }

    /// Whether a machine may be asked for there: a key of ours is set up, and the circuit is not open.
    fn may_be_asked(&self, offering: &Offering) -> bool {
        self.set_up.contains(&offering.provider) && !self.is_left_alone(offering)
    }

    fn is_left_alone(&self, offering: &Offering) -> bool {
        let circuit = self.known.circuits.iter().find(|c| {
            c.provider == offering.provider
                && c.operation == Operation::Create
                && c.region == offering.provider_region
        });
        matches!(gate(circuit, self.at), Gate::Open { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::{Image, Region, Specs};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// `seconds` after the beginning of the tests' time.
    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + seconds).unwrap()
    }

    fn offering(provider: Provider, plan: &str, region: &str) -> Offering {
        Offering {
            provider,
            plan: plan.to_owned(),
            region: region.to_owned(),
            provider_region: format!("{provider}-{region}"),
            image: Image { name_prefix: "Ubuntu 24.04".to_owned(), fallback_id: String::new() },
        }
    }

    fn product(plan: Plan, offerings: Vec<Offering>) -> Product {
        let specs = Specs { vcpus: 2, memory_gb: 4, disk_gb: 80, traffic_gb: 3_000, gpu: None };
        Product { plan, os: Os::Linux, specs, monthly: [].into(), usual_setup_seconds: 300, offerings }
    }

    /// Basic at Vultr and Hetzner in two regions, performance at Vultr in the second.
    fn catalogue() -> Catalogue {
        let (vultr, hetzner) = (Provider::Vultr, Provider::Hetzner);
        let region = |id: &str| Region { id: id.to_owned(), name: id.to_owned() };
        Catalogue {
            regions: vec![region("east"), region("west")],
            currencies: Vec::new(),
            products: vec![
                product(
                    Plan::Basic,
                    vec![
                        offering(vultr, "small", "east"),
                        offering(hetzner, "small", "east"),
                        offering(vultr, "small", "west"),
                    ],
                ),
                product(Plan::Performance, vec![offering(vultr, "large", "west")]),
            ],
        }
    }

    fn said(provider: Provider, in_stock: &[(&str, &str, bool)]) -> Availability {
        let stock = in_stock.iter().map(|(plan, region, in_stock)| domain::availability::Stock {
            plan: (*plan).to_owned(),
            provider_region: format!("{provider}-{region}"),
            in_stock: *in_stock,
            monthly_usd_cents: None,
        });
        Availability { provider, seen_at: at(0), stock: stock.collect(), version: 1 }
    }

    #[derive(Default)]
    struct Store {
        stock: Vec<Availability>,
        circuits: Vec<Circuit>,
        reads: AtomicUsize,
    }

    impl ReadAvailability for Store {
        async fn availability(&self) -> Result<Vec<Availability>, StoreError> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            Ok(self.stock.clone())
        }
    }

    impl ReadCircuits for Store {
        async fn circuits(&self, provider: Provider) -> Result<Vec<Circuit>, StoreError> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            Ok(self.circuits.iter().filter(|c| c.provider == provider).cloned().collect())
        }
    }

    /// The regions of basic at `seconds`, with these providers set up.
    async fn regions(store: &Store, set_up: &[Provider], seconds: i64) -> Vec<String> {
        let now = Deliverable::new(set_up.to_vec()).now(store, at(seconds)).await.unwrap();
        now.regions(&catalogue().products[0]).into_iter().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_region_is_sold_while_one_of_its_providers_is_not_known_to_be_out_of_stock() {
        let mut store = Store::default();
        assert_eq!(regions(&store, &[Provider::Vultr, Provider::Hetzner], 5).await, ["east", "west"]);
        store.stock = vec![said(Provider::Vultr, &[("small", "east", false), ("small", "west", true)])];
        assert_eq!(regions(&store, &[Provider::Vultr, Provider::Hetzner], 5).await, ["east", "west"]);
        assert_eq!(regions(&store, &[Provider::Vultr], 5).await, ["west"], "Hetzner is not set up");
        assert_eq!(regions(&store, &[Provider::Vultr], 3_600).await, ["east", "west"], "an hour later");
    }

    #[tokio::test]
    async fn a_provider_that_is_left_alone_sells_nothing_in_that_region() {
        let open = Circuit::new(Provider::Vultr, "vultr-west".to_owned(), Operation::Create, at(0))
            .failed(domain::circuit::Trouble::Asked { seconds: 60 }, at(0));
        let store = Store { circuits: vec![open], ..Store::default() };
        assert_eq!(regions(&store, &[Provider::Vultr], 59).await, ["east"]);
        assert_eq!(regions(&store, &[Provider::Vultr], 60).await, ["east", "west"], "it may be tried again");
    }

    #[tokio::test]
    async fn instead_of_what_cannot_be_had_the_same_elsewhere_comes_first() {
        let store =
            Store { stock: vec![said(Provider::Vultr, &[("small", "west", false)])], ..Store::default() };
        let now = Deliverable::new(vec![Provider::Vultr]).now(&store, at(5)).await.unwrap();
        let catalogue = catalogue();
        let instead = |region| -> Vec<(Plan, String)> {
            let all = now.alternatives(&catalogue, &catalogue.products[0], region);
            all.into_iter().map(|one| (one.plan, one.region)).collect()
        };
        let expected = [(Plan::Basic, "east".to_owned()), (Plan::Performance, "west".to_owned())];
        assert_eq!(instead(Some("west")), expected);
        assert_eq!(instead(Some("moon")), expected);
        let east = now.alternatives(&catalogue, &catalogue.products[1], Some("east"));
        assert_eq!(east.iter().map(|one| one.region.as_str()).collect::<Vec<_>>(), ["west", "east"]);
    }

    #[tokio::test]
    async fn what_was_read_is_believed_for_seconds_by_the_whole_process() {
        let store = Store::default();
        let deliverable = Deliverable::new(vec![Provider::Vultr, Provider::Hetzner]);
        for seconds in 0..10 {
            deliverable.clone().now(&store, at(seconds)).await.unwrap();
        }
        assert_eq!(store.reads.load(Ordering::Relaxed), 3, "one for the stock, one per provider");
        deliverable.now(&store, at(10)).await.unwrap();
        assert_eq!(store.reads.load(Ordering::Relaxed), 6);
    }

    #[test]
    fn the_setting_names_providers_and_nothing_else() {
        assert_eq!(parse_providers(" "), Ok(vec![Provider::Vultr]));
        assert_eq!(parse_providers("contabo, ec2"), Ok(vec![Provider::Contabo, Provider::Ec2]));
        for wrong in ["vultr,", ",", "Vultr", "vultr,vultr", "vultr;ec2", "azure"] {
            assert!(parse_providers(wrong).is_err(), "{wrong}");
        }
    }
}
