//! What can be had now: the catalogue, narrowed to the providers that are set up, for that system as well, have the
//! size in stock, and are not being left alone.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use domain::availability::{self, Availability, regions_now, sets_up};
use domain::catalogue::{Catalogue, Offering, Os, Plan, Product, Provider};
use domain::circuit::{Circuit, EVERYWHERE, Gate, Operation, gate};
use jiff::SignedDuration;
use serde::Serialize;

use crate::error::AppError;
use crate::ports::{ReadAvailability, ReadCircuits, StoreError};
use crate::rows::readable;

/// How long a process believes what it has read.
const BELIEVED_FOR: SignedDuration = SignedDuration::from_secs(10);

/// Reads the setting that names the providers that are set up: their words, separated by commas. Without any, none is.
///
/// # Errors
/// A sentence about a word that is no provider's, or that stands twice.
pub fn parse_providers(text: &str) -> Result<Vec<Provider>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
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
        let stock = readable(store.availability().await?);
        let mut known = Known { read_at: now, stock, circuits: Vec::new() };
        for provider in self.set_up.iter() {
            known.circuits.extend(readable(store.circuits(*provider).await?));
        }
        let known = Arc::new(known);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(self.at(known, now))
    }

    /// As if nothing were known: whatever the providers that are set up offer can be had, short of Windows where a
    /// provider first has to show that it can set it up.
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
#[serde(untagged)]
pub enum Alternative {
    /// For a customer.
    Product {
        /// The size.
        plan: Plan,
        /// The system.
        os: Os,
        /// The region.
        region: String,
    },
    /// For staff, in the provider's ids.
    Vps {
        /// Who makes it.
        provider: Provider,
        /// The region.
        region: String,
        /// The size.
        plan: String,
        /// The image.
        os_id: String,
    },
}

