//! Surveys of providers that answer, that do not, and that answer in part.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use domain::Timestamp;
use domain::catalogue::{Image as WantedImage, Os, Plan, Product, Specs};
use domain::circuit::{Circuit, Operation, Trouble};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};

use super::*;
use crate::ports::{
    Account, Capabilities, CreateVm, CreatedVm, Deleted, Image, ProviderRegion, Reinstall, ResetPassword,
    Rows, Trace, Traffic, WindowsPassword, WindowsSetup,
};

/// What a provider does when it is asked.
#[derive(Clone, Copy)]
enum Mood {
    /// Tells everything: there is nothing in the region `empty`.
    Open,
    /// Does not know one size.
    Puzzled,
    /// Has no list of sizes.
    WithoutPrices,
    /// Does not answer.
    Down,
    /// Answers the first question and no other.
    Tired,
    /// Is not asked: what it has is known beforehand.
    Known,
}

struct Host {
    provider: Provider,
    mood: Mood,
}

fn no<T>() -> Result<T, VmError> {
    Err(VmError::Unsupported { provider: Provider::Vultr, what: "do this in a test" })
}

fn silence<T>() -> Result<T, VmError> {
    Err(VmError::Unclear { what: "nothing".to_owned(), source: None })
}

impl VmHost for Host {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            windows: (self.provider == Provider::Vultr)
                .then_some(WindowsSetup { batch: true, password: WindowsPassword::Told }),
            power: true,
            reinstall: true,
            reset_password: ResetPassword::No,
            immediate_delete: true,
            firewall: false,
            traffic: false,
            balance: false,
        }
    }

    fn asks(&self, _: Question) -> bool {
        !matches!(self.mood, Mood::Known)
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        match self.mood {
            Mood::Down => silence(),
            Mood::WithoutPrices => no(),
            Mood::Open | Mood::Puzzled | Mood::Tired | Mood::Known => Ok(vec![ProviderPlan {
                id: "small".to_owned(),
                vcpus: 2,
                memory_mb: 4_096,
                disk_gb: 80,
                monthly_usd_cents: Some(2_000),
                regional_usd_cents: [("empty".to_owned(), 2_400)].into(),
                regions: Vec::new(),
            }]),
        }
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        match self.mood {
            Mood::Down | Mood::Tired => silence(),
            Mood::Puzzled if offering.plan == "large" => Err(VmError::Refused("no such size".to_owned())),
            Mood::Open | Mood::Puzzled | Mood::WithoutPrices | Mood::Known => {
                Ok(offering.provider_region != "empty")
            }
        }
    }

    async fn create(&self, _: &CreateVm) -> Result<CreatedVm, VmError> {
        no()
    }
    async fn get(&self, _: &VmId) -> Result<CreatedVm, VmError> {
        no()
    }
    async fn find(&self, _: &Trace) -> Result<Vec<Vm>, VmError> {
        no()
    }
    async fn list(&self, _: Option<&str>, _: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        no()
    }
    async fn reboot(&self, _: &VmId) -> Result<(), VmError> {
        no()
    }
    async fn start(&self, _: &VmId) -> Result<(), VmError> {
        no()
    }
    async fn halt(&self, _: &VmId) -> Result<(), VmError> {
        no()
    }
    async fn reinstall(&self, _: &VmId, _: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        no()
    }
    async fn reset_password(&self, _: &VmId, _: &Secret<String>) -> Result<Option<Secret<String>>, VmError> {
        no()
    }
    async fn allow_rdp_from(&self, _: &VmId, _: &[IpAddr]) -> Result<(), VmError> {
        no()
    }
    async fn delete(&self, _: &VmId) -> Result<Deleted, VmError> {
        no()
    }
    async fn traffic(&self, _: &VmId, _: u16) -> Result<Vec<Traffic>, VmError> {
        no()
    }
    async fn account(&self) -> Result<Account, VmError> {
        no()
    }
    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        no()
    }
    async fn images(&self) -> Result<Vec<Image>, VmError> {
        no()
    }
}

