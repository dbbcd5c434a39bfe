//! Pages by number: `page` from 1, `page_size` 25 to 500, 100 unless asked for.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Wrong, not_found};

const PAGE_SIZE: usize = 100;
const PAGE_SIZES: std::ops::RangeInclusive<usize> = 25..=500;

#[derive(Deserialize)]
pub(super) struct Paging {
    page: Option<usize>,
    page_size: Option<usize>,
}

impl Paging {
    /// One page of `rows` as `{data, page, pages, results}`; rows take their shape only when they are on it.
    pub(super) fn answer<T>(&self, rows: Vec<T>, shape: impl Fn(T) -> Value) -> Response {
        let (page, size) = (self.page.unwrap_or(1), self.page_size.unwrap_or(PAGE_SIZE));
        if !PAGE_SIZES.contains(&size) {
            return Wrong::new("page_size", "Must be 25-500").into_response();
        }
        let results = rows.len();
        let pages = results.div_ceil(size).max(1);
        if page == 0 || page > pages {
            return not_found();
        }
        let data: Vec<Value> =
            rows.into_iter().skip((page - 1).saturating_mul(size)).take(size).map(shape).collect();
        Json(json!({"data": data, "page": page, "pages": pages, "results": results})).into_response()
    }
}