impl Now {
    /// The regions in which a product can be had, first choice first.
    pub fn regions<'a>(&self, product: &'a Product) -> Vec<&'a str> {
        let may_be_asked = |o: &Offering| self.is_offered(product.os, o) && !self.is_left_alone(o);
        regions_now(product, &self.known.stock, may_be_asked, self.at)
    }

    /// Holds a wish against what can be had; without a region, anywhere. What nobody has asked about lately can be
    /// had: failing over is possible, and money goes back.
    ///
    /// # Errors
    /// `NotDeliverable` with what can be had instead.
    pub fn check(
        &self,
        catalogue: &Catalogue,
        product: &Product,
        region: Option<&str>,
    ) -> Result<(), AppError> {
        let regions = self.regions(product);
        if region.map_or(!regions.is_empty(), |region| regions.contains(&region)) {
            return Ok(());
        }
        let (plan, os) = (product.plan, product.os);
        let is_offered = |region: Option<&str>| {
            let mut there = product.offerings.iter().filter(|o| region.is_none_or(|r| o.region == r));
            there.any(|offering| self.is_offered(os, offering))
        };
        let (field, passing, reason) = match region {
            Some(region) if is_offered(Some(region)) => {
                ("region", true, format!("{plan} {os} cannot be had in {region} now; nothing was charged"))
            }
            Some(_) if !regions.is_empty() => {
                ("region", false, format!("choose one of {}", regions.join(", ")))
            }
            _ => {
                let reason = format!("{plan} {os} cannot be had anywhere now; nothing was charged");
                ("plan", is_offered(None), reason)
            }
        };
        let alternatives = self.alternatives(catalogue, product, region);
        Err(AppError::NotDeliverable { field, reason, passing, alternatives })
    }

    /// What can be had instead of a product in a region: the same product elsewhere, then the other sizes of its
    /// system, in that region where they can be had there.
    fn alternatives(
        &self,
        catalogue: &Catalogue,
        wanted: &Product,
        region: Option<&str>,
    ) -> Vec<Alternative> {
        let of = |product: &Product, region: &str| Alternative::Product {
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

    /// Whether machines with this system are made there for us at all: a key of ours is set up, for the system too.
    fn is_offered(&self, os: Os, offering: &Offering) -> bool {
        self.set_up.contains(&offering.provider) && sets_up(offering.provider, os, &self.known.stock)
    }

    /// Whether its provider makes nothing there now, or tells nothing about what it has made: the circuit is open, or
    /// nobody has got an answer since it was tried again.
    fn is_left_alone(&self, offering: &Offering) -> bool {
        let Offering { provider, provider_region: region, .. } = offering;
        let is_shut = |region: &str, operation| {
            let mut circuits = self.known.circuits.iter().filter(|c| c.provider == *provider);
            let circuit = circuits.find(|c| c.operation == operation && c.region == region);
            matches!(gate(circuit, self.at), Gate::Open { .. })
                || operation == Operation::Read && circuit.is_some_and(|reads| self.is_silent(reads))
        };
        is_shut(region, Operation::Create) || is_shut(EVERYWHERE, Operation::Read)
    }

    /// Whether a provider was asked in vain again, after its first pause. The schedules ask every ten minutes; where
    /// they have not for an hour, nothing is known.
    fn is_silent(&self, reads: &Circuit) -> bool {
        reads.opened > 1 && self.at.duration_since(reads.failed_at) < availability::BELIEVED_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Rows;
    use domain::catalogue::{Image, Region, Specs};
    use domain::circuit::Trouble;
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
            windows_licences: Vec::new(),
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
        Availability { provider, seen_at: at(0), stock: stock.collect(), windows: None, version: 1 }
    }

    #[derive(Default)]
    struct Store {
        stock: Vec<Availability>,
        circuits: Vec<Circuit>,
        reads: AtomicUsize,
    }

    impl ReadAvailability for Store {
        async fn availability(&self) -> Result<Rows<Availability>, StoreError> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            Ok(self.stock.iter().cloned().map(Ok).collect())
        }
    }

    impl ReadCircuits for Store {
        async fn circuits(&self, provider: Provider) -> Result<Rows<Circuit>, StoreError> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            Ok(self.circuits.iter().filter(|c| c.provider == provider).cloned().map(Ok).collect())
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
    async fn a_provider_that_answers_no_question_sells_nothing_until_it_does() {
        let both = [Provider::Vultr, Provider::Hetzner];
        let reads = Circuit::new(Provider::Vultr, EVERYWHERE.to_owned(), Operation::Read, at(0))
            .failed(Trouble::Failed, at(0));
        let refused = reads.failed(Trouble::Refused, at(0));
        let again = refused.probed(at(30)).failed(Trouble::Refused, at(31));
        for (circuit, seconds, sold) in [
            (&reads, 0, true),
            (&refused, 29, false),
            // It may have been a hiccup: somebody tries again.
            (&refused, 30, true),
            (&again, 31, false),
            // Its pause is over, and nobody has got an answer yet.
            (&again, 2_000, false),
            (&again, 31 + 3_599, false),
            (&again, 31 + 3_600, true),
            (&again.recovered(), 32, true),
        ] {
            let store = Store { circuits: vec![circuit.clone()], ..Store::default() };
            let here = regions(&store, &[Provider::Vultr], seconds).await;
            assert_eq!(!here.is_empty(), sold, "{seconds}: {circuit:?}");
            let west = regions(&store, &both, seconds).await.contains(&"west".to_owned());
            assert_eq!(west, sold, "{seconds}: only Vultr is there");
            assert!(regions(&store, &both, seconds).await.contains(&"east".to_owned()), "{seconds}");
        }
    }

    #[tokio::test]
    async fn instead_of_what_cannot_be_had_the_same_elsewhere_comes_first() {
        let store =
            Store { stock: vec![said(Provider::Vultr, &[("small", "west", false)])], ..Store::default() };
        let now = Deliverable::new(vec![Provider::Vultr]).now(&store, at(5)).await.unwrap();
        let catalogue = catalogue();
        let instead =
            |product: usize, region| now.alternatives(&catalogue, &catalogue.products[product], Some(region));
        let of = |plan, region: &str| Alternative::Product { plan, os: Os::Linux, region: region.to_owned() };
        let expected = [of(Plan::Basic, "east"), of(Plan::Performance, "west")];
        assert_eq!(instead(0, "west"), expected);
        assert_eq!(instead(0, "moon"), expected);
        assert_eq!(instead(1, "east"), [of(Plan::Performance, "west"), of(Plan::Basic, "east")]);
    }

    /// How a wish for the first product is refused at the tests' time: field, whether it may be had later, sentence,
    /// and the regions of what is named instead; `None` when it is taken.
    async fn refusal(
        store: &Store,
        set_up: &[Provider],
        catalogue: &Catalogue,
        region: Option<&str>,
    ) -> Option<(&'static str, bool, String, Vec<String>)> {
        let now = Deliverable::new(set_up.to_vec()).now(store, at(5)).await.unwrap();
        match now.check(catalogue, &catalogue.products[0], region) {
            Ok(()) => None,
            Err(AppError::NotDeliverable { field, reason, passing, alternatives }) => {
                let regions = alternatives.into_iter().filter_map(|one| match one {
                    Alternative::Product { region, .. } => Some(region),
                    Alternative::Vps { .. } => None,
                });
                Some((field, passing, reason, regions.collect()))
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn a_refusal_names_only_what_can_be_had_from_providers_that_are_set_up() {
        let sold_out = |places: &[(&str, &str, bool)]| Store {
            stock: vec![said(Provider::Vultr, places)],
            ..Store::default()
        };
        let (vultr, hetzner) = (Provider::Vultr, Provider::Hetzner);
        let everything = [("small", "east", false), ("small", "west", false), ("large", "west", false)];
        let anywhere = "basic linux cannot be had anywhere now; nothing was charged";
        let west = "basic linux cannot be had in west now; nothing was charged";
        type Row<'a> = (
            &'a [Provider],
            &'a [(&'a str, &'a str, bool)],
            Option<&'a str>,
            Option<(&'a str, bool, &'a str, &'a [&'a str])>,
        );
        let rows: &[Row<'_>] = &[
            (&[vultr], &[], None, None),
            (&[vultr], &[], Some("west"), None),
            (
                &[vultr],
                &[],
                Some("WEST"),
                Some(("region", false, "choose one of east, west", &["east", "west", "west"])),
            ),
            (&[hetzner], &[], Some("east"), None),
            // Only a provider that is not set up stands there.
            (&[hetzner], &[], Some("west"), Some(("region", false, "choose one of east", &["east"]))),
            (
                &[vultr],
                &[("small", "west", false)],
                Some("west"),
                Some(("region", true, west, &["east", "west"])),
            ),
            (
                &[vultr],
                &[("small", "west", false)],
                Some("moon"),
                Some(("region", false, "choose one of east", &["east", "west"])),
            ),
            (&[vultr], &everything, Some("west"), Some(("region", true, west, &[]))),
            (&[vultr], &everything, Some("moon"), Some(("plan", true, anywhere, &[]))),
            (&[vultr], &everything, None, Some(("plan", true, anywhere, &[]))),
            (&[vultr, hetzner], &everything, None, None),
            (&[], &[], None, Some(("plan", false, anywhere, &[]))),
            (&[], &[], Some("east"), Some(("plan", false, anywhere, &[]))),
        ];
        for (set_up, stock, region, expected) in rows {
            let said = refusal(&sold_out(stock), set_up, &catalogue(), *region).await;
            let said = said.as_ref().map(|(field, passing, reason, regions)| {
                (*field, *passing, reason.as_str(), regions.iter().map(String::as_str).collect::<Vec<_>>())
            });
            let expected =
                expected.map(|(field, passing, reason, regions)| (field, passing, reason, regions.to_vec()));
            assert_eq!(said, expected, "{set_up:?} {stock:?} {region:?}");
        }
    }

    #[tokio::test]
    async fn windows_is_sold_only_where_somebody_can_set_it_up() {
        let mut catalogue = catalogue();
        let mut windows = product(
            Plan::Basic,
            vec![offering(Provider::Ec2, "t3", "east"), offering(Provider::Contabo, "V94", "west")],
        );
        windows.os = Os::Windows;
        catalogue.products.insert(0, windows);
        let both = [Provider::Contabo, Provider::Ec2];
        let noted = |windows| Store {
            stock: vec![Availability { windows, ..said(Provider::Ec2, &[("t3", "east", true)]) }],
            ..Store::default()
        };
        assert_eq!(refusal(&noted(Some(true)), &both, &catalogue, Some("east")).await, None);
        for store in [noted(Some(false)), noted(None), Store::default()] {
            let now = Deliverable::new(both.to_vec()).now(&store, at(5)).await.unwrap();
            assert_eq!(now.regions(&catalogue.products[0]), ["west"]);
            let refused = refusal(&store, &both, &catalogue, Some("east")).await;
            let expected = ("region", false, "choose one of west".to_owned(), vec!["west".to_owned()]);
            assert_eq!(refused, Some(expected));
            let alone = refusal(&store, &[Provider::Ec2], &catalogue, None).await;
            assert!(matches!(alone, Some(("plan", false, _, _))), "{alone:?}");
        }
        // However long ago it was noted.
        let store = noted(Some(false));
        let later = Deliverable::new(both.to_vec()).now(&store, at(86_400)).await.unwrap();
        assert_eq!(later.regions(&catalogue.products[0]), ["west"]);
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
        assert_eq!(parse_providers(" "), Ok(Vec::new()));
        assert_eq!(parse_providers("contabo, ec2"), Ok(vec![Provider::Contabo, Provider::Ec2]));
        for wrong in ["vultr,", ",", "Vultr", "vultr,vultr", "vultr;ec2", "azure"] {
            assert!(parse_providers(wrong).is_err(), "{wrong}");
        }
    }
}
