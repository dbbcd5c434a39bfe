//! Lists, which come in pages by number.

use app::ports::VmError;
use domain::Timestamp;
use serde::Deserialize;
use vm_http::{Page, Pages};

use crate::catalogue::{ServerType, ServerTypes};
use crate::client::Client;

/// Items asked for per page; more is not documented.
pub(crate) const PER_PAGE: u16 = 50;
/// Pages of a short list that are read at most.
const PAGES_MAX: u32 = 20;

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
    fn next(self) -> Option<u64> {
        u64::try_from(self.pagination.next_page?).ok().filter(|page| *page > 0)
    }
}

impl Client {
    /// One page of a list, and the number of the next.
    pub(crate) async fn page<P: Page<Next = Meta>>(
        &self,
        filter: &[(&str, &str)],
        page: u64,
        per_page: u16,
    ) -> Result<(Vec<P::Item>, Option<u64>), VmError> {
        let (items, next, _) = self.dated_page::<P>(filter, page, per_page).await?;
        Ok((items, next))
    }

    /// The same, and when Hetzner said so.
    async fn dated_page<P: Page<Next = Meta>>(
        &self,
        filter: &[(&str, &str)],
        page: u64,
        per_page: u16,
    ) -> Result<(Vec<P::Item>, Option<u64>, Option<Timestamp>), VmError> {
        let (page, per_page) = (page.to_string(), per_page.to_string());
        let mut query = filter.to_vec();
        query.extend([("page", page.as_str()), ("per_page", per_page.as_str())]);
        let answer = self.api.get(&[P::PATH], &query).await?;
        let (items, meta) = self.api.told::<P>(&answer)?.split();
        Ok((items, meta.next(), answer.date()))
    }

    /// A short list, to its end.
    pub(crate) async fn all<P: Page<Next = Meta>>(
        &self,
        filter: &[(&str, &str)],
    ) -> Result<Vec<P::Item>, VmError> {
        let page = |number| self.page::<P>(filter, number, PER_PAGE);
        Pages::at_most(PAGES_MAX).walk(P::PATH, 1, page).await
    }

    /// The sizes, without the places that have none any more by the time of the answer.
    pub(crate) async fn server_types(&self, filter: &[(&str, &str)]) -> Result<Vec<ServerType>, VmError> {
        let page = |number| async move {
            let (types, next, date) = self.dated_page::<ServerTypes>(filter, number, PER_PAGE).await?;
            let types = types.into_iter();
            let types = match date {
                Some(now) => types.map(|one| one.told_at(now)).collect(),
                None => types.collect(),
            };
            Ok((types, next))
        };
        Pages::at_most(PAGES_MAX).walk(ServerTypes::PATH, 1, page).await
    }
}
