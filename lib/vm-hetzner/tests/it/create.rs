//! Making a machine.

use app::ports::{UserData, VmHost};
use domain::catalogue::Os;
use domain::vm::VmState;
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{ID, NAME, ORDER, SPELLED, adapter, created, images, machine, outcome, page, refusal, request};

fn taken() -> Reply {
    refusal(409, "uniqueness_error", "server name is already used")
}

#[tokio::test]
async fn a_machine_is_asked_for_with_plain_user_data_and_a_host_name() {
    let peer = Peer::start(vec![images(), created()]).await;
    let made = adapter(&peer).create(&request()).await.expect("a machine");
    assert_eq!((made.vm.id.0.as_str(), made.vm.name.as_str()), (ID, NAME));
    assert_eq!(made.vm.state, VmState::Pending);
    assert_eq!(made.vm.tags, ["nemordp", ORDER]);
    assert_eq!((made.vm.region.as_str(), made.vm.plan.as_str()), ("fsn1", "cpx22"));
    assert_eq!(made.vm.created_at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T08:15:11Z"));
    assert!(made.password.is_some_and(|password| password.expose() == "YItygq1v3GYjjMomLaKc"));

    assert_eq!(
        peer.lines(),
        ["GET /v1/images?type=system&status=available&page=1&per_page=50", "POST /v1/servers"]
    );
    let seen = peer.seen().remove(1);
    assert_eq!(seen.header("authorization"), Some("Bearer EXAMPLETOKEN"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(
        seen.body,
        concat!(
            r#"{"name":"ord-01kah8zj5v3w1q6yb7t9r2c4df-1","server_type":"cpx22","image":"ubuntu-24.04","#,
            r#""location":"fsn1","labels":{"managed-by":"nemordp","order":"ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF"},"#,
            r##""user_data":"#cloud-config\n","start_after_create":true,"##,
            r#""public_net":{"enable_ipv4":true,"enable_ipv6":false}}"#
        )
    );
}

#[tokio::test]
async fn the_machine_that_has_the_name_already_is_the_answer_when_it_is_ours() {
    let peer =
        Peer::start(vec![images(), taken(), page("servers", json!([machine(json!({}))]), Value::Null)]).await;
    let made = adapter(&peer).create(&request()).await.expect("the machine that is there");
    assert_eq!((made.vm.id.0.as_str(), made.password.is_none()), (ID, true));
    assert_eq!(peer.lines()[2], format!("GET /v1/servers?name={SPELLED}&page=1&per_page=50"));
}

#[tokio::test]
async fn a_name_that_is_taken_by_another_machine_is_refused_or_unclear() {
    for (found, expected) in [
        (json!([machine(json!({"labels": {}}))]), "refused"),
        (json!([machine(json!({"labels": {"order": "ord_another", "managed-by": "nemordp"}}))]), "refused"),
        (json!([]), "unclear"),
        (json!([machine(json!({"name": "web-1"}))]), "unclear"),
    ] {
        let peer = Peer::start(vec![images(), taken(), page("servers", found.clone(), Value::Null)]).await;
        let ended = outcome(adapter(&peer).create(&request()).await);
        assert!(ended.starts_with(expected), "{found}: {ended}");
    }
}

#[tokio::test]
async fn a_taken_name_that_cannot_be_looked_up_is_unclear_for_a_machine_is_there() {
    for look_up in [
        refusal(401, "unauthorized", "no"),
        refusal(403, "forbidden", "no"),
        refusal(404, "not_found", "no"),
        refusal(422, "invalid_input", "no"),
        refusal(429, "rate_limit_exceeded", "slow").with("retry-after", "60"),
    ] {
        let peer = Peer::start(vec![images(), taken(), look_up]).await;
        assert_eq!(outcome(adapter(&peer).create(&request()).await), "unclear");
        assert_eq!(peer.seen().len(), 3);
    }
}

#[tokio::test]
async fn an_action_that_has_failed_already_is_a_machine_that_failed() {
    let error = json!({"code": "action_failed", "message": "Action failed"});
    let body = json!({"server": machine(json!({})), "action": {"id": 1, "status": "error", "error": error}});
    let peer = Peer::start(vec![images(), Reply::json(201, body.to_string())]).await;
    let made = adapter(&peer).create(&request()).await.expect("a machine");
    assert_eq!(made.vm.state, VmState::Failed("action_failed".to_owned()));
    assert!(made.password.is_none());
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_never_sent() {
    let change = |change: fn(&mut app::ports::CreateVm)| {
        let mut request = request();
        change(&mut request);
        request
    };
    for (request, expected) in [
        (change(|r| r.name = "web_1".to_owned()), "refused"),
        (change(|r| r.tags.push("a tag".to_owned())), "refused"),
        (change(|r| r.user_data = UserData::CloudConfig("x".repeat((32 << 10) + 1))), "refused"),
        (change(|r| r.os = Os::Windows), "unsupported"),
        (change(|r| r.user_data = UserData::Batch(String::new())), "unsupported"),
        (change(|r| r.user_data = UserData::PowerShell(String::new())), "unsupported"),
    ] {
        let peer = Peer::start(Vec::new()).await;
        let ended = outcome(adapter(&peer).create(&request).await);
        assert!(ended.starts_with(expected), "{ended}");
        assert!(peer.seen().is_empty());
    }
}

#[tokio::test]
async fn without_the_list_of_images_the_last_known_name_serves() {
    let peer = Peer::start(vec![refusal(403, "forbidden", "no"), created(), images(), created()]).await;
    let adapter = adapter(&peer);
    let mut request = request();
    request.offering.image.fallback_id = "ubuntu-22.04".to_owned();
    for image in ["ubuntu-22.04", "ubuntu-24.04"] {
        adapter.create(&request).await.expect("a machine");
        assert_eq!(peer.seen().last().map(|seen| seen.json()["image"].clone()), Some(json!(image)));
    }
}
