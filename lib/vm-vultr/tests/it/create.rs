//! Making a machine.

use app::ports::{UserData, VmHost};
use domain::catalogue::Os;
use domain::vm::VmState;
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, NAME, ORDER, adapter, as_new, id, one, outcome, page, refusal, request, systems};

fn created() -> Reply {
    one(
        202,
        json!({
            "status": "pending", "server_status": "none", "main_ip": "0.0.0.0",
            "default_password": "v5{Fkvb#2ycP&\"\\`Hs",
        }),
    )
}

#[tokio::test]
async fn an_ubuntu_machine_is_asked_for_with_base64_user_data() {
    let peer = Peer::start(vec![systems(), created()]).await;
    let made = adapter(&peer).create(&request(Os::Linux)).await.expect("a machine");
    assert_eq!((made.vm.id.0.as_str(), made.vm.name.as_str()), (ID, NAME));
    assert_eq!((made.vm.state, made.vm.address), (VmState::Pending, None));
    assert_eq!(made.vm.tags, ["nemordp", ORDER]);
    assert_eq!(made.password.map(|p| p.expose().clone()).as_deref(), Some("v5{Fkvb#2ycP&\"\\`Hs"));

    assert_eq!(peer.lines(), ["GET /v2/os?per_page=500", "POST /v2/instances"]);
    let seen = peer.seen().remove(1);
    assert_eq!(seen.header("authorization"), Some("Bearer EXAMPLEKEY"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(
        seen.body,
        concat!(
            r#"{"region":"ewr","plan":"vc2-2c-4gb","os_id":2284,"label":"ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1","#,
            r#""hostname":"desk-9r2c4dfgh","tags":["nemordp","ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF"],"#,
            r#""user_data":"I2Nsb3VkLWNvbmZpZwo=","backups":"disabled","activation_email":false,"#,
            r#""enable_ipv6":false}"#
        )
    );
}

#[tokio::test]
async fn a_windows_machine_gets_a_startup_script_of_its_own_name() {
    let script = json!({"startup_script": {"id": "s-1", "name": NAME, "type": "boot", "script": "x"}});
    let made = Reply::json(201, script.to_string());
    let peer = Peer::start(vec![systems(), page("startup_scripts", json!([]), ""), made, created()]).await;
    adapter(&peer).create(&request(Os::Windows)).await.expect("a machine");

    let seen = peer.seen();
    assert_eq!(peer.lines()[1..3], ["GET /v2/startup-scripts?per_page=500", "POST /v2/startup-scripts"]);
    assert_eq!(
        seen[2].body,
        concat!(
            r#"{"name":"ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1","type":"boot","#,
            r#""script":"QGVjaG8gb2ZmDQpyZW0gZmlyc3QgYm9vdA0K"}"#
        )
    );
    let body = seen[3].json();
    assert_eq!((&body["script_id"], &body["os_id"]), (&json!("s-1"), &json!(501)));
    assert_eq!((body.get("user_data"), body.get("password")), (None, None));
    assert_eq!(body.get("ddos_protection"), None);
}

#[tokio::test]
async fn a_repeated_create_uses_the_script_that_is_there() {
    let scripts = json!([
        {"id": "s-0", "name": format!("{NAME}0"), "type": "boot"},
        {"id": "s-7", "name": NAME, "type": "boot"},
    ]);
    let peer =
        Peer::start(vec![systems(), page("startup_scripts", scripts, ""), Reply::empty(204), created()])
            .await;
    adapter(&peer).create(&request(Os::Windows)).await.expect("a machine");
    assert_eq!(peer.lines()[2], "PATCH /v2/startup-scripts/s-7");
    assert_eq!(peer.seen()[2].json()["script"], json!("QGVjaG8gb2ZmDQpyZW0gZmlyc3QgYm9vdA0K"));
    assert_eq!(peer.seen()[3].json()["script_id"], json!("s-7"));
}

#[tokio::test]
async fn a_refused_create_takes_its_new_script_back_and_an_unclear_one_keeps_it() {
    let script = || Reply::json(201, r#"{"startup_script":{"id":"s-1"}}"#);
    let none = || page("startup_scripts", json!([]), "");
    let refused = refusal(400, "Server add failed: This plan is not available in the selected region");
    let peer = Peer::start(vec![systems(), none(), script(), refused, Reply::empty(204)]).await;
    let ended = outcome(adapter(&peer).create(&request(Os::Windows)).await);
    assert!(ended.starts_with("out of stock"), "{ended}");
    assert_eq!(peer.lines()[4..], ["DELETE /v2/startup-scripts/s-1"]);

    let peer = Peer::start(vec![systems(), none(), script(), Reply::HangUp]).await;
    assert_eq!(outcome(adapter(&peer).create(&request(Os::Windows)).await), "unclear");
    assert_eq!(peer.seen().len(), 4);
}

#[tokio::test]
async fn trouble_with_the_script_means_that_no_machine_was_made() {
    for reply in [Reply::HangUp, Reply::html(502), Reply::json(201, "{")] {
        let peer = Peer::start(vec![systems(), page("startup_scripts", json!([]), ""), reply]).await;
        assert_eq!(outcome(adapter(&peer).create(&request(Os::Windows)).await), "busy None");
        assert_eq!(peer.lines().last().map(String::as_str), Some("POST /v2/startup-scripts"));
    }
}

#[tokio::test]
async fn the_list_of_systems_is_read_once_per_process() {
    let peer = Peer::start(vec![systems(), created(), created()]).await;
    let adapter = adapter(&peer);
    for _ in 0..2 {
        adapter.create(&request(Os::Linux)).await.expect("a machine");
    }
    assert_eq!(peer.lines(), ["GET /v2/os?per_page=500", "POST /v2/instances", "POST /v2/instances"]);
}

#[tokio::test]
async fn without_the_list_of_systems_the_last_known_number_serves() {
    let peer = Peer::start(vec![refusal(404, "Invalid path"), created(), systems(), created()]).await;
    let adapter = adapter(&peer);
    let mut request = request(Os::Linux);
    request.offering.image.fallback_id = "1743".to_owned();
    for os_id in [1743, 2284] {
        adapter.create(&request).await.expect("a machine");
        assert_eq!(peer.seen().last().map(|seen| seen.json()["os_id"].clone()), Some(json!(os_id)));
    }
}

#[tokio::test]
async fn a_system_without_a_desktop_is_never_asked_for() {
    let peer = Peer::start(vec![systems()]).await;
    let mut request = request(Os::Windows);
    request.offering.image.name_prefix = "Windows 2025 Standard".to_owned();
    request.offering.image.fallback_id = "521".to_owned();
    let ended = outcome(adapter(&peer).create(&request).await);
    assert_eq!(ended, "refused: Windows Core 2022 Standard x64 has no desktop");
    assert_eq!(peer.seen().len(), 1);
}

#[tokio::test]
async fn powershell_is_refused_before_anything_is_made() {
    let peer = Peer::start(vec![systems()]).await;
    let mut request = request(Os::Windows);
    request.user_data = UserData::PowerShell("exit 0".to_owned());
    let expected = "vultr cannot run PowerShell at first boot: it takes a batch file";
    assert_eq!(outcome(adapter(&peer).create(&request).await), expected);
    let again = as_new(Os::Windows, request.user_data);
    assert_eq!(outcome(adapter(&peer).reinstall(&id(), &again).await), expected);
    assert_eq!(peer.lines(), ["GET /v2/os?per_page=500"]);
}

#[tokio::test]
async fn the_scripts_of_attempts_that_were_written_off_are_taken_away() {
    let scripts = json!([
        {"id": "s-1", "name": NAME},
        {"id": "s-3", "name": format!("{ORDER}-3")},
        {"id": "s-12", "name": format!("{ORDER}-12")},
        {"id": "s-9", "name": "ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DG-1"},
    ]);
    let made = Reply::json(201, r#"{"startup_script":{"id":"s-2"}}"#);
    let peer = Peer::start(vec![
        systems(),
        page("startup_scripts", scripts, ""),
        refusal(404, "Invalid script"),
        made,
        created(),
    ])
    .await;
    let mut request = request(Os::Windows);
    request.name = format!("{ORDER}-2");
    adapter(&peer).create(&request).await.expect("a machine");
    assert_eq!(peer.lines()[2..4], ["DELETE /v2/startup-scripts/s-1", "POST /v2/startup-scripts"]);
}
