//! What can be had where.

use app::ports::{Question, VmHost};
use domain::catalogue::Os;
use http_call::peer::Reply;
use serde_json::json;

use crate::{UBUNTU, adapter, images, lines, outcome, page, peer, request};

#[tokio::test]
async fn regions_are_those_of_the_data_centres_that_have_machines() {
    let center = |slug: &str, region: &str, name: &str, capabilities: &[&str]| {
        json!({"name": format!("{name} 1"), "slug": slug, "capabilities": capabilities, "regionName": name,
            "regionSlug": region, "s3Url": ""})
    };
    let peer = peer([
        page(
            json!([
                center("EU1", "EU", "European Union", &["Object-Storage"]),
                center("EU2", "EU", "European Union", &["VPS", "VDS"]),
                center("EU3", "EU", "European Union", &["VPS"]),
            ]),
            1,
            2,
        ),
        page(
            json!([
                center("SIN1", "SIN", "Asia (Singapore)", &["VPS"]),
                center("MOON1", "MOON", "Moon", &["VPS"]),
                {"capabilities": "VPS"},
            ]),
            2,
            2,
        ),
    ])
    .await;
    let regions = adapter(&peer).regions().await.expect("regions");
    let read: Vec<_> = regions.iter().map(|r| (r.id.as_str(), r.city.as_str(), r.country.as_str())).collect();
    assert_eq!(
        read,
        [("EU", "European Union", "DE"), ("SIN", "Asia (Singapore)", "SG"), ("MOON", "Moon", "")]
    );
    assert_eq!(
        lines(&peer),
        ["GET /v1/data-centers?page=1&size=100", "GET /v1/data-centers?page=2&size=100"]
    );
}

#[tokio::test]
async fn images_have_their_names_and_families() {
    let peer = peer([images()]).await;
    let images = adapter(&peer).images().await.expect("images");
    assert_eq!(images.len(), 3);
    assert_eq!((images[1].id.as_str(), images[1].family.as_str()), (UBUNTU, "linux"));
    assert_eq!((images[2].name.as_str(), images[2].family.as_str()), ("windows-server-2022-de", "windows"));
}

#[tokio::test]
async fn sizes_are_known_without_asking_and_a_region_that_exists_counts_as_stocked() {
    let peer = peer([]).await;
    let adapter = adapter(&peer);
    let plans = adapter.plans().await.expect("plans");
    let smallest = plans.iter().find(|plan| plan.id == "V153").expect("the smallest");
    assert_eq!((smallest.vcpus, smallest.memory_mb, smallest.disk_gb), (4, 8192, 100));
    assert_eq!((smallest.monthly_usd_cents, smallest.regions.len()), (Some(660), 9));

    let mut offering = request(Os::Linux).offering;
    for (region, there) in [("EU", true), ("IND", true), ("SG", false), ("AU", false), ("", false)] {
        offering.provider_region = region.to_owned();
        assert_eq!(adapter.in_stock(&offering).await.expect("an answer"), there, "{region}");
    }
    assert!(peer.seen().is_empty());
    for (question, asked) in [(Question::Plans, false), (Question::Stock, false), (Question::Regions, true)] {
        assert_eq!(adapter.asks(question), asked, "{question:?}");
    }
}

#[tokio::test]
async fn a_list_without_end_is_no_answer() {
    let peer = peer((0..20).map(|_| page(json!([{"imageId": UBUNTU, "name": "x"}]), 1, 99))).await;
    assert_eq!(outcome(adapter(&peer).images().await), "unclear");
    assert_eq!(lines(&peer).len(), 10);
    let html = crate::peer([Reply::html(200)]).await;
    assert_eq!(outcome(crate::adapter(&html).regions().await), "unclear");
}
