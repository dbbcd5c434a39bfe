//! Making a machine.

use app::ports::{UserData, VmHost};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::VmState;
use http_call::peer::{Reply, client};
use serde_json::json;
use vm_contabo::{Client, UserDataEncoding};

use crate::{
    ID, NAME, REQUEST_ID, UBUNTU, WINDOWS, adapter, credentials, images, lines, one, outcome, page, peer,
    refusal, request, secret_made,
};

/// The answer to a create: no name, no address, no password.
fn created() -> Reply {
    one(
        201,
        json!({
            "tenantId": "DE", "customerId": "54321", "instanceId": 5_000_000_012_i64,
            "createdDate": "2026-11-20T08:15:11.363Z", "imageId": UBUNTU, "productId": "V153", "region": "EU",
            "addOns": [], "osType": "Linux", "status": "provisioning", "sshKeys": [],
        }),
    )
}

#[tokio::test]
async fn an_ubuntu_machine_is_asked_for_with_a_secret_and_its_user_data_as_it_is() {
    let peer = peer([images(), secret_made(), created()]).await;
    let made = adapter(&peer).create(&request(Os::Linux)).await.expect("a machine");
    assert_eq!((made.vm.id.0.as_str(), made.vm.name.as_str()), (ID, NAME));
    assert_eq!((made.vm.state, made.vm.address, made.vm.ends_on), (VmState::Pending, None, None));
    assert_eq!((made.vm.region.as_str(), made.vm.plan.as_str()), ("EU", "V153"));
    assert_eq!(made.vm.created_at, Some("2026-11-20T08:15:11.363Z".parse().expect("a time")));
    assert!(made.password.is_none(), "it is the one that was chosen");

    assert_eq!(
        lines(&peer),
        [
            "GET /v1/compute/images?page=1&size=100&standardImage=true",
            "POST /v1/secrets",
            "POST /v1/compute/instances",
        ]
    );
    let seen = peer.seen();
    assert_eq!(
        seen[2].body,
        format!(r#"{{"name":"{NAME}","value":"Abcdefgh23456_xyzABCDEFG","type":"password"}}"#)
    );
    assert_eq!(seen[3].header("x-request-id"), Some(REQUEST_ID));
    assert_eq!(
        seen[3].body,
        format!(
            concat!(
                r#"{{"imageId":"{}","productId":"V153","region":"EU","period":1,"displayName":"{}","#,
                r#""defaultUser":"root","rootPassword":777,"userData":"#,
                r##""#cloud-config\nusers: []\n"}}"##
            ),
            UBUNTU, NAME
        )
    );
}

#[tokio::test]
async fn every_call_has_an_id_of_its_own_and_a_content_type_only_with_a_body() {
    let peer = peer([images(), secret_made(), created()]).await;
    adapter(&peer).create(&request(Os::Linux)).await.expect("a machine");
    let seen = &peer.seen()[1..];
    let ids: std::collections::BTreeSet<_> = seen.iter().map(|seen| seen.header("x-request-id")).collect();
    assert!(ids.len() == 3 && !ids.contains(&None));
    for seen in seen {
        let json = (!seen.body.is_empty()).then_some("application/json");
        assert_eq!(seen.header("content-type"), json, "{}", seen.line);
    }
}

#[tokio::test]
async fn a_windows_machine_gets_powershell_and_its_administrator() {
    let peer = peer([images(), secret_made(), created()]).await;
    adapter(&peer).create(&request(Os::Windows)).await.expect("a machine");
    let body = peer.seen()[3].json();
    assert_eq!(body["imageId"], json!(WINDOWS));
    assert_eq!(body["defaultUser"], json!("administrator"));
    assert_eq!(body["userData"], json!("#ps1_sysnative\nWrite-Host first\r\n"));
    assert_eq!((body.get("sshKeys"), body.get("license")), (None, None));
}

#[tokio::test]
async fn user_data_is_base64_where_the_account_wants_it() {
    let peer = peer([images(), secret_made(), created()]).await;
    let adapter =
        Client::new(client(), peer.url(), peer.url(), credentials()).with_user_data(UserDataEncoding::Base64);
    adapter.create(&request(Os::Linux)).await.expect("a machine");
    assert_eq!(peer.seen()[3].json()["userData"], json!("I2Nsb3VkLWNvbmZpZwp1c2VyczogW10K"));
}

#[tokio::test]
async fn what_contabo_would_refuse_or_spoil_is_refused_before_it_is_asked() {
    let mut wrong_kind = request(Os::Windows);
    wrong_kind.user_data = UserData::CloudConfig("#cloud-config\n".to_owned());
    let mut batch = request(Os::Windows);
    batch.user_data = UserData::Batch("rem\r\n".to_owned());
    let mut nameless = request(Os::Linux);
    nameless.request_id = "0199a1b2-1f84-704f-aa84-85f431ea5ec2".to_owned();
    for request in [wrong_kind, batch, nameless] {
        let peer = peer([]).await;
        assert!(outcome(adapter(&peer).create(&request).await).starts_with("refused"));
        assert!(peer.seen().is_empty());
    }
    let mut weak = request(Os::Linux);
    weak.password = Secret::new("nodigitsnospecials".to_owned());
    let peer = peer([images()]).await;
    assert_eq!(
        outcome(adapter(&peer).create(&weak).await),
        "refused: a password that breaks the provider's rule"
    );
    assert_eq!(lines(&peer).len(), 1);
}

#[tokio::test]
async fn the_secret_of_a_machine_that_was_not_made_is_deleted() {
    for (reply, expected) in [
        (refusal(400, "No offer was found for product ID 'V153' and period '1'"), "out of stock"),
        (refusal(402, "Payment required"), "quota"),
        (refusal(400, "Entry Region not found by region = AU"), "refused"),
        (refusal(429, "slow"), "busy"),
    ] {
        let peer = peer([images(), secret_made(), reply, Reply::empty(204)]).await;
        assert!(outcome(adapter(&peer).create(&request(Os::Linux)).await).starts_with(expected));
        assert_eq!(lines(&peer)[3..], ["DELETE /v1/secrets/777"]);
        let deleted = peer.seen().remove(4);
        assert_eq!((deleted.body.as_str(), deleted.header("content-type")), ("", None));
    }
    for reply in [refusal(500, "Internal"), Reply::HangUp, Reply::html(200)] {
        let peer = peer([images(), secret_made(), reply]).await;
        assert_eq!(outcome(adapter(&peer).create(&request(Os::Linux)).await), "unclear");
        assert_eq!(lines(&peer).len(), 3, "a machine may still have to read it");
    }
}

#[tokio::test]
async fn a_secret_that_an_earlier_attempt_left_is_replaced() {
    let left =
        page(json!([{"secretId": 5, "name": NAME}, {"secretId": 6, "name": format!("{NAME}0")}]), 1, 1);
    let script = [images(), refusal(409, "exists"), left, Reply::empty(204), secret_made(), created()];
    let peer = peer(script).await;
    assert_eq!(outcome(adapter(&peer).create(&request(Os::Linux)).await), "done");
    assert_eq!(
        lines(&peer)[1..],
        [
            "POST /v1/secrets".to_owned(),
            format!("GET /v1/secrets?page=1&size=100&name={NAME}"),
            "DELETE /v1/secrets/5".to_owned(),
            "POST /v1/secrets".to_owned(),
            "POST /v1/compute/instances".to_owned(),
        ]
    );
}

#[tokio::test]
async fn until_the_create_is_sent_nothing_has_happened() {
    for (reply, expected) in [
        (Reply::HangUp, "busy None"),
        (Reply::html(502), "busy None"),
        (Reply::html(201), "busy None"),
        (Reply::json(201, r#"{"data":[]}"#), "busy None"),
        (refusal(404, "?"), "busy None"),
        (refusal(400, "value is wrong"), "refused: value is wrong"),
    ] {
        let peer = peer([images(), reply, created()]).await;
        assert_eq!(outcome(adapter(&peer).create(&request(Os::Linux)).await), expected);
        assert_eq!(lines(&peer).len(), 2);
    }
}

#[tokio::test]
async fn images_are_read_once_and_a_list_that_cannot_be_read_is_no_obstacle() {
    let peer = crate::peer([images(), secret_made(), created(), secret_made(), created()]).await;
    let adapter = adapter(&peer);
    adapter.create(&request(Os::Linux)).await.expect("a machine");
    adapter.create(&request(Os::Windows)).await.expect("a machine");
    assert_eq!(lines(&peer).iter().filter(|line| line.contains("/images")).count(), 1);

    let peer = crate::peer([refusal(400, "?"), secret_made(), created()]).await;
    crate::adapter(&peer).create(&request(Os::Linux)).await.expect("a machine");
    assert_eq!(peer.seen()[3].json()["imageId"], json!(UBUNTU));

    for (trouble, expected) in [(Reply::html(403), "busy None"), (refusal(403, "No."), "unauthorized: No.")] {
        let peer = crate::peer([trouble]).await;
        let mut nothing_known = request(Os::Windows);
        nothing_known.offering.image.fallback_id.clear();
        assert_eq!(outcome(crate::adapter(&peer).create(&nothing_known).await), expected);
        assert_eq!(lines(&peer).len(), 1);
    }
}

#[tokio::test]
async fn no_error_repeats_the_password() {
    let canary = "Abcdefgh23456_xyzABCDEFG";
    for body in [
        json!({"data": [{"secretId": canary, "value": canary}]}),
        json!({"data": [{"secretId": [canary]}]}),
        json!({"data": {"value": canary}}),
    ] {
        let peer = peer([images(), Reply::json(201, body.to_string())]).await;
        let error = adapter(&peer).create(&request(Os::Linux)).await.err().expect("no secret");
        assert!(!error.to_string().contains(canary), "{error}");
    }
}
