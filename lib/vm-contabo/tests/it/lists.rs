//! Finding and listing machines.

use app::ports::{CreateCall, Trace, VmHost};
use domain::vm::{Vm, VmState};
use http_call::peer::Reply;
use jiff::civil::date;
use serde_json::{Value, json};

use crate::{ID, NAME, ORDER, REQUEST_ID, adapter, lines, machine, one, outcome, page, peer, refusal};

/// Of these names, the first of which the call of this id gave.
fn trace(names: &[&str], request_id: Option<&str>) -> Trace {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let call = |id: &str| CreateCall { request_id: id.to_owned(), name: names[0].to_owned() };
    Trace {
        tag: ORDER.to_owned(),
        names: owned(names),
        calls: request_id.map(call).into_iter().collect(),
        regions: vec!["EU".to_owned()],
        since: "2026-11-20T08:00:00Z".parse().expect("a time"),
    }
}

fn numbered(id: i64, name: &str) -> Value {
    machine(json!({"instanceId": id, "displayName": name}))
}

fn audit(id: i64, action: &str, request_id: &str) -> Value {
    json!({
        "id": 1, "action": action, "timestamp": "2026-11-20T08:15:11.177Z", "tenantId": "DE",
        "customerId": "54321", "changedBy": "x", "username": "ops", "requestId": request_id,
        "traceId": "", "instanceId": id, "changes": {},
    })
}

fn ids(found: &[Vm]) -> Vec<&str> {
    found.iter().map(|vm| vm.id.0.as_str()).collect()
}

#[tokio::test]
async fn a_machine_is_found_by_its_exact_name_whatever_else_the_filter_lets_through() {
    let longer = format!("{NAME}0");
    let peer = peer([
        page(json!([numbered(1, &longer), numbered(2, NAME)]), 1, 2),
        page(json!([numbered(3, NAME), numbered(4, "")]), 2, 2),
    ])
    .await;
    let found = adapter(&peer).find(&trace(&[NAME], None)).await.expect("a list");
    assert_eq!(ids(&found), ["2", "3"]);
    let line = |page| format!("GET /v1/compute/instances?page={page}&size=100&displayName={NAME}");
    assert_eq!(lines(&peer), [line(1), line(2)]);
}

#[tokio::test]
async fn when_a_filter_knows_no_results_everything_is_looked_through() {
    let none = || refusal(404, "No results were found for your request");
    let peer = peer([none(), page(json!([numbered(1, "x"), numbered(2, NAME)]), 1, 1), none()]).await;
    let found = adapter(&peer).find(&trace(&[NAME], Some(REQUEST_ID))).await.expect("a list");
    assert_eq!(ids(&found), ["2"]);
    assert_eq!(
        lines(&peer),
        [
            format!("GET /v1/compute/instances?page=1&size=100&displayName={NAME}"),
            "GET /v1/compute/instances?page=1&size=100".to_owned(),
            format!("GET /v1/compute/instances/audits?page=1&size=100&requestId={REQUEST_ID}"),
        ]
    );
}

#[tokio::test]
async fn a_machine_is_found_by_the_call_that_made_it_though_it_has_lost_its_name() {
    let upper = REQUEST_ID.to_ascii_uppercase();
    let audits = [
        audit(7, "UPDATED", REQUEST_ID),
        audit(8, "CREATED", "4f0f12e5-1f84-404f-aa84-000000000000"),
        audit(5_000_000_012, "CREATED", &upper),
    ];
    let peer = peer([
        page(json!([]), 1, 0),
        page(json!(audits), 1, 1),
        one(200, machine(json!({"displayName": "renamed by hand"}))),
    ])
    .await;
    let found = adapter(&peer).find(&trace(&[NAME], Some(REQUEST_ID))).await.expect("a list");
    assert_eq!((ids(&found), found[0].name.as_str()), (vec![ID], NAME), "it can be adopted, and destroyed");
    assert_eq!(
        lines(&peer)[1..],
        [
            format!("GET /v1/compute/instances/audits?page=1&size=100&requestId={REQUEST_ID}"),
            format!("GET /v1/compute/instances/{ID}"),
        ]
    );
}

