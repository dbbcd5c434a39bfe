//! What can be had, and what was used: account, regions with their stock, types, images, traffic.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::catalogue::{IMAGES, REGIONS, Region, TYPES, find_region};
use super::paging::Paging;
use super::{Linode, bad_request, not_found};
use crate::machines::{Play, on_machine, sold_out};
use crate::world::{Shared, World};

/// Traffic of a simulated desktop, in bytes a second.
const RATE: i64 = 48_000;

type Asked = Result<Query<Paging>, QueryRejection>;

async fn listing(
    world: &World,
    target: &'static str,
    paging: Asked,
    rows: impl FnOnce() -> Vec<Value> + Send,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter") };
    Linode::call(target, "").run(world, async { paging.answer(rows(), |row| row) }).await
}

/// `GET /v4/regions`
pub(super) async fn regions(State(world): State<Shared>, paging: Asked) -> Response {
    listing(&world, "linode.regions", paging, || REGIONS.iter().map(Region::shape).collect()).await
}

/// `GET /v4/regions/{id}`
pub(super) async fn region(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    Linode::call("linode.regions", &id)
        .run(&world, async {
            find_region(&id).map_or_else(not_found, |region| Json(region.shape()).into_response())
        })
        .await
}

fn rows_of(world: &World, region: &Region) -> Vec<Value> {
    region.availability(sold_out(world, "linode.availability", region.id))
}

/// `GET /v4/regions/availability`: all regions, in pages.
pub(super) async fn availabilities(State(world): State<Shared>, paging: Asked) -> Response {
    let rows = || REGIONS.iter().flat_map(|region| rows_of(&world, region)).collect();
    listing(&world, "linode.availability", paging, rows).await
}

/// `GET /v4/regions/{id}/availability`: a bare list.
pub(super) async fn availability(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    Linode::call("linode.availability", &id)
        .run(&world, async {
            let rows = find_region(&id).map(|region| rows_of(&world, region));
            rows.map_or_else(not_found, |rows| Json(rows).into_response())
        })
        .await
}

/// `GET /v4/linode/types`
pub(super) async fn types(State(world): State<Shared>, paging: Asked) -> Response {
    listing(&world, "linode.plans", paging, || TYPES.iter().map(|one| one.shape()).collect()).await
}

/// `GET /v4/images`: the public ones; the account has none of its own.
pub(super) async fn images(State(world): State<Shared>, paging: Asked) -> Response {
    listing(&world, "linode.images", paging, || IMAGES.iter().map(|one| one.shape()).collect()).await
}

/// `GET /v4/account`: US dollars; what is owed is positive.
pub(super) async fn account(State(world): State<Shared>) -> Response {
    Linode::call("linode.account", "")
        .run(&world, async {
            let account = json!({
                "company": "Sandbox",
                "email": "operator@example.com",
                "first_name": "Sandbox",
                "last_name": "Operator",
                "country": "US",
                "balance": -500.25,
                "balance_uninvoiced": 145.1,
                "billing_source": "linode",
                "active_since": "2026-01-01T00:01:01",
                "capabilities": ["Linodes", "Block Storage", "Object Storage"],
                "active_promotions": [],
                "euuid": "E1AF5EEC-526F-487D-B317EBEB34C87D71",
            });
            Json(account).into_response()
        })
        .await
}

/// `GET /v4/linode/instances/{id}/transfer`: `used` in bytes, the others in GB.
pub(super) async fn transfer(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Linode>(&world, "linode.traffic", &id, |machine| {
        let seconds = (world.clock.now_ms() - machine.created_at_ms).max(0) / 1_000;
        let used = seconds.saturating_mul(RATE);
        Json(json!({"used": used, "quota": machine.own.kind.transfer, "billable": 0})).into_response()
    })
    .await
}

/// `GET /v4/linode/instances/{id}/stats`: no points yet, which a young instance answers with 400.
pub(super) async fn stats(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Linode>(&world, "linode.traffic", &id, |_| {
        bad_request("Stats are unavailable at this time.")
    })
    .await
}
