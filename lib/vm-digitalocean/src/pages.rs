//! Lists, which come in numbered pages.

use app::ports::VmError;
use serde::Deserialize;
use serde_json::Value;
use vm_http::{Page, Pages};

use crate::client::Client;

/// Items asked for per page; the provider's maximum.
pub(crate) const PER_PAGE: u16 = 200;
/// Pages of a short list that are read at most.
const PAGES_MAX: u32 = 10;

/// Where else the list goes on: `{"pages":{"next":"https://…"}}`. On the last page `pages` has no `next`, or there are
/// no `pages` at all.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Links(Value);

impl Client {
    /// One page of a list, counted from 1, and the next one's number.
    pub(crate) async fn page<P: Page<Next = Links>>(
        &self,
        filter: &[(&str, &str)],
        per_page: u16,
        number: u32,
    ) -> Result<(Vec<P::Item>, Option<u32>), VmError> {
        let (per_page, page) = (per_page.to_string(), number.to_string());
        let mut query = filter.to_vec();
        query.extend([("per_page", per_page.as_str()), ("page", page.as_str())]);
        let (items, Links(links)) = self.api.read::<P>(&[P::PATH], &query).await?.split();
        let goes_on = links["pages"]["next"].as_str().is_some_and(|url| !url.is_empty());
        Ok((items, goes_on.then(|| number.saturating_add(1))))
    }

    /// A short list, to its end.
    pub(crate) async fn all<P: Page<Next = Links>>(
        &self,
        filter: &[(&str, &str)],
    ) -> Result<Vec<P::Item>, VmError> {
        let page = |number| self.page::<P>(filter, PER_PAGE, number);
        Pages::at_most(PAGES_MAX).walk(P::PATH, 1, page).await
    }
}
