//! Account, traffic, regions, sizes, systems and stock.

use app::ports::{Account, Image, ProviderPlan, ProviderRegion, Traffic, VmHost};
use domain::catalogue::Os;
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, adapter, id, outcome, page, refusal, request, systems};

#[tokio::test]
async fn a_negative_balance_is_credit_to_the_cent() {
    for (body, balance, pending) in [
        (
            r#"{"account":{"name":"x","acls":[],"balance":-100.55,"pending_charges":60.25}}"#,
            Some(10_055),
            Some(6_025),
        ),
        (r#"{"account":{"balance":0.29,"pending_charges":0}}"#, Some(-29), Some(0)),
        (r#"{"account":{"balance":"-5.00","pending_charges":null}}"#, Some(500), None),
        (r#"{"account":{}}"#, None, None),
    ] {
        let peer = Peer::start(vec![Reply::json(200, body)]).await;
        let account = adapter(&peer).account().await.expect("an account");
        assert_eq!(account, Account { balance_usd_cents: balance, pending_usd_cents: pending });
        assert_eq!(peer.lines(), ["GET /v2/account"]);
    }
}

#[tokio::test]
async fn traffic_comes_by_day_oldest_first() {
    let days = json!({"bandwidth": {
        "2026-11-20": {"incoming_bytes": 15_989_787, "outgoing_bytes": 25_327_729},
        "2026-11-19": {"incoming_bytes": "7", "outgoing_bytes": -1},
        "total": {"incoming_bytes": 1, "outgoing_bytes": 1},
    }});
    let none = r#"{"bandwidth":[]}"#;
    let peer = Peer::start(vec![Reply::json(200, days.to_string()), Reply::json(200, none)]).await;
    let adapter = adapter(&peer);
    let day = |day: &str, incoming_bytes, outgoing_bytes| Traffic {
        day: day.to_owned(),
        incoming_bytes,
        outgoing_bytes,
    };
    let expected = [day("2026-11-19", 7, 0), day("2026-11-20", 15_989_787, 25_327_729)];
    assert_eq!(adapter.traffic(&id(), 7).await.expect("traffic"), expected);
    assert_eq!(adapter.traffic(&id(), 999).await.expect("traffic"), []);
    let line = |days| format!("GET /v2/instances/{ID}/bandwidth?date_range={days}");
    assert_eq!(peer.lines(), [line(7), line(180)]);
}

#[tokio::test]
async fn sizes_carry_their_price_in_cents() {
    let plan = r#"{"plans":[
        {"id":"vhf-8c-32gb","vcpu_count":8,"ram":32768,"disk":512,"disk_count":1,"bandwidth":6144,
         "monthly_cost":192,"hourly_cost":0.26,"type":"vhf","locations":["sea","ewr"],
         "location_cost":{"sea":{"monthly_cost":230.4,"hourly_cost":0.26},"ewr":{"hourly_cost":0.26}},"gpu_brand":"none"},
        {"id":"vc2-odd","monthly_cost":2.5,"locations":null,"location_cost":[]}
    ],"meta":{"total":2,"links":{"next":"","prev":""}}}"#;
    let peer = Peer::start(vec![Reply::json(200, plan)]).await;
    let plans = adapter(&peer).plans().await.expect("plans");
    assert_eq!(
        plans[0],
        ProviderPlan {
            id: "vhf-8c-32gb".to_owned(),
            vcpus: 8,
            memory_mb: 32_768,
            disk_gb: 512,
            monthly_usd_cents: Some(19_200),
            regional_usd_cents: [("sea".to_owned(), 23_040)].into(),
            regions: vec!["sea".to_owned(), "ewr".to_owned()],
        }
    );
    assert_eq!((plans[1].monthly_usd_cents, plans[1].regions.len()), (Some(250), 0));
    assert_eq!(peer.lines(), ["GET /v2/plans?per_page=500"]);
}

#[tokio::test]
async fn regions_and_systems_are_read_to_the_end_of_their_lists() {
    let region = |id: &str| json!({"id": id, "city": "Amsterdam", "country": "NL", "options": []});
    let peer = Peer::start(vec![
        page("regions", json!([region("ams")]), "c"),
        page("regions", json!([region("rtm")]), ""),
        systems(),
    ])
    .await;
    let adapter = adapter(&peer);
    let region = |id: &str| ProviderRegion {
        id: id.to_owned(),
        city: "Amsterdam".to_owned(),
        country: "NL".to_owned(),
    };
    assert_eq!(adapter.regions().await.expect("regions"), [region("ams"), region("rtm")]);
    let (id, name, family) = ("2284".to_owned(), "Ubuntu 24.04 LTS x64".to_owned(), "ubuntu".to_owned());
    assert_eq!(adapter.images().await.expect("systems").pop(), Some(Image { id, name, family }));
    let lines =
        ["GET /v2/regions?per_page=500", "GET /v2/regions?per_page=500&cursor=c", "GET /v2/os?per_page=500"];
    assert_eq!(peer.lines(), lines);
}

#[tokio::test]
async fn a_size_is_in_stock_when_its_region_lists_it_now() {
    let offering = request(Os::Linux).offering;
    for (reply, expected) in [
        (Reply::json(200, r#"{"available_plans":["vc2-1c-1gb","vc2-2c-4gb"]}"#), "true"),
        (Reply::json(200, r#"{"available_plans":[],"available_vpc_only_plans":["vc2-2c-4gb"]}"#), "false"),
        (refusal(404, "Invalid region"), "false"),
        (Reply::json(200, "{}"), "unclear"),
        (Reply::html(404), "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        let answer = adapter(&peer).in_stock(&offering).await;
        let answer = answer.map(|yes| yes.to_string()).unwrap_or_else(|error| crate::name(&error));
        assert_eq!(answer, expected);
        assert_eq!(peer.lines(), ["GET /v2/regions/ewr/availability"]);
    }
}

#[tokio::test]
async fn a_short_list_without_end_is_no_answer() {
    let script = (0..20).map(|n| page("regions", json!([]), &format!("c{n}"))).collect();
    let peer = Peer::start(script).await;
    assert_eq!(outcome(adapter(&peer).regions().await), "unclear");
    assert_eq!(peer.seen().len(), 10);
}
