//! Making a machine as new.

use app::ports::{Reinstall, UserData, VmHost};
use domain::catalogue::Os;
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, NAME, adapter, as_new, id, one, outcome, page, refusal};

fn linux() -> Reinstall {
    as_new(Os::Linux, UserData::CloudConfig("#cloud-config\n".to_owned()))
}

fn windows() -> Reinstall {
    as_new(Os::Windows, UserData::Batch("rem\r\n".to_owned()))
}

#[tokio::test]
async fn ubuntu_gets_its_user_data_first_and_is_then_reinstalled() {
    let patched = Reply::json(202, json!({"instance": crate::machine(json!({})), "job_ids": []}).to_string());
    let peer = Peer::start(vec![patched, one(202, json!({"default_password": "n3w"}))]).await;
    let password = adapter(&peer).reinstall(&id(), &linux()).await.expect("done");
    assert!(password.is_some_and(|password| password.expose() == "n3w"));
    let seen = peer.seen();
    assert_eq!(seen[0].line, format!("PATCH /v2/instances/{ID}"));
    assert_eq!(seen[0].body, r##"{"user_data":"I2Nsb3VkLWNvbmZpZwo="}"##);
    assert_eq!(seen[1].line, format!("POST /v2/instances/{ID}/reinstall"));
    assert_eq!(seen[1].body, r#"{"hostname":"desk-1"}"#);
}

#[tokio::test]
async fn windows_gets_its_script_rewritten() {
    let peer = Peer::start(vec![
        one(200, json!({"os": "Windows 2022 Standard x64"})),
        page("startup_scripts", json!([{"id": "s-1", "name": NAME}]), ""),
        Reply::empty(204),
        one(202, json!({})),
    ])
    .await;
    let password = adapter(&peer).reinstall(&id(), &windows()).await.expect("done");
    assert!(password.is_none(), "none was told");
    assert_eq!(peer.lines()[2], "PATCH /v2/startup-scripts/s-1");
    assert_eq!(peer.seen()[2].json()["script"], json!("cmVtDQo="));
}

#[tokio::test]
async fn without_its_script_windows_is_reinstalled_all_the_same() {
    let peer =
        Peer::start(vec![one(200, json!({})), page("startup_scripts", json!([]), ""), one(202, json!({}))])
            .await;
    assert_eq!(outcome(adapter(&peer).reinstall(&id(), &windows()).await), "done");
}

#[tokio::test]
async fn until_the_reinstall_is_sent_nothing_has_happened() {
    for (reply, expected) in [
        (Reply::HangUp, "busy None"),
        (Reply::html(502), "busy None"),
        (refusal(404, "Invalid instance."), "not found"),
        (refusal(400, "Invalid user_data"), "refused: Invalid user_data"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).reinstall(&id(), &linux()).await), expected);
        assert_eq!(peer.seen().len(), 1);
    }
    let peer = Peer::start(vec![refusal(404, "Invalid instance.")]).await;
    assert_eq!(outcome(adapter(&peer).reinstall(&id(), &windows()).await), "not found");
}

#[tokio::test]
async fn an_unclear_reinstall_is_unclear() {
    for (reply, expected) in [
        (Reply::HangUp, "unclear"),
        (Reply::html(200), "unclear"),
        (Reply::html(502), "unclear"),
        (refusal(400, "Server is locked"), "busy None"),
        (refusal(429, "slow").with("retry-after", "2"), "busy Some(2)"),
    ] {
        let peer = Peer::start(vec![one(202, json!({})), reply, one(202, json!({}))]).await;
        assert_eq!(outcome(adapter(&peer).reinstall(&id(), &linux()).await), expected);
        assert_eq!(peer.seen().len(), 2);
    }
}
