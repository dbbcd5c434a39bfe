//! Every way in which a call can go wrong.

use std::time::Duration;

use app::ports::VmHost;
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::peer::{Peer, Reply, client};
use serde_json::json;
use vm_vultr::Client;

use crate::{adapter, id, one, outcome, refusal, request, systems, unauthorized};

#[tokio::test]
async fn a_create_that_makes_nothing_says_why_and_one_that_might_have_is_unclear() {
    let full = "Server add failed: This plan is not available in the selected region at this time";
    let many =
        "Server add failed: You have reached the maximum number of active virtual machines for this account.";
    let fee = "You have reached the maximum monthly fee limit for this account.";
    let snapshot = "Server add failed: Snapshot cannot be used at this time";
    let rows: Vec<(Reply, String)> = vec![
        (refusal(400, full), format!("out of stock: {full}")),
        (refusal(422, "Plan temporarily sold out"), "out of stock: Plan temporarily sold out".into()),
        (refusal(400, many), format!("quota: {many}")),
        (refusal(400, fee), format!("quota: {fee}")),
        (refusal(400, snapshot), format!("refused: {snapshot}")),
        (refusal(400, "Invalid plan"), "refused: Invalid plan".into()),
        (refusal(404, "Invalid region"), "refused: Invalid region".into()),
        (Reply::json(400, r#"{"error":"Invalid os_id"}"#), "refused: Invalid os_id".into()),
        (
            refusal(401, "Unauthorized IP address: 192.0.2.1"),
            unauthorized("Unauthorized IP address: 192.0.2.1"),
        ),
        (refusal(403, "Forbidden"), unauthorized("Forbidden")),
        (refusal(429, "Rate limit").with("retry-after", "3"), "busy Some(3)".into()),
        (Reply::html(429), "busy None".into()),
        (refusal(500, "Internal server error"), "unclear".into()),
        (refusal(503, full), "unclear".into()),
        (refusal(408, "Timeout"), "unclear".into()),
        (Reply::html(200), "unclear".into()),
        (Reply::html(403), "unclear".into()),
        (Reply::html(404), "unclear".into()),
        (Reply::html(502), "unclear".into()),
        (Reply::empty(302).with("location", "https://elsewhere.test/"), "unclear".into()),
        (Reply::empty(204), "unclear".into()),
        (Reply::json(202, "{"), "unclear".into()),
        (Reply::json(202, r#"{"instance":{}}"#), "unclear".into()),
        (Reply::json(202, "[]"), "unclear".into()),
        (Reply::json(400, r#"{"message":"?"}"#), "unclear".into()),
        (Reply::json(202, "x".repeat((2 << 20) + 1)), "unclear".into()),
        (Reply::HangUp, "unclear".into()),
        (Reply::CutShort(202), "unclear".into()),
    ];
    for (index, (reply, expected)) in rows.into_iter().enumerate() {
        let peer = Peer::start(vec![systems(), reply, one(202, json!({}))]).await;
        assert_eq!(outcome(adapter(&peer).create(&request(Os::Linux)).await), expected, "row {index}");
        assert_eq!(peer.seen().len(), 2, "row {index} was sent again");
    }
}

#[tokio::test]
async fn no_error_repeats_a_password() {
    let canary = "canary-5a1b";
    for body in [
        format!(r#"{{"instance":{{"id":7,"default_password":"{canary}"}}}}"#),
        format!(r#"{{"instance":{{"default_password":"{canary}"}}}}"#),
        format!(r#"{{"instance":{{"id":"1","default_password":"{canary}""#),
    ] {
        let peer = Peer::start(vec![systems(), Reply::json(202, body)]).await;
        let error = adapter(&peer).create(&request(Os::Linux)).await.err().expect("unclear");
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        assert!(!text.contains(canary), "{text}");
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
async fn without_a_usable_key_or_id_nothing_is_sent() {
    let peer = Peer::start(Vec::new()).await;
    let keyless = Client::new(client(), peer.url(), Secret::new(String::new()));
    assert!(outcome(keyless.account().await).starts_with("unauthorized"));
    for id in ["", "..", &"x".repeat(300)] {
        let id = VmId(id.to_owned());
        assert!(outcome(adapter(&peer).delete(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).reboot(&id).await).starts_with("refused"));
    }
    assert!(peer.seen().is_empty());
}
