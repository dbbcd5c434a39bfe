//! Power actions and reinstallation.

use reqwest::Method;
use serde_json::json;

use crate::support::World;

const FAST: u32 = 1_000;

async fn act(world: &World, id: &str, action: &str) -> u16 {
    world.vultr(Method::POST, &format!("/instances/{id}/{action}"), None).await.status
}

#[tokio::test]
async fn power_actions_are_refused_until_installation_is_over() {
    let world = World::open(20).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    for action in ["start", "halt", "reboot"] {
        assert_eq!(act(&world, &id, action).await, 400, "{action}");
    }
    assert_eq!(act(&world, &id, "restart").await, 404, "there is no such call");
    world.close().await;
}

#[tokio::test]
async fn a_halted_machine_shows_it_and_starts_again() {
    let world = World::open(FAST).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    world.booted(&id).await;
    assert_eq!(act(&world, &id, "halt").await, 204);
    assert_eq!(world.instance(&id).await["power_status"], "stopped");
    assert_eq!(act(&world, &id, "halt").await, 204, "again is no mistake");
    assert_eq!(act(&world, &id, "start").await, 204);
    assert_eq!(world.instance(&id).await["power_status"], "running");
    assert_eq!(act(&world, &id, "reboot").await, 204);
    assert_eq!(world.instance(&id).await["power_status"], "running");
    world.close().await;
}

#[tokio::test]
async fn several_machines_are_switched_at_once_or_none() {
    let world = World::open(FAST).await;
    let one = world.create("ord_1").await["id"].clone();
    let two = world.create("ord_2").await["id"].clone();
    for id in [&one, &two] {
        world.booted(id.as_str().expect("an id")).await;
    }
    let unknown = json!({"instance_ids": [one, "nobody"]});
    assert_eq!(world.vultr(Method::POST, "/instances/halt", Some(unknown)).await.status, 404);
    assert_eq!(world.instance(one.as_str().expect("an id")).await["power_status"], "running");
    let both = json!({"instance_ids": [one, two]});
    assert_eq!(world.vultr(Method::POST, "/instances/halt", Some(both)).await.status, 204);
    for id in [&one, &two] {
        assert_eq!(world.instance(id.as_str().expect("an id")).await["power_status"], "stopped");
    }
    world.close().await;
}

#[tokio::test]
async fn reinstalling_keeps_the_address_and_gives_a_new_password() {
    let world = World::open(200).await;
    let created = world.create("ord_1").await;
    let id = created["id"].as_str().expect("an id").to_owned();
    world.booted(&id).await;
    let before = world.instance(&id).await;
    let path = format!("/instances/{id}/reinstall");
    let answer = world.vultr(Method::POST, &path, Some(json!({"hostname": "fresh"}))).await;
    assert_eq!(answer.status, 202);
    let after = &answer.body["instance"];
    assert!(after["default_password"].is_string());
    assert_ne!(after["default_password"], created["default_password"]);
    assert_eq!((&after["main_ip"], &after["hostname"]), (&before["main_ip"], &json!("fresh")));
    assert_eq!((&after["status"], &after["server_status"]), (&json!("active"), &json!("locked")));
    world.booted(&id).await;
    assert_eq!(world.instance(&id).await["server_status"], "ok");
    world.close().await;
}
