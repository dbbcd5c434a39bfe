//! Account, traffic, regions, sizes, images and stock.

use std::collections::BTreeMap;

use app::ports::{Account, Image, ProviderPlan, ProviderRegion, Traffic, VmHost};
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, adapter, id, images, one, outcome, page, refusal, request};

#[tokio::test]
async fn what_is_owed_is_a_negative_balance_to_the_cent() {
    for (body, balance, pending) in [
        (
            r#"{"month_to_date_balance":"23.44","account_balance":"12.23","month_to_date_usage":"11.21"}"#,
            Some(-1_223),
            Some(1_121),
        ),
        (r#"{"account_balance":"-50.00","month_to_date_usage":"0.29"}"#, Some(5_000), Some(29)),
        (r#"{"account_balance":0.1}"#, Some(-10), None),
        ("{}", None, None),
    ] {
        let peer = Peer::start(vec![Reply::json(200, body)]).await;
        let account = adapter(&peer).account().await.expect("an account");
        assert_eq!(account, Account { balance_usd_cents: balance, pending_usd_cents: pending });
        assert_eq!(peer.lines(), ["GET /v2/customers/my/balance"]);
    }
}

fn rates(values: &serde_json::Value) -> Reply {
    let series = json!({"metric": {"host_id": ID}, "values": values});
    let data = json!({"resultType": "matrix", "result": [series]});
    Reply::json(200, json!({"status": "success", "data": data}).to_string())
}

#[tokio::test]
async fn traffic_is_summed_from_rates_by_day_oldest_first() {
    let incoming = json!([[1_795_132_680, "8"], [1_795_132_800, "0.5"]]);
    let outgoing = json!([[1_795_132_800, "1"], [1_795_132_920, "1"]]);
    let peer = Peer::start(vec![
        one(200, json!({})).with("date", "Fri, 20 Nov 2026 08:07:18 GMT"),
        rates(&incoming),
        rates(&outgoing),
    ])
    .await;
    let day = |day: &str, incoming_bytes, outgoing_bytes| Traffic {
        day: day.to_owned(),
        incoming_bytes,
        outgoing_bytes,
    };
    let expected = [day("2026-11-19", 120_000_000, 0), day("2026-11-20", 7_500_000, 30_000_000)];
    assert_eq!(adapter(&peer).traffic(&id(), 2).await.expect("traffic"), expected);
    let path = "GET /v2/monitoring/metrics/droplet/bandwidth";
    let line = |direction| {
        format!("{path}?host_id={ID}&interface=public&direction={direction}&start=1795046400&end=1795162038")
    };
    assert_eq!(peer.lines()[1..], [line("inbound"), line("outbound")]);
}

#[tokio::test]
async fn metrics_that_are_an_error_are_no_traffic() {
    let dated = one(200, json!({})).with("date", "Fri, 20 Nov 2026 08:07:18 GMT");
    let error = r#"{"status":"error","data":{"resultType":"matrix","result":[]}}"#;
    let peer = Peer::start(vec![dated, Reply::json(200, error), Reply::json(200, error)]).await;
    assert_eq!(outcome(adapter(&peer).traffic(&id(), 7).await), "unclear");
    assert_eq!(peer.seen().len(), 2);
}

#[tokio::test]
async fn traffic_is_never_asked_for_longer_than_it_is_kept() {
    let dated = one(200, json!({})).with("date", "Fri, 20 Nov 2026 08:07:18 GMT");
    let none = || Reply::json(200, r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#);
    let peer = Peer::start(vec![dated, none(), none()]).await;
    assert_eq!(adapter(&peer).traffic(&id(), 180).await.expect("traffic"), []);
    assert!(peer.lines()[1].ends_with("start=1794009600&end=1795162038"), "{:?}", peer.lines());

    for (reply, expected) in [(refusal(404, "not here"), "not found"), (one(200, json!({})), "unclear")] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).traffic(&id(), 7).await), expected);
    }
}