#[derive(Clone)]
struct Hosts(Arc<Vec<Host>>);

impl VmHosts for Hosts {
    type Host = Host;

    fn host(&self, provider: Provider) -> Option<&Host> {
        self.0.iter().find(|host| host.provider == provider)
    }
}

/// Keeps availability as the table does, and each provider's circuit of reads.
#[derive(Clone, Default)]
struct Store {
    said: Arc<Mutex<HashMap<Provider, Availability>>>,
    reads: Arc<Mutex<HashMap<Provider, Circuit>>>,
}

impl Commit for Store {
    async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        for write in writes {
            let mut said = match write {
                Write::Availability(said) => said,
                Write::Circuit(reads) => {
                    self.reads.lock().unwrap().insert(reads.provider, reads);
                    continue;
                }
                _ => continue,
            };
            let mut rows = self.said.lock().unwrap();
            let stored = rows.get(&said.provider).map_or(0, |row| row.version);
            if stored != said.version {
                return Err(StoreError::Conflict);
            }
            said.version += 1;
            rows.insert(said.provider, said);
        }
        Ok(())
    }
}

impl ReadAvailability for Store {
    async fn availability(&self) -> Result<Rows<Availability>, StoreError> {
        Ok(self.said.lock().unwrap().values().cloned().map(Ok).collect())
    }
}

impl ReadCircuits for Store {
    async fn circuits(&self, provider: Provider) -> Result<Rows<Circuit>, StoreError> {
        Ok(self.reads.lock().unwrap().get(&provider).cloned().map(Ok).into_iter().collect())
    }
}

#[derive(Clone)]
struct At(i64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + self.0).unwrap()
    }
}

/// Two sizes at Vultr and Hetzner, each in two regions; the small one is sold twice.
fn catalogue() -> &'static Catalogue {
    let offering = |provider, plan: &str, region: &str| Offering {
        provider,
        plan: plan.to_owned(),
        region: "europe".to_owned(),
        provider_region: region.to_owned(),
        image: WantedImage { name_prefix: "Ubuntu 24.04".to_owned(), fallback_id: String::new() },
    };
    let product = |plan, size: &str| Product {
        plan,
        os: Os::Linux,
        specs: Specs { vcpus: 2, memory_gb: 4, disk_gb: 80, traffic_gb: 3_000, gpu: None },
        monthly: [].into(),
        usual_setup_seconds: 300,
        offerings: [Provider::Vultr, Provider::Hetzner]
            .into_iter()
            .flat_map(|provider| ["full", "empty"].map(|region| offering(provider, size, region)))
            .collect(),
    };
    Box::leak(Box::new(Catalogue {
        regions: Vec::new(),
        currencies: Vec::new(),
        windows_licences: Vec::new(),
        products: vec![
            product(Plan::Basic, "small"),
            product(Plan::Performance, "large"),
            product(Plan::Gpu, "small"),
        ],
    }))
}

/// A survey at `seconds` of providers in these moods.
fn survey(store: &Store, moods: &[(Provider, Mood)], seconds: i64) -> Survey<Hosts, Store, At> {
    let hosts = moods.iter().map(|(provider, mood)| Host { provider: *provider, mood: *mood });
    let hosts = Hosts(Arc::new(hosts.collect()));
    Survey {
        providers: Providers::new(hosts, store.clone(), At(seconds)),
        store: store.clone(),
        clock: At(seconds),
        catalogue: catalogue(),
    }
}

impl Store {
    fn said(&self, provider: Provider) -> Availability {
        self.said.lock().unwrap()[&provider].clone()
    }

    /// `plan region stock price`, a line each.
    fn lines(&self, provider: Provider) -> Vec<String> {
        let lines = self.said(provider).stock.into_iter().map(|stock| {
            let price = stock.monthly_usd_cents.map_or("?".to_owned(), |cents| cents.to_string());
            format!("{} {} {} {price}", stock.plan, stock.provider_region, stock.in_stock)
        });
        lines.collect()
    }
}

