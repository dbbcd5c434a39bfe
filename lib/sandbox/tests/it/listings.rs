//! What Vultr offers, and the small things that go with a machine.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

async fn get(world: &World, path: &str) -> Value {
    let answer = world.vultr(Method::GET, path, None).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

#[tokio::test]
async fn systems_have_their_real_numbers_and_names() {
    let world = World::open(1).await;
    let body = get(&world, "/os").await;
    let name = |id: u64| {
        let rows = body["os"].as_array().expect("rows");
        rows.iter().find(|os| os["id"] == id).map(|os| os["name"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(name(501).as_deref(), Some("Windows 2022 Standard x64"));
    assert_eq!(name(240).as_deref(), Some("Windows 2016 Standard x64"));
    assert_eq!(name(2514).as_deref(), Some("Windows 2025 Standard x64"));
    assert_eq!(name(2284).as_deref(), Some("Ubuntu 24.04 LTS x64"));
    assert!(name(521).expect("there").contains("Core"));
    assert_eq!(name(1713), None);
    assert_eq!(body["os"][0]["arch"], "x64");
    world.close().await;
}

#[tokio::test]
async fn plans_have_prices_and_can_be_narrowed() {
    let world = World::open(1).await;
    let all = get(&world, "/plans").await;
    let rows = all["plans"].as_array().expect("rows");
    let plan = |id: &str| rows.iter().find(|p| p["id"] == id).cloned().unwrap_or_default();
    assert_eq!(plan("vc2-2c-4gb")["monthly_cost"], json!(20.0));
    assert_eq!(plan("vc2-2c-4gb")["location_cost"]["jnb"]["monthly_cost"], json!(24.0));
    assert_eq!(plan("vhf-8c-32gb")["gpu_brand"], "none");
    assert_eq!(plan("vcg-a16-2c-8g-2vram")["type"], "vcg");
    let gpu = get(&world, "/plans?type=vcg").await;
    assert!(gpu["plans"].as_array().expect("rows").iter().all(|p| p["type"] == "vcg"));
    let windows = get(&world, "/plans?os=windows&per_page=500").await;
    assert_eq!(windows["meta"]["total"].as_u64(), all["meta"]["total"].as_u64().map(|n| n - 1));
    world.close().await;
}

#[tokio::test]
async fn gpu_stock_depends_on_the_region() {
    let world = World::open(1).await;
    let stock = |body: &Value| body["available_plans"].as_array().expect("plans").len();
    assert!(stock(&get(&world, "/regions/ewr/availability?type=vcg").await) > 0);
    assert_eq!(stock(&get(&world, "/regions/sao/availability?type=vcg").await), 0);
    assert_eq!(world.vultr(Method::GET, "/regions/moon/availability", None).await.status, 404);
    let regions = get(&world, "/regions?per_page=3").await;
    assert_eq!(regions["regions"].as_array().map(Vec::len), Some(3));
    assert_ne!(regions["meta"]["links"]["next"], "");
    assert!(regions["regions"][0]["options"].is_array());
    world.fault(json!({"target": "vultr.availability", "kind": "out_of_stock"})).await;
    assert_eq!(stock(&get(&world, "/regions/ewr/availability").await), 0);
    world.close().await;
}

#[tokio::test]
async fn the_account_and_the_traffic_can_be_read() {
    let world = World::open(60).await;
    let account = get(&world, "/account").await["account"].clone();
    assert!(account["balance"].as_f64().expect("a number") < 0.0, "credit is negative");
    assert!(account["acls"].is_array() && account["pending_charges"].is_number());
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let body = get(&world, &format!("/instances/{id}/bandwidth?date_range=7")).await;
    let days = body["bandwidth"].as_object().expect("days");
    assert!(!days.is_empty() && days.len() <= 2);
    assert!(days.values().all(|day| day["incoming_bytes"].is_i64() && day["outgoing_bytes"].is_i64()));
    let bad = world.vultr(Method::GET, &format!("/instances/{id}/bandwidth?date_range=181"), None).await;
    assert_eq!(bad.status, 400);
    world.close().await;
}

#[tokio::test]
async fn startup_scripts_are_kept_as_base64() {
    let world = World::open(60).await;
    let bad = json!({"name": "first boot", "script": "@echo off"});
    assert_eq!(world.vultr(Method::POST, "/startup-scripts", Some(bad)).await.status, 400);
    let good = json!({"name": "first boot", "script": "QGVjaG8gb2Zm"});
    let made = world.vultr(Method::POST, "/startup-scripts", Some(good)).await;
    assert_eq!((made.status, &made.body["startup_script"]["type"]), (201, &json!("boot")));
    let id = made.body["startup_script"]["id"].as_str().expect("an id").to_owned();
    let listed = get(&world, "/startup-scripts").await;
    assert_eq!(listed["startup_scripts"][0]["id"], id.as_str());
    assert!(listed["startup_scripts"][0].get("script").is_none(), "the list leaves it out");
    let path = format!("/startup-scripts/{id}");
    assert_eq!(get(&world, &path).await["startup_script"]["script"], "QGVjaG8gb2Zm");
    let changed = world.vultr(Method::PATCH, &path, Some(json!({"script": "ZXhpdA=="}))).await;
    assert_eq!(changed.status, 204);
    let script = get(&world, &path).await["startup_script"].clone();
    assert_eq!((&script["script"], &script["name"]), (&json!("ZXhpdA=="), &json!("first boot")));
    assert_eq!(world.vultr(Method::PATCH, &path, Some(json!({"script": "@"}))).await.status, 400);
    let machine = json!({"region": "ewr", "plan": "vc2-2c-4gb", "os_id": 501, "script_id": id});
    assert_eq!(world.vultr(Method::POST, "/instances", Some(machine)).await.status, 202);
    assert_eq!(world.vultr(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(world.vultr(Method::GET, &path, None).await.status, 404);
    world.close().await;
}

#[tokio::test]
async fn a_machine_tells_what_it_can_become_and_an_upgrade_is_a_job() {
    let world = World::open(60).await;
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    let path = format!("/instances/{id}");
    let all = get(&world, &format!("{path}/upgrades")).await["upgrades"].clone();
    let plans: Vec<&str> = all["plans"].as_array().expect("plans").iter().filter_map(Value::as_str).collect();
    assert!(plans.contains(&"vc2-2c-4gb") && !plans.contains(&"vc2-1c-1gb"), "{plans:?}");
    assert!(!plans.iter().any(|plan| plan.starts_with("vhf")), "{plans:?}");
    assert!(all["os"][0]["id"].is_u64() && all["applications"].is_array());
    let narrow = get(&world, &format!("{path}/upgrades?type=plans")).await["upgrades"].clone();
    assert!(narrow.get("os").is_none() && narrow["plans"] == all["plans"]);
    assert_eq!(world.vultr(Method::GET, &format!("{path}/upgrades?type=x"), None).await.status, 400);

    let changed = world.vultr(Method::PATCH, &path, Some(json!({"plan": "vc2-2c-4gb"}))).await;
    assert_eq!((changed.status, &changed.body["instance"]["plan"]), (202, &json!("vc2-2c-4gb")));
    assert_eq!(world.machine(&id).await["plan"], "vc2-2c-4gb");
    let job = format!("/instances/jobs/{}", changed.body["job_ids"][0].as_str().expect("a job"));
    let done = world
        .until("the job is done", async || {
            let job = get(&world, &job).await["job"].clone();
            (job["state"] == "success").then_some(job)
        })
        .await;
    assert_eq!((&done["vps_id"], &done["type"]), (&json!(id), &json!("UPGRADE")));
    assert_eq!(world.vultr(Method::GET, "/instances/jobs/unknown", None).await.status, 404);
    world.close().await;
}

#[tokio::test]
async fn a_machine_joins_a_firewall_group_and_leaves_it_with_the_group() {
    let world = World::open(60).await;
    let group = world.vultr(Method::POST, "/firewalls", Some(json!({"description": "rdp"}))).await;
    let group = group.body["firewall_group"]["id"].as_str().expect("an id").to_owned();
    let id = world.create("ord_1").await["id"].as_str().expect("an id").to_owned();
    world.create("ord_2").await;
    let join = json!({"firewall_group_id": group});
    let joined = world.vultr(Method::PATCH, &format!("/instances/{id}"), Some(join)).await;
    assert_eq!(joined.body["instance"]["firewall_group_id"], group.as_str());
    assert_eq!(world.machine(&id).await["rdp_from"], json!([]), "no rule lets anybody in");
    for (protocol, port, subnet) in
        [("tcp", "3000:4000", "192.0.2.0"), ("tcp", "22", "198.51.100.0"), ("udp", "3389", "203.0.113.0")]
    {
        let rule =
            json!({"ip_type": "v4", "protocol": protocol, "port": port, "subnet": subnet, "subnet_size": 24});
        let made = world.vultr(Method::POST, &format!("/firewalls/{group}/rules"), Some(rule)).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    assert_eq!(world.machine(&id).await["rdp_from"], json!(["192.0.2.0/24"]));
    let listed = get(&world, &format!("/instances?firewall_group_id={group}")).await;
    assert_eq!((&listed["meta"]["total"], &listed["instances"][0]["label"]), (&json!(1), &json!("ord_1")));
    let path = format!("/firewalls/{group}");
    assert_eq!(get(&world, &path).await["firewall_group"]["instance_count"], 1);
    let renamed = world.vultr(Method::PUT, &path, Some(json!({"description": "desktops"}))).await;
    assert_eq!(renamed.status, 204);
    assert_eq!(get(&world, &path).await["firewall_group"]["description"], "desktops");
    assert_eq!(world.vultr(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(world.instance(&id).await["firewall_group_id"], "");
    assert_eq!(world.machine(&id).await["rdp_from"], Value::Null);
    world.close().await;
}

#[tokio::test]
async fn firewall_groups_take_inbound_rules() {
    let world = World::open(60).await;
    let group = world.vultr(Method::POST, "/firewalls", Some(json!({"description": "rdp"}))).await;
    assert_eq!((group.status, &group.body["firewall_group"]["max_rule_count"]), (201, &json!(50)));
    let id = group.body["firewall_group"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/firewalls/{id}/rules");
    let rule = |port: &str, subnet: &str| json!({"ip_type": "v4", "protocol": "tcp", "port": port, "subnet": subnet, "subnet_size": 24, "source": ""});
    let made = world.vultr(Method::POST, &path, Some(rule("3389", "192.0.2.0"))).await;
    assert_eq!((made.status, &made.body["firewall_rule"]["id"]), (201, &json!(1)));
    for bad in [rule("0", "192.0.2.0"), rule("9000:8000", "192.0.2.0"), rule("3389", "2001:db8::")] {
        assert_eq!(world.vultr(Method::POST, &path, Some(bad.clone())).await.status, 400, "{bad}");
    }
    assert_eq!(get(&world, &path).await["firewall_rules"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.vultr(Method::DELETE, &format!("{path}/1"), None).await.status, 204);
    assert_eq!(world.vultr(Method::DELETE, &format!("/firewalls/{id}"), None).await.status, 204);
    assert_eq!(world.vultr(Method::GET, &path, None).await.status, 404);
    world.close().await;
}
