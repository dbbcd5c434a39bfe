//! What every simulated provider says it has.

use std::collections::BTreeMap;

use app::ports::{Image, ProviderPlan, ProviderRegion};

const REGIONS: [(&str, &str, &str); 5] = [
    ("ewr", "New Jersey", "US"),
    ("ord", "Chicago", "US"),
    ("lhr", "London", "GB"),
    ("east", "Ashburn", "US"),
    ("west", "London", "GB"),
];

pub(super) fn regions() -> Vec<ProviderRegion> {
    let region = |(id, city, country): &(&str, &str, &str)| ProviderRegion {
        id: (*id).to_owned(),
        city: (*city).to_owned(),
        country: (*country).to_owned(),
    };
    REGIONS.iter().map(region).collect()
}

pub(super) fn plans() -> Vec<ProviderPlan> {
    let everywhere: Vec<String> = REGIONS.iter().map(|(id, ..)| (*id).to_owned()).collect();
    let plan = |(id, vcpus, memory_mb, cents): (&str, u32, u64, i64)| ProviderPlan {
        id: id.to_owned(),
        vcpus,
        memory_mb,
        disk_gb: 80,
        monthly_usd_cents: Some(cents),
        regional_usd_cents: BTreeMap::new(),
        // The graphics cards stand in two places only.
        regions: everywhere[..if id == "graphics" { 2 } else { everywhere.len() }].to_vec(),
    };
    [
        ("tiny", 1, 1024, 500),
        ("small", 2, 4096, 2000),
        ("vc2-2c-4gb", 2, 4096, 2400),
        ("large", 4, 8192, 4000),
        ("graphics", 2, 10_240, 12_000),
    ]
    .map(plan)
    .into()
}

pub(super) fn images() -> Vec<Image> {
    let image = |(id, name, family): (&str, &str, &str)| Image {
        id: id.to_owned(),
        name: name.to_owned(),
        family: family.to_owned(),
    };
    [
        ("501", "Windows 2022 Standard x64", "windows"),
        ("521", "Windows Core 2022 Standard x64", "windows"),
        ("2284", "Ubuntu 24.04 LTS x64", "ubuntu"),
        ("2514", "Windows 2025 Standard x64", "windows"),
    ]
    .map(image)
    .into()
}
