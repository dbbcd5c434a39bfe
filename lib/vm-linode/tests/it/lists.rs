//! Finding and listing machines.

use app::ports::{Trace, VmHost};
use domain::Timestamp;
use domain::vm::{Vm, VmState};
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{NAME, ORDER, adapter, machine, outcome, page};

fn trace() -> Trace {
    Trace {
        tag: ORDER.to_owned(),
        names: vec![NAME.to_owned()],
        calls: Vec::new(),
        regions: vec!["us-ord".to_owned()],
        since: Timestamp::UNIX_EPOCH,
    }
}

fn other(id: u64) -> Value {
    machine(json!({"id": id, "label": format!("{NAME}0"), "tags": [format!("{ORDER}X")]}))
}

fn ours(id: u64) -> Value {
    machine(json!({"id": id}))
}

fn ids(found: &[Vm]) -> Vec<&str> {
    found.iter().map(|vm| vm.id.0.as_str()).collect()
}

#[tokio::test]
async fn machines_are_found_by_tag_and_by_label_whatever_else_the_filter_lets_through() {
    let untagged = machine(json!({"id": 4, "tags": []}));
    let peer = Peer::start(vec![
        page(json!([other(1), ours(2)]), 1, 2),
        page(json!([ours(3)]), 2, 2),
        page(json!([other(1), ours(2), untagged]), 1, 1),
    ])
    .await;
    let found = adapter(&peer).find(&trace()).await.expect("a list");
    assert_eq!(ids(&found), ["2", "3", "4"]);
    let line = |page| format!("GET /v4/linode/instances?page={page}&page_size=500");
    assert_eq!(peer.lines(), [line(1), line(2), line(1)]);
    let seen = peer.seen();
    let filters: Vec<_> = seen.iter().map(|seen| seen.header("x-filter").unwrap_or_default()).collect();
    let (tag, label) = (format!(r#"{{"tags":"{ORDER}"}}"#), format!(r#"{{"label":"{NAME}"}}"#));
    assert_eq!(filters, [&tag, &tag, &label]);
}

#[tokio::test]
async fn a_list_that_does_not_read_is_unclear() {
    for unreadable in
        [Reply::html(200), Reply::json(200, "{}"), Reply::json(200, r#"{"data":[{}],"pages":1}"#)]
    {
        let peer = Peer::start(vec![page(json!([]), 1, 1), unreadable]).await;
        assert_eq!(outcome(adapter(&peer).find(&trace()).await), "unclear");
    }
}

#[tokio::test]
async fn a_list_without_end_is_no_answer() {
    let script = (1..=150).map(|n| page(json!([other(1)]), n, 200)).collect();
    let peer = Peer::start(script).await;
    assert_eq!(outcome(adapter(&peer).find(&trace()).await), "unclear");
    assert_eq!(peer.seen().len(), 100);
}

#[tokio::test]
async fn everything_is_listed_page_by_page() {
    let strange = machine(json!({"id": 9, "status": "dreaming", "label": "web-1", "tags": []}));
    let peer = Peer::start(vec![page(json!([ours(1), strange]), 1, 2), page(json!([ours(3)]), 2, 2)]).await;
    let adapter = adapter(&peer);
    let (machines, next) = adapter.list(None, 9000).await.expect("a page");
    assert_eq!(ids(&machines), ["1", "9"]);
    assert_eq!(machines[1].state, VmState::Unknown("dreaming".to_owned()));
    let (machines, next) = adapter.list(next.as_deref(), 9000).await.expect("a page");
    assert_eq!((ids(&machines), next), (vec!["3"], None));
    assert!(peer.seen().iter().all(|seen| seen.header("x-filter").is_none()));
    let line = |page| format!("GET /v4/linode/instances?page={page}&page_size=500");
    assert_eq!(peer.lines(), [line(1), line(2)]);
}

#[tokio::test]
async fn a_page_past_the_end_has_nothing_on_it() {
    let gone = || crate::refusal(404, "Not found");
    let peer = Peer::start(vec![gone(), page(json!([ours(1)]), 1, 2), gone(), gone()]).await;
    let adapter = adapter(&peer);
    let second = adapter.list(Some("25:2:0"), 25).await.expect("a page");
    assert_eq!(second, (vec![], None));
    let mut trace = trace();
    trace.names.clear();
    assert_eq!(ids(&adapter.find(&trace).await.expect("a list")), ["1"]);
    assert_eq!(outcome(adapter.list(None, 25).await), "not found");
}

#[tokio::test]
async fn less_than_their_smallest_page_is_cut_out_of_it() {
    let first = || page(json!([ours(1), ours(2), ours(3)]), 1, 2);
    let peer = Peer::start(vec![first(), first(), page(json!([ours(4)]), 2, 2)]).await;
    let adapter = adapter(&peer);
    let (mut cursor, mut pages) = (None, Vec::new());
    for _ in 0..3 {
        let (machines, next) = adapter.list(cursor.as_deref(), 2).await.expect("a page");
        pages.push(ids(&machines).join(" "));
        cursor = next;
    }
    assert_eq!((pages, cursor), (vec!["1 2".to_owned(), "3".to_owned(), "4".to_owned()], None));
    let line = |page| format!("GET /v4/linode/instances?page={page}&page_size=25");
    assert_eq!(peer.lines(), [line(1), line(1), line(2)]);
    for cursor in ["", "25:1", "25:0:0", "5:1:0", "25:1:0:0", "25:x:0"] {
        assert!(outcome(adapter.list(Some(cursor), 2).await).starts_with("refused"), "{cursor}");
    }
}
