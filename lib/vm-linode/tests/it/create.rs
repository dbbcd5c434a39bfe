//! Making a machine.

use app::ports::{UserData, VmHost};
use domain::catalogue::{Os, Provider};
use domain::secret::Secret;
use domain::vm::VmState;
use http_call::peer::Peer;
use serde_json::json;

use crate::{
    ID, NAME, ORDER, PASSWORD, adapter, images, machine, one, outcome, page, refusal, refused_field, regions,
    request,
};

const TAKEN: &str = "Label must be unique among your linodes";

#[tokio::test]
async fn a_machine_is_asked_for_with_base64_user_data_and_a_password_of_ours() {
    let peer = Peer::start(vec![regions(), images(), one(json!({"status": "provisioning"}))]).await;
    let made = adapter(&peer).create(&request()).await.expect("a machine");
    assert_eq!((made.vm.provider, made.vm.id.0.as_str()), (Provider::Linode, ID));
    assert_eq!((made.vm.name.as_str(), made.vm.plan.as_str()), (NAME, "g6-standard-2"));
    assert_eq!((made.vm.state, made.vm.ends_on), (VmState::Pending, None));
    assert_eq!(made.vm.address.map(|a| a.to_string()).as_deref(), Some("192.0.2.123"));
    assert_eq!(
        (made.vm.tags, made.vm.region.as_str()),
        (vec!["nemordp".to_owned(), ORDER.to_owned()], "us-ord")
    );
    assert_eq!(made.vm.created_at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T08:15:11Z"));
    assert!(made.password.is_none());

    assert_eq!(
        peer.lines(),
        [
            "GET /v4/regions?page=1&page_size=500",
            "GET /v4/images?page=1&page_size=500",
            "POST /v4/linode/instances",
        ]
    );
    let seen = peer.seen().remove(2);
    assert_eq!(seen.header("authorization"), Some("Bearer EXAMPLETOKEN"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(
        seen.json(),
        json!({
            "type": "g6-standard-2", "region": "us-ord", "image": "linode/ubuntu24.04", "label": NAME,
            "tags": ["nemordp", ORDER], "backups_enabled": false, "root_pass": PASSWORD,
            "metadata": {"user_data": "I2Nsb3VkLWNvbmZpZwo="}, "booted": true,
        })
    );
}

#[tokio::test]
async fn the_machine_that_has_the_label_is_the_one_that_was_made() {
    let longer = machine(json!({"id": 7, "label": format!("{NAME}0")}));
    let peer = Peer::start(vec![
        regions(),
        images(),
        refused_field("label", TAKEN),
        page(json!([longer, machine(json!({}))]), 1, 1),
    ])
    .await;
    let made = adapter(&peer).create(&request()).await.expect("a machine");
    assert_eq!((made.vm.id.0.as_str(), made.vm.name.as_str()), (ID, NAME));
    let seen = peer.seen().remove(3);
    assert_eq!(seen.line, "GET /v4/linode/instances?page=1&page_size=25");
    assert_eq!(seen.header("x-filter"), Some(format!(r#"{{"label":"{NAME}"}}"#).as_str()));
}

#[tokio::test]
async fn a_label_that_is_taken_by_nothing_that_can_be_seen_is_unclear() {
    for answer in [
        page(json!([]), 1, 1),
        page(json!([machine(json!({"label": "another"}))]), 1, 1),
        refusal(400, "X-Filter cannot be read"),
        refusal(401, "Invalid Token"),
        refusal(404, "Not found"),
        refusal(429, "slow").with("retry-after", "60"),
    ] {
        let peer = Peer::start(vec![regions(), images(), refused_field("label", TAKEN), answer]).await;
        assert_eq!(outcome(adapter(&peer).create(&request()).await), "unclear");
    }
    let other = refused_field("label", "Label must begin with a letter");
    let peer = Peer::start(vec![regions(), images(), other]).await;
    let ended = outcome(adapter(&peer).create(&request()).await);
    assert_eq!(ended, "refused: label: Label must begin with a letter");
}

#[tokio::test]
async fn nothing_is_made_where_user_data_would_not_run() {
    let peer = Peer::start(vec![regions()]).await;
    let mut request = request();
    request.offering.provider_region = "us-old".to_owned();
    let ended = outcome(adapter(&peer).create(&request).await);
    assert_eq!(ended, "refused: the region us-old runs no user data: it has no Metadata");
    assert_eq!(peer.seen().len(), 1);
}

#[tokio::test]
async fn without_its_lists_a_create_goes_on_with_what_is_known() {
    let none = || refusal(404, "Not found");
    let peer = Peer::start(vec![none(), none(), one(json!({})), regions(), images(), one(json!({}))]).await;
    let adapter = adapter(&peer);
    for _ in 0..2 {
        adapter.create(&request()).await.expect("a machine");
        assert_eq!(peer.seen().last().map(|s| s.json()["image"].clone()), Some(json!("linode/ubuntu24.04")));
    }
    assert_eq!(peer.seen().len(), 6);
}

#[tokio::test]
async fn what_they_would_refuse_is_refused_before_anything_is_sent() {
    let peer = Peer::start(Vec::new()).await;
    let adapter = adapter(&peer);
    let mut windows = request();
    windows.os = Os::Windows;
    let mut script = request();
    script.user_data = UserData::Batch("rem\r\n".to_owned());
    for request in [windows, script] {
        let ended = outcome(adapter.create(&request).await);
        assert_eq!(ended, "unsupported: linode cannot make Windows machines: it has no image");
    }
    let mut long = request();
    long.user_data = UserData::CloudConfig("#".repeat(12 << 10));
    let mut named = request();
    named.name = "ord__1".to_owned();
    let mut short = request();
    short.password = Secret::new("123456".to_owned());
    let mut endless = request();
    endless.password = Secret::new("x".repeat(129));
    for request in [long, named, short, endless] {
        let ended = outcome(adapter.create(&request).await);
        assert!(ended.starts_with("refused: "), "{ended}");
        assert!(!ended.contains("123456"), "{ended}");
    }
    assert!(peer.seen().is_empty());
}
