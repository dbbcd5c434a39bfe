//! What can be had: standard images and data centres. There is no list of products or prices.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::catalogue::{IMAGES, Image, REGIONS, Region};
use super::paging::Paging;
use super::{Contabo, bad_request};
use crate::machines::Play as _;
use crate::world::Shared;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageFilter {
    page: Option<usize>,
    size: Option<usize>,
    name: Option<String>,
    search: Option<String>,
    standard_image: Option<bool>,
}

/// `GET /v1/compute/images`; this account has no images of its own.
pub(super) async fn images(
    State(world): State<Shared>,
    filter: Result<Query<ImageFilter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter") };
    Contabo::call("contabo.images", "")
        .run(&world, async {
            let part =
                |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|one| is.contains(one));
            let fits = |image: &&Image| {
                part(&filter.name, image.name)
                    && part(&filter.search, image.name)
                    && filter.standard_image != Some(false)
            };
            let rows = IMAGES.iter().filter(fits).collect();
            Paging::new(filter.page, filter.size).answer("/v1/compute/images", rows, Image::shape)
        })
        .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegionFilter {
    page: Option<usize>,
    size: Option<usize>,
    region_slug: Option<String>,
}

/// `GET /v1/data-centers`
pub(super) async fn data_centers(
    State(world): State<Shared>,
    filter: Result<Query<RegionFilter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter") };
    Contabo::call("contabo.regions", "")
        .run(&world, async {
            let fits = |region: &&Region| filter.region_slug.as_deref().is_none_or(|slug| slug == region.id);
            let rows = REGIONS.iter().filter(fits).collect();
            Paging::new(filter.page, filter.size).answer("/v1/data-centers", rows, Region::shape)
        })
        .await
}
