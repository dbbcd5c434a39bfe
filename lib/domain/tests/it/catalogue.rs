//! What a price list must keep, each rule with the mistake that breaks it alone.

use std::collections::BTreeMap;

use domain::catalogue::{
    Catalogue, Image, OFFERINGS_MAX, Offering, Os, Plan, Product, Provider, Region, Specs, WindowsLicence,
};
use domain::money::{Currency, Money};

fn offering(provider: Provider, plan: &str, region: &str, provider_region: &str) -> Offering {
    Offering {
        provider,
        plan: plan.to_owned(),
        region: region.to_owned(),
        provider_region: provider_region.to_owned(),
        image: Image { name_prefix: "Some system".to_owned(), fallback_id: String::new() },
    }
}

fn product(plan: Plan, os: Os) -> Product {
    let size = if plan == Plan::Gpu { "vcg-a16" } else { "vc2-2c-4gb" };
    Product {
        plan,
        os,
        specs: Specs {
            vcpus: 2,
            memory_gb: 4,
            disk_gb: 80,
            traffic_gb: 1000,
            gpu: (plan == Plan::Gpu).then(|| "a card".to_owned()),
        },
        monthly: BTreeMap::from([(Currency::Usd, 2_900), (Currency::Ngn, 4_640_000)]),
        usual_setup_seconds: 300,
        offerings: vec![
            offering(Provider::Vultr, size, "us-east", "ewr"),
            offering(Provider::Vultr, size, "uk", "lhr"),
        ],
    }
}

fn region(id: &str, name: &str) -> Region {
    Region { id: id.to_owned(), name: name.to_owned() }
}

fn licence(provider: Provider, plan: &str, usd_cents: i64) -> WindowsLicence {
    WindowsLicence { provider, plan: plan.to_owned(), usd_cents }
}

fn sound() -> Catalogue {
    let pairs = Plan::ALL.iter().flat_map(|plan| Os::ALL.iter().map(|os| product(*plan, *os)));
    Catalogue {
        regions: vec![region("us-east", "US East"), region("uk", "United Kingdom")],
        currencies: vec![Currency::Usd, Currency::Ngn],
        windows_licences: vec![
            licence(Provider::Vultr, "vc2-2c-4gb", 3_200),
            licence(Provider::Vultr, "vcg-a16", 3_200),
        ],
        products: pairs.collect(),
    }
}

/// The faults after a change to a sound catalogue.
fn faults(change: impl FnOnce(&mut Catalogue)) -> Vec<String> {
    let mut catalogue = sound();
    change(&mut catalogue);
    catalogue.check()
}

/// The fault after a change to the first product (basic Windows), which must be the only one and hold this text.
fn fault(expected: &str, change: impl FnOnce(&mut Product)) {
    let found = faults(|catalogue| change(&mut catalogue.products[0]));
    assert_eq!(found.len(), 1, "{expected}: {found:?}");
    assert!(found[0].starts_with("basic windows: ") && found[0].contains(expected), "{expected}: {found:?}");
}

#[test]
fn a_sound_catalogue_has_no_faults() {
    assert_eq!(sound().check(), Vec::<String>::new());
}

#[test]
fn every_pair_stands_exactly_once() {
    assert_eq!(faults(|c| drop(c.products.remove(0))), ["basic windows: missing"]);
    assert_eq!(faults(|c| c.products.push(product(Plan::Gpu, Os::Linux))), ["gpu linux: stands 2 times"]);
}

#[test]
fn there_are_currencies_and_regions_with_names_and_none_twice() {
    assert!(faults(|c| c.currencies.clear()).contains(&"currencies: at least one is needed".to_owned()));
    for broken in [region("", "Nowhere"), region("de", "")] {
        assert_eq!(faults(|c| c.regions.push(broken)), ["regions[2]: id and name must not be empty"]);
    }
    assert_eq!(faults(|c| c.regions.push(region("uk", "Again"))), ["regions[2].id: uk stands twice"]);
}

