//! What is done to a machine that exists.

use std::net::IpAddr;

use app::ports::{Deleted, Reinstall, ResetPassword, UserData, VmHost};
use domain::secret::Secret;
use domain::vm::{VmId, VmState};
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, PASSWORD, adapter, id, images, one, outcome, refusal, refused_field, request};

fn reinstall() -> Reinstall {
    let create = request();
    Reinstall {
        name: create.name,
        host_name: create.host_name,
        os: create.os,
        image: create.offering.image,
        user_data: create.user_data,
        password: create.password,
    }
}

#[tokio::test]
async fn reboot_start_and_halt_are_posts_without_a_body() {
    for (call, path) in [("reboot", "reboot"), ("start", "boot"), ("halt", "shutdown")] {
        let peer = Peer::start(vec![Reply::json(200, "{}")]).await;
        let adapter = adapter(&peer);
        let result = match call {
            "reboot" => adapter.reboot(&id()).await,
            "start" => adapter.start(&id()).await,
            _ => adapter.halt(&id()).await,
        };
        assert_eq!(outcome(result), "done");
        let seen = peer.seen().remove(0);
        assert_eq!(seen.line, format!("POST /v4/linode/instances/{ID}/{path}"));
        assert_eq!((seen.header("content-type"), seen.body.as_str()), (None, ""));
    }
}

#[tokio::test]
async fn a_machine_in_the_middle_of_something_is_busy() {
    for (reply, expected) in [
        (refusal(400, "Linode busy."), "busy None"),
        (refusal(400, "Linode has no configs"), "refused: Linode has no configs"),
        (refusal(404, "Not found"), "not found"),
        (refusal(401, "Invalid Token"), "unauthorized: Invalid Token"),
        (Reply::html(404), "unclear"),
        (Reply::html(200), "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).start(&id()).await), expected);
    }
}

#[tokio::test]
async fn getting_a_machine_reads_its_state_and_address() {
    let peer = Peer::start(vec![one(json!({}))]).await;
    let found = adapter(&peer).get(&id()).await.expect("a machine");
    assert_eq!(found.vm.state, VmState::Running);
    assert_eq!(found.vm.address.map(|a| a.to_string()).as_deref(), Some("192.0.2.123"));
    assert_eq!(peer.lines(), [format!("GET /v4/linode/instances/{ID}")]);

    for (reply, expected) in [
        (refusal(404, "Not found"), "not found"),
        (Reply::html(404), "unclear"),
        (Reply::json(404, "{}"), "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).get(&id()).await), expected);
    }
}

#[tokio::test]
async fn a_rebuilt_machine_is_given_its_first_boot_and_password_again() {
    let peer = Peer::start(vec![images(), one(json!({"status": "rebuilding"}))]).await;
    let told = adapter(&peer).reinstall(&id(), &reinstall()).await.expect("done");
    assert!(told.is_none(), "the password is ours");
    let seen = peer.seen().remove(1);
    assert_eq!(seen.line, format!("POST /v4/linode/instances/{ID}/rebuild"));
    assert_eq!(
        seen.json(),
        json!({
            "image": "linode/ubuntu24.04", "root_pass": PASSWORD, "booted": true,
            "metadata": {"user_data": "I2Nsb3VkLWNvbmZpZwo="},
        })
    );
}

#[tokio::test]
async fn an_unclear_rebuild_is_unclear_and_a_wrong_one_is_not_sent() {
    for (reply, expected) in [
        (Reply::HangUp, "unclear"),
        (Reply::html(200), "unclear"),
        (Reply::html(502), "unclear"),
        (refusal(400, "Linode busy."), "busy None"),
        (refusal(404, "Not found"), "not found"),
        (refused_field("root_pass", "Password is too weak"), "refused: root_pass: Password is too weak"),
    ] {
        let peer = Peer::start(vec![images(), reply, one(json!({}))]).await;
        assert_eq!(outcome(adapter(&peer).reinstall(&id(), &reinstall()).await), expected);
        assert_eq!(peer.seen().len(), 2);
    }
    let peer = Peer::start(Vec::new()).await;
    let mut wrong = reinstall();
    wrong.user_data = UserData::PowerShell(String::new());
    assert!(outcome(adapter(&peer).reinstall(&id(), &wrong).await).starts_with("unsupported"));
    assert!(outcome(adapter(&peer).reinstall(&VmId("..".into()), &reinstall()).await).starts_with("refused"));
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn a_password_is_set_while_the_machine_is_off() {
    let off = refusal(400, "Linode must be powered off to reset the root password.");
    let busy = refusal(400, "Linode busy.");
    let peer = Peer::start(vec![Reply::json(200, "{}"), off, busy]).await;
    let adapter = adapter(&peer);
    let able = adapter.capabilities();
    assert!(able.windows.is_none() && able.power && able.reinstall && able.immediate_delete);
    assert!(able.traffic && able.balance && !able.firewall);
    assert_eq!(able.reset_password, ResetPassword::WhenOff);

    let password = Secret::new("n3w-password".to_owned());
    assert!(adapter.reset_password(&id(), &password).await.expect("done").is_none());
    let seen = peer.seen().remove(0);
    assert_eq!(seen.line, format!("POST /v4/linode/instances/{ID}/password"));
    assert_eq!(seen.json(), json!({"root_pass": "n3w-password"}));
    assert!(outcome(adapter.reset_password(&id(), &password).await).starts_with("refused: Linode must be"));
    assert_eq!(outcome(adapter.reset_password(&id(), &password).await), "busy None");
    let short = Secret::new("short".to_owned());
    assert!(outcome(adapter.reset_password(&id(), &short).await).starts_with("refused"));
    assert_eq!(peer.seen().len(), 3);
}

#[tokio::test]
async fn a_machine_that_is_gone_is_deleted_and_a_refused_delete_comes_again() {
    let gone = "done Gone";
    for (reply, expected) in [
        (Reply::json(200, "{}"), gone),
        (refusal(404, "Not found"), gone),
        (refusal(400, "Linode is being cloned"), "busy None"),
        (refusal(401, "no"), "unauthorized: no"),
        (Reply::html(404), "unclear"),
        (Reply::html(200), "unclear"),
        (Reply::HangUp, "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        let ended = match adapter(&peer).delete(&id()).await {
            Ok(Deleted::Gone) => gone.to_owned(),
            Ok(Deleted::EndsOn(day)) => format!("ends on {day}"),
            Err(error) => crate::name(&error),
        };
        assert_eq!(ended, expected);
        assert_eq!(peer.lines(), [format!("DELETE /v4/linode/instances/{ID}")]);
    }
}

#[tokio::test]
async fn a_firewall_is_refused_without_a_call() {
    let peer = Peer::start(Vec::new()).await;
    let ended = outcome(adapter(&peer).allow_rdp_from(&id(), &[IpAddr::from([192, 0, 2, 7])]).await);
    assert_eq!(ended, "unsupported: linode cannot limit from where a machine is reached");
    assert!(peer.seen().is_empty());
}
