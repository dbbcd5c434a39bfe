//! Traffic, account, locations, sizes, images and stock.

use app::ports::{Account, Image, ProviderRegion, Traffic, VmHost};
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{ID, adapter, id, images, offering, one, outcome, page, refusal};

fn types() -> Reply {
    let price =
        |place: &str, net: &str| json!({"location": place, "price_monthly": {"net": net, "gross": "9"}});
    page(
        "server_types",
        json!([{
            "id": 114, "name": "cpx22", "cores": 2, "memory": 4.0, "disk": 80,
            "prices": [price("fsn1", "6.4900000000"), price("ash", "7.9900000000")],
            "locations": [{"id": 1, "name": "fsn1", "deprecation": null}, {"id": 4, "name": "ash", "deprecation": null}],
        }]),
        Value::Null,
    )
}

fn pricing(currency: &str) -> Reply {
    Reply::json(200, json!({"pricing": {"currency": currency, "vat_rate": "19.0"}}).to_string())
}

#[tokio::test]
async fn the_account_only_shows_whether_the_token_is_taken() {
    let peer =
        Peer::start(vec![page("locations", json!([]), Value::Null), refusal(401, "unauthorized", "no")])
            .await;
    let adapter = adapter(&peer);
    let nothing = Account { balance_usd_cents: None, pending_usd_cents: None };
    assert_eq!(adapter.account().await.expect("an answer"), nothing);
    assert_eq!(outcome(adapter.account().await), "unauthorized: no (unauthorized)");
    assert_eq!(peer.lines()[0], "GET /v1/locations?page=1&per_page=1");
}

#[tokio::test]
async fn traffic_is_the_sum_of_the_period() {
    let peer = Peer::start(vec![one(json!({})).with("date", "Fri, 20 Nov 2026 08:07:18 GMT")]).await;
    let day = Traffic { day: "2026-11-20".to_owned(), incoming_bytes: 7, outgoing_bytes: 123_456 };
    assert_eq!(adapter(&peer).traffic(&id(), 30).await.expect("traffic"), [day]);
    assert_eq!(peer.lines(), [format!("GET /v1/servers/{ID}")]);
}

#[tokio::test]
async fn sizes_have_a_price_in_dollars_only_where_dollars_are_paid() {
    for (currency, price) in [("EUR", None), ("USD", Some(799))] {
        let peer = Peer::start(vec![types(), pricing(currency)]).await;
        let plans = adapter(&peer).plans().await.expect("sizes");
        assert_eq!((plans[0].id.as_str(), plans[0].monthly_usd_cents), ("cpx22", price));
        assert_eq!(plans[0].monthly_usd_cents_in("fsn1").is_some(), price.is_some());
        assert_eq!((plans[0].vcpus, plans[0].memory_mb, plans[0].disk_gb), (2, 4096, 80));
        assert_eq!(plans[0].regions, ["fsn1", "ash"]);
        assert_eq!(peer.lines(), ["GET /v1/server_types?page=1&per_page=50", "GET /v1/pricing"]);
    }
}

#[tokio::test]
async fn locations_and_images_are_read_to_the_end_of_their_lists() {
    let location = |name: &str| json!({"id": 1, "name": name, "city": "Falkenstein", "country": "DE"});
    let peer = Peer::start(vec![
        page("locations", json!([location("fsn1")]), json!(2)),
        page("locations", json!([location("fsn2")]), Value::Null),
        images(),
    ])
    .await;
    let adapter = adapter(&peer);
    let region = |id: &str| ProviderRegion {
        id: id.to_owned(),
        city: "Falkenstein".to_owned(),
        country: "DE".to_owned(),
    };
    assert_eq!(adapter.regions().await.expect("regions"), [region("fsn1"), region("fsn2")]);
    let image = Image { id: "7".to_owned(), name: "ubuntu-24.04".to_owned(), family: "ubuntu".to_owned() };
    assert_eq!(adapter.images().await.expect("images").pop(), Some(image));
}

/// A size that says something of `fsn1`, and nothing of `ash`.
fn said(fsn1: Value) -> Reply {
    let mut here = json!({"id": 1, "name": "fsn1", "deprecation": null});
    here.as_object_mut().expect("an object").extend(fsn1.as_object().cloned().expect("an object"));
    let there = json!({"id": 4, "name": "ash", "deprecation": null});
    page("server_types", json!([{"id": 114, "name": "cpx22", "locations": [here, there]}]), Value::Null)
}

#[tokio::test]
async fn a_size_says_itself_where_it_is_in_stock() {
    for (reply, expected) in [
        (said(json!({"available": true})), "true"),
        (said(json!({"available": false})), "false"),
        (said(json!({"available": "?"})), "true"),
        (types(), "true"),
        (page("server_types", json!([]), Value::Null), "false"),
        (Reply::json(200, "{}"), "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        let answer = adapter(&peer).in_stock(&offering()).await;
        assert_eq!(answer.map(|yes| yes.to_string()).unwrap_or_else(|error| crate::name(&error)), expected);
        assert_eq!(peer.lines(), ["GET /v1/server_types?name=cpx22&page=1&per_page=50"]);
    }
    let mut elsewhere = offering();
    elsewhere.provider_region = "sin".to_owned();
    let peer = Peer::start(vec![types()]).await;
    assert!(!adapter(&peer).in_stock(&elsewhere).await.expect("an answer"));
    let peer = Peer::start(vec![said(json!({"available": false})), pricing("USD")]).await;
    assert_eq!(adapter(&peer).plans().await.expect("sizes")[0].regions, ["ash"]);
}

#[tokio::test]
async fn a_size_that_had_its_end_in_a_place_by_the_date_of_the_answer_is_none_there() {
    let ended = || said(json!({"deprecation": {"unavailable_after": "2026-11-01T00:00:00Z"}}));
    for (date, in_stock, regions) in [
        (Some("Fri, 20 Nov 2026 08:07:18 GMT"), false, &["ash"][..]),
        (Some("Fri, 30 Oct 2026 08:07:18 GMT"), true, &["fsn1", "ash"]),
        (None, true, &["fsn1", "ash"]),
    ] {
        let dated = |reply: Reply| date.map_or_else(ended, |date| reply.with("date", date));
        let peer = Peer::start(vec![dated(ended()), dated(ended()), pricing("USD")]).await;
        let adapter = adapter(&peer);
        assert_eq!(adapter.in_stock(&offering()).await.expect("an answer"), in_stock, "{date:?}");
        assert_eq!(adapter.plans().await.expect("sizes")[0].regions, regions, "{date:?}");
    }
}

#[tokio::test]
async fn a_short_list_without_end_is_no_answer() {
    let script = (0..30).map(|n| page("locations", json!([]), json!(n + 2))).collect();
    let peer = Peer::start(script).await;
    assert_eq!(outcome(adapter(&peer).regions().await), "unclear");
    assert_eq!(peer.seen().len(), 20);
}
