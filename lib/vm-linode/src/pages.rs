//! Lists, which come in numbered pages.

use app::ports::VmError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Client;

/// The provider's smallest and largest page.
pub(crate) const PAGE_SIZE_MIN: u16 = 25;
pub(crate) const PAGE_SIZE_MAX: u16 = 500;
/// Pages of a short list that are read at most.
const PAGES_MAX: u32 = 10;

/// One page of a list.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) data: Vec<T>,
    /// How many pages there are.
    #[serde(default, deserialize_with = "http_call::lenient::integer")]
    pages: Option<i64>,
}

impl<T> Page<T> {
    /// One with nothing on it and none after it.
    pub(crate) fn empty() -> Self {
        Self { data: Vec::new(), pages: None }
    }

    /// Whether there is a page after this one.
    pub(crate) fn goes_on(&self, number: u32) -> bool {
        self.pages.is_some_and(|pages| pages > i64::from(number))
    }
}

impl Client {
    /// One page of a list, counted from 1.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        filter: Option<&Value>,
        page_size: u16,
        number: u32,
    ) -> Result<Page<T>, VmError> {
        let (page_size, number) = (page_size.to_string(), number.to_string());
        self.read(path, &[("page", number.as_str()), ("page_size", page_size.as_str())], filter).await
    }

    /// A short list, to its end.
    ///
    /// # Errors
    /// [`VmError`]; `Unclear` for a list that does not end.
    pub(crate) async fn all<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Vec<T>, VmError> {
        let mut items = Vec::new();
        for number in 1..=PAGES_MAX {
            let page = self.page::<T>(path, None, PAGE_SIZE_MAX, number).await?;
            let goes_on = page.goes_on(number);
            items.extend(page.data);
            if !goes_on {
                return Ok(items);
            }
        }
        let what = format!("more than {PAGES_MAX} pages of {}", path.join("/"));
        Err(VmError::Unclear { what, source: None })
    }
}