#[tokio::test]
async fn a_machine_that_both_witnesses_know_is_found_once() {
    let peer = peer([
        page(json!([numbered(5_000_000_012, NAME)]), 1, 1),
        page(json!([audit(5_000_000_012, "CREATED", REQUEST_ID)]), 1, 1),
    ])
    .await;
    let found = adapter(&peer).find(&trace(&[NAME], Some(REQUEST_ID))).await.expect("a list");
    assert_eq!((ids(&found), lines(&peer).len()), (vec![ID], 2));
}

#[tokio::test]
async fn every_attempt_is_looked_for_and_an_ended_machine_is_not_there() {
    let second = format!("{ORDER}-2");
    let peer = peer([
        page(json!([numbered(1, NAME)]), 1, 1),
        page(json!([numbered(2, &second)]), 1, 1),
        page(json!([audit(9, "CREATED", REQUEST_ID)]), 1, 1),
        refusal(404, "Entry Instance not found"),
    ])
    .await;
    let found = adapter(&peer).find(&trace(&[NAME, &second], Some(REQUEST_ID))).await.expect("a list");
    assert_eq!(ids(&found), ["1", "2"]);
    assert_eq!(found.iter().map(|vm| vm.name.as_str()).collect::<Vec<_>>(), [NAME, second.as_str()]);
}

#[tokio::test]
async fn a_look_that_fails_finds_nothing_out() {
    for unreadable in
        [Reply::html(200), Reply::json(200, "{}"), Reply::json(200, r#"{"data":[{}]}"#), Reply::html(404)]
    {
        let peer = peer([page(json!([]), 1, 0), unreadable]).await;
        assert_eq!(outcome(adapter(&peer).find(&trace(&[NAME], Some(REQUEST_ID))).await), "unclear");
    }
    let endless = (0..150).map(|n| page(json!([numbered(n, "web")]), 1, 1_000));
    let peer = peer(endless).await;
    assert_eq!(outcome(adapter(&peer).find(&trace(&[NAME], None)).await), "unclear");
    assert_eq!(lines(&peer).len(), 100);
}

#[tokio::test]
async fn everything_is_listed_page_by_page() {
    let strange = machine(json!({
        "instanceId": 9, "status": "dreaming", "displayName": "web-1", "cancelDate": "2026-12-20",
        "createdDate": "2026-01-02T03:04:05Z", "productId": "V91", "region": "US-east",
    }));
    let peer = peer([page(json!([numbered(1, NAME), strange]), 1, 2), page(json!([]), 2, 2)]).await;
    let adapter = adapter(&peer);
    let (machines, next) = adapter.list(None, 2).await.expect("a page");
    assert_eq!(ids(&machines), ["1", "9"]);
    let strange = &machines[1];
    assert_eq!(strange.state, VmState::Unknown("dreaming".to_owned()));
    assert_eq!((strange.region.as_str(), strange.plan.as_str()), ("US-east", "V91"));
    assert_eq!(strange.ends_on, Some(date(2026, 12, 20)));
    assert_eq!(strange.created_at, Some("2026-01-02T03:04:05Z".parse().expect("a time")));
    assert_eq!(next.as_deref(), Some("2"));
    assert_eq!(adapter.list(next.as_deref(), 9000).await.expect("a page"), (vec![], None));
    assert_eq!(
        lines(&peer),
        ["GET /v1/compute/instances?page=1&size=2", "GET /v1/compute/instances?page=2&size=100"]
    );
    for cursor in ["", "0", "-1", "next"] {
        assert!(outcome(adapter.list(Some(cursor), 2).await).starts_with("refused"), "{cursor}");
    }
}
