//! The secret that a machine was made with.

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
