//! What is believed of what the providers said.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::availability::{Availability, BELIEVED_FOR, Standing, Stock, regions_now, sets_up, standing};
use domain::catalogue::{Image, Offering, Os, Plan, Product, Provider, Specs};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn offering(provider: Provider, plan: &str, region: &str, provider_region: &str) -> Offering {
    Offering {
        provider,
        plan: plan.to_owned(),
        region: region.to_owned(),
        provider_region: provider_region.to_owned(),
        image: Image { name_prefix: "Ubuntu 24.04".to_owned(), fallback_id: String::new() },
    }
}

fn said(provider: Provider, stock: &[(&str, &str, bool)]) -> Availability {
    let stock = stock.iter().map(|(plan, region, in_stock)| Stock {
        plan: (*plan).to_owned(),
        provider_region: (*region).to_owned(),
        in_stock: *in_stock,
        monthly_usd_cents: None,
    });
    Availability { provider, seen_at: at(0), stock: stock.collect(), windows: None, version: 1 }
}

#[test]
fn a_word_counts_for_its_own_provider_size_and_region_and_no_other() {
    let known = [
        said(Provider::Vultr, &[("small", "ewr", true), ("small", "ord", false), ("large", "ewr", false)]),
        said(Provider::Linode, &[("small", "lhr", false)]),
    ];
    for (provider, plan, region, expected) in [
        (Provider::Vultr, "small", "ewr", Standing::InStock),
        (Provider::Vultr, "small", "ord", Standing::OutOfStock),
        (Provider::Vultr, "large", "ewr", Standing::OutOfStock),
        (Provider::Vultr, "small", "lhr", Standing::Unknown),
        (Provider::Vultr, "large", "ord", Standing::Unknown),
        (Provider::Linode, "small", "lhr", Standing::OutOfStock),
        (Provider::Hetzner, "small", "ewr", Standing::Unknown),
    ] {
        let found = standing(&offering(provider, plan, "us-east", region), &known, at(1));
        assert_eq!(found, expected, "{provider} {plan} {region}");
    }
}

#[test]
fn a_word_is_believed_for_its_time_and_not_a_second_longer() {
    let known = [said(Provider::Vultr, &[("small", "ewr", false)])];
    let offering = offering(Provider::Vultr, "small", "us-east", "ewr");
    let ends = BELIEVED_FOR.as_secs();
    assert_eq!(standing(&offering, &known, at(ends - 1)), Standing::OutOfStock);
    assert_eq!(standing(&offering, &known, at(ends)), Standing::Unknown);
}

#[test]
fn windows_is_set_up_where_it_was_noted_and_without_a_note_where_it_takes_no_key_pair() {
    let noted = |provider, windows| [Availability { windows, ..said(provider, &[]) }];
    for (provider, windows, expected) in [
        (Provider::Ec2, Some(true), true),
        (Provider::Ec2, Some(false), false),
        (Provider::Ec2, None, false),
        (Provider::Vultr, Some(true), true),
        (Provider::Vultr, Some(false), false),
        (Provider::Vultr, None, true),
        (Provider::Hetzner, None, false),
        (Provider::Hetzner, Some(true), false),
    ] {
        let known = noted(provider, windows);
        assert_eq!(sets_up(provider, Os::Windows, &known), expected, "{provider} {windows:?}");
        assert!(sets_up(provider, Os::Linux, &known), "{provider}");
    }
    let others = noted(Provider::Vultr, Some(true));
    assert!(
        !sets_up(Provider::Ec2, Os::Windows, &others) && sets_up(Provider::Contabo, Os::Windows, &others)
    );
}

#[test]
fn a_product_is_sold_where_a_provider_that_is_set_up_may_have_it() {
    let product = Product {
        plan: Plan::Basic,
        os: Os::Linux,
        specs: Specs { vcpus: 2, memory_gb: 4, disk_gb: 80, traffic_gb: 1000, gpu: None },
        monthly: BTreeMap::new(),
        usual_setup_seconds: 300,
        offerings: vec![
            offering(Provider::Vultr, "small", "us-east", "ewr"),
            offering(Provider::Linode, "small", "uk", "lon"),
            offering(Provider::Vultr, "small", "uk", "lhr"),
            offering(Provider::Linode, "small", "us-east", "nj"),
        ],
    };
    let known = [said(Provider::Vultr, &[("small", "ewr", true), ("small", "lhr", false)])];
    assert_eq!(regions_now(&product, &known, |_| true, at(1)), ["us-east", "uk"]);
    assert_eq!(regions_now(&product, &known, |o| o.provider == Provider::Vultr, at(1)), ["us-east"]);
    assert_eq!(regions_now(&product, &known, |o| o.provider == Provider::Linode, at(1)), ["uk", "us-east"]);
    assert!(regions_now(&product, &known, |_| false, at(1)).is_empty());
}
