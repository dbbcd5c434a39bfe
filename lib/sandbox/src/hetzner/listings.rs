//! What can be had: locations, server types with their stock, images, prices.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::catalogue::{IMAGES, LOCATIONS, SERVER_TYPES};
use super::{Hetzner, invalid, paging};
use crate::machines::{Play, sold_out};
use crate::operation::Service;
use crate::world::{Shared, World};

#[derive(Deserialize)]
pub(super) struct Filter {
    name: Option<String>,
    architecture: Option<String>,
    page: Option<usize>,
    per_page: Option<usize>,
}

type Asked = Result<Query<Filter>, QueryRejection>;

/// `GET /locations`
pub(super) async fn locations(State(world): State<Shared>, filter: Asked) -> Response {
    let rows = |_: &World| LOCATIONS.iter().map(|one| (one.name, one.shape())).collect();
    answer(&world, "hetzner.regions", "locations", filter, rows).await
}

/// `GET /datacenters`: gone since October 2026; the server types tell the stock.
pub(super) async fn data_centers(State(world): State<Shared>) -> Response {
    let gone = || {
        let text = "the Data Centers API was removed";
        Service::Hetzner.coded_error(StatusCode::GONE, "deprecated_api_endpoint", text)
    };
    Hetzner::call("hetzner.availability", "").run(&world, async { gone() }).await
}

/// `GET /server_types`: also where each can be had now.
pub(super) async fn server_types(State(world): State<Shared>, filter: Asked) -> Response {
    let rows = |world: &World| {
        let names = LOCATIONS.iter().map(|one| one.name);
        let empty: Vec<&str> = names.filter(|name| sold_out(world, "hetzner.availability", name)).collect();
        SERVER_TYPES.iter().map(|one| (one.name, one.shape(&empty))).collect()
    };
    answer(&world, "hetzner.plans", "server_types", filter, rows).await
}

/// `GET /images`: the system's; there are no snapshots.
pub(super) async fn images(State(world): State<Shared>, filter: Asked) -> Response {
    let rows = |_: &World| IMAGES.iter().map(|one| (one.name, one.shape())).collect();
    answer(&world, "hetzner.images", "images", filter, rows).await
}

/// `GET /pricing`
pub(super) async fn pricing(State(world): State<Shared>) -> Response {
    Hetzner::call("hetzner.plans", "")
        .run(&world, async {
            let types: Vec<Value> = SERVER_TYPES
                .iter()
                .map(|one| json!({"id": one.id, "name": one.name, "prices": one.prices()}))
                .collect();
            let pricing = json!({"currency": "EUR", "vat_rate": "19.000000", "server_types": types});
            Json(json!({"pricing": pricing})).into_response()
        })
        .await
}

async fn answer(
    world: &World,
    target: &'static str,
    name: &str,
    filter: Asked,
    rows: impl FnOnce(&World) -> Vec<(&'static str, Value)> + Send,
) -> Response {
    let Ok(Query(filter)) = filter else { return invalid("invalid query parameter") };
    Hetzner::call(target, filter.name.as_deref().unwrap_or_default())
        .run(world, async {
            let fits = |(one, row): &(&str, Value)| {
                filter.name.as_deref().is_none_or(|name| name == *one)
                    && filter.architecture.as_deref().is_none_or(|wanted| row["architecture"] == wanted)
            };
            let rows = rows(world).into_iter().filter(fits).map(|(_, row)| row).collect();
            paging::answer(name, rows, filter.page, filter.per_page)
        })
        .await
}
