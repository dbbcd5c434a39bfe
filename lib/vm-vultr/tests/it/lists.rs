//! Finding and listing machines.

use app::ports::{Trace, VmHost};
use domain::vm::{Vm, VmState};
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{NAME, ORDER, adapter, machine, outcome, page, refusal, trace};

fn other(id: &str) -> Value {
    let longer = format!("{ORDER}X");
    machine(json!({"id": id, "label": format!("{longer}-1"), "tags": [longer]}))
}

fn ours(id: &str) -> Value {
    machine(json!({"id": id}))
}

fn ids(found: &[Vm]) -> Vec<&str> {
    found.iter().map(|vm| vm.id.0.as_str()).collect()
}

#[tokio::test]
async fn a_machine_is_found_by_its_tag_whatever_else_the_filter_lets_through() {
    let peer = Peer::start(vec![
        page("instances", json!([other("1"), ours("2")]), "WxYzNext=="),
        page("instances", json!([ours("3")]), ""),
    ])
    .await;
    let found = adapter(&peer).find(&trace()).await.expect("a list");
    assert_eq!(ids(&found), ["2", "3"]);
    assert_eq!(
        peer.lines(),
        [
            format!("GET /v2/instances?per_page=500&tag={ORDER}"),
            format!("GET /v2/instances?per_page=500&tag={ORDER}&cursor=WxYzNext%3D%3D"),
        ]
    );
}

#[tokio::test]
async fn when_the_filter_finds_nothing_everything_is_looked_through() {
    let no_filter = [refusal(400, "tag is no longer supported"), refusal(404, "no such tag")];
    for first in no_filter.into_iter().chain([page("instances", json!([]), "")]) {
        let by_label = machine(json!({"id": "5", "tags": null}));
        let peer = Peer::start(vec![
            first,
            page("instances", json!([other("1")]), "next"),
            page("instances", json!([by_label]), ""),
        ])
        .await;
        let found = adapter(&peer).find(&trace()).await.expect("a list");
        assert_eq!((ids(&found), found[0].name.as_str()), (vec!["5"], NAME));
        let walk = ["GET /v2/instances?per_page=500", "GET /v2/instances?per_page=500&cursor=next"];
        assert_eq!(peer.lines()[1..], walk);
    }
}

#[tokio::test]
async fn nothing_is_found_only_after_two_looks() {
    let none = || page("instances", json!([other("1")]), "");
    let peer = Peer::start(vec![none(), none()]).await;
    assert_eq!(adapter(&peer).find(&trace()).await.expect("a list"), []);
    assert_eq!(peer.seen().len(), 2);

    for unreadable in [Reply::html(200), Reply::json(200, "{}"), Reply::json(200, r#"{"instances":[{}]}"#)] {
        let peer = Peer::start(vec![none(), unreadable]).await;
        assert_eq!(outcome(adapter(&peer).find(&trace()).await), "unclear");
    }
}

#[tokio::test]
async fn a_list_without_end_is_no_answer() {
    let script = (0..150).map(|n| page("instances", json!([other("1")]), &format!("c{n}"))).collect();
    let peer = Peer::start(script).await;
    assert_eq!(outcome(adapter(&peer).find(&trace()).await), "unclear");
    assert_eq!(peer.seen().len(), 100);
}

#[tokio::test]
async fn everything_is_listed_page_by_page() {
    let strange = machine(json!({"id": "9", "status": "dreaming", "label": "web-1", "tags": []}));
    let peer = Peer::start(vec![
        page("instances", json!([ours("1"), strange]), "c1"),
        page("instances", json!([]), ""),
    ])
    .await;
    let adapter = adapter(&peer);
    let (machines, next) = adapter.list(None, 2).await.expect("a page");
    assert_eq!(ids(&machines), ["1", "9"]);
    assert_eq!(machines[1].state, VmState::Unknown("dreaming".to_owned()));
    assert_eq!(next.as_deref(), Some("c1"));
    assert_eq!(adapter.list(next.as_deref(), 9000).await.expect("a page"), (vec![], None));
    let lines = ["GET /v2/instances?per_page=2", "GET /v2/instances?per_page=500&cursor=c1"];
    assert_eq!(peer.lines(), lines);
}

#[tokio::test]
async fn a_name_that_the_tag_does_not_lead_to_is_asked_for_by_itself() {
    let second = format!("{ORDER}-2");
    let trace = Trace { names: vec![NAME.to_owned(), second.clone()], ..trace() };
    let untagged = |id: &str, label: &str| machine(json!({"id": id, "label": label, "tags": []}));
    for (by_label, expected) in [
        (
            page("instances", json!([untagged("7", &second), untagged("8", &format!("{second}0"))]), ""),
            vec!["2", "7"],
        ),
        (page("instances", json!([ours("2")]), ""), vec!["2"]),
    ] {
        let peer = Peer::start(vec![page("instances", json!([ours("2")]), ""), by_label]).await;
        let found = adapter(&peer).find(&trace).await.expect("a list");
        assert_eq!(ids(&found), expected);
        assert_eq!(peer.lines()[1], format!("GET /v2/instances?per_page=500&label={second}"));
    }
    let by_tag = || page("instances", json!([ours("2")]), "");
    let everything = page("instances", json!([ours("2"), untagged("7", &second)]), "");
    let peer = Peer::start(vec![by_tag(), refusal(400, "label is no longer supported"), everything]).await;
    assert_eq!(ids(&adapter(&peer).find(&trace).await.expect("a list")), ["2", "7"]);
    let peer = Peer::start(vec![by_tag(), Reply::html(200)]).await;
    assert_eq!(outcome(adapter(&peer).find(&trace).await), "unclear");
}

#[tokio::test]
async fn a_machine_that_two_pages_tell_is_one() {
    let peer = Peer::start(vec![
        page("instances", json!([ours("2")]), "next"),
        page("instances", json!([ours("2"), ours("3")]), ""),
    ])
    .await;
    assert_eq!(ids(&adapter(&peer).find(&trace()).await.expect("a list")), ["2", "3"]);
}
