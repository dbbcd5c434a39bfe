//! What can be had, and what was used: account, regions, stock, plans, systems, traffic.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::catalogue::{OPERATING_SYSTEMS, PLANS, REGIONS, find_region};
use super::instances::pending_charges;
use super::paging::Paging;
use super::{Vultr, bad_request, no_such};
use crate::clock::{day, iso_seconds};
use crate::desktops::Os;
use crate::machines::{Play as _, on_machine, sold_out};
use crate::world::{Shared, World, locked};

const DAY_MS: i64 = 24 * 3_600_000;
const BANDWIDTH_DAYS_DEFAULT: i64 = 30;
const BANDWIDTH_DAYS_MAX: i64 = 180;
/// Traffic of a simulated desktop, in bytes a second.
const INCOMING_RATE: i64 = 12_000;
const OUTGOING_RATE: i64 = 48_000;
const RIGHTS: &[&str] =
    &["subscriptions_view", "subscriptions", "billing", "provisioning", "upgrade", "firewall"];

async fn answer(
    world: &World,
    target: &'static str,
    subject: &str,
    body: impl FnOnce() -> Response + Send,
) -> Response {
    Vultr::call(target, subject).run(world, async { body() }).await
}

/// `GET /account`. A negative balance is credit.
pub(super) async fn account(State(world): State<Shared>) -> Response {
    answer(&world, "vultr.account", "", || {
        let now = world.clock.now_ms();
        let charges: f64 = locked(&world.vultr.inventory).machines().map(|m| pending_charges(m, now)).sum();
        let account = json!({
            "name": "Sandbox",
            "email": "operator@example.com",
            "acls": RIGHTS,
            "balance": -500.25,
            "pending_charges": (charges * 100.0).round() / 100.0,
            "last_payment_date": iso_seconds(now - 20 * DAY_MS),
            "last_payment_amount": -500.25,
        });
        Json(json!({"account": account})).into_response()
    })
    .await
}

/// `GET /regions`
pub(super) async fn regions(
    State(world): State<Shared>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter") };
    answer(&world, "vultr.regions", "", || {
        paging.answer("regions", placed(REGIONS.iter().map(|region| region.shape())))
    })
    .await
}

/// A constant list, each row with its place.
fn placed(rows: impl Iterator<Item = Value>) -> Vec<(u64, Value)> {
    (1u64..).zip(rows).collect()
}

#[derive(Deserialize)]
pub(super) struct PlanFilter {
    #[serde(rename = "type")]
    kind: Option<String>,
    os: Option<String>,
    per_page: Option<usize>,
    cursor: Option<String>,
}

impl PlanFilter {
    fn admits(&self, plan: &super::catalogue::Plan) -> bool {
        let kind = self.kind.as_deref().filter(|kind| *kind != "all" && !kind.is_empty());
        let os = if self.os.as_deref() == Some("windows") { Os::Windows } else { Os::Linux };
        kind.is_none_or(|kind| plan.kind() == kind) && plan.runs(os)
    }
}

/// `GET /regions/{id}/availability?type=`
pub(super) async fn availability(
    State(world): State<Shared>,
    Path(id): Path<String>,
    filter: Result<Query<PlanFilter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter") };
    answer(&world, "vultr.availability", &id, || {
        let Some(region) = find_region(&id) else { return no_such("region") };
        let sold_out = sold_out(&world, "vultr.availability", &id);
        let stock = PLANS.iter().filter(|plan| !sold_out && region.stocks(plan) && filter.admits(plan));
        let available: Vec<&str> = stock.map(|plan| plan.id).collect();
        Json(json!({"available_plans": available, "available_vpc_only_plans": []})).into_response()
    })
    .await
}

/// `GET /plans?type=&os=windows`
pub(super) async fn plans(
    State(world): State<Shared>,
    filter: Result<Query<PlanFilter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter") };
    answer(&world, "vultr.plans", "", || {
        let rows = placed(PLANS.iter().filter(|plan| filter.admits(plan)).map(|plan| plan.shape()));
        Paging::new(filter.per_page, filter.cursor.clone()).answer("plans", rows)
    })
    .await
}

/// `GET /os`
pub(super) async fn os(
    State(world): State<Shared>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter") };
    answer(&world, "vultr.os", "", || {
        paging.answer("os", placed(OPERATING_SYSTEMS.iter().map(|os| os.shape())))
    })
    .await
}

#[derive(Deserialize)]
pub(super) struct Days {
    date_range: Option<i64>,
}

/// `GET /instances/{id}/bandwidth?date_range=`: bytes per UTC day since creation.
pub(super) async fn bandwidth(
    State(world): State<Shared>,
    Path(id): Path<String>,
    days: Result<Query<Days>, QueryRejection>,
) -> Response {
    let days = match days {
        Ok(Query(Days { date_range })) => date_range.unwrap_or(BANDWIDTH_DAYS_DEFAULT),
        Err(_) => 0,
    };
    if !(1..=BANDWIDTH_DAYS_MAX).contains(&days) {
        return bad_request("date_range must be between 1 and 180");
    }
    on_machine::<Vultr>(&world, "vultr.bandwidth", &id, |machine| {
        let now = world.clock.now_ms();
        let today = now - now.rem_euclid(DAY_MS);
        let first = (today - (days - 1) * DAY_MS)
            .max(machine.created_at_ms - machine.created_at_ms.rem_euclid(DAY_MS));
        let mut bandwidth = Map::new();
        let mut begins = first;
        while begins <= today {
            let up_for_ms = (begins + DAY_MS).min(now) - begins.max(machine.created_at_ms);
            let seconds = up_for_ms.max(0) / 1_000;
            let bytes =
                json!({"incoming_bytes": seconds * INCOMING_RATE, "outgoing_bytes": seconds * OUTGOING_RATE});
            bandwidth.insert(day(begins), bytes);
            begins += DAY_MS;
        }
        Json(json!({"bandwidth": bandwidth})).into_response()
    })
    .await
}
