//! The end of a machine: cancelled and turned off.

use app::ports::{Deleted, VmHost};
use http_call::peer::{Peer, Reply};
use jiff::civil::date;
use serde_json::{Value, json};

use crate::{ID, NAME, adapter, id, lines, machine, no_secrets, one, outcome, page, peer, refusal};

fn shown(changes: Value) -> Reply {
    one(200, machine(changes))
}

fn cancelled() -> Reply {
    one(201, json!({"instanceId": 5_000_000_012_i64, "cancelDate": "2026-12-20"}))
}

fn stopped() -> Reply {
    one(201, json!({"instanceId": 5_000_000_012_i64, "action": "stop"}))
}

const ENDS: Deleted = Deleted::EndsOn(date(2026, 12, 20));

/// What was asked of the machine itself, without looking at it.
fn asked(peer: &Peer) -> Vec<String> {
    let path = format!("POST /v1/compute/instances/{ID}/");
    lines(peer).iter().filter_map(|line| line.strip_prefix(&path).map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_running_machine_is_cancelled_and_turned_off_and_its_secrets_go() {
    let own = page(json!([{"secretId": 5, "name": NAME}]), 1, 1);
    let script = [shown(json!({})), cancelled(), stopped(), own, Reply::empty(204), no_secrets()];
    let peer = peer(script).await;
    assert_eq!(adapter(&peer).delete(&id()).await.expect("cancelled"), ENDS);
    assert_eq!(asked(&peer), ["cancel", "actions/stop"]);
    assert_eq!(peer.seen()[2].body, "{}");
    assert_eq!(lines(&peer)[4], "DELETE /v1/secrets/5");
    assert_eq!(lines(&peer).len(), 6);
}

#[tokio::test]
async fn notice_is_given_once_and_a_machine_that_still_runs_is_turned_off() {
    let again = json!({"cancelDate": "2026-12-20"});
    let running = peer([shown(again), stopped(), no_secrets(), no_secrets()]).await;
    assert_eq!(adapter(&running).delete(&id()).await.expect("cancelled"), ENDS);
    assert_eq!(asked(&running), ["actions/stop"]);

    let again = json!({"cancelDate": "2026-12-20", "status": "stopped"});
    let off = peer([shown(again), no_secrets(), no_secrets()]).await;
    assert_eq!(adapter(&off).delete(&id()).await.expect("cancelled"), ENDS);
    assert_eq!(asked(&off), [""; 0]);
}

#[tokio::test]
async fn a_machine_that_never_came_up_is_cancelled_without_being_turned_off() {
    for status in ["pending_payment", "manual_provisioning", "error", "product_not_available", "stopped"] {
        let peer = peer([shown(json!({"status": status})), cancelled(), no_secrets(), no_secrets()]).await;
        assert_eq!(adapter(&peer).delete(&id()).await.expect("cancelled"), ENDS, "{status}");
        assert_eq!(asked(&peer), ["cancel"], "{status}");
    }
}

#[tokio::test]
async fn a_windows_machine_that_became_linux_is_turned_off_when_it_is_cancelled() {
    let wrong = |more: Value| {
        let mut changes = json!({"defaultUser": "administrator", "osType": "Linux"});
        let more = more.as_object().expect("an object").clone();
        changes.as_object_mut().expect("an object").extend(more);
        shown(changes)
    };
    let busy = refusal(400, "Instance is currently locked");
    let again = || wrong(json!({"cancelDate": "2026-12-20"}));
    let script = [wrong(json!({})), cancelled(), busy, again(), stopped(), no_secrets(), no_secrets()];
    let peer = peer(script).await;
    let adapter = adapter(&peer);
    assert_eq!(outcome(adapter.delete(&id()).await), "busy None");
    assert_eq!(adapter.delete(&id()).await.expect("cancelled"), ENDS);
    assert_eq!(asked(&peer), ["cancel", "actions/stop", "actions/stop"]);
}

#[tokio::test]
async fn what_is_gone_is_deleted() {
    let peer = peer([refusal(404, "Entry Instance not found")]).await;
    assert_eq!(adapter(&peer).delete(&id()).await.expect("gone"), Deleted::Gone);
    let between = crate::peer([shown(json!({})), refusal(404, "?"), no_secrets(), no_secrets()]).await;
    assert_eq!(adapter(&between).delete(&id()).await.expect("gone"), Deleted::Gone);
}

#[tokio::test]
async fn what_only_a_person_can_cancel_is_turned_off_and_said_in_words() {
    for words in ["Contract cannot be cancelled", "Contract is currently locked"] {
        let peer = peer([shown(json!({})), refusal(422, words), stopped()]).await;
        let told = outcome(adapter(&peer).delete(&id()).await);
        assert!(told.starts_with("refused: ") && told.contains("a person has to cancel it"), "{told}");
        assert!(told.contains(words), "{told}");
        assert_eq!(asked(&peer), ["cancel", "actions/stop"]);
    }
}

#[tokio::test]
async fn a_machine_that_cannot_be_turned_off_yet_is_not_deleted_yet() {
    for (reply, expected) in [
        (refusal(400, "Instance is installing"), "busy None"),
        (refusal(400, "No."), "busy None"),
        (refusal(429, "slow").with("retry-after", "9"), "busy Some(9)"),
        (refusal(500, "?"), "unclear"),
        (Reply::HangUp, "unclear"),
    ] {
        let peer = peer([shown(json!({"status": "installing"})), cancelled(), reply]).await;
        assert_eq!(outcome(adapter(&peer).delete(&id()).await), expected);
    }
}

#[tokio::test]
async fn a_notice_without_a_clear_answer_is_looked_up_before_it_is_repeated() {
    for unclear in [Reply::HangUp, Reply::html(502), refusal(500, "?")] {
        let again = json!({"cancelDate": "2026-12-20"});
        let script = [shown(json!({})), unclear, shown(again), stopped(), no_secrets(), no_secrets()];
        let peer = peer(script).await;
        let adapter = adapter(&peer);
        assert_eq!(outcome(adapter.delete(&id()).await), "unclear");
        assert_eq!(adapter.delete(&id()).await.expect("cancelled"), ENDS);
        assert_eq!(asked(&peer), ["cancel", "actions/stop"]);
    }
}

#[tokio::test]
async fn the_date_is_read_from_the_machine_when_the_answer_has_none() {
    let again = json!({"cancelDate": "2026-12-20T00:00:00.000+0000"});
    for vague in [Reply::json(201, "{}"), Reply::html(201), one(201, json!({"cancelDate": ""}))] {
        let script = [shown(json!({})), vague, shown(again.clone()), stopped(), no_secrets(), no_secrets()];
        let peer = peer(script).await;
        assert_eq!(adapter(&peer).delete(&id()).await.expect("cancelled"), ENDS);
    }
    let never = peer([shown(json!({})), Reply::json(201, "{}"), shown(json!({}))]).await;
    assert_eq!(outcome(adapter(&never).delete(&id()).await), "unclear");
}

#[tokio::test]
async fn a_machine_that_cannot_be_read_is_left_for_later() {
    for reply in [Reply::html(200), Reply::html(403), Reply::json(200, "{}")] {
        let peer = peer([reply]).await;
        assert_eq!(outcome(adapter(&peer).delete(&id()).await), "busy None");
        assert_eq!(lines(&peer).len(), 1);
    }
}
