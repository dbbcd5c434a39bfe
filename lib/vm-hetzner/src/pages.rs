//! Lists, which come in pages by number.

use app::ports::VmError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::Client;

/// Items asked for per page; more is not documented.
pub(crate) const PER_PAGE: u16 = 50;
/// Pages of a short list that are read at most.
const PAGES_MAX: usize = 20;

/// One page of a list.
pub(crate) trait Page: DeserializeOwned {
    /// What is listed.
    type Item;
    /// Where the list is.
    const PATH: &'static str;
    /// The items, and the number of the next page.
    fn split(self) -> (Vec<Self::Item>, Option<u64>);
}

/// Defines the page of a list: its type, where it is and under which name its items stand there.
macro_rules! page {
    ($page:ident, $path:literal, $field:ident: $item:ty) => {
        #[derive(serde::Deserialize)]
        pub(crate) struct $page {
            $field: Vec<$item>,
            #[serde(default)]
            meta: $crate::pages::Meta,
        }

        impl $crate::pages::Page for $page {
            type Item = $item;
            const PATH: &'static str = $path;
            fn split(self) -> (Vec<$item>, Option<u64>) {
                (self.$field, self.meta.next())
            }
        }
    };
}
pub(crate) use page;

#[derive(Default, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    pagination: Pagination,
}

#[derive(Default, Deserialize)]
struct Pagination {
    #[serde(default, deserialize_with = "http_call::lenient::integer")]
    next_page: Option<i64>,
}

impl Meta {
    /// The next page's number; there is none at the end.
    pub(crate) fn next(self) -> Option<u64> {
        u64::try_from(self.pagination.next_page?).ok().filter(|page| *page > 0)
    }
}

impl Client {
    /// A short list, to its end.
    ///
    /// # Errors
    /// [`VmError`]; `Unclear` for a list that does not end.
    pub(crate) async fn all<P: Page>(&self, filter: &[(&str, &str)]) -> Result<Vec<P::Item>, VmError> {
        let (mut items, mut page) = (Vec::new(), 1);
        for _ in 0..PAGES_MAX {
            let (more, next) = self.page::<P>(filter, page, PER_PAGE).await?;
            items.extend(more);
            match next {
                Some(next) => page = next,
                None => return Ok(items),
            }
        }
        Err(VmError::Unclear { what: format!("more than {PAGES_MAX} pages of {}", P::PATH), source: None })
    }

    /// One page of a list.
    pub(crate) async fn page<P: Page>(
        &self,
        filter: &[(&str, &str)],
        page: u64,
        per_page: u16,
    ) -> Result<(Vec<P::Item>, Option<u64>), VmError> {
        let (page, per_page) = (page.to_string(), per_page.to_string());
        let mut query = filter.to_vec();
        query.extend([("page", page.as_str()), ("per_page", per_page.as_str())]);
        Ok(self.read::<P>(&[P::PATH], &query).await?.split())
    }
}
