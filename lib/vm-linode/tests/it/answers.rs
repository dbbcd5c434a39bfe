//! Every way in which a call can go wrong.

use std::time::Duration;

use app::ports::VmHost;
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::peer::{Peer, Reply, client};
use serde_json::json;
use vm_linode::Client;

use crate::{adapter, id, images, one, outcome, refusal, refused_field, regions, request};

#[tokio::test]
async fn a_create_that_makes_nothing_says_why_and_one_that_might_have_is_unclear() {
    let slots = "No open slots for this plan!";
    let full = "The selected type is currently unavailable in this region";
    let many = "Account Limit reached. Please open a support ticket.";
    let owed = "Your account has an outstanding balance.";
    let two =
        r#"{"errors":[{"field":"type","reason":"type is not valid"},{"reason":"region is not valid"}]}"#;
    let rows: Vec<(Reply, String)> = vec![
        (refusal(400, slots), format!("out of stock: {slots}")),
        (refused_field("type", full), format!("out of stock: type: {full}")),
        (refusal(400, many), format!("quota: {many}")),
        (refusal(400, owed), format!("quota: {owed}")),
        (Reply::json(400, two), "refused: type: type is not valid; region is not valid".into()),
        (refusal(404, "Not found"), "refused: Not found".into()),
        (refusal(401, "Invalid Token"), "unauthorized: Invalid Token".into()),
        (refusal(403, "Unauthorized"), "unauthorized: Unauthorized".into()),
        (refusal(429, "Too many requests").with("retry-after", "15"), "busy Some(15)".into()),
        (Reply::html(429), "busy None".into()),
        (refusal(503, "Maintenance").with("x-maintenance-mode", "Linodes"), "busy None".into()),
        (refusal(503, full), "unclear".into()),
        (refusal(500, "oops"), "unclear".into()),
        (refusal(408, "Timeout"), "unclear".into()),
        (Reply::html(200), "unclear".into()),
        (Reply::html(400), "unclear".into()),
        (Reply::html(403), "unclear".into()),
        (Reply::html(404), "unclear".into()),
        (Reply::html(502), "unclear".into()),
        (Reply::empty(302).with("location", "https://elsewhere.test/"), "unclear".into()),
        (Reply::empty(204), "unclear".into()),
        (Reply::json(200, "{"), "unclear".into()),
        (Reply::json(200, "{}"), "unclear".into()),
        (Reply::json(200, r#"{"data":[]}"#), "unclear".into()),
        (Reply::json(400, r#"{"errors":[]}"#), "unclear".into()),
        (Reply::json(400, r#"{"error":"?"}"#), "unclear".into()),
        (Reply::json(200, "x".repeat((4 << 20) + 1)), "unclear".into()),
        (Reply::HangUp, "unclear".into()),
        (Reply::CutShort(200), "unclear".into()),
    ];
    for (index, (reply, expected)) in rows.into_iter().enumerate() {
        let peer = Peer::start(vec![regions(), images(), reply, one(json!({}))]).await;
        assert_eq!(outcome(adapter(&peer).create(&request()).await), expected, "row {index}");
        assert_eq!(peer.seen().len(), 3, "row {index} was sent again");
    }
}

#[tokio::test]
async fn a_limit_is_over_when_it_says_so_by_its_own_clock() {
    for (reset, expected) in
        [("1795162098", "busy Some(60)"), ("1795162000", "busy Some(1)"), ("x", "busy None")]
    {
        let limited = refusal(429, "Too many requests").with("x-ratelimit-reset", reset);
        let peer = Peer::start(vec![limited.with("date", "Fri, 20 Nov 2026 08:07:18 GMT")]).await;
        assert_eq!(outcome(adapter(&peer).reboot(&id()).await), expected, "{reset}");
    }
}

#[tokio::test]
async fn reads_are_repeated_and_nothing_else_is() {
    let peer = Peer::start(vec![Reply::html(502), Reply::HangUp, one(json!({}))]).await;
    assert_eq!(outcome(adapter(&peer).get(&id()).await), "done");

    for trouble in [Reply::html(502), Reply::HangUp, refusal(429, "slow").with("retry-after", "1")] {
        let peer = Peer::start(vec![trouble, Reply::json(200, "{}")]).await;
        assert_ne!(outcome(adapter(&peer).reboot(&id()).await), "done");
        assert_eq!(peer.seen().len(), 1);
    }
}

#[tokio::test]
async fn during_maintenance_nothing_is_repeated() {
    let closed = refusal(503, "closed").with("x-maintenance-mode", "Linodes").with("retry-after", "900");
    let peer = Peer::start(vec![closed, one(json!({}))]).await;
    assert_eq!(outcome(adapter(&peer).get(&id()).await), "busy Some(900)");
    assert_eq!(peer.seen().len(), 1);
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
    for id in ["", "..", "x", "1/rebuild", "123456789012345678901"] {
        let id = VmId(id.to_owned());
        assert!(outcome(adapter(&peer).get(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).delete(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).reboot(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).traffic(&id, 7).await).starts_with("refused"));
    }
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn no_error_repeats_a_password() {
    let canary = "canary-5a1b";
    let mut request = request();
    request.password = Secret::new(canary.to_owned());
    let wrong = format!(r#"{{"label":7,"root_pass":"{canary}"}}"#);
    let peer = Peer::start(vec![regions(), images(), Reply::json(200, wrong)]).await;
    let error = adapter(&peer).create(&request).await.err().expect("unclear");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(!text.contains(canary), "{text}");
}
