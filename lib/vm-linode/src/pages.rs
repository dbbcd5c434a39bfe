//! Lists, which come in numbered pages.

use app::ports::VmError;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vm_http::Pages;

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

    /// The number of the page after this one, which is page `number`.
    pub(crate) fn next(&self, number: u32) -> Option<u32> {
        let goes_on = self.pages.is_some_and(|pages| pages > i64::from(number));
        goes_on.then(|| number.saturating_add(1))
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
    pub(crate) async fn all<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Vec<T>, VmError> {
        let page = |number| async move {
            let page = self.page::<T>(path, None, PAGE_SIZE_MAX, number).await?;
            let next = page.next(number);
            Ok((page.data, next))
        };
        Pages::at_most(PAGES_MAX).walk(&path.join("/"), 1, page).await
    }
}
