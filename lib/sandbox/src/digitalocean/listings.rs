//! What can be had, and what was used: account, balance, regions, sizes with their stock, images, traffic.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::catalogue::{IMAGES, REGIONS, SIZES};
use super::machine::zulu;
use super::paging::Paging;
use super::{DigitalOcean, bad_request};
use crate::machines::{Play, sold_out};
use crate::world::{Shared, World, locked};

/// Seconds between two values of a series, at least, and values of one series, at most.
const STEP_S: i64 = 120;
const VALUES_MAX: i64 = 1_000;
/// Rates of a simulated desktop, in Mbit/s as the API spells them.
const INBOUND: &str = "0.096000000000000002";
const OUTBOUND: &str = "0.384000000000000008";

type Asked = Result<Query<Paging>, QueryRejection>;

async fn listing(
    world: &World,
    target: &'static str,
    name: &str,
    paging: Asked,
    rows: impl FnOnce() -> Vec<Value> + Send,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter.") };
    let url = format!("{}/digitalocean/v2/{name}", world.base_url);
    DigitalOcean::call(target, "").run(world, async { paging.answer(name, &url, rows(), |row| row) }).await
}

/// `GET /v2/regions`
pub(super) async fn regions(State(world): State<Shared>, paging: Asked) -> Response {
    let rows = || REGIONS.iter().map(|region| region.shape()).collect();
    listing(&world, "digitalocean.regions", "regions", paging, rows).await
}

/// `GET /v2/sizes`: also where each can be had now.
pub(super) async fn sizes(State(world): State<Shared>, paging: Asked) -> Response {
    let rows = || {
        let sold_out = |slug: &str| sold_out(&world, "digitalocean.availability", slug);
        let open: Vec<_> = REGIONS.iter().filter(|region| !sold_out(region.slug)).collect();
        let shape = |size: &super::catalogue::Size| {
            let here = open.iter().filter(|region| region.stocks(size));
            size.shape(&here.map(|region| region.slug).collect::<Vec<_>>())
        };
        SIZES.iter().map(shape).collect()
    };
    listing(&world, "digitalocean.plans", "sizes", paging, rows).await
}

#[derive(Deserialize)]
pub(super) struct ImageFilter {
    #[serde(rename = "type")]
    kind: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

/// `GET /v2/images?type=distribution`: there are no applications and no snapshots.
pub(super) async fn images(
    State(world): State<Shared>,
    filter: Result<Query<ImageFilter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter.") };
    let paging = Paging { page: filter.page, per_page: filter.per_page };
    let wanted = filter.kind.as_deref().is_none_or(|kind| kind == "distribution");
    let rows = || IMAGES.iter().filter(|_| wanted).map(|image| image.shape()).collect();
    listing(&world, "digitalocean.images", "images", Ok(Query(paging)), rows).await
}

/// `GET /v2/account`
pub(super) async fn account(State(world): State<Shared>) -> Response {
    DigitalOcean::call("digitalocean.account", "")
        .run(&world, async {
            let account = json!({
                "droplet_limit": 12_000,
                "floating_ip_limit": 3,
                "email": "operator@example.com",
                "uuid": "b6fr89dbf6d9156cace5f3c78dc9851d957381ef",
                "email_verified": true,
                "status": "active",
                "status_message": "",
            });
            Json(json!({"account": account})).into_response()
        })
        .await
}

/// `GET /v2/customers/my/balance`: strings; what is owed is positive.
pub(super) async fn balance(State(world): State<Shared>) -> Response {
    DigitalOcean::call("digitalocean.account", "")
        .run(&world, async {
            let balance = json!({
                "month_to_date_balance": "-488.79",
                "account_balance": "-500.00",
                "month_to_date_usage": "11.21",
                "generated_at": zulu(world.clock.now_ms()),
            });
            Json(balance).into_response()
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Window {
    host_id: String,
    interface: String,
    direction: String,
    start: i64,
    end: i64,
}

/// `GET /v2/monitoring/metrics/droplet/bandwidth`: Mbit/s as strings, from the creation on. Nothing for a droplet that
/// is not there, or without the agent.
pub(super) async fn bandwidth(
    State(world): State<Shared>,
    window: Result<Query<Window>, QueryRejection>,
) -> Response {
    let Ok(Query(window)) = window else { return bad_request("missing or invalid parameter") };
    DigitalOcean::call("digitalocean.traffic", &window.host_id)
        .run(&world, async {
            let rate = match window.direction.as_str() {
                "inbound" => INBOUND,
                "outbound" => OUTBOUND,
                _ => return bad_request("direction must be inbound or outbound"),
            };
            if !matches!(window.interface.as_str(), "public" | "private") || window.end < window.start {
                return bad_request("invalid interface or time range");
            }
            let metric = json!({
                "direction": window.direction, "host_id": window.host_id, "interface": window.interface,
            });
            let series = |values: Vec<Value>| json!({"metric": metric, "values": values});
            let result: Vec<Value> = values(&world, &window, rate).into_iter().map(series).collect();
            let data = json!({"resultType": "matrix", "result": result});
            Json(json!({"status": "success", "data": data})).into_response()
        })
        .await
}

fn values(world: &World, window: &Window, rate: &str) -> Option<Vec<Value>> {
    let inventory = locked(&world.digitalocean.inventory);
    let machine = inventory.find(&window.host_id)?;
    machine.own.features.contains(&"monitoring").then_some(())?;
    let step = STEP_S.max(window.end.saturating_sub(window.start) / VALUES_MAX);
    let begins = window.start.max(machine.created_at_ms / 1_000);
    let ends = window.end.min(world.clock.now_ms() / 1_000);
    let first = begins.div_euclid(step) * step + step;
    let mut times = Vec::new();
    let mut at = first;
    while at <= ends {
        times.push(json!([at, rate]));
        at += step;
    }
    Some(times)
}
