//! What the simulated shops sell: the real products at places of the tests' own.

use std::sync::LazyLock;

use catalogue::catalogue;
use domain::catalogue::{Catalogue, Image, Offering, Os, Plan, Product, Provider, WindowsLicence};

/// Every product at Vultr, in three regions one after the other: what goes wrong there has nowhere else to go.
pub fn one_provider() -> &'static Catalogue {
    static ONE: LazyLock<Catalogue> = LazyLock::new(|| {
        with_offerings(|product| {
            let places = [("us-east", "ewr"), ("us-central", "ord"), ("uk", "lhr")];
            places.iter().map(|(region, id)| offering(product, Provider::Vultr, region, id)).collect()
        })
    });
    &ONE
}

/// Every product at each provider that has its system, in two regions each, Vultr first.
pub fn six_providers() -> &'static Catalogue {
    static SIX: LazyLock<Catalogue> = LazyLock::new(|| {
        with_offerings(|product| {
            let mut offerings = Vec::new();
            for (region, id) in [("us-east", "east"), ("uk", "west")] {
                let able = Provider::ALL.iter().filter(|p| p.has(product.os));
                offerings.extend(able.map(|p| offering(product, *p, region, id)));
            }
            offerings
        })
    });
    &SIX
}

fn with_offerings(places: impl Fn(&Product) -> Vec<Offering>) -> Catalogue {
    let mut changed = catalogue().clone();
    for product in &mut changed.products {
        product.offerings = places(product);
    }
    changed.windows_licences = licences();
    changed
}

fn licences() -> Vec<WindowsLicence> {
    let asking = Provider::ALL.iter().filter(|provider| provider.charges_for(Os::Windows));
    let licence = |provider: &Provider, plan: &Plan| WindowsLicence {
        provider: *provider,
        plan: size(*plan).to_owned(),
        usd_cents: 3_200,
    };
    asking.flat_map(|provider| Plan::ALL.iter().map(|plan| licence(provider, plan))).collect()
}

const fn size(plan: Plan) -> &'static str {
    match plan {
        Plan::Basic => "small",
        Plan::Performance => "large",
        Plan::Gpu => "graphics",
    }
}

fn offering(product: &Product, provider: Provider, region: &str, id: &str) -> Offering {
    let name = match product.os {
        Os::Windows => "Windows 2022 Standard",
        Os::Linux => "Ubuntu 24.04",
    };
    Offering {
        provider,
        plan: size(product.plan).to_owned(),
        region: region.to_owned(),
        provider_region: id.to_owned(),
        image: Image { name_prefix: name.to_owned(), fallback_id: "1".to_owned() },
    }
}
