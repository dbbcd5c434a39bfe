//! The catalogue of this build: `infra/catalogue.toml`, checked when the program was built.

use std::sync::LazyLock;

pub use domain::catalogue::Catalogue;

/// What is sold. Read once per process.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        // The build script wrote this text from a value of the same type, so it always reads back; an empty
        // catalogue (nothing is sold) is what remains if it ever did not.
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/catalogue.json"))).unwrap_or_default()
    });
    &CATALOGUE
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::Provider;
    use domain::money::Currency;

    #[test]
    fn what_was_built_in_is_sound_and_complete() {
        assert_eq!(catalogue().check(), Vec::<String>::new());
        assert_eq!(catalogue().products.len(), 6);
    }

    #[test]
    fn each_mistake_is_named_with_its_place() {
        let mut wrong = catalogue().clone();
        wrong.products[0].monthly.clear();
        wrong.products[1].offerings.clear();
        wrong.products[2].offerings[0].image.name_prefix = "Windows Core 2022".to_owned();
        wrong.products.pop();
        let faults = wrong.check().join("\n");
        for place in [
            "basic windows: monthly.USD",
            "basic linux: offerings",
            "offerings[0].image",
            "gpu linux: missing",
        ] {
            assert!(faults.contains(place), "{place} is not in:\n{faults}");
        }
    }

    /// What providers ask per month in US cents, where their pages or reports of use say so.
    const COSTS: [(Provider, &str, i64); 4] = [
        (Provider::Vultr, "vc2-2c-4gb", 2_000),
        (Provider::Vultr, "vc2-4c-8gb", 4_000),
        (Provider::Vultr, "vcg-a40-2c-10g-4vram", 10_500),
        (Provider::Contabo, "V153", 660),
    ];

    #[test]
    fn no_desktop_is_sold_below_what_its_machine_costs() {
        for product in &catalogue().products {
            let price = product.price(Currency::Usd).expect("a price in dollars").minor;
            for offering in &product.offerings {
                let known =
                    COSTS.iter().find(|(p, plan, _)| (*p, *plan) == (offering.provider, &offering.plan));
                let Some((provider, _, machine)) = known else { continue };
                let licence = catalogue().licence(*provider, &offering.plan, product.os).expect("a licence");
                let cost = machine + licence;
                assert!(price >= cost, "{} {} at {offering}: {price} < {cost}", product.plan, product.os);
            }
        }
    }
}
