//! What is done to a machine that exists.

use std::net::IpAddr;

use app::ports::{Deleted, Reinstall, ResetPassword, VmHost};
use domain::secret::Secret;
use domain::vm::VmState;
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, adapter, id, one, outcome, refusal, request};

fn action(kind: &str, status: &str) -> Reply {
    let action = json!({"id": 36_804_636, "status": status, "type": kind, "resource_id": 3_164_444});
    Reply::json(201, json!({"action": action}).to_string())
}

#[tokio::test]
async fn power_is_a_matter_of_actions() {
    for (call, kind) in [("reboot", "power_cycle"), ("start", "power_on"), ("halt", "power_off")] {
        let peer = Peer::start(vec![action(kind, "in-progress")]).await;
        let adapter = adapter(&peer);
        let result = match call {
            "reboot" => adapter.reboot(&id()).await,
            "start" => adapter.start(&id()).await,
            _ => adapter.halt(&id()).await,
        };
        assert_eq!(outcome(result), "done");
        let seen = peer.seen().remove(0);
        assert_eq!(seen.line, format!("POST /v2/droplets/{ID}/actions"));
        assert_eq!(seen.json(), json!({"type": kind}));
    }
}

#[tokio::test]
async fn a_machine_in_the_middle_of_something_is_busy() {
    for (reply, expected) in [
        (refusal(422, "Droplet already has a pending event."), "busy None"),
        (refusal(422, "Droplet is locked"), "busy None"),
        (action("power_on", "errored"), "busy None"),
        (refusal(422, "Droplet is archived"), "refused: Droplet is archived"),
        (refusal(404, "not here"), "not found"),
        (refusal(401, "Unable to authenticate you."), "unauthorized: Unable to authenticate you."),
        (Reply::html(404), "unclear"),
        (Reply::html(200), "unclear"),
        (Reply::json(201, "{}"), "done"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).start(&id()).await), expected);
    }
}

#[tokio::test]
async fn getting_a_machine_reads_its_state_and_public_address() {
    let peer = Peer::start(vec![one(200, json!({}))]).await;
    let found = adapter(&peer).get(&id()).await.expect("a machine");
    assert_eq!(found.vm.state, VmState::Running);
    assert_eq!(found.vm.address.map(|a| a.to_string()).as_deref(), Some("192.0.2.123"));
    assert_eq!(peer.lines(), [format!("GET /v2/droplets/{ID}")]);

    for (reply, expected) in [
        (refusal(404, "The resource you requested could not be found."), "not found"),
        (Reply::html(404), "unclear"),
        (Reply::json(404, "{}"), "unclear"),
    ] {
        let peer = Peer::start(vec![reply]).await;
        assert_eq!(outcome(adapter(&peer).get(&id()).await), expected);
    }
}

#[tokio::test]
async fn a_new_machine_whose_creation_failed_will_never_be() {
    let new = || one(200, json!({"status": "new", "networks": {"v4": [], "v6": []}}));
    let actions = |kind: &str, status: &str| {
        let actions = json!([{"id": 1, "type": kind, "status": status}]);
        Reply::json(200, json!({"actions": actions, "links": {}, "meta": {"total": 1}}).to_string())
    };
    for (second, state) in [
        (actions("create", "in-progress"), VmState::Pending),
        (actions("power_on", "errored"), VmState::Pending),
        (actions("create", "errored"), VmState::Failed("create errored".to_owned())),
        (refusal(404, "no actions"), VmState::Pending),
        (Reply::html(200), VmState::Pending),
    ] {
        let peer = Peer::start(vec![new(), second]).await;
        assert_eq!(adapter(&peer).get(&id()).await.expect("a machine").vm.state, state);
        assert_eq!(peer.lines()[1], format!("GET /v2/droplets/{ID}/actions"));
    }
}

#[tokio::test]
async fn a_machine_that_is_gone_is_deleted_and_a_refused_delete_comes_again() {
    let gone = "done Gone";
    for (reply, expected) in [
        (Reply::empty(204), gone),
        (refusal(404, "The resource you requested could not be found."), gone),
        (refusal(422, "Droplet is too new"), "busy None"),
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
        assert_eq!(peer.lines(), [format!("DELETE /v2/droplets/{ID}")]);
    }
}

#[tokio::test]
async fn what_it_cannot_do_is_refused_without_a_call() {
    let peer = Peer::start(Vec::new()).await;
    let adapter = adapter(&peer);
    let able = adapter.capabilities();
    assert!(able.windows.is_none() && able.power && able.immediate_delete && able.traffic && able.balance);
    assert!(!able.reinstall && !able.firewall && able.reset_password == ResetPassword::No);

    let create = request();
    let reinstall = Reinstall {
        name: create.name,
        host_name: create.host_name,
        os: create.os,
        image: create.offering.image,
        user_data: create.user_data,
        password: create.password,
    };
    let refused = [
        outcome(adapter.reinstall(&id(), &reinstall).await),
        outcome(adapter.reset_password(&id(), &Secret::new("n3w-password".to_owned())).await),
        outcome(adapter.allow_rdp_from(&id(), &[IpAddr::from([192, 0, 2, 7])]).await),
    ];
    for ended in refused {
        assert!(ended.starts_with("unsupported: digitalocean cannot "), "{ended}");
    }
    assert!(peer.seen().is_empty());
}
