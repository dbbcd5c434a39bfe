//! Every way in which a call can go wrong.

use std::time::Duration;

use app::ports::VmHost;
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::peer::{Peer, Reply, client};
use serde_json::json;
use vm_digitalocean::Client;

use crate::{adapter, id, images, one, outcome, refusal, request};

#[tokio::test]
async fn a_create_that_makes_nothing_says_why_and_one_that_might_have_is_unclear() {
    let full = "Size is not available in this region.";
    let closed = "Region is not available";
    let many = "creating this/these droplet(s) will exceed your droplet limit";
    let restricted = "This size is currently restricted please send an additional payment to unlock.";
    let wrong = "You specified an invalid size for Droplet creation.";
    let rows: Vec<(Reply, String)> = vec![
        (refusal(422, full), format!("out of stock: {full}")),
        (refusal(422, closed), format!("out of stock: {closed}")),
        (refusal(422, "size is unavailable"), "out of stock: size is unavailable".into()),
        (refusal(422, many), format!("quota: {many}")),
        (refusal(403, many), format!("quota: {many}")),
        (refusal(422, restricted), format!("quota: {restricted}")),
        (refusal(422, wrong), format!("refused: {wrong}")),
        (refusal(404, "The image was not found."), "refused: The image was not found.".into()),
        (Reply::json(400, r#"{"message":"bad"}"#), "refused: bad".into()),
        (refusal(401, "Unable to authenticate you."), "unauthorized: Unable to authenticate you.".into()),
        (refusal(403, "You are not authorized"), "unauthorized: You are not authorized".into()),
        (refusal(429, "slow").with("retry-after", "3"), "busy Some(3)".into()),
        (Reply::html(429), "busy None".into()),
        (refusal(500, "Unexpected server-side error"), "unclear".into()),
        (refusal(503, full), "unclear".into()),
        (refusal(408, "Timeout"), "unclear".into()),
        (Reply::html(200), "unclear".into()),
        (Reply::html(403), "unclear".into()),
        (Reply::html(404), "unclear".into()),
        (Reply::html(502), "unclear".into()),
        (Reply::empty(302).with("location", "https://elsewhere.test/"), "unclear".into()),
        (Reply::empty(204), "unclear".into()),
        (Reply::json(202, "{"), "unclear".into()),
        (Reply::json(202, r#"{"droplet":{}}"#), "unclear".into()),
        (Reply::json(202, r#"{"droplets":[]}"#), "unclear".into()),
        (Reply::json(422, r#"{"error":"?"}"#), "unclear".into()),
        (Reply::json(202, "x".repeat((4 << 20) + 1)), "unclear".into()),
        (Reply::HangUp, "unclear".into()),
        (Reply::CutShort(202), "unclear".into()),
    ];
    for (index, (reply, expected)) in rows.into_iter().enumerate() {
        let peer = Peer::start(vec![images(), reply, one(202, json!({}))]).await;
        assert_eq!(outcome(adapter(&peer).create(&request()).await), expected, "row {index}");
        assert_eq!(peer.seen().len(), 2, "row {index} was sent again");
    }
}

#[tokio::test]
async fn the_hourly_limit_is_over_when_its_oldest_request_expires() {
    for (reset, date, expected) in [
        ("1795162338", "Fri, 20 Nov 2026 08:07:18 GMT", "busy Some(300)"),
        ("1795162000", "Fri, 20 Nov 2026 08:07:18 GMT", "busy Some(1)"),
        ("1895162338", "Fri, 20 Nov 2026 08:07:18 GMT", "busy Some(3600)"),
        ("soon", "Fri, 20 Nov 2026 08:07:18 GMT", "busy None"),
        ("1795162338", "today", "busy None"),
    ] {
        let limited = refusal(429, "API rate limit exceeded.");
        let peer = Peer::start(vec![limited.with("ratelimit-reset", reset).with("date", date)]).await;
        assert_eq!(outcome(adapter(&peer).reboot(&id()).await), expected, "{reset} {date}");
    }
}

#[tokio::test]
async fn reads_are_repeated_and_nothing_else_is() {
    let peer = Peer::start(vec![Reply::html(502), Reply::HangUp, one(200, json!({}))]).await;
    assert_eq!(outcome(adapter(&peer).get(&id()).await), "done");

    for trouble in [Reply::html(502), Reply::HangUp, refusal(429, "slow").with("retry-after", "1")] {
        let peer = Peer::start(vec![trouble, Reply::empty(204)]).await;
        assert_ne!(outcome(adapter(&peer).reboot(&id()).await), "done");
        assert_eq!(peer.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_has_done_nothing() {
    let peer = Peer::start(Vec::new()).await;
    let adapter = adapter(&peer);
    drop(peer);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(outcome(adapter.halt(&id()).await), "busy None");
}

#[tokio::test]
async fn without_a_usable_token_or_id_nothing_is_sent() {
    let peer = Peer::start(Vec::new()).await;
    let tokenless = Client::new(client(), peer.url(), Secret::new(String::new()));
    assert!(outcome(tokenless.account().await).starts_with("unauthorized"));
    for id in ["", "..", "autoscale", "1/actions", "123456789012345678901"] {
        let id = VmId(id.to_owned());
        assert!(outcome(adapter(&peer).get(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).delete(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).reboot(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).traffic(&id, 7).await).starts_with("refused"));
    }
    assert!(peer.seen().is_empty());
}
