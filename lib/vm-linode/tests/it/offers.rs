//! Account, traffic, regions, types, images and stock.

use app::ports::{Account, Image, ProviderPlan, ProviderRegion, Traffic, VmHost};
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, adapter, id, images, outcome, page, refusal, regions, request};

#[tokio::test]
async fn what_is_owed_is_a_negative_balance_to_the_cent() {
    for (body, balance, pending) in [
        (r#"{"balance":200.1,"balance_uninvoiced":145}"#, Some(-20_010), Some(14_500)),
        (r#"{"balance":-0.29,"balance_uninvoiced":0.07}"#, Some(29), Some(7)),
        (r#"{"balance":null}"#, None, None),
    ] {
        let peer = Peer::start(vec![Reply::json(200, body)]).await;
        let account = adapter(&peer).account().await.expect("an account");
        assert_eq!(account, Account { balance_usd_cents: balance, pending_usd_cents: pending });
        assert_eq!(peer.lines(), ["GET /v4/account"]);
    }
}

#[tokio::test]
async fn traffic_is_one_entry_for_the_month_so_far() {
    let body = r#"{"used":22956600198,"quota":2000,"billable":0}"#;
    let dated = Reply::json(200, body).with("date", "Fri, 20 Nov 2026 08:07:18 GMT");
    let peer = Peer::start(vec![dated, Reply::json(200, body), refusal(404, "Not found")]).await;
    let adapter = adapter(&peer);
    let expected =
        Traffic { day: "2026-11-20".to_owned(), incoming_bytes: 0, outgoing_bytes: 22_956_600_198 };
    assert_eq!(adapter.traffic(&id(), 30).await.expect("traffic"), [expected]);
    assert_eq!(outcome(adapter.traffic(&id(), 30).await), "unclear");
    assert_eq!(outcome(adapter.traffic(&id(), 30).await), "not found");
    assert_eq!(peer.lines()[0], format!("GET /v4/linode/instances/{ID}/transfer"));
}

#[tokio::test]
async fn types_carry_their_price_in_cents_and_where_they_can_be_had() {
    let types = r#"{"data":[
        {"id":"g6-standard-2","label":"Linode 4GB","class":"standard","disk":81920,"memory":4096,"vcpus":2,
         "gpus":0,"price":{"hourly":0.036,"monthly":24.0},"region_prices":[{"id":"id-cgk","hourly":0.043,"monthly":28.8},{"id":"br-gru","monthly":null}],
         "transfer":4000},
        {"id":"g7-premium-2","class":"premium","price":{"monthly":43.2}},
        {"id":"g1-gpu","class":"gpu","price":{}},
        {"id":"g6-odd","price":{"monthly":"x"}}
    ],"page":1,"pages":1,"results":4}"#;
    let row = |region: &str, plan: &str, yes| json!({"region": region, "plan": plan, "available": yes});
    let limited = page(json!([row("us-ord", "g6-odd", false), row("us-ord", "g7-premium-2", true)]), 1, 1);
    let peer = Peer::start(vec![Reply::json(200, types), regions(), limited]).await;
    let plans = adapter(&peer).plans().await.expect("plans");
    assert_eq!(
        plans[0],
        ProviderPlan {
            id: "g6-standard-2".to_owned(),
            vcpus: 2,
            memory_mb: 4096,
            disk_gb: 80,
            monthly_usd_cents: Some(2_400),
            regional_usd_cents: [("id-cgk".to_owned(), 2_880)].into(),
            regions: vec!["us-ord".to_owned()],
        }
    );
    assert_eq!((plans[1].monthly_usd_cents, plans[1].regions.join(" ")), (Some(4_320), "us-ord".to_owned()));
    assert_eq!((plans[2].monthly_usd_cents, plans[2].regions.len()), (None, 0));
    assert_eq!((plans[3].monthly_usd_cents, plans[3].regions.len()), (None, 0));
    let lines = ["linode/types", "regions", "regions/availability"];
    assert_eq!(peer.lines(), lines.map(|path| format!("GET /v4/{path}?page=1&page_size=500")));
}

#[tokio::test]
async fn a_type_is_in_stock_where_nothing_speaks_against_it() {
    let region = |status: &str, capabilities: serde_json::Value| {
        let region = json!({"id": "us-ord", "status": status, "capabilities": capabilities});
        Reply::json(200, region.to_string())
    };
    let open = || region("ok", json!(["Linodes", "Metadata"]));
    let row = |plan: &str, yes: bool| json!({"region": "us-ord", "plan": plan, "available": yes});
    let bare = |plan, yes| Reply::json(200, json!([row(plan, yes)]).to_string());
    for (replies, expected) in [
        (vec![open(), bare("g6-standard-2", true)], "true"),
        (vec![open(), bare("g6-standard-4", false)], "true"),
        (vec![open(), bare("g6-standard-2", false)], "false"),
        (vec![open(), page(json!([row("g6-standard-2", false)]), 1, 1)], "false"),
        (vec![open(), Reply::json(200, r#""?""#)], "unclear"),
        (vec![open(), Reply::html(404)], "unclear"),
        (vec![region("outage", json!(["Linodes", "Metadata"]))], "false"),
        (vec![region("ok", json!(["Linodes"]))], "false"),
        (vec![refusal(404, "Not found")], "false"),
    ] {
        let peer = Peer::start(replies).await;
        let answer = adapter(&peer).in_stock(&request().offering).await;
        let answer = answer.map(|yes| yes.to_string()).unwrap_or_else(|error| crate::name(&error));
        assert_eq!(answer, expected);
        assert_eq!(peer.lines()[0], "GET /v4/regions/us-ord");
    }
}

#[tokio::test]
async fn regions_and_images_are_read_to_the_end_of_their_lists() {
    let second = page(json!([{"id": "jp-osa", "label": "Osaka, JP", "country": "jp"}]), 2, 2);
    let peer = Peer::start(vec![regions(), images(), page(json!([]), 1, 2), second]).await;
    let adapter = adapter(&peer);
    let region = |id: &str, city: &str| ProviderRegion {
        id: id.to_owned(),
        city: city.to_owned(),
        country: "US".to_owned(),
    };
    let expected = [region("us-ord", "Chicago"), region("us-old", "Newark")];
    assert_eq!(adapter.regions().await.expect("regions"), expected);
    let (id, name) = ("linode/ubuntu24.04".to_owned(), "Ubuntu 24.04 LTS".to_owned());
    let image = Image { id, name, family: "ubuntu".to_owned() };
    assert_eq!(adapter.images().await.expect("images").pop(), Some(image));
    assert_eq!(adapter.regions().await.expect("regions"), []);
    assert_eq!(peer.lines()[3], "GET /v4/regions?page=2&page_size=500");
}

#[tokio::test]
async fn a_short_list_without_end_is_no_answer() {
    let script = (1..=20).map(|n| page(json!([]), n, 99)).collect();
    let peer = Peer::start(script).await;
    assert_eq!(outcome(adapter(&peer).regions().await), "unclear");
    assert_eq!(peer.seen().len(), 10);
}