fn sizes() -> Reply {
    let body = r#"{"sizes":[
        {"slug":"s-2vcpu-4gb","memory":4096,"vcpus":2,"disk":80,"transfer":4.0,"price_monthly":24.0,
         "price_hourly":0.03571,"regions":["nyc3","lon1"],"available":true,"description":"Basic"},
        {"slug":"s-old","memory":512,"vcpus":1,"disk":20,"price_monthly":5.5,"regions":["nyc3"],
         "available":false},
        {"slug":"s-odd","price_monthly":1e2,"regions":null}
    ],"links":{},"meta":{"total":3}}"#;
    Reply::json(200, body)
}

#[tokio::test]
async fn sizes_carry_their_price_in_cents_and_where_they_can_be_had() {
    let peer = Peer::start(vec![sizes()]).await;
    let plans = adapter(&peer).plans().await.expect("plans");
    assert_eq!(
        plans[0],
        ProviderPlan {
            id: "s-2vcpu-4gb".to_owned(),
            vcpus: 2,
            memory_mb: 4096,
            disk_gb: 80,
            monthly_usd_cents: Some(2_400),
            regional_usd_cents: BTreeMap::new(),
            regions: vec!["nyc3".to_owned(), "lon1".to_owned()],
        }
    );
    assert_eq!((plans[1].monthly_usd_cents, plans[1].regions.len()), (Some(550), 0));
    assert_eq!((plans[2].monthly_usd_cents, plans[2].regions.len()), (None, 0));
    assert_eq!(peer.lines(), ["GET /v2/sizes?per_page=200&page=1"]);
}

#[tokio::test]
async fn a_size_is_in_stock_where_it_says_so_now() {
    for (plan, region, expected) in [
        ("s-2vcpu-4gb", "nyc3", true),
        ("s-2vcpu-4gb", "fra1", false),
        ("s-old", "nyc3", false),
        ("s-odd", "nyc3", false),
        ("s-none", "nyc3", false),
    ] {
        let peer = Peer::start(vec![sizes()]).await;
        let mut offering = request().offering;
        (offering.plan, offering.provider_region) = (plan.to_owned(), region.to_owned());
        assert_eq!(adapter(&peer).in_stock(&offering).await.expect("an answer"), expected, "{plan} {region}");
    }
    let peer = Peer::start(vec![Reply::json(200, "{}")]).await;
    assert_eq!(outcome(adapter(&peer).in_stock(&request().offering).await), "unclear");
}

#[tokio::test]
async fn regions_and_images_are_read_to_the_end_of_their_lists() {
    let region = |slug: &str, name: &str, open| json!({"slug": slug, "name": name, "available": open});
    let peer = Peer::start(vec![
        page(
            "regions",
            json!([region("nyc3", "New York 3", true), region("nyc2", "New York 2", false)]),
            true,
        ),
        page("regions", json!([region("xyz1", "Elsewhere", true)]), false),
        images(),
    ])
    .await;
    let adapter = adapter(&peer);
    let region = |id: &str, city: &str, country: &str| ProviderRegion {
        id: id.to_owned(),
        city: city.to_owned(),
        country: country.to_owned(),
    };
    let expected = [region("nyc3", "New York", "US"), region("xyz1", "Elsewhere", "")];
    assert_eq!(adapter.regions().await.expect("regions"), expected);
    let (id, name) = ("ubuntu-24-04-x64".to_owned(), "Ubuntu 24.04 (LTS) x64".to_owned());
    let image = Image { id, name, family: "ubuntu".to_owned() };
    assert_eq!(adapter.images().await.expect("images").pop(), Some(image));
}

#[tokio::test]
async fn a_short_list_without_end_is_no_answer() {
    let script = (0..20).map(|_| page("regions", json!([]), true)).collect();
    let peer = Peer::start(script).await;
    assert_eq!(outcome(adapter(&peer).regions().await), "unclear");
    assert_eq!(peer.seen().len(), 10);
}
