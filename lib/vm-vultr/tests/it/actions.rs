//! What is done to a machine that exists.

use app::ports::VmHost;
use domain::secret::Secret;
use domain::vm::VmState;
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, NAME, adapter, id, one, outcome, page, refusal, unauthorized};

#[tokio::test]
async fn reboot_start_and_halt_are_posts_without_a_body() {
    for action in ["reboot", "start", "halt"] {
        let peer = Peer::start(vec![Reply::empty(204)]).await;
        let adapter = adapter(&peer);
        let result = match action {
            "reboot" => adapter.reboot(&id()).await,
            "start" => adapter.start(&id()).await,
            _ => adapter.halt(&id()).await,
        };
        assert_eq!(outcome(result), "done");
        let seen = peer.seen().remove(0);
        assert_eq!(seen.line, format!("POST /v2/instances/{ID}/{action}"));
        assert_eq!(seen.header("authorization"), Some("Bearer EXAMPLEKEY"));
        assert_eq!((seen.header("content-type"), seen.body.as_str()), (None, ""));
    }
}

#[tokio::test]
async fn a_machine_in_the_middle_of_something_is_busy() {
    for (reply, expected) in [
        (refusal(400, "Server is currently locked"), "busy None"),
        (refusal(400, "An operation is already in progress"), "busy None"),
        (refusal(400, "Server has been suspended"), "refused: Server has been suspended"),
        (refusal(404, "Invalid instance"), "not found"),
        (refusal(401, "Invalid API token."), &unauthorized("Invalid API token.")),
        (Reply::html(404), "unclear"),
        (Reply::html(200), "unclear"),
        (Reply::empty(200), "done"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).start(&id()).await), expected);
    }
}

#[tokio::test]
async fn getting_a_machine_reads_its_state_address_and_password() {
    let peer = Peer::start(vec![one(200, json!({"default_password": "pa55"})), one(200, json!({}))]).await;
    let adapter = adapter(&peer);
    let found = adapter.get(&id()).await.expect("a machine");
    assert_eq!(found.vm.state, VmState::Running);
    assert_eq!(found.vm.address.map(|a| a.to_string()).as_deref(), Some("192.0.2.123"));
    assert_eq!((found.vm.region.as_str(), found.vm.plan.as_str()), ("ewr", "vc2-2c-4gb"));
    assert_eq!(found.vm.created_at, "2026-11-20T08:15:11Z".parse().ok());
    assert!(found.password.is_some_and(|p| p.expose() == "pa55"));
    assert!(adapter.get(&id()).await.expect("a machine").password.is_none());
    assert_eq!(peer.lines(), vec![format!("GET /v2/instances/{ID}"); 2]);

    for (reply, expected) in [
        (refusal(404, "Invalid instance."), "not found"),
        (Reply::html(404), "unclear"),
        (Reply::json(404, "{}"), "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(crate::adapter(&peer).get(&id()).await), expected);
    }
}

#[tokio::test]
async fn deleting_an_ubuntu_machine_touches_no_script() {
    let peer = Peer::start(vec![one(200, json!({})), Reply::empty(204)]).await;
    assert_eq!(outcome(adapter(&peer).delete(&id()).await), "done");
    assert_eq!(peer.lines(), [format!("GET /v2/instances/{ID}"), format!("DELETE /v2/instances/{ID}")]);
}

#[tokio::test]
async fn deleting_a_windows_machine_takes_its_script_along() {
    let scripts =
        json!([{"id": "s-1", "name": NAME}, {"id": "s-2", "name": "another"}, {"id": "s-3", "name": NAME}]);
    let peer = Peer::start(vec![
        one(200, json!({"os": "Windows 2022 Standard x64"})),
        page("startup_scripts", scripts, ""),
        Reply::empty(204),
        refusal(404, "Invalid script"),
        Reply::empty(204),
    ])
    .await;
    assert_eq!(outcome(adapter(&peer).delete(&id()).await), "done");
    let expected = ["DELETE /v2/startup-scripts/s-1", "DELETE /v2/startup-scripts/s-3"];
    assert_eq!(peer.lines()[2..4], expected);
    assert_eq!(peer.lines()[4], format!("DELETE /v2/instances/{ID}"));
}

#[tokio::test]
async fn a_script_that_stays_does_not_save_its_machine() {
    let windows = json!({"os": "Windows 2022 Standard x64"});
    let peer =
        Peer::start(vec![one(200, windows), refusal(401, "no scripts for you"), Reply::empty(204)]).await;
    assert_eq!(outcome(adapter(&peer).delete(&id()).await), "done");
}

#[tokio::test]
async fn a_machine_that_is_gone_is_deleted_and_a_refused_delete_comes_again() {
    for (first, second, expected) in [
        (refusal(404, "Invalid instance."), None, "done"),
        (one(200, json!({})), Some(refusal(404, "Invalid instance.")), "done"),
        (one(200, json!({})), Some(refusal(400, "Unable to destroy server: too new")), "busy None"),
        (one(200, json!({})), Some(refusal(401, "no")), &unauthorized("no")),
        (one(200, json!({})), Some(Reply::html(404)), "unclear"),
        (one(200, json!({})), Some(Reply::html(200)), "unclear"),
        (one(200, json!({})), Some(Reply::HangUp), "unclear"),
        (Reply::json(200, "{}"), Some(Reply::empty(204)), "done"),
        (refusal(401, "no"), None, &unauthorized("no")),
    ] {
        let sent = 1 + usize::from(second.is_some());
        let peer = Peer::start(std::iter::once(first).chain(second).collect()).await;
        assert_eq!(outcome(adapter(&peer).delete(&id()).await), expected);
        assert_eq!(peer.seen().len(), sent);
    }
}

#[tokio::test]
async fn a_password_cannot_be_set_from_outside() {
    let peer = Peer::start(Vec::new()).await;
    let ended = outcome(adapter(&peer).reset_password(&id(), &Secret::new("n3w".to_owned())).await);
    assert_eq!(
        ended,
        "vultr cannot set another password from outside: reinstall the machine, or change it inside"
    );
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn deleting_a_machine_behind_a_firewall_takes_its_groups_along() {
    let groups = json!([{"id": "g-1", "description": NAME}, {"id": "g-2", "description": "another"}]);
    for reply in [Reply::empty(204), refusal(404, "Invalid group"), refusal(400, "The group is in use")] {
        let peer = Peer::start(vec![
            one(200, json!({"firewall_group_id": "g-1"})),
            page("firewall_groups", groups.clone(), ""),
            reply,
            Reply::empty(204),
        ])
        .await;
        assert_eq!(outcome(adapter(&peer).delete(&id()).await), "done");
        assert_eq!(peer.lines()[1..3], ["GET /v2/firewalls?per_page=500", "DELETE /v2/firewalls/g-1"]);
        assert_eq!(peer.lines()[3], format!("DELETE /v2/instances/{ID}"));
    }
}
