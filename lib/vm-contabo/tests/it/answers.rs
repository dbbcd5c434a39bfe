//! Every way in which a call can go wrong.

use std::time::Duration;

use app::ports::VmHost;
use domain::catalogue::Os;
use domain::vm::VmId;
use http_call::peer::Reply;
use serde_json::json;

use crate::{
    adapter, id, images, lines, machine, one, outcome, password, peer, refusal, request, secret_made,
};

#[tokio::test]
async fn a_create_that_makes_nothing_says_why_and_one_that_might_have_is_unclear() {
    let none = "No offer was found for product ID 'V91' and period '1'";
    let rows: Vec<(Reply, String)> = vec![
        (refusal(400, none), format!("out of stock: {none}")),
        (refusal(422, "The product is sold out"), "out of stock: The product is sold out".into()),
        (refusal(402, "This action needs a paid service"), "quota: This action needs a paid service".into()),
        (refusal(400, "Quota exceeded"), "quota: Quota exceeded".into()),
        (refusal(409, "Conflict"), "refused: Conflict".into()),
        (refusal(404, "Image not found"), "refused: Image not found".into()),
        (
            Reply::json(
                400,
                r#"{"statusCode":400,"message":["period must be 1","x"],"error":"Bad Request"}"#,
            ),
            "refused: period must be 1; x".into(),
        ),
        (refusal(403, "Forbidden"), "unauthorized: Forbidden".into()),
        (refusal(429, "Too many").with("retry-after", "3"), "busy Some(3)".into()),
        (Reply::html(429), "busy None".into()),
        (refusal(500, "Internal server error"), "unclear".into()),
        (refusal(503, none), "unclear".into()),
        (refusal(408, "Timeout"), "unclear".into()),
        (Reply::html(200), "unclear".into()),
        (Reply::html(403), "unclear".into()),
        (Reply::html(404), "unclear".into()),
        (Reply::html(502), "unclear".into()),
        (Reply::empty(302).with("location", "https://elsewhere.test/"), "unclear".into()),
        (Reply::empty(204), "unclear".into()),
        (Reply::json(201, "{"), "unclear".into()),
        (Reply::json(201, r#"{"data":[]}"#), "unclear".into()),
        (Reply::json(201, r#"{"data":[{}]}"#), "unclear".into()),
        (Reply::json(201, r#"{"data":{"instanceId":1}}"#), "unclear".into()),
        (Reply::json(400, r#"{"error":"?"}"#), "unclear".into()),
        (Reply::json(201, "x".repeat((2 << 20) + 1)), "unclear".into()),
        (Reply::HangUp, "unclear".into()),
        (Reply::CutShort(201), "unclear".into()),
    ];
    for (index, (reply, expected)) in rows.into_iter().enumerate() {
        let script = [images(), secret_made(), reply, Reply::empty(204), one(201, machine(json!({})))];
        let peer = peer(script).await;
        assert_eq!(outcome(adapter(&peer).create(&request(Os::Linux)).await), expected, "row {index}");
        let creates = lines(&peer).iter().filter(|line| *line == "POST /v1/compute/instances").count();
        assert_eq!(creates, 1, "row {index} was sent again");
    }
}

#[tokio::test]
async fn reads_are_repeated_and_nothing_else_is() {
    let stopped = one(200, machine(json!({"status": "stopped"})));
    let repeated = peer([Reply::html(502), Reply::HangUp, stopped]).await;
    assert_eq!(outcome(adapter(&repeated).get(&id()).await), "done");
    let ids: std::collections::BTreeSet<_> = repeated.seen()[1..]
        .iter()
        .filter_map(|seen| seen.header("x-request-id").map(str::to_owned))
        .collect();
    assert_eq!(ids.len(), 3, "every try has its own id");

    for trouble in [Reply::html(502), Reply::HangUp, refusal(429, "slow").with("retry-after", "1")] {
        let peer = peer([trouble, Reply::json(201, "{}")]).await;
        assert_ne!(outcome(adapter(&peer).reboot(&id()).await), "done");
        assert_eq!(lines(&peer).len(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_read_is_an_error_and_never_a_machine() {
    for reply in [
        Reply::html(200),
        Reply::json(200, "[]"),
        Reply::json(200, r#"{"data":[]}"#),
        Reply::json(200, r#"{"data":[{"displayName":"x"}]}"#),
        Reply::json(200, r#"{"data":null}"#),
        Reply::json(200, "\u{0}\u{1}"),
        Reply::json(200, "[".repeat(1_000_000)),
    ] {
        let peer = peer([reply]).await;
        assert_eq!(outcome(adapter(&peer).get(&id()).await), "unclear");
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_has_done_nothing() {
    let peer = peer([one(200, machine(json!({"status": "stopped"})))]).await;
    let adapter = adapter(&peer);
    adapter.get(&id()).await.expect("a machine, and a token");
    drop(peer);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(outcome(adapter.halt(&id()).await), "busy None");
}

#[tokio::test]
async fn without_a_usable_id_nothing_is_sent() {
    let peer = peer([]).await;
    for id in ["", "..", "12a", "-1", "audits", "1/cancel", &"1".repeat(20)] {
        let id = VmId(id.to_owned());
        assert!(outcome(adapter(&peer).delete(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).reboot(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).reset_password(&id, &password()).await).starts_with("refused"));
    }
    assert!(peer.seen().is_empty());
}
