//! Lists, which come in pages with a cursor.

use app::ports::VmError;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::Client;

/// Items asked for per page of a short list; the provider's maximum.
const PER_PAGE: &str = "500";
/// Pages of a short list that are read at most.
const PAGES_MAX: usize = 10;

/// One page of a list.
pub(crate) trait Page: DeserializeOwned {
    /// What is listed.
    type Item;
    /// Where the list is.
    const PATH: &'static str;
    /// The items, and where the next page begins.
    fn split(self) -> (Vec<Self::Item>, Option<String>);
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
            fn split(self) -> (Vec<$item>, Option<String>) {
                (self.$field, self.meta.next())
            }
        }
    };
}
pub(crate) use page;

#[derive(Default, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    links: Links,
}

#[derive(Default, Deserialize)]
struct Links {
    #[serde(default, deserialize_with = "http_call::lenient::text")]
    next: Option<String>,
}

impl Meta {
    /// The next page's cursor; an empty one is the end.
    pub(crate) fn next(self) -> Option<String> {
        self.links.next
    }
}

impl Client {
    /// A short list, to its end.
    ///
    /// # Errors
    /// [`VmError`]; `Unclear` for a list that does not end.
    pub(crate) async fn all<P: Page>(&self) -> Result<Vec<P::Item>, VmError> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut query = vec![("per_page", PER_PAGE)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let (more, next) = self.read::<P>(&[P::PATH], &query).await?.split();
            items.extend(more);
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(items),
            }
        }
        Err(VmError::Unclear { what: format!("more than {PAGES_MAX} pages of {}", P::PATH), source: None })
    }
}
