//! What is done to a machine that exists.

use app::ports::{Deleted, UserData, VmHost};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::{VmId, VmState};
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{ID, adapter, again, id, images, one, outcome, page, refusal};

fn acted() -> Reply {
    Reply::json(201, json!({"action": {"id": 1, "status": "running"}}).to_string())
}

#[tokio::test]
async fn power_is_switched_hard_and_without_a_body() {
    for (call, action) in [("reboot", "reset"), ("start", "poweron"), ("halt", "poweroff")] {
        let peer = Peer::start(vec![acted()]).await;
        let adapter = adapter(&peer);
        let result = match call {
            "reboot" => adapter.reboot(&id()).await,
            "start" => adapter.start(&id()).await,
            _ => adapter.halt(&id()).await,
        };
        assert_eq!(outcome(result), "done");
        let seen = peer.seen().remove(0);
        assert_eq!(seen.line, format!("POST /v1/servers/{ID}/actions/{action}"));
        assert_eq!((seen.header("content-type"), seen.body.as_str()), (None, ""));
    }
}

#[tokio::test]
async fn the_code_counts_and_not_the_status() {
    for (reply, expected) in [
        (refusal(423, "locked", "server is locked"), "busy None"),
        (refusal(400, "locked", "server is locked"), "busy None"),
        (refusal(409, "conflict", "try again"), "busy None"),
        (refusal(503, "maintenance", "soon"), "busy None"),
        (refusal(404, "not_found", "server not found"), "not found"),
        (
            refusal(401, "unauthorized", "unable to authenticate"),
            "unauthorized: unable to authenticate (unauthorized)",
        ),
        (refusal(403, "token_readonly", "no"), "unauthorized: no (token_readonly)"),
        (refusal(422, "protected", "no"), "refused: no (protected)"),
        (refusal(422, "news", "of 2027"), "refused: of 2027 (news)"),
        (refusal(503, "unavailable", "?"), "unclear"),
        (refusal(500, "news", "of 2027"), "unclear"),
        (Reply::html(404), "unclear"),
        (Reply::html(200), "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).start(&id()).await), expected);
        assert_eq!(peer.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_look_at_a_machine_reads_its_state_and_address() {
    let peer = Peer::start(vec![one(json!({}))]).await;
    let found = adapter(&peer).get(&id()).await.expect("a machine");
    assert_eq!(found.vm.state, VmState::Running);
    assert_eq!(found.vm.address.map(|a| a.to_string()).as_deref(), Some("192.0.2.123"));
    assert!(found.password.is_none());
    assert_eq!(peer.lines(), [format!("GET /v1/servers/{ID}")]);
}

#[tokio::test]
async fn a_machine_that_is_not_up_is_looked_at_for_an_action_that_failed() {
    let actions = |create: &str, start: &str| {
        let action = |id: u8, command: &str, status: &str| json!({"id": id, "command": command, "status": status, "error": {"code": "action_failed"}});
        page(
            "actions",
            json!([action(1, "create_server", create), action(2, "start_server", start)]),
            Value::Null,
        )
    };
    let failed = || VmState::Failed("action_failed".to_owned());
    for (status, reply, state) in [
        ("initializing", actions("running", "running"), VmState::Pending),
        ("initializing", actions("error", "running"), failed()),
        ("starting", actions("success", "running"), VmState::Pending),
        ("starting", actions("success", "error"), failed()),
        ("off", actions("success", "error"), failed()),
        ("off", actions("success", "success"), VmState::Stopped),
        ("off", refusal(404, "not_found", "no"), VmState::Stopped),
        ("initializing", Reply::html(200), VmState::Pending),
    ] {
        let peer = Peer::start(vec![one(json!({"status": status})), reply]).await;
        assert_eq!(adapter(&peer).get(&id()).await.expect("a machine").vm.state, state, "{status}");
        assert_eq!(peer.lines()[1], format!("GET /v1/servers/{ID}/actions?sort=id%3Aasc&page=1&per_page=50"));
    }
    for status in ["running", "stopping", "rebuilding", "dreaming"] {
        let peer = Peer::start(vec![one(json!({"status": status}))]).await;
        assert_eq!(outcome(adapter(&peer).get(&id()).await), "done");
        assert_eq!(peer.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_machine_is_rebuilt_from_its_image_and_boots_for_the_first_time() {
    let body = json!({"action": {"id": 1, "status": "running"}, "root_password": "n3w"}).to_string();
    let peer = Peer::start(vec![images(), Reply::json(201, body)]).await;
    let password = adapter(&peer).reinstall(&id(), &again()).await.expect("done");
    assert!(password.is_some_and(|password| password.expose() == "n3w"));
    let seen = peer.seen().remove(1);
    assert_eq!(seen.line, format!("POST /v1/servers/{ID}/actions/rebuild"));
    assert_eq!(seen.json(), json!({"image": "ubuntu-24.04", "user_data": "#cloud-config\n"}));

    let silent = Reply::json(201, json!({"action": {"id": 1}, "root_password": null}).to_string());
    let peer = Peer::start(vec![images(), silent]).await;
    assert!(adapter(&peer).reinstall(&id(), &again()).await.expect("done").is_none());
}

#[tokio::test]
async fn a_missing_image_is_no_missing_machine() {
    let missing = || refusal(404, "not_found", "not found");
    let peer = Peer::start(vec![images(), missing(), one(json!({}))]).await;
    assert_eq!(
        outcome(adapter(&peer).reinstall(&id(), &again()).await),
        "refused: there is no image ubuntu-24.04"
    );
    let peer = Peer::start(vec![images(), missing(), missing()]).await;
    assert_eq!(outcome(adapter(&peer).reinstall(&id(), &again()).await), "not found");
}

#[tokio::test]
async fn windows_is_not_installed() {
    let peer = Peer::start(Vec::new()).await;
    let mut windows = again();
    windows.os = Os::Windows;
    windows.user_data = UserData::PowerShell(String::new());
    assert_eq!(outcome(adapter(&peer).reinstall(&id(), &windows).await), "unsupported");
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn another_password_is_made_up_there() {
    let body = json!({"action": {"id": 1, "status": "running"}, "root_password": "zCWbFhnu950dUTko5f40"});
    let peer = Peer::start(vec![Reply::json(201, body.to_string())]).await;
    let wanted = Secret::new("Quiet7Harbour!42".to_owned());
    let told = adapter(&peer).reset_password(&id(), &wanted).await.expect("done");
    assert!(told.is_some_and(|told| told.expose() == "zCWbFhnu950dUTko5f40"));
    assert_eq!(peer.lines(), [format!("POST /v1/servers/{ID}/actions/reset_password")]);
}

#[tokio::test]
async fn a_machine_that_is_gone_is_deleted_and_a_refused_delete_comes_again() {
    for (reply, expected) in [
        (Reply::json(200, json!({"action": {"id": 1, "status": "running"}}).to_string()), "gone"),
        (refusal(404, "not_found", "server not found"), "gone"),
        (refusal(403, "protected", "server is delete protected"), "busy None"),
        (refusal(423, "locked", "server is locked"), "busy None"),
        (refusal(401, "unauthorized", "no"), "unauthorized: no (unauthorized)"),
        (Reply::html(404), "unclear"),
        (Reply::html(200), "unclear"),
        (Reply::HangUp, "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        let ended = match adapter(&peer).delete(&id()).await {
            Ok(Deleted::Gone) => "gone".to_owned(),
            other => outcome(other),
        };
        assert_eq!(ended, expected);
        assert_eq!(peer.lines(), [format!("DELETE /v1/servers/{ID}")]);
    }
}

#[tokio::test]
async fn what_is_no_number_is_no_id() {
    let peer = Peer::start(Vec::new()).await;
    for id in ["", "..", "1/actions/reset", "x", "99999999999999999999"] {
        let id = VmId(id.to_owned());
        assert!(outcome(adapter(&peer).delete(&id).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).reinstall(&id, &again()).await).starts_with("refused"));
        assert!(outcome(adapter(&peer).traffic(&id, 7).await).starts_with("refused"));
    }
    assert!(peer.seen().is_empty());
}