#[tokio::test]
async fn every_size_of_every_region_is_asked_for_once_and_kept_with_its_price() {
    let store = Store::default();
    let asked = survey(&store, &[(Provider::Vultr, Mood::Open)], 0).run().await.unwrap();
    assert_eq!(asked, Asked { told: vec![Provider::Vultr], silent: vec![] }, "Hetzner is not set up");
    assert_eq!(
        store.lines(Provider::Vultr),
        ["small full true 2000", "small empty false 2400", "large full true ?", "large empty false ?"]
    );
}

#[tokio::test]
async fn whether_a_provider_can_set_windows_up_is_noted_by_what_its_client_says() {
    let store = Store::default();
    let moods = [(Provider::Vultr, Mood::Open), (Provider::Hetzner, Mood::Open)];
    survey(&store, &moods, 0).run().await.unwrap();
    assert_eq!(store.said(Provider::Vultr).windows, Some(true));
    assert_eq!(store.said(Provider::Hetzner).windows, Some(false));
}

#[tokio::test]
async fn one_that_does_not_answer_keeps_its_old_item_and_hurts_no_other() {
    let store = Store::default();
    let both = |vultr| [(Provider::Vultr, vultr), (Provider::Hetzner, Mood::Open)];
    survey(&store, &both(Mood::Open), 0).run().await.unwrap();
    for (mood, seconds) in [(Mood::Down, 600), (Mood::Tired, 1_200)] {
        let asked = survey(&store, &both(mood), seconds).run().await.unwrap();
        assert_eq!(asked, Asked { told: vec![Provider::Hetzner], silent: vec![Provider::Vultr] });
        assert_eq!(store.said(Provider::Vultr).seen_at, At(0).now());
        assert_eq!(store.said(Provider::Hetzner).seen_at, At(seconds).now(), "the same answer, seen again");
    }
}

#[tokio::test]
async fn what_a_provider_cannot_say_is_left_open_and_the_rest_is_kept() {
    let store = Store::default();
    let moods = [(Provider::Vultr, Mood::Puzzled), (Provider::Hetzner, Mood::WithoutPrices)];
    let asked = survey(&store, &moods, 0).run().await.unwrap();
    assert_eq!(asked.told, [Provider::Vultr, Provider::Hetzner]);
    assert_eq!(store.lines(Provider::Vultr), ["small full true 2000", "small empty false 2400"]);
    assert_eq!(store.lines(Provider::Hetzner)[0], "small full true ?");
}

#[tokio::test]
async fn one_that_is_not_asked_is_neither_told_nor_silent_and_nothing_is_learned_of_its_health() {
    let (store, vultr) = (Store::default(), Provider::Vultr);
    let circuit = Circuit::new(vultr, EVERYWHERE.to_owned(), Operation::Read, At(0).now());
    let refused = circuit.failed(Trouble::Refused, At(0).now());
    for seconds in [1, 600] {
        store.reads.lock().unwrap().insert(vultr, refused.clone());
        let asked = survey(&store, &[(vultr, Mood::Known)], seconds).run().await.unwrap();
        assert_eq!(asked, Asked::default());
        assert_eq!(store.said(vultr).seen_at, At(seconds).now());
        assert_eq!(store.reads.lock().unwrap()[&vultr], refused, "{seconds}");
    }
    let asked = survey(&store, &[(vultr, Mood::Open)], 600).run().await.unwrap();
    assert_eq!(asked.told, [vultr]);
    assert!(store.reads.lock().unwrap()[&vultr].is_healthy());
}

#[tokio::test]
async fn of_two_surveys_at_once_one_is_kept_and_neither_fails() {
    let store = Store::default();
    let (one, other) = (
        survey(&store, &[(Provider::Vultr, Mood::Open)], 0),
        survey(&store, &[(Provider::Vultr, Mood::Open)], 1),
    );
    let places = other.places(Provider::Vultr);
    one.run().await.unwrap();
    other.ask(Provider::Vultr, &places, false, 0).await.unwrap();
    assert_eq!(store.said(Provider::Vultr).version, 1);
}
