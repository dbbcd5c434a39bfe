//! Every way in which a call can go wrong.

use std::time::Duration;

use app::ports::VmHost;
use domain::secret::Secret;
use http_call::peer::{Peer, Reply, client};
use vm_hetzner::Client;

use crate::{adapter, created, id, images, one, outcome, refusal, request};

#[tokio::test]
async fn a_create_that_makes_nothing_says_why_and_one_that_might_have_is_unclear() {
    let limited = || refusal(429, "rate_limit_exceeded", "limit of 3600 requests per hour reached");
    let date = "Fri, 20 Nov 2026 08:07:18 GMT";
    let rows: Vec<(Reply, &str)> = vec![
        (
            refusal(412, "resource_unavailable", "error during placement"),
            "out of stock: error during placement (resource_unavailable)",
        ),
        (refusal(422, "placement_error", "no room"), "out of stock: no room (placement_error)"),
        (
            refusal(422, "invalid_input", "unsupported location for server type"),
            "out of stock: unsupported location for server type (invalid_input)",
        ),
        (
            refusal(403, "resource_limit_exceeded", "server limit reached"),
            "quota: server limit reached (resource_limit_exceeded)",
        ),
        (refusal(422, "invalid_input", "no"), "refused: no (invalid_input)"),
        (refusal(404, "not_found", "image not found"), "refused: the image, size or location does not exist"),
        (refusal(401, "unauthorized", "no"), "unauthorized: no (unauthorized)"),
        (refusal(403, "forbidden", "no"), "unauthorized: no (forbidden)"),
        (limited().with("date", date).with("ratelimit-reset", "1795162043"), "busy Some(5)"),
        (limited().with("date", date).with("ratelimit-reset", "1795165638"), "busy Some(60)"),
        (limited().with("date", date).with("ratelimit-reset", "1"), "busy Some(1)"),
        (limited().with("ratelimit-reset", "soon"), "busy None"),
        (limited().with("retry-after", "3"), "busy Some(3)"),
        (Reply::html(429), "busy None"),
        (refusal(409, "conflict", "?"), "busy None"),
        (refusal(423, "resource_locked", "?"), "busy None"),
        (limited().with("date", date).with("ratelimit-reset", "-9223372036854775808"), "busy None"),
        (refusal(500, "server_error", "?"), "unclear"),
        (refusal(504, "timeout", "?"), "unclear"),
        (refusal(408, "news", "?"), "unclear"),
        (Reply::html(200), "unclear"),
        (Reply::html(403), "unclear"),
        (Reply::html(502), "unclear"),
        (Reply::empty(302).with("location", "https://elsewhere.test/"), "unclear"),
        (Reply::empty(204), "unclear"),
        (Reply::json(201, "{"), "unclear"),
        (Reply::json(201, r#"{"server":{}}"#), "unclear"),
        (Reply::json(400, r#"{"message":"?"}"#), "unclear"),
        (Reply::json(201, "x".repeat((2 << 20) + 1)), "unclear"),
        (Reply::HangUp, "unclear"),
        (Reply::CutShort(201), "unclear"),
    ];
    for (index, (reply, expected)) in rows.into_iter().enumerate() {
        let peer = Peer::start(vec![images(), reply, created()]).await;
        assert_eq!(outcome(adapter(&peer).create(&request()).await), expected, "row {index}");
        assert_eq!(peer.seen().len(), 2, "row {index} was sent again");
    }
}

#[tokio::test]
async fn no_error_repeats_a_password() {
    let canary = "canary-5a1b";
    for body in [
        format!(r#"{{"server":{{"id":"x"}},"root_password":"{canary}"}}"#),
        format!(r#"{{"server":{{}},"root_password":"{canary}"}}"#),
        format!(r#"{{"server":{{"id":1}},"root_password":"{canary}""#),
    ] {
        let peer = Peer::start(vec![images(), Reply::json(201, body)]).await;
        let error = adapter(&peer).create(&request()).await.err().expect("unclear");
        let mut text = format!("{error} {error:?}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            text.push_str(&format!("{cause} {cause:?}"));
            source = cause.source();
        }
        assert!(!text.contains(canary), "{text}");
    }
}

#[tokio::test]
async fn reads_are_repeated_and_nothing_else_is() {
    let peer = Peer::start(vec![Reply::html(502), Reply::HangUp, one(serde_json::json!({}))]).await;
    assert_eq!(outcome(adapter(&peer).get(&id()).await), "done");

    for trouble in [Reply::html(502), Reply::HangUp, refusal(429, "rate_limit_exceeded", "slow")] {
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
async fn without_a_usable_token_nothing_is_sent() {
    let peer = Peer::start(Vec::new()).await;
    let keyless = Client::new(client(), peer.url(), Secret::new(String::new()));
    assert!(outcome(keyless.account().await).starts_with("unauthorized"));
    assert!(peer.seen().is_empty());
}
