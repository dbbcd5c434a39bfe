//! Lists, which come in numbered pages.

use app::ports::VmError;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Client;

/// Items asked for per page; the provider's maximum.
pub(crate) const PER_PAGE: u16 = 200;
/// Pages of a short list that are read at most.
const PAGES_MAX: u32 = 10;

/// One page of a list.
pub(crate) trait Page: DeserializeOwned {
    /// What is listed.
    type Item;
    /// Where the list is.
    const PATH: &'static str;
    /// The items, and whether there is another page.
    fn split(self) -> (Vec<Self::Item>, bool);
}

/// Defines the page of a list: its type, where it is and under which name its items stand there.
macro_rules! page {
    ($page:ident, $path:literal, $field:ident: $item:ty) => {
        #[derive(serde::Deserialize)]
        pub(crate) struct $page {
            $field: Vec<$item>,
            #[serde(default)]
            links: serde_json::Value,
        }

        impl $crate::pages::Page for $page {
            type Item = $item;
            const PATH: &'static str = $path;
            fn split(self) -> (Vec<$item>, bool) {
                (self.$field, $crate::pages::goes_on(&self.links))
            }
        }
    };
}
pub(crate) use page;

/// Whether the links name a next page. On the last one `pages` has no `next`, or there are no `pages` at all.
pub(crate) fn goes_on(links: &Value) -> bool {
    links["pages"]["next"].as_str().is_some_and(|url| !url.is_empty())
}

impl Client {
    /// One page of a list, counted from 1.
    pub(crate) async fn page<P: Page>(
        &self,
        filter: &[(&str, &str)],
        per_page: u16,
        number: u32,
    ) -> Result<(Vec<P::Item>, bool), VmError> {
        let (per_page, number) = (per_page.to_string(), number.to_string());
        let mut query = filter.to_vec();
        query.extend([("per_page", per_page.as_str()), ("page", number.as_str())]);
        Ok(self.read::<P>(&[P::PATH], &query).await?.split())
    }

    /// A short list, to its end.
    ///
    /// # Errors
    /// [`VmError`]; `Unclear` for a list that does not end.
    pub(crate) async fn all<P: Page>(&self, filter: &[(&str, &str)]) -> Result<Vec<P::Item>, VmError> {
        let mut items = Vec::new();
        for number in 1..=PAGES_MAX {
            let (more, goes_on) = self.page::<P>(filter, PER_PAGE, number).await?;
            items.extend(more);
            if !goes_on {
                return Ok(items);
            }
        }
        Err(VmError::Unclear { what: format!("more than {PAGES_MAX} pages of {}", P::PATH), source: None })
    }
}
