//! What is done to a machine that exists.

use app::ports::{Capabilities, Reinstall, ResetPassword, UserData, VmHost, WindowsPassword};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::peer::Reply;
use serde_json::json;

use crate::{
    ID, NAME, UBUNTU, WINDOWS, adapter, id, image, images, lines, no_secrets, one, outcome, page, password,
    peer, refusal, secret_made, user_data,
};

fn done(action: &str) -> Reply {
    one(
        201,
        json!({"tenantId": "DE", "customerId": "54321", "instanceId": 5_000_000_012_i64, "action": action}),
    )
}

fn reinstall(os: Os) -> Reinstall {
    Reinstall {
        name: NAME.to_owned(),
        host_name: "desk-1".to_owned(),
        os,
        image: image(os),
        user_data: user_data(os),
        password: password(),
    }
}

#[tokio::test]
async fn power_actions_are_posts_with_an_empty_object() {
    let peer = peer([done("restart"), done("start"), done("stop")]).await;
    let adapter = adapter(&peer);
    adapter.reboot(&id()).await.expect("done");
    adapter.start(&id()).await.expect("done");
    adapter.halt(&id()).await.expect("done");
    let line = |action| format!("POST /v1/compute/instances/{ID}/actions/{action}");
    assert_eq!(lines(&peer), [line("restart"), line("start"), line("stop")]);
    for seen in &peer.seen()[1..] {
        assert_eq!((seen.body.as_str(), seen.header("content-type")), ("{}", Some("application/json")));
    }
}

#[tokio::test]
async fn an_action_that_comes_too_early_may_be_repeated() {
    for (reply, expected) in [
        (refusal(404, "Entry Instance not found"), "not found"),
        (refusal(409, "Conflict"), "busy None"),
        (refusal(400, "Instance is currently provisioning"), "busy None"),
        (refusal(400, "No."), "refused: No."),
        (refusal(403, "Forbidden"), "unauthorized: Forbidden"),
        (refusal(402, "Pay"), "quota: Pay"),
        (refusal(500, "?"), "unclear"),
        (Reply::html(201), "unclear"),
        (Reply::HangUp, "unclear"),
    ] {
        let peer = peer([reply]).await;
        assert_eq!(outcome(adapter(&peer).start(&id()).await), expected);
    }
}

#[tokio::test]
async fn a_reinstall_is_a_put_with_a_secret_of_the_machines_own() {
    for (os, image_id, user, text) in [
        (Os::Linux, UBUNTU, "root", "#cloud-config\nusers: []\n"),
        (Os::Windows, WINDOWS, "administrator", "#ps1_sysnative\nWrite-Host first\r\n"),
    ] {
        let peer = peer([images(), no_secrets(), secret_made(), one(200, json!({"instanceId": 1}))]).await;
        let told = adapter(&peer).reinstall(&id(), &reinstall(os)).await.expect("done");
        assert!(told.is_none(), "it is the one that was chosen");
        assert_eq!(
            lines(&peer)[1..],
            [
                format!("GET /v1/secrets?page=1&size=100&name=instance+{ID}"),
                "POST /v1/secrets".to_owned(),
                format!("PUT /v1/compute/instances/{ID}"),
            ]
        );
        let seen = peer.seen();
        assert_eq!(seen[3].json()["name"], json!(format!("instance {ID}")));
        assert_eq!(
            seen[4].json(),
            json!({"imageId": image_id, "defaultUser": user, "rootPassword": 777, "userData": text})
        );
    }
}

#[tokio::test]
async fn a_reinstall_never_mixes_two_systems() {
    let mut mixed = reinstall(Os::Windows);
    mixed.user_data = UserData::CloudConfig("#cloud-config\n".to_owned());
    let peer = peer([]).await;
    assert!(outcome(adapter(&peer).reinstall(&id(), &mixed).await).starts_with("refused"));
    assert!(peer.seen().is_empty());
}

#[tokio::test]
async fn a_password_is_set_by_a_secret_that_takes_the_place_of_the_last_one() {
    let last = page(json!([{"secretId": 41, "name": format!("instance {ID}")}]), 1, 1);
    let peer = peer([last, Reply::empty(204), secret_made(), done("resetPassword")]).await;
    let told = adapter(&peer).reset_password(&id(), &password()).await.expect("done");
    assert!(told.is_none());
    assert_eq!(
        lines(&peer)[1..],
        [
            "DELETE /v1/secrets/41".to_owned(),
            "POST /v1/secrets".to_owned(),
            format!("POST /v1/compute/instances/{ID}/actions/resetPassword"),
        ]
    );
    assert_eq!(peer.seen()[4].body, r#"{"rootPassword":777}"#);
}

#[tokio::test]
async fn after_a_refusal_the_secret_is_deleted_and_after_an_unclear_answer_kept() {
    for (reply, expected, deleted) in [
        (refusal(404, "Entry Instance not found"), "not found", true),
        (refusal(400, "The instance is locked"), "busy None", true),
        (refusal(400, "No."), "refused: No.", true),
        (Reply::html(502), "unclear", false),
        (Reply::HangUp, "unclear", false),
    ] {
        let peer = peer([no_secrets(), secret_made(), reply, Reply::empty(204)]).await;
        assert_eq!(outcome(adapter(&peer).reset_password(&id(), &password()).await), expected);
        assert_eq!(lines(&peer).last().is_some_and(|line| line == "DELETE /v1/secrets/777"), deleted);
    }
    let weak = Secret::new("short".to_owned());
    let peer = peer([no_secrets()]).await;
    assert!(outcome(adapter(&peer).reset_password(&id(), &weak).await).starts_with("refused"));
}

#[tokio::test]
async fn what_contabo_cannot_do_is_said_and_nothing_is_sent() {
    let peer = peer([]).await;
    let adapter = adapter(&peer);
    let id = VmId(ID.to_owned());
    assert_eq!(outcome(adapter.traffic(&id, 7).await), "contabo cannot tell a machine's traffic");
    assert_eq!(outcome(adapter.account().await), "contabo cannot tell what is left on the account");
    let limited = adapter.allow_rdp_from(&id, &[]).await;
    assert_eq!(outcome(limited), "contabo cannot limit from where a machine is reached");
    assert!(peer.seen().is_empty());

    let Capabilities { windows, power, reinstall, reset_password, .. } = adapter.capabilities();
    let windows = windows.expect("there are images of it");
    assert_eq!((windows.batch, windows.password), (false, WindowsPassword::Chosen));
    assert_eq!((power, reinstall, reset_password), (true, true, ResetPassword::WhenRunning));
    let Capabilities { immediate_delete, firewall, traffic, balance, .. } = adapter.capabilities();
    assert!(!immediate_delete && !firewall && !traffic && !balance);
}
