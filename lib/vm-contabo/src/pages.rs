//! Answers: `data` is always a list, and lists come in numbered pages.

use app::ports::VmError;
use domain::Timestamp;
use http_call::lenient;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use vm_http::Pages;

use crate::client::Client;

/// Items asked for per page.
pub(crate) const SIZE: u16 = 100;

/// `{"data":[…],"_pagination":{…}}`.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    #[serde(rename = "_pagination", default, deserialize_with = "pagination")]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    #[serde(rename = "totalPages", deserialize_with = "lenient::integer")]
    total_pages: Option<i64>,
}

/// One object's answer has no pagination, and the documentation's examples have an empty string there.
fn pagination<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Pagination>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}

impl<T> Page<T> {
    /// Whether there is a page after this one, which was asked for as `number` with at most `size` items.
    fn has_next(&self, number: u32, size: u16) -> bool {
        match self.pagination.as_ref().and_then(|pagination| pagination.total_pages) {
            Some(total) => i64::from(number) < total && !self.data.is_empty(),
            None => self.data.len() >= usize::from(size),
        }
    }

    /// The one object that an answer is about.
    pub(crate) fn one(self) -> Result<T, VmError> {
        let none = || VmError::Unclear { what: "an answer without its object".to_owned(), source: None };
        self.data.into_iter().next().ok_or_else(none)
    }
}

impl Client {
    /// The items of page `number` (from 1), and the number of the next one.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        filter: &[(&str, &str)],
        number: u32,
        size: u16,
    ) -> Result<(Vec<T>, Option<u32>), VmError> {
        let (items, next, _) = self.dated_page(path, filter, number, size).await?;
        Ok((items, next))
    }

    /// The same, and when Contabo said so.
    pub(crate) async fn dated_page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        filter: &[(&str, &str)],
        number: u32,
        size: u16,
    ) -> Result<(Vec<T>, Option<u32>, Option<Timestamp>), VmError> {
        let (page, size_text) = (number.to_string(), size.to_string());
        let mut query = vec![("page", page.as_str()), ("size", size_text.as_str())];
        query.extend_from_slice(filter);
        let (page, date): (Page<T>, _) = self.dated(path, &query).await?;
        let next = page.has_next(number, size).then(|| number.saturating_add(1));
        Ok((page.data, next, date))
    }

    /// A list to its end, in at most `pages_max` pages.
    pub(crate) async fn all<T: DeserializeOwned>(
        &self,
        path: &[&str],
        filter: &[(&str, &str)],
        pages_max: u32,
    ) -> Result<Vec<T>, VmError> {
        let page = |number| self.page(path, filter, number, SIZE);
        Pages::at_most(pages_max).walk(&path.join("/"), 1, page).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_is_known_with_and_without_pagination() {
        for (text, number, size, next) in [
            (r#"{"data":[1,2],"_pagination":{"totalPages":3,"page":1}}"#, 1, 2, true),
            (r#"{"data":[1,2],"_pagination":{"totalPages":"3"}}"#, 3, 2, false),
            (r#"{"data":[],"_pagination":{"totalPages":9}}"#, 1, 2, false),
            (r#"{"data":[],"_pagination":{"totalPages":0}}"#, 1, 2, false),
            (r#"{"data":[1,2],"_pagination":""}"#, 1, 2, true),
            (r#"{"data":[1,2],"_pagination":{"page":1}}"#, 1, 2, true),
            (r#"{"data":[1]}"#, 1, 2, false),
        ] {
            let page: Page<i32> = serde_json::from_str(text).unwrap();
            assert_eq!(page.has_next(number, size), next, "{text}");
        }
    }
}
