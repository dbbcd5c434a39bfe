//! The desktop behind a machine comes and goes with it.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::support::{World, windows};

/// Where the machine serves RDP.
async fn rdp(world: &World, id: &str) -> SocketAddr {
    let address = world.machine(id).await["address"].as_str().expect("an address").to_owned();
    SocketAddr::new(address.parse().expect("an address"), 3_389)
}

async fn answers(address: SocketAddr) -> bool {
    TcpStream::connect(address).await.is_ok()
}

async fn until_answers(world: &World, address: SocketAddr, wanted: bool) {
    let what = if wanted { "it answers" } else { "it falls silent" };
    world.until(what, async || (answers(address).await == wanted).then_some(())).await;
}

async fn accepted(world: &World, id: &str, user: &str, password: &Value) -> Value {
    let login = json!({"user": user, "password": password});
    world.control(Method::POST, &format!("/machines/{id}/login"), Some(login)).await.body["accepted"].clone()
}

#[tokio::test]
async fn windows_answers_reboots_once_and_answers_again() {
    // The reboot takes 40 s, two thirds of a second here.
    let world = World::open(60).await;
    let made = world.vultr(Method::POST, "/instances", Some(windows("ord_w"))).await.body["instance"].clone();
    let id = made["id"].as_str().expect("an id").to_owned();
    let address = rdp(&world, &id).await;
    assert!(!answers(address).await, "nothing is there before it boots");
    until_answers(&world, address, true).await;
    assert_eq!(world.machine(&id).await["booted_at_ms"], Value::Null);
    until_answers(&world, address, false).await;
    assert_eq!(world.instance(&id).await["server_status"], "ok", "the provider believes that it is done");
    let machine = world.booted(&id).await;
    assert!(answers(address).await);
    assert_eq!(machine["guest_error"], Value::Null);
    assert_eq!(accepted(&world, &id, "Administrator", &made["default_password"]).await, json!(true));
    assert_eq!(accepted(&world, &id, "Administrator", &json!("wrong")).await, json!(false));
    world.close().await;
    assert!(!answers(address).await, "it ended with the sandbox");
}

#[tokio::test]
async fn power_reaches_the_desktop() {
    let world = World::open(200).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let address = rdp(&world, &id).await;
    world.booted(&id).await;
    assert!(answers(address).await);
    let path = format!("/instances/{id}");
    for (action, then) in [("halt", false), ("start", true)] {
        assert_eq!(world.vultr(Method::POST, &format!("{path}/{action}"), None).await.status, 204);
        until_answers(&world, address, then).await;
    }
    assert_eq!(world.vultr(Method::POST, &format!("{path}/reboot"), None).await.status, 204);
    until_answers(&world, address, false).await;
    until_answers(&world, address, true).await;
    assert_eq!(world.vultr(Method::DELETE, &path, None).await.status, 204);
    assert!(!answers(address).await);
    world.close().await;
}

#[tokio::test]
async fn the_last_action_counts() {
    let world = World::open(200).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let address = rdp(&world, &id).await;
    world.booted(&id).await;
    for action in ["reboot", "halt", "start", "halt"] {
        assert_eq!(world.vultr(Method::POST, &format!("/instances/{id}/{action}"), None).await.status, 204);
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(!answers(address).await);
    world.close().await;
}

#[tokio::test]
async fn a_deleted_machine_does_not_come_up_later() {
    let world = World::open(100).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let address = rdp(&world, &id).await;
    tokio::time::sleep(Duration::from_millis(560)).await;
    assert_eq!(world.vultr(Method::DELETE, &format!("/instances/{id}"), None).await.status, 204);
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!answers(address).await);
    }
    world.close().await;
}

#[tokio::test]
async fn a_reset_ends_the_desktops() {
    let world = World::open(1_000).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let address = rdp(&world, &id).await;
    world.booted(&id).await;
    assert_eq!(world.control(Method::POST, "/reset", None).await.status, 204);
    assert!(!answers(address).await);
    world.close().await;
}
