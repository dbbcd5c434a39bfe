//! Pages by number: `page` from 1, `per_page` 25 unless asked for, at most 50.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::invalid;

const PER_PAGE: usize = 25;
const PER_PAGE_MAX: usize = 50;

/// One page of `rows` as `{name: […], meta}`.
pub(super) fn answer(name: &str, rows: Vec<Value>, page: Option<usize>, per_page: Option<usize>) -> Response {
    let (page, per_page) = (page.unwrap_or(1), per_page.unwrap_or(PER_PAGE).min(PER_PAGE_MAX));
    if page == 0 || per_page == 0 {
        return invalid("invalid input in fields 'page', 'per_page'");
    }
    let total = rows.len();
    let last = total.div_ceil(per_page).max(1);
    let items: Vec<Value> =
        rows.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
    let pagination = json!({
        "page": page,
        "per_page": per_page,
        "previous_page": (page > 1).then(|| page - 1),
        "next_page": (page < last).then(|| page + 1),
        "last_page": last,
        "total_entries": total,
    });
    Json(json!({name: items, "meta": {"pagination": pagination}})).into_response()
}
