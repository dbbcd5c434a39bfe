//! Cursor paging: `per_page` (default 100, at most 500) and an opaque `cursor`.

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request;

const PER_PAGE_DEFAULT: usize = 100;
const PER_PAGE_MAX: usize = 500;

#[derive(Deserialize, Default)]
pub(super) struct Paging {
    per_page: Option<usize>,
    cursor: Option<String>,
}

impl Paging {
    pub(super) fn new(per_page: Option<usize>, cursor: Option<String>) -> Self {
        Self { per_page, cursor }
    }

    /// One page of `rows`, each with its place in the order of creation, as `{name: […], meta}`.
    pub(super) fn answer(&self, name: &str, rows: Vec<(u64, Value)>) -> Response {
        self.answer_with(name, rows, |row| row)
    }

    /// The same with rows that take their shape only when they are on the page.
    pub(super) fn answer_with<T>(
        &self,
        name: &str,
        rows: Vec<(u64, T)>,
        shape: impl Fn(T) -> Value,
    ) -> Response {
        let Some(after) = self.after() else { return bad_request("Invalid cursor.") };
        let per_page = self.per_page.unwrap_or(PER_PAGE_DEFAULT).clamp(1, PER_PAGE_MAX);
        let total = rows.len();
        let start = rows.partition_point(|(place, _)| *place <= after);
        let end = (start + per_page).min(total);
        let place_before = |index: usize| index.checked_sub(1).and_then(|i| rows.get(i)).map_or(0, |r| r.0);
        let next = if end < total { cursor(place_before(end)) } else { String::new() };
        let prev =
            if start > 0 { cursor(place_before(start.saturating_sub(per_page))) } else { String::new() };
        let page: Vec<Value> =
            rows.into_iter().skip(start).take(per_page).map(|(_, row)| shape(row)).collect();
        axum::Json(json!({name: page, "meta": {"total": total, "links": {"next": next, "prev": prev}}}))
            .into_response()
    }

    /// The place after which the page begins; `None` for a cursor that is not ours.
    fn after(&self) -> Option<u64> {
        let Some(cursor) = self.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else { return Some(0) };
        let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
        text.strip_prefix("next__")?.parse().ok()
    }
}

fn cursor(place: u64) -> String {
    STANDARD.encode(format!("next__{place}"))
}
