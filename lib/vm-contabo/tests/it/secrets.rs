//! The secrets that a machine was made with, and was given later.

use app::ports::VmHost;
use http_call::peer::Reply;
use serde_json::json;

use crate::{NAME, adapter, id, lines, machine, no_secrets, one, outcome, page, peer, refusal};

#[tokio::test]
async fn once_the_machine_is_up_its_secret_goes_and_nobody_looks_for_it_again() {
    let found = page(
        json!([
            {"secretId": 5, "name": NAME},
            {"secretId": 6, "name": format!("{NAME}1")},
            {"secretId": 7, "name": NAME},
        ]),
        1,
        1,
    );
    let up = || one(200, machine(json!({})));
    let peer = peer([up(), found, Reply::empty(204), Reply::html(502), up()]).await;
    let adapter = adapter(&peer);
    assert_eq!(outcome(adapter.get(&id()).await), "done");
    assert_eq!(lines(&peer)[2..], ["DELETE /v1/secrets/5", "DELETE /v1/secrets/7"]);
    assert_eq!(outcome(adapter.get(&id()).await), "done");
    assert_eq!(lines(&peer).len(), 5);
}

#[tokio::test]
async fn a_machine_of_whose_secrets_there_are_no_results_has_none() {
    let up = || one(200, machine(json!({})));
    let peer = peer([up(), refusal(404, "No results were found for your request"), up()]).await;
    let adapter = adapter(&peer);
    for _ in 0..2 {
        assert_eq!(outcome(adapter.get(&id()).await), "done");
    }
    assert_eq!(lines(&peer).len(), 3);
}

#[tokio::test]
async fn a_list_takes_the_secrets_away_that_its_running_machines_were_given_later_and_have_read() {
    let now = "Fri, 20 Nov 2026 08:30:00 GMT";
    let later = |secret: u8, machine: u8, made: &str| json!({"secretId": secret, "name": format!("instance {machine}"), "createdAt": made});
    let old = "2026-11-20T08:00:00Z";
    let found = page(
        json!([
            later(1, 1, old),
            later(2, 1, "2026-11-20T08:00:01Z"),
            later(3, 1, ""),
            later(4, 2, old),
            later(5, 3, old),
            {"secretId": 6, "name": NAME, "createdAt": old},
            {"secretId": 7, "name": "instance 1 of somebody", "createdAt": old},
        ]),
        1,
        1,
    );
    let machines = [("running", 1), ("installing", 2)]
        .map(|(status, id)| machine(json!({"instanceId": id, "status": status})));
    let script = [page(json!(machines), 1, 1).with("date", now), found, Reply::empty(204)];
    let peer = peer(script).await;
    assert_eq!(adapter(&peer).list(None, 100).await.expect("a page").0.len(), 2);
    assert_eq!(lines(&peer)[1..], ["GET /v1/secrets?page=1&size=100&type=password", "DELETE /v1/secrets/1"]);
}

#[tokio::test]
async fn a_list_is_none_the_worse_for_secrets_that_cannot_be_seen_and_looks_for_none_in_vain() {
    let now = "Fri, 20 Nov 2026 08:30:00 GMT";
    let shown = |status: &str| page(json!([machine(json!({"status": status}))]), 1, 1);
    let html = || Reply::html(403);
    for (script, calls) in [
        (vec![shown("running").with("date", now), html()], 2),
        (vec![shown("running").with("date", now), refusal(404, "No results were found")], 2),
        (vec![shown("stopped").with("date", now)], 1),
        (vec![shown("running")], 1),
    ] {
        let peer = peer(script).await;
        assert_eq!(adapter(&peer).list(None, 100).await.expect("a page").0.len(), 1);
        assert_eq!(lines(&peer).len(), calls);
    }
}

#[tokio::test]
async fn before_it_is_up_the_secret_stays() {
    for state in ["provisioning", "installing", "stopped", "error", "other"] {
        let peer = peer([one(200, machine(json!({"status": state})))]).await;
        assert_eq!(outcome(adapter(&peer).get(&id()).await), "done");
        assert_eq!(lines(&peer).len(), 1, "{state}");
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_listed_spoil_no_read_and_are_looked_for_again() {
    let up = || one(200, machine(json!({})));
    let peer = peer([up(), Reply::html(403), up(), no_secrets(), up()]).await;
    let adapter = adapter(&peer);
    for _ in 0..3 {
        assert_eq!(outcome(adapter.get(&id()).await), "done");
    }
    assert_eq!(lines(&peer).len(), 5);
}
