//! Finding and listing machines.

use app::ports::VmHost;
use domain::vm::{Vm, VmState};
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{NAME, ORDER, SPELLED, adapter, machine, outcome, page, trace};

fn other(id: u64) -> Value {
    machine(json!({"id": id, "name": format!("{SPELLED}2"), "labels": {"order": format!("{ORDER}X")}}))
}

fn ours(id: u64) -> Value {
    machine(json!({"id": id}))
}

fn nobody() -> Reply {
    page("servers", json!([]), Value::Null)
}

fn ids(found: &[Vm]) -> Vec<&str> {
    found.iter().map(|vm| vm.id.0.as_str()).collect()
}

#[tokio::test]
async fn a_machine_is_found_by_its_label_whatever_else_the_filter_lets_through() {
    let attempt = machine(json!({"id": 3, "name": SPELLED.replace("-1", "-2")}));
    let peer = Peer::start(vec![
        page("servers", json!([other(1), ours(2)]), json!(2)),
        page("servers", json!([attempt]), Value::Null),
    ])
    .await;
    let found = adapter(&peer).find(&trace()).await.expect("a list");
    assert_eq!(ids(&found), ["2", "3"]);
    let line = |page| {
        format!("GET /v1/servers?label_selector=order%3D%3D{ORDER}&sort=id%3Aasc&page={page}&per_page=50")
    };
    assert_eq!(peer.lines(), [line(1), line(2)]);
}

#[tokio::test]
async fn a_machine_that_lost_its_labels_is_found_by_its_name() {
    let bare = machine(json!({"id": 5, "labels": {}}));
    let peer = Peer::start(vec![nobody(), page("servers", json!([other(1), bare]), Value::Null)]).await;
    let found = adapter(&peer).find(&trace()).await.expect("a list");
    assert_eq!((ids(&found), found[0].name.as_str()), (vec!["5"], NAME));
    assert_eq!(peer.lines()[1], format!("GET /v1/servers?name={SPELLED}&sort=id%3Aasc&page=1&per_page=50"));
}

#[tokio::test]
async fn nothing_is_found_only_when_every_look_was_answered() {
    let peer = Peer::start(vec![nobody(), nobody()]).await;
    assert_eq!(adapter(&peer).find(&trace()).await.expect("a list"), []);
    assert_eq!(peer.seen().len(), 2);

    for unreadable in [Reply::html(200), Reply::json(200, "{}"), Reply::json(200, r#"{"servers":[{}]}"#)] {
        let peer = Peer::start(vec![nobody(), unreadable]).await;
        assert_eq!(outcome(adapter(&peer).find(&trace()).await), "unclear");
    }
}

#[tokio::test]
async fn a_list_without_end_is_no_answer() {
    let script = (0..150).map(|n| page("servers", json!([other(1)]), json!(n + 2))).collect();
    let peer = Peer::start(script).await;
    assert_eq!(outcome(adapter(&peer).find(&trace()).await), "unclear");
    assert_eq!(peer.seen().len(), 100);
}

#[tokio::test]
async fn everything_is_listed_page_by_page() {
    let strange = machine(json!({"id": 9, "status": "dreaming", "name": "web-1", "labels": {"team": "web"}}));
    let peer = Peer::start(vec![page("servers", json!([ours(1), strange]), json!(2)), nobody()]).await;
    let adapter = adapter(&peer);
    let (machines, next) = adapter.list(None, 2).await.expect("a page");
    assert_eq!(ids(&machines), ["1", "9"]);
    assert_eq!(machines[1].state, VmState::Unknown("dreaming".to_owned()));
    assert_eq!((machines[1].name.as_str(), machines[1].tags.clone()), ("web-1", vec!["team=web".to_owned()]));
    assert_eq!(next.as_deref(), Some("2"));
    assert_eq!(adapter.list(next.as_deref(), 9000).await.expect("a page"), (vec![], None));
    let line = |page, size| format!("GET /v1/servers?sort=id%3Aasc&page={page}&per_page={size}");
    assert_eq!(peer.lines(), [line(1, 2), line(2, 50)]);
    assert!(outcome(adapter.list(Some("x&y"), 9).await).starts_with("refused"));
}
