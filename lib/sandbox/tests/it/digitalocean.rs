//! `/digitalocean`: a droplet's life, and every rule on the way.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World, config};

const DROPLETS: &str = "/v2/droplets";

/// An account with its token.
struct Account {
    world: World,
    token: String,
}

impl Account {
    async fn open(time_factor: u32) -> Self {
        let settings = config(time_factor);
        Self { token: settings.digitalocean_token.clone(), world: World::with(settings).await }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.world.request(method, &format!("/digitalocean{path}")).bearer_auth(&self.token);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.expect("a body");
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    async fn create(&self, body: Value) -> Value {
        let answer = self.call(Method::POST, DROPLETS, Some(body)).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body
    }

    /// Creates a droplet; its id.
    async fn id(&self, body: Value) -> String {
        self.create(body).await["droplet"]["id"].to_string()
    }

    async fn act(&self, id: &str, action: Value) -> Answer {
        self.call(Method::POST, &format!("{DROPLETS}/{id}/actions"), Some(action)).await
    }

    async fn until_status(&self, id: &str, status: &str) -> Value {
        self.world
            .until(status, async || {
                let droplet = self.get(&format!("{DROPLETS}/{id}")).await["droplet"].clone();
                (droplet["status"] == status).then_some(droplet)
            })
            .await
    }

    /// The ids that a list shows.
    async fn ids(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("{DROPLETS}?{query}")).await;
        let droplets = page["droplets"].as_array().expect("a list").iter();
        droplets.map(|droplet| droplet["id"].to_string()).collect()
    }
}

