//! The catalogue of this build: `infra/catalogue.toml`, checked when the program was built.

use std::sync::LazyLock;

pub use domain::catalogue::Catalogue;

/// What is sold. Read once per process.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        // The build script wrote this text from a value of the same type, so it always reads back; an empty
        // catalogue (nothing is sold) is what remains if it ever did not.
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/catalogue.json")))
            .unwrap_or(Catalogue { regions: Vec::new(), currencies: Vec::new(), products: Vec::new() })
    });
    &CATALOGUE
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
