//! From where RDP is let in.

use std::net::IpAddr;

use app::ports::VmHost;
use http_call::peer::{Peer, Reply};
use serde_json::{Value, json};

use crate::{ID, NAME, adapter, id, one, outcome, page, refusal};

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

fn groups(items: Value) -> Reply {
    page("firewall_groups", items, "")
}

fn group(id: &str) -> Value {
    json!({"id": id, "description": NAME, "instance_count": 0, "rule_count": 0, "max_rule_count": 50})
}

fn rules(items: Value) -> Reply {
    page("firewall_rules", items, "")
}

fn rule(id: u32, subnet: &str, subnet_size: u32) -> Value {
    json!({
        "id": id, "type": "v4", "ip_type": "v4", "action": "accept", "protocol": "tcp", "port": "3389",
        "subnet": subnet, "subnet_size": subnet_size, "source": "", "notes": "",
    })
}

fn made(status: u16) -> Reply {
    Reply::json(status, json!({"firewall_rule": rule(1, "192.0.2.7", 32)}).to_string())
}

fn without_group() -> Reply {
    one(200, json!({}))
}

fn in_group(id: &str) -> Reply {
    one(200, json!({"firewall_group_id": id}))
}

#[tokio::test]
async fn a_group_of_the_machines_own_gets_its_rules_before_the_machine_is_put_into_it() {
    let new = Reply::json(201, json!({"firewall_group": group("g-1")}).to_string());
    let peer = Peer::start(vec![
        without_group(),
        groups(json!([{"id": "g-0", "description": format!("{NAME}0")}])),
        new,
        rules(json!([])),
        made(201),
        made(201),
        one(202, json!({})),
    ])
    .await;
    let sources = addresses(&["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"]);
    assert_eq!(outcome(adapter(&peer).allow_rdp_from(&id(), &sources).await), "done");
    let seen = peer.seen();
    assert_eq!(
        peer.lines(),
        [
            format!("GET /v2/instances/{ID}"),
            "GET /v2/firewalls?per_page=500".to_owned(),
            "POST /v2/firewalls".to_owned(),
            "GET /v2/firewalls/g-1/rules?per_page=500".to_owned(),
            "POST /v2/firewalls/g-1/rules".to_owned(),
            "POST /v2/firewalls/g-1/rules".to_owned(),
            format!("PATCH /v2/instances/{ID}"),
        ]
    );
    assert_eq!(seen[2].json(), json!({"description": NAME}));
    let asked = |ip_type: &str, subnet: &str, size: u32| json!({"ip_type": ip_type, "protocol": "tcp", "port": "3389", "subnet": subnet, "subnet_size": size});
    assert_eq!(seen[4].json(), asked("v4", "192.0.2.7", 32));
    assert_eq!(seen[5].json(), asked("v6", "2001:db8::7", 128));
    assert_eq!(seen[6].json(), json!({"firewall_group_id": "g-1"}));
}

#[tokio::test]
async fn a_repeat_keeps_what_fits_adds_what_is_missing_and_then_takes_the_rest_away() {
    let there = json!([
        rule(1, "192.0.2.7", 32),
        rule(2, "192.0.2.7", 32),
        rule(3, "198.51.100.0", 24),
        {"id": 4, "protocol": "tcp", "port": "22", "subnet": "192.0.2.8", "subnet_size": 32},
        {"id": 5, "protocol": "tcp", "port": "3389", "subnet": "192.0.2.8", "subnet_size": 32, "source": "cloudflare"},
    ]);
    let peer = Peer::start(vec![
        in_group("g-2"),
        groups(json!([group("g-1"), group("g-2")])),
        rules(there),
        made(201),
        Reply::empty(204),
        refusal(404, "Invalid rule"),
        Reply::empty(204),
        Reply::empty(204),
        Reply::empty(204),
    ])
    .await;
    let sources = addresses(&["192.0.2.7", "192.0.2.8"]);
    assert_eq!(outcome(adapter(&peer).allow_rdp_from(&id(), &sources).await), "done");
    let lines = peer.lines();
    assert_eq!(lines[2..4], ["GET /v2/firewalls/g-2/rules?per_page=500", "POST /v2/firewalls/g-2/rules"]);
    assert_eq!(peer.seen()[3].json()["subnet"], json!("192.0.2.8"));
    let mut removed = lines[4..8].to_vec();
    removed.sort();
    assert_eq!(removed, [2, 3, 4, 5].map(|rule| format!("DELETE /v2/firewalls/g-2/rules/{rule}")));
    assert_eq!(lines[8..], ["DELETE /v2/firewalls/g-1"], "what a lost answer left behind");
}

#[tokio::test]
async fn no_address_at_all_means_everywhere() {
    let peer = Peer::start(vec![
        in_group("g-1"),
        groups(json!([group("g-1")])),
        one(202, json!({})),
        Reply::empty(204),
    ])
    .await;
    assert_eq!(outcome(adapter(&peer).allow_rdp_from(&id(), &[]).await), "done");
    assert_eq!(peer.seen()[2].json(), json!({"firewall_group_id": ""}));
    assert_eq!(peer.lines()[3], "DELETE /v2/firewalls/g-1");

    let peer = Peer::start(vec![without_group(), groups(json!([group("g-1")])), Reply::empty(204)]).await;
    assert_eq!(outcome(adapter(&peer).allow_rdp_from(&id(), &[]).await), "done", "after a lost answer");

    let peer = Peer::start(vec![in_group("somebody-elses"), groups(json!([]))]).await;
    assert_eq!(outcome(adapter(&peer).allow_rdp_from(&id(), &[]).await), "done");
    assert_eq!(peer.seen().len(), 2);
}

#[tokio::test]
async fn whatever_goes_wrong_before_the_machine_is_touched_can_be_repeated() {
    for (answers, expected) in [
        (vec![refusal(404, "Invalid instance.")], "not found"),
        (vec![one(200, json!({"label": ""}))], "refused: a machine without a name has no firewall group"),
        (vec![without_group(), Reply::html(200)], "busy None"),
        (vec![without_group(), groups(json!([])), Reply::HangUp], "busy None"),
        (vec![without_group(), groups(json!([])), Reply::json(201, "{")], "busy None"),
        (
            vec![
                without_group(),
                groups(json!([group("g-1")])),
                rules(json!([])),
                refusal(404, "Invalid firewall group"),
            ],
            "busy None",
        ),
        (
            vec![
                in_group("g-1"),
                groups(json!([group("g-1")])),
                rules(json!([rule(1, "198.51.100.1", 32)])),
                made(201),
                Reply::html(404),
            ],
            "busy None",
        ),
    ] {
        let count = answers.len();
        let peer = Peer::start(answers).await;
        let ended = outcome(adapter(&peer).allow_rdp_from(&id(), &addresses(&["192.0.2.7"])).await);
        assert_eq!((ended.as_str(), peer.seen().len()), (expected, count));
    }
    let peer = Peer::start(Vec::new()).await;
    let many: Vec<IpAddr> = (0..21).map(|n| IpAddr::from([192, 0, 2, n])).collect();
    assert_eq!(outcome(adapter(&peer).allow_rdp_from(&id(), &many).await), "refused: more than 20 addresses");
}