fn droplet() -> Value {
    json!({
        "name": "ord.1-1", "region": "nyc3", "size": "s-2vcpu-4gb", "image": "ubuntu-24-04-x64",
        "tags": ["nemordp", "ord_1"], "monitoring": true,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut droplet = droplet();
    droplet[field] = value;
    droplet
}

fn kinds(droplet: &Value) -> Vec<&str> {
    let v4 = droplet["networks"]["v4"].as_array().expect("a list");
    v4.iter().filter_map(|entry| entry["type"].as_str()).collect()
}

#[tokio::test]
async fn a_droplet_gets_a_private_address_then_a_public_one_and_is_then_active() {
    let account = Account::open(60).await;
    let made = account.create(droplet()).await;
    let id = made["droplet"]["id"].to_string();
    assert_eq!((&made["droplet"]["status"], &made["droplet"]["locked"]), (&json!("new"), &json!(true)));
    assert_eq!((kinds(&made["droplet"]), &made["droplet"]["size_slug"]), (vec![], &json!("s-2vcpu-4gb")));
    let link = made["links"]["actions"][0].clone();
    assert_eq!(link["rel"], "create");

    let mut seen: Vec<String> = Vec::new();
    account
        .world
        .until("it is active", async || {
            let droplet = account.get(&format!("{DROPLETS}/{id}")).await["droplet"].clone();
            let shown =
                format!("{} {}", droplet["status"].as_str().unwrap_or_default(), kinds(&droplet).join("+"));
            if seen.last() != Some(&shown) {
                seen.push(shown);
            }
            (droplet["status"] == "active").then_some(())
        })
        .await;
    assert_eq!(seen, ["new ", "new private", "new private+public", "active private+public"]);

    let action = account.get(&format!("/v2/actions/{}", link["id"])).await["action"].clone();
    assert_eq!((&action["type"], &action["status"]), (&json!("create"), &json!("completed")));
    assert_eq!(action["resource_id"].to_string(), id);
    let machine = account.world.booted(&id).await;
    let droplet = account.until_status(&id, "active").await;
    assert_eq!(droplet["networks"]["v4"][1]["ip_address"], machine["address"]);
    assert!(droplet["created_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{droplet}");

    let path = format!("{DROPLETS}/{id}");
    assert_eq!(account.call(Method::DELETE, &path, None).await.status, 204);
    for method in [Method::GET, Method::DELETE] {
        let gone = account.call(method, &path, None).await;
        assert_eq!((gone.status, &gone.body["id"]), (404, &json!("not_found")));
        assert_eq!(gone.body["message"], "The resource you requested could not be found.");
    }
    account.world.close().await;
}

#[tokio::test]
async fn a_create_that_breaks_a_rule_is_unprocessable() {
    let account = Account::open(60).await;
    for (wrong, part) in [
        (with("name", json!("ord_1-1")), "valid hostname characters"),
        (with("name", json!("ord-")), "valid hostname characters"),
        (with("name", Value::Null), "name is required"),
        (with("size", json!("s-9vcpu-9gb")), "invalid size"),
        (with("image", json!("windows-2022")), "invalid image"),
        (with("image", json!(1)), "invalid image"),
        (with("region", json!("nyc9")), "invalid region"),
        (with("region", json!("nyc1")), "Region is not available"),
        (with("size", json!("512mb")), "Size is not available in this region."),
        (with("size", json!("gpu-h100x1-80gb")), "Size is not available in this region."),
        (with("tags", json!(["a tag"])), "Tag names"),
        (with("tags", json!("tag")), "tags must be"),
        (with("backups", json!("disabled")), "backups must be a boolean"),
        (with("user_data", json!("#".repeat((64 << 10) + 1))), "64 KiB"),
    ] {
        let answer = account.call(Method::POST, DROPLETS, Some(wrong)).await;
        assert_eq!((answer.status, &answer.body["id"]), (422, &json!("unprocessable_entity")), "{part}");
        let message = answer.body["message"].as_str().expect("a message");
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(account.ids("").await, Vec::<String>::new());
    account.id(with("image", json!(159_651_797))).await;
    account.world.close().await;
}

#[tokio::test]
async fn names_may_repeat_and_tags_find_both_kinds() {
    let account = Account::open(60).await;
    let first = account.id(droplet()).await;
    let second = account.id(droplet()).await;
    let mut gpu = with("size", json!("gpu-h100x1-80gb"));
    gpu["region"] = json!("tor1");
    let gpu = account.id(gpu).await;
    let other = account.id(with("tags", json!(["ord_12"]))).await;

    assert_eq!(account.ids("tag_name=ord_1").await, [&first, &second, &gpu].map(String::as_str));
    assert_eq!(account.ids("name=ORD.1-1").await, [&first, &second, &other].map(String::as_str));
    assert_eq!(account.ids("name=ord.1-1&type=gpus").await, [gpu.as_str()]);
    assert_eq!(account.ids("type=gpus").await, [gpu.as_str()]);
    assert_eq!(account.ids("").await, account.ids("type=droplets").await);
    assert_eq!(account.ids("tag_name=nobody").await, Vec::<String>::new());
    for query in
        ["tag_name=a&name=b", "tag_name=a&type=gpus", "type=cpus", "per_page=201", "page=0", "page=x"]
    {
        let answer = account.call(Method::GET, &format!("{DROPLETS}?{query}"), None).await;
        assert_eq!((answer.status, &answer.body["id"]), (400, &json!("bad_request")), "{query}");
    }

    let page = account.get(&format!("{DROPLETS}?per_page=2")).await;
    assert_eq!((&page["meta"]["total"], page["droplets"].as_array().map(Vec::len)), (&json!(3), Some(2)));
    let next = page["links"]["pages"]["next"].as_str().expect("another page").to_owned();
    let path = next.split("/digitalocean").nth(1).expect("a path").to_owned();
    let last = account.get(&path).await;
    assert_eq!(last["droplets"][0]["id"].to_string(), other);
    assert_eq!(
        (&last["links"]["pages"]["next"], &page["links"]["pages"]["prev"]),
        (&Value::Null, &Value::Null)
    );

    assert_eq!(account.call(Method::DELETE, &format!("{DROPLETS}?tag_name=ord_1"), None).await.status, 204);
    assert_eq!((account.ids("").await, account.ids("type=gpus").await), (vec![other], vec![]));
    account.world.close().await;
}

#[tokio::test]
async fn one_action_at_a_time_changes_the_power() {
    let account = Account::open(60).await;
    let id = account.id(droplet()).await;
    let early = account.act(&id, json!({"type": "power_off"})).await;
    assert_eq!((early.status, &early.body["message"]), (422, &json!("Droplet already has a pending event.")));
    account.world.booted(&id).await;
    for (kind, status) in
        [("power_off", "off"), ("power_on", "active"), ("power_cycle", "active"), ("shutdown", "off")]
    {
        let begun = account.act(&id, json!({"type": kind})).await;
        assert_eq!((begun.status, &begun.body["action"]["type"]), (201, &json!(kind)), "{}", begun.body);
        assert_eq!(begun.body["action"]["status"], "in-progress");
        assert_eq!(account.act(&id, json!({"type": "reboot"})).await.status, 422);
        let action = format!("/v2/actions/{}", begun.body["action"]["id"]);
        account
            .world
            .until("it is completed", async || {
                (account.get(&action).await["action"]["status"] == "completed").then_some(())
            })
            .await;
        assert_eq!(account.until_status(&id, status).await["locked"], false);
    }
    let newest = account.get(&format!("{DROPLETS}/{id}/actions?per_page=1")).await;
    assert_eq!((&newest["actions"][0]["type"], &newest["meta"]["total"]), (&json!("shutdown"), &json!(5)));
    assert_eq!(account.act(&id, json!({"type": "dance"})).await.status, 422);
    assert_eq!(account.act("1", json!({"type": "power_on"})).await.status, 404);
    let requests = account.world.state().await["requests"].clone();
    assert_eq!((&requests["digitalocean.start"], &requests["digitalocean.stop"]), (&json!(2), &json!(3)));
    account.world.close().await;
}

#[tokio::test]
async fn a_rebuilt_droplet_keeps_its_user_data_and_a_new_password_is_only_mailed() {
    let account = Account::open(400).await;
    let id = account.id(with("user_data", json!(cloud_config("f1rst-b00t")))).await;
    account.world.booted(&id).await;
    assert_eq!(account.act(&id, json!({"type": "rebuild", "image": "nothing"})).await.status, 422);
    let image = json!({"type": "rebuild", "image": "debian-12-x64", "user_data": "#cloud-config\n"});
    assert_eq!(account.act(&id, image).await.status, 201);
    account
        .world
        .until("it is rebuilt", async || {
            let machine = account.world.machine(&id).await;
            (machine["reinstalled"] == true && !machine["booted_at_ms"].is_null()).then_some(())
        })
        .await;
    assert_eq!(accepted(&account.world, &id, "f1rst-b00t").await, json!(true));
    assert_eq!(account.get(&format!("{DROPLETS}/{id}")).await["droplet"]["image"]["slug"], "debian-12-x64");
    let mailed = account.act(&id, json!({"type": "password_reset"})).await;
    assert_eq!((mailed.status, &mailed.body["action"]["type"]), (201, &json!("password_reset")));
    assert_eq!(accepted(&account.world, &id, "f1rst-b00t").await, json!(true));
    account.world.close().await;
}

pub(crate) fn cloud_config(password: &str) -> String {
    let params = sha_crypt::Sha512Params::new(5_000).expect("parameters");
    let hash = sha_crypt::sha512_simple(password, &params).expect("a hash");
    format!(
        "#cloud-config\nusers:\n  - default\n  - name: desk\n    lock_passwd: false\n    passwd: \"{hash}\"\n"
    )
}

pub(crate) async fn accepted(world: &World, id: &str, password: &str) -> Value {
    let login = json!({"user": "desk", "password": password});
    world.control(Method::POST, &format!("/machines/{id}/login"), Some(login)).await.body["accepted"].clone()
}

#[tokio::test]
async fn faults_show_in_its_own_shapes() {
    let account = Account::open(400).await;
    let fault = |kind: &str, target: &str| json!({"target": format!("digitalocean.{target}"), "kind": kind});
    for (kind, target, status, id) in [
        ("out_of_stock", "create", 422, "unprocessable_entity"),
        ("quota", "create", 422, "unprocessable_entity"),
        ("unauthorized", "create", 401, "unauthorized"),
        ("rate_limited", "create", 429, "too_many_requests"),
        ("fail_before", "create", 500, "server_error"),
        ("late_create", "create", 504, "server_error"),
    ] {
        account.world.fault(fault(kind, target)).await;
        let answer = account.call(Method::POST, DROPLETS, Some(droplet())).await;
        assert_eq!((answer.status, &answer.body["id"]), (status, &json!(id)), "{kind}");
    }
    account.world.until("the late one", async || (!account.ids("").await.is_empty()).then_some(())).await;
    account.world.fault(fault("never_boot", "create")).await;
    let stuck = account.id(droplet()).await;
    account.world.fault(fault("unknown_status", "get")).await;
    let odd = account.get(&format!("{DROPLETS}/{stuck}")).await;
    assert_eq!(odd["droplet"]["status"], "hibernating");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(account.get(&format!("{DROPLETS}/{stuck}")).await["droplet"]["status"], "new");
    account.world.fault(fault("action_fails", "create")).await;
    let failing = format!("{DROPLETS}/{}", account.id(droplet()).await);
    let errored = async || {
        let page = account.get(&format!("{failing}/actions")).await;
        (page["actions"][0]["status"] == "errored").then_some(())
    };
    account.world.until("its creation fails", errored).await;
    assert_eq!(account.get(&failing).await["droplet"]["status"], "new");
    account.world.fault(fault("stale_list", "list")).await;
    assert_eq!(account.ids("").await, Vec::<String>::new());
    account.world.close().await;
}

#[tokio::test]
async fn sizes_tell_their_price_and_stock_and_images_have_no_windows() {
    let account = Account::open(60).await;
    let sizes = account.get("/v2/sizes?per_page=200").await;
    let find = |sizes: &Value, slug: &str| {
        let found =
            sizes["sizes"].as_array().expect("a list").iter().find(|size| size["slug"] == slug).cloned();
        found.expect("a size")
    };
    let size = find(&sizes, "s-2vcpu-4gb");
    assert_eq!(
        (&size["price_monthly"], &size["memory"], &size["vcpus"]),
        (&json!(24.0), &json!(4096), &json!(2))
    );
    let regions = |size: &Value| size["regions"].as_array().expect("a list").len();
    assert_eq!((regions(&size), regions(&find(&sizes, "512mb"))), (10, 0));
    assert_eq!(regions(&find(&sizes, "gpu-h100x1-80gb")), 3);
    let empty = json!({"target": "digitalocean.availability", "kind": "out_of_stock", "match": "nyc3"});
    account.world.fault(empty).await;
    let size = find(&account.get("/v2/sizes?per_page=200").await, "s-2vcpu-4gb");
    assert_eq!(size["regions"].as_array().map(|all| all.contains(&json!("nyc3"))), Some(false));

    let images = account.get("/v2/images?type=distribution&per_page=200").await.to_string();
    assert!(images.contains("ubuntu-24-04-x64") && !images.to_lowercase().contains("windows"));
    assert_eq!(account.get("/v2/images?type=application").await["meta"]["total"], 0);
    assert_eq!(account.get("/v2/regions").await["regions"].as_array().map(Vec::len), Some(11));
    let balance = account.get("/v2/customers/my/balance").await;
    assert!(balance["account_balance"].is_string() && balance["month_to_date_usage"].is_string());
    assert_eq!(account.get("/v2/account").await["account"]["status"], "active");
    account.world.close().await;
}

#[tokio::test]
async fn traffic_is_a_matrix_of_rates_since_the_creation() {
    let account = Account::open(60).await;
    let wish = json!({"name": "old", "age_s": 86_400});
    let wish = json!({"provider": "digitalocean", "machines": [wish]});
    assert_eq!(account.world.control(Method::POST, "/machines/bulk", Some(wish)).await.status, 201);
    let id = account.id(droplet()).await;
    let path = "/v2/monitoring/metrics/droplet/bandwidth";
    let now = account.world.state().await["now_ms"].as_i64().expect("a time") / 1_000;
    let query = |id: &str, direction: &str| {
        format!("{path}?host_id={id}&interface=public&direction={direction}&start={}&end={now}", now - 3_600)
    };
    let young = account.get(&query(&id, "inbound")).await;
    assert_eq!((&young["status"], &young["data"]["resultType"]), (&json!("success"), &json!("matrix")));
    assert_eq!(young["data"]["result"][0]["metric"]["host_id"], json!(id));
    assert_eq!(account.get(&query("1", "outbound")).await["data"]["result"], json!([]));
    for wrong in [format!("{path}?host_id=1"), query(&id, "sideways")] {
        assert_eq!(account.call(Method::GET, &wrong, None).await.status, 400, "{wrong}");
    }
    account.world.close().await;
}
