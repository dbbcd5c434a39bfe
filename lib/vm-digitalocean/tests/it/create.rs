//! Making a machine.

use app::ports::{UserData, VmHost};
use domain::catalogue::{Os, Provider};
use domain::vm::VmState;
use http_call::peer::{Peer, Reply};
use serde_json::json;

use crate::{ID, NAME, ORDER, THEIR_NAME, adapter, images, one, outcome, refusal, request};

fn created() -> Reply {
    one(202, json!({"status": "new", "networks": {"v4": [], "v6": []}}))
}

#[tokio::test]
async fn a_machine_is_asked_for_with_plain_user_data_and_a_name_of_their_spelling() {
    let peer = Peer::start(vec![images(), created()]).await;
    let made = adapter(&peer).create(&request()).await.expect("a machine");
    assert_eq!((made.vm.provider, made.vm.id.0.as_str()), (Provider::Digitalocean, ID));
    assert_eq!((made.vm.name.as_str(), made.vm.plan.as_str()), (NAME, "s-2vcpu-4gb"));
    assert_eq!((made.vm.state, made.vm.address, made.vm.ends_on), (VmState::Pending, None, None));
    assert_eq!(
        (made.vm.tags, made.vm.region.as_str()),
        (vec!["nemordp".to_owned(), ORDER.to_owned()], "nyc3")
    );
    assert_eq!(made.vm.created_at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T08:15:11Z"));
    assert!(made.password.is_none());

    assert_eq!(peer.lines(), ["GET /v2/images?type=distribution&per_page=200&page=1", "POST /v2/droplets"]);
    let seen = peer.seen().remove(1);
    assert_eq!(seen.header("authorization"), Some("Bearer EXAMPLETOKEN"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    let tags = json!(["nemordp", ORDER]);
    assert_eq!(
        seen.json(),
        json!({
            "name": THEIR_NAME, "region": "nyc3", "size": "s-2vcpu-4gb", "image": "ubuntu-24-04-x64",
            "tags": tags, "user_data": "#cloud-config\n", "backups": false, "ipv6": false,
            "monitoring": true, "with_droplet_agent": false,
        })
    );
}

#[tokio::test]
async fn an_image_without_a_slug_is_sent_as_its_number() {
    let peer = Peer::start(vec![refusal(404, "no list"), created()]).await;
    let mut request = request();
    request.offering.image.fallback_id = "159651797".to_owned();
    adapter(&peer).create(&request).await.expect("a machine");
    assert_eq!(peer.seen()[1].json()["image"], json!(159_651_797));
}

#[tokio::test]
async fn the_list_of_images_is_read_once_per_process() {
    let peer = Peer::start(vec![images(), created(), created()]).await;
    let adapter = adapter(&peer);
    for _ in 0..2 {
        adapter.create(&request()).await.expect("a machine");
    }
    assert_eq!(peer.lines()[1..], ["POST /v2/droplets", "POST /v2/droplets"]);
}

#[tokio::test]
async fn what_they_would_refuse_is_refused_before_anything_is_sent() {
    let peer = Peer::start(Vec::new()).await;
    let adapter = adapter(&peer);
    let mut windows = request();
    windows.os = Os::Windows;
    let mut script = request();
    script.user_data = UserData::PowerShell("Get-Date".to_owned());
    for request in [windows, script] {
        let ended = outcome(adapter.create(&request).await);
        assert_eq!(ended, "unsupported: digitalocean cannot make Windows machines: it has no image");
    }
    let mut long = request();
    long.user_data = UserData::CloudConfig("#".repeat((64 << 10) + 1));
    let mut tagged = request();
    tagged.tags.push("a tag".to_owned());
    let mut named = request();
    named.name = "ord_".to_owned();
    for request in [long, tagged, named] {
        let ended = outcome(adapter.create(&request).await);
        assert!(ended.starts_with("refused: "), "{ended}");
    }
    assert!(peer.seen().is_empty());
}
