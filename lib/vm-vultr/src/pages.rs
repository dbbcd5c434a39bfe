//! Lists, which come in pages with a cursor.

use app::ports::VmError;
use serde::Deserialize;
use vm_http::{Page, Pages};

use crate::client::Client;

/// The provider's largest page.
pub(crate) const PER_PAGE_MAX: u16 = 500;
/// Pages of a short list that are read at most.
const PAGES_MAX: u32 = 10;

#[derive(Default, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    links: Links,
}

#[derive(Default, Deserialize)]
struct Links {
    /// The next page's cursor; an empty one is the end.
    #[serde(default, deserialize_with = "http_call::lenient::text")]
    next: Option<String>,
}

impl Client {
    /// One page of a list, and the next one's cursor.
    pub(crate) async fn page<P: Page<Next = Meta>>(
        &self,
        filter: &[(&str, &str)],
        per_page: u16,
        cursor: Option<&str>,
    ) -> Result<(Vec<P::Item>, Option<String>), VmError> {
        let per_page = per_page.to_string();
        let mut query = vec![("per_page", per_page.as_str())];
        query.extend_from_slice(filter);
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let (items, meta) = self.api.read::<P>(&[P::PATH], &query).await?.split();
        Ok((items, meta.links.next))
    }

    /// A short list, to its end.
    pub(crate) async fn all<P: Page<Next = Meta>>(&self) -> Result<Vec<P::Item>, VmError> {
        let page = |cursor: Option<String>| async move {
            let (items, next) = self.page::<P>(&[], PER_PAGE_MAX, cursor.as_deref()).await?;
            Ok((items, next.map(Some)))
        };
        Pages::at_most(PAGES_MAX).walk(P::PATH, None, page).await
    }
}
