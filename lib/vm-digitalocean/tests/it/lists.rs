//! Finding and listing machines.

use app::ports::{Trace, VmHost};
use domain::Timestamp;
use domain::vm::{Vm, VmState};
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{NAME, ORDER, THEIR_NAME, adapter, machine, outcome, page, refusal};

fn trace() -> Trace {
    Trace {
        tag: ORDER.to_owned(),
        names: vec![NAME.to_owned()],
        calls: Vec::new(),
        regions: vec!["nyc3".to_owned()],
        since: Timestamp::UNIX_EPOCH,
    }
}

fn other(id: u64) -> Value {
    machine(json!({"id": id, "name": format!("{THEIR_NAME}0"), "tags": [format!("{ORDER}X")]}))
}

fn ours(id: u64) -> Value {
    machine(json!({"id": id}))
}

fn droplets(machines: Value) -> Reply {
    page("droplets", machines, false)
}

fn ids(found: &[Vm]) -> Vec<&str> {
    found.iter().map(|vm| vm.id.0.as_str()).collect()
}

#[tokio::test]
async fn machines_are_found_by_tag_and_by_name_among_both_kinds_and_each_once() {
    let untagged = machine(json!({"id": 4, "tags": []}));
    let peer = Peer::start(vec![
        page("droplets", json!([other(1), ours(2)]), true),
        droplets(json!([ours(3)])),
        droplets(json!([ours(2), untagged])),
        droplets(json!([other(5)])),
    ])
    .await;
    let found = adapter(&peer).find(&trace()).await.expect("a list");
    assert_eq!(ids(&found), ["2", "3", "4"]);
    assert_eq!(found[0].name, NAME);
    assert_eq!(
        peer.lines(),
        [
            format!("GET /v2/droplets?tag_name={ORDER}&per_page=200&page=1"),
            format!("GET /v2/droplets?tag_name={ORDER}&per_page=200&page=2"),
            format!("GET /v2/droplets?name={THEIR_NAME}&type=droplets&per_page=200&page=1"),
            format!("GET /v2/droplets?name={THEIR_NAME}&type=gpus&per_page=200&page=1"),
        ]
    );
}

#[tokio::test]
async fn a_tag_that_does_not_exist_is_carried_by_nothing() {
    let none = || droplets(json!([]));
    let peer = Peer::start(vec![refusal(404, "no such tag"), none(), none()]).await;
    assert_eq!(adapter(&peer).find(&trace()).await.expect("a list"), []);

    for unreadable in
        [Reply::html(200), Reply::json(200, "{}"), Reply::json(200, r#"{"droplets":[{}]}"#), Reply::html(404)]
    {
        let peer = Peer::start(vec![none(), unreadable]).await;
        assert_eq!(outcome(adapter(&peer).find(&trace()).await), "unclear");
    }
}

#[tokio::test]
async fn a_list_without_end_is_no_answer() {
    let script = (0..150).map(|_| page("droplets", json!([other(1)]), true)).collect();
    let peer = Peer::start(script).await;
    assert_eq!(outcome(adapter(&peer).find(&trace()).await), "unclear");
    assert_eq!(peer.seen().len(), 100);
}

#[tokio::test]
async fn everything_is_listed_page_by_page_with_graphics_cards_at_the_end() {
    let strange = machine(json!({"id": 9, "status": "dreaming", "name": "web-1", "tags": []}));
    let gpu = machine(json!({"id": 10, "size_slug": "gpu-h100x1-80gb"}));
    let peer = Peer::start(vec![
        page("droplets", json!([ours(1), strange]), true),
        droplets(json!([])),
        page("droplets", json!([gpu]), true),
        Reply::json(200, r#"{"droplets":[],"links":{},"meta":{"total":0}}"#),
    ])
    .await;
    let adapter = adapter(&peer);
    let (machines, next) = adapter.list(None, 2).await.expect("a page");
    assert_eq!(ids(&machines), ["1", "9"]);
    assert_eq!(machines[1].state, VmState::Unknown("dreaming".to_owned()));
    let (machines, next) = adapter.list(next.as_deref(), 2).await.expect("a page");
    assert_eq!((machines, next.as_deref()), (vec![], Some("gpus:1")));
    let (machines, next) = adapter.list(next.as_deref(), 2).await.expect("a page");
    assert_eq!(ids(&machines), ["10"]);
    assert_eq!(adapter.list(next.as_deref(), 9000).await.expect("a page"), (vec![], None));
    let line = |list, size, page| format!("GET /v2/droplets?type={list}&per_page={size}&page={page}");
    let expected = [line("droplets", 2, 1), line("droplets", 2, 2), line("gpus", 2, 1), line("gpus", 200, 2)];
    assert_eq!(peer.lines(), expected);
    for cursor in ["", "gpus", "gpus:0", "cpus:1", "gpus:x"] {
        assert!(outcome(adapter.list(Some(cursor), 2).await).starts_with("refused"), "{cursor}");
    }
}
