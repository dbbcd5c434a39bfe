//! Pages by number: `page` from 1, `per_page` 20 unless asked for, at most 200.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::bad_request;

const PER_PAGE: usize = 20;
const PER_PAGE_MAX: usize = 200;

#[derive(Deserialize)]
pub(super) struct Paging {
    pub(super) page: Option<usize>,
    pub(super) per_page: Option<usize>,
}

impl Paging {
    /// One page of `rows` as `{name: […], links, meta}`; rows take their shape only when they are on it.
    ///
    /// `links.pages` names the pages before and after this one; when there is only one page it is missing.
    pub(super) fn answer<T>(
        &self,
        name: &str,
        url: &str,
        rows: Vec<T>,
        shape: impl Fn(T) -> Value,
    ) -> Response {
        let (page, per_page) = (self.page.unwrap_or(1), self.per_page.unwrap_or(PER_PAGE));
        if page == 0 || per_page == 0 || per_page > PER_PAGE_MAX {
            return bad_request("page and per_page must be positive, and per_page at most 200");
        }
        let total = rows.len();
        let last = total.div_ceil(per_page).max(1);
        let link = |number: usize| json!(format!("{url}?page={number}&per_page={per_page}"));
        let mut pages = Map::new();
        if page > 1 {
            pages.insert("first".into(), link(1));
            pages.insert("prev".into(), link(page - 1));
        }
        if page < last {
            pages.insert("next".into(), link(page + 1));
            pages.insert("last".into(), link(last));
        }
        let links = if pages.is_empty() { json!({}) } else { json!({"pages": pages}) };
        let start = (page - 1).saturating_mul(per_page);
        let items: Vec<Value> = rows.into_iter().skip(start).take(per_page).map(shape).collect();
        Json(json!({name: items, "links": links, "meta": {"total": total}})).into_response()
    }
}