#[test]
fn prices_are_complete_and_chargeable() {
    fault("monthly.NGN: no price", |p| p.monthly.retain(|currency, _| *currency != Currency::Ngn));
    fault("monthly.USD: 199 is below", |p| p.monthly.extend([(Currency::Usd, 199)]));
    fault("monthly.EUR: not one of", |p| p.monthly.extend([(Currency::Eur, 2_000)]));
    for (currency, least) in [
        (Currency::Ngn, 5_000),
        (Currency::Usd, 200),
        (Currency::Ghs, 10),
        (Currency::Zar, 100),
        (Currency::Kes, 300),
        (Currency::Eur, 100),
        (Currency::Gbp, 100),
    ] {
        let with = |minor: i64| {
            faults(|c| {
                c.currencies = vec![currency];
                c.products.iter_mut().for_each(|p| p.monthly = BTreeMap::from([(currency, minor)]));
            })
        };
        assert_eq!((with(least).len(), with(least - 1).len()), (0, 6), "{currency}");
    }
}

#[test]
fn what_windows_costs_beside_a_size_is_known_for_each_that_is_sold_and_asked_for_nowhere_else() {
    let found = |change: fn(&mut Vec<WindowsLicence>)| faults(|c| change(&mut c.windows_licences));
    assert_eq!(
        found(|all| all.truncate(1)),
        [0, 1].map(|i| format!("gpu windows: offerings[{i}]: windows_licences has none for vultr vcg-a16"))
    );
    assert_eq!(
        found(|all| all.push(licence(Provider::Ec2, "t3.medium", 1))),
        ["windows_licences[2]: ec2 has it in the price, or has no Windows"]
    );
    assert_eq!(
        found(|all| all.push(licence(Provider::Vultr, "vcg-a16", 1))),
        ["windows_licences[2]: vultr vcg-a16 stands twice"]
    );
    assert_eq!(found(|all| all[1].usd_cents = 0), ["windows_licences[1].usd_cents: must be above zero"]);

    let asked = |provider, plan, os| sound().licence(provider, plan, os);
    assert_eq!(asked(Provider::Vultr, "vc2-2c-4gb", Os::Windows), Some(3_200));
    assert_eq!(asked(Provider::Vultr, "vc2-2c-4gb", Os::Linux), Some(0));
    assert_eq!(asked(Provider::Contabo, "vc2-2c-4gb", Os::Windows), None);
    assert_eq!(asked(Provider::Ec2, "t3.medium", Os::Windows), Some(0));
}

#[test]
fn what_a_customer_is_told_is_above_zero_and_names_a_card_exactly_for_gpu() {
    fault("specs: every number", |p| p.specs.vcpus = 0);
    fault("specs: every number", |p| p.specs.memory_gb = 0);
    fault("specs: every number", |p| p.specs.disk_gb = 0);
    fault("specs: every number", |p| p.specs.traffic_gb = 0);
    fault("specs.gpu", |p| p.specs.gpu = Some("a card".to_owned()));
    assert_eq!(faults(|c| c.products[4].specs.gpu = None).len(), 1);
    fault("usual_setup_seconds", |p| p.usual_setup_seconds = 59);
    fault("usual_setup_seconds", |p| p.usual_setup_seconds = 1801);
    for seconds in [60, 1800] {
        assert!(faults(|c| c.products[0].usual_setup_seconds = seconds).is_empty());
    }
}

