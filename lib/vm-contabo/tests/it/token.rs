//! The token: had once, kept, replaced.

use std::time::Duration;

use app::ports::VmHost;
use http_call::peer::{Peer, Reply, client};
use serde_json::json;
use vm_contabo::Client;

use crate::{ID, adapter, credentials, id, lines, machine, one, outcome, peer, refusal, token};

fn stopped() -> Reply {
    one(200, machine(json!({"status": "stopped"})))
}

fn living(seconds: i64) -> Reply {
    Reply::json(200, json!({"access_token": "SHORT", "expires_in": seconds}).to_string())
}

fn denied(status: u16, error: &str) -> Reply {
    let body = json!({"error": error, "error_description": "Invalid user credentials"});
    Reply::json(status, body.to_string())
}

fn tokens(peer: &Peer) -> usize {
    peer.seen().len() - lines(peer).len()
}

#[tokio::test]
async fn the_password_grant_is_a_form_with_escaped_values() {
    let peer = peer([stopped()]).await;
    adapter(&peer).get(&id()).await.expect("a machine");
    let seen = peer.seen();
    assert_eq!(seen[0].line, "POST /auth/realms/contabo/protocol/openid-connect/token");
    assert_eq!(seen[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen[0].header("authorization"), None);
    assert_eq!(
        seen[0].body,
        concat!(
            "grant_type=password&client_id=INT-100&client_secret=s3cr%26t%2B%3D",
            "&username=ops%40example.com&password=api+p%C3%A4ssword"
        )
    );
    assert_eq!(seen[1].header("authorization"), Some("Bearer EXAMPLETOKEN"));
}

#[tokio::test]
async fn many_calls_at_once_ask_for_one_token() {
    let peer = peer((0..20).map(|_| stopped())).await;
    let adapter = std::sync::Arc::new(adapter(&peer));
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let adapter = std::sync::Arc::clone(&adapter);
            tokio::spawn(async move { outcome(adapter.get(&id()).await) })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("no panic"), "done");
    }
    assert_eq!((tokens(&peer), peer.seen().len()), (1, 21));
}

#[tokio::test]
async fn those_who_waited_share_a_failure_too() {
    let script = (0..9).map(|_| denied(401, "invalid_grant")).collect();
    let peer = Peer::start(script).await;
    let adapter = std::sync::Arc::new(adapter(&peer));
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let adapter = std::sync::Arc::clone(&adapter);
            tokio::spawn(async move { outcome(adapter.get(&id()).await) })
        })
        .collect();
    for call in calls {
        assert!(call.await.expect("no panic").starts_with("unauthorized: invalid_grant"));
    }
    assert_eq!(peer.seen().len(), 3);
}

#[tokio::test]
async fn a_token_is_replaced_before_its_end() {
    // Half of a life that is shorter than two minutes.
    let peer = Peer::start(vec![living(2), stopped(), stopped(), token(), stopped()]).await;
    let adapter = adapter(&peer);
    adapter.get(&id()).await.expect("a machine");
    adapter.get(&id()).await.expect("a machine");
    assert_eq!(tokens(&peer), 1);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    adapter.get(&id()).await.expect("a machine");
    assert_eq!(peer.seen()[4].header("authorization"), Some("Bearer EXAMPLETOKEN"));
    assert_eq!(tokens(&peer), 2);
}

#[tokio::test]
async fn an_old_token_serves_while_no_new_one_can_be_had() {
    let peer = Peer::start(vec![living(6), stopped(), Reply::html(403), stopped(), stopped()]).await;
    let adapter = adapter(&peer);
    adapter.get(&id()).await.expect("a machine");
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    adapter.get(&id()).await.expect("a machine");
    adapter.get(&id()).await.expect("a machine");
    assert_eq!(tokens(&peer), 2);
}

#[tokio::test]
async fn without_a_lifetime_a_token_is_kept() {
    for life in
        [json!({}), json!({"expires_in": null}), json!({"expires_in": 0}), json!({"expires_in": "300"})]
    {
        let mut body = life.clone();
        body["access_token"] = json!("T");
        let peer = Peer::start(vec![Reply::json(200, body.to_string()), stopped(), stopped()]).await;
        let adapter = adapter(&peer);
        adapter.get(&id()).await.expect("a machine");
        adapter.get(&id()).await.expect("a machine");
        assert_eq!(tokens(&peer), 1, "{life}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_replaced_once_and_the_call_repeated_once() {
    let unauthorized = || refusal(401, "Unauthorized");
    let peer = peer([unauthorized(), living(300), Reply::json(201, "{}")]).await;
    assert_eq!(outcome(adapter(&peer).reboot(&id()).await), "done");
    let seen = peer.seen();
    assert_eq!(lines(&peer), vec![format!("POST /v1/compute/instances/{ID}/actions/restart"); 2]);
    assert_eq!(seen[3].header("authorization"), Some("Bearer SHORT"));
    assert_eq!(seen[1].header("x-request-id"), seen[3].header("x-request-id"));

    let peer = Peer::start(vec![token(), unauthorized(), token(), unauthorized(), token(), stopped()]).await;
    assert_eq!(outcome(adapter(&peer).get(&id()).await), "unauthorized: Unauthorized");
    assert_eq!(peer.seen().len(), 4);
}

#[tokio::test]
async fn a_page_with_401_is_no_word_about_the_token() {
    let peer = peer([Reply::html(401), stopped()]).await;
    assert_eq!(outcome(adapter(&peer).reboot(&id()).await), "unclear");
    assert_eq!(peer.seen().len(), 2);
}

#[tokio::test]
async fn an_invalid_grant_passes_when_asked_again() {
    let peer =
        Peer::start(vec![denied(401, "invalid_grant"), denied(400, "invalid_grant"), token(), stopped()])
            .await;
    assert_eq!(outcome(adapter(&peer).get(&id()).await), "done");
}

#[tokio::test]
async fn a_dead_client_is_never_asked_for_again() {
    let peer = Peer::start(vec![denied(401, "invalid_client"), token(), stopped()]).await;
    let adapter = adapter(&peer);
    for _ in 0..3 {
        assert!(outcome(adapter.get(&id()).await).starts_with("unauthorized: invalid_client"));
    }
    assert_eq!(peer.seen().len(), 1);
}

#[tokio::test]
async fn trouble_with_the_token_is_no_unclear_call() {
    for (trouble, expected) in [
        (vec![Reply::html(200)], "busy None"),
        (vec![Reply::json(200, "{}")], "busy None"),
        (vec![Reply::json(200, r#"{"access_token":""}"#)], "busy None"),
        (vec![Reply::json(200, "x".repeat((64 << 10) + 1))], "busy None"),
        (vec![Reply::html(404)], "busy None"),
        (vec![Reply::empty(503), Reply::html(502), Reply::HangUp], "busy None"),
        (vec![Reply::empty(429).with("retry-after", "40")], "busy Some(40)"),
        (
            vec![denied(400, "unsupported_grant_type")],
            "unauthorized: unsupported_grant_type: Invalid user credentials",
        ),
    ] {
        let asked = trouble.len();
        let peer = Peer::start(trouble).await;
        assert_eq!(outcome(adapter(&peer).reboot(&id()).await), expected);
        assert_eq!(peer.seen().len(), asked, "nothing was sent to the API");
    }
    let nowhere = Client::new(client(), "http://127.0.0.1:9", "http://127.0.0.1:9", credentials());
    assert_eq!(outcome(nowhere.reboot(&id()).await), "busy None");
}
