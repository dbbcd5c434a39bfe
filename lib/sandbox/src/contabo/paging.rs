//! Pages by number: `page` from 1, `size` 10 unless asked for, at most 100.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::bad_request;

const SIZE: usize = 10;
const SIZE_MAX: usize = 100;

pub(super) struct Paging {
    page: usize,
    size: usize,
}

impl Paging {
    pub(super) fn new(page: Option<usize>, size: Option<usize>) -> Self {
        Self { page: page.unwrap_or(1), size: size.unwrap_or(SIZE).min(SIZE_MAX) }
    }

    /// One page of `rows`, which take their shape only when they are on it.
    pub(super) fn answer<T>(&self, path: &str, rows: Vec<&T>, shape: impl Fn(&T) -> Value) -> Response {
        let Self { page, size } = *self;
        if page == 0 || size == 0 {
            return bad_request("page and size must not be less than 1");
        }
        let (total, pages) = (rows.len(), rows.len().div_ceil(size));
        let begin = (page - 1).saturating_mul(size);
        let data: Vec<Value> = rows.into_iter().skip(begin).take(size).map(shape).collect();
        let link = |number: usize| format!("{path}?page={number}&size={size}");
        Json(json!({
            "_pagination": {"size": size, "totalElements": total, "totalPages": pages, "page": page},
            "data": data,
            "_links": {
                "self": link(page),
                "first": link(1),
                "previous": if page > 1 { link(page - 1) } else { String::new() },
                "next": if page < pages { link(page + 1) } else { String::new() },
                "last": link(pages.max(1)),
            },
        }))
        .into_response()
    }
}