#[test]
fn offerings_can_be_made_where_they_say() {
    fault("between 1 and", |p| p.offerings.clear());
    fault("between 1 and", |p| {
        let places =
            (0..=OFFERINGS_MAX).map(|n| offering(Provider::Vultr, "vc2-2c-4gb", "uk", &n.to_string()));
        p.offerings = places.collect();
    });
    assert!(
        faults(|c| {
            let places =
                (0..OFFERINGS_MAX).map(|n| offering(Provider::Vultr, "vc2-2c-4gb", "uk", &n.to_string()));
            c.products[0].offerings = places.collect();
        })
        .is_empty()
    );
    assert_eq!(
        faults(|c| c.products[1].offerings[1].plan.clear()),
        ["basic linux: offerings[1]: plan, provider_region and image.name_prefix must not be empty"]
    );
    fault("offerings[1]: plan, provider_region", |p| p.offerings[1].provider_region.clear());
    fault("offerings[1]: plan, provider_region", |p| p.offerings[1].image.name_prefix.clear());
    fault("offerings[0].region: mars", |p| p.offerings[0].region = "mars".to_owned());
    fault("offerings[0].image: a Core", |p| p.offerings[0].image.name_prefix = "Windows Core".to_owned());
    fault("offerings[1]: stands twice", |p| p.offerings[1] = p.offerings[0].clone());
    for provider in Provider::ALL {
        let found = faults(|c| {
            if provider.charges_for(Os::Windows) && *provider != Provider::Vultr {
                c.windows_licences.push(licence(*provider, "vc2-2c-4gb", 1));
            }
            c.products[0].offerings[0].provider = *provider;
        });
        assert_eq!(found.is_empty(), provider.has(Os::Windows), "{provider}: {found:?}");
        assert!(faults(|c| c.products[1].offerings[0].provider = *provider).is_empty(), "{provider}");
    }
}

#[test]
fn a_graphics_card_is_sold_only_where_the_size_has_one() {
    for (provider, size, has) in [
        (Provider::Vultr, "vcg-a40", true),
        (Provider::Vultr, "vhf-8c-32gb", false),
        (Provider::Digitalocean, "gpu-h100x1-80gb", true),
        (Provider::Digitalocean, "s-2vcpu-4gb", false),
        (Provider::Ec2, "g4dn.xlarge", true),
        (Provider::Ec2, "t3.medium", false),
        (Provider::Hetzner, "vcg-a40", false),
        (Provider::Linode, "g4dn.xlarge", false),
        (Provider::Contabo, "gpu-x", false),
    ] {
        let found = faults(|c| c.products[5].offerings = vec![offering(provider, size, "uk", "1")]);
        assert_eq!(found.is_empty(), has, "{provider} {size}: {found:?}");
    }
}

#[test]
fn windows_is_nowhere_without_an_image_and_reinstalls_where_it_stands() {
    let with = |has: fn(Provider) -> bool| -> Vec<Provider> {
        Provider::ALL.iter().copied().filter(|p| has(*p)).collect()
    };
    assert_eq!(with(|p| p.has(Os::Windows)), [Provider::Vultr, Provider::Contabo, Provider::Ec2]);
    assert_eq!(with(|p| p.has(Os::Linux)), Provider::ALL);
    assert_eq!(
        with(Provider::reinstalls),
        [Provider::Vultr, Provider::Contabo, Provider::Linode, Provider::Hetzner]
    );
}

#[test]
fn products_prices_and_places_are_found() {
    let mut catalogue = sound();
    catalogue.products.remove(3);
    assert_eq!(catalogue.product(Plan::Gpu, Os::Linux).map(|p| (p.plan, p.os)), Some((Plan::Gpu, Os::Linux)));
    assert_eq!(catalogue.product(Plan::Performance, Os::Linux), None);
    let product = product(Plan::Basic, Os::Linux);
    assert_eq!(product.price(Currency::Usd), Some(Money::new(2_900, Currency::Usd)));
    assert_eq!(product.price(Currency::Kes), None);
    assert_eq!(product.regions(), ["us-east", "uk"]);
    assert_eq!(product.offerings_in(None).len(), 2);
    assert_eq!(product.offerings_in(Some("uk")), [product.offerings[1].clone()]);
    assert!(product.offerings_in(Some("mars")).is_empty());
    assert_eq!(product.offerings[0].to_string(), "vultr vc2-2c-4gb in ewr");
}
