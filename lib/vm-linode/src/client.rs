//! The client, and how it reads.

use app::ports::VmError;
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::Answer;
use reqwest::header::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use vm_http::Api;

use crate::catalogue::Region;
use crate::failure;
use crate::images::PublicImage;

/// The bytes of an answer that are read at most; a full page of machines is a third of it.
const BODY_MAX: usize = 4 << 20;
/// What a list is narrowed by: a JSON object.
const FILTER: HeaderName = HeaderName::from_static("x-filter");

/// Linode, as [`app::ports::VmHost`].
pub struct Client {
    pub(crate) api: Api,
    /// The lists of images and regions, once they have been read: they change over weeks, a process lives for hours.
    pub(crate) public_images: OnceCell<Vec<PublicImage>>,
    pub(crate) known_regions: OnceCell<Vec<Region>>,
}

impl Client {
    /// A client of the API at `base_url` (`https://api.linode.com`). `http` must not follow redirects.
    pub fn new(http: reqwest::Client, base_url: &str, token: Secret<String>) -> Self {
        let base_url = format!("{}/v4", base_url.trim().trim_end_matches('/'));
        Self {
            api: Api::new(http, &base_url, &token, BODY_MAX, failure::refused),
            public_images: OnceCell::new(),
            known_regions: OnceCell::new(),
        }
    }

    /// Reads, repeated a little, but not while the provider is closed for maintenance.
    pub(crate) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        filter: Option<&Value>,
    ) -> Result<Answer, VmError> {
        let filter = filter.map(|filter| HeaderValue::from_bytes(filter.to_string().as_bytes())).transpose();
        let filter = filter.map_err(|_| VmError::Refused("a filter that cannot be sent".to_owned()))?;
        let filtered = |request: reqwest::RequestBuilder| match &filter {
            Some(filter) => request.header(FILTER, filter.clone()),
            None => request,
        };
        self.api.get_with(path, query, filtered, failure::is_maintenance).await
    }

    /// Reads JSON.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        filter: Option<&Value>,
    ) -> Result<T, VmError> {
        self.api.told(&self.get(path, query, filter).await?)
    }
}

/// A machine's id as it stands in a path. Ids are numbers; anything else there is another call.
pub(crate) fn number(id: &VmId) -> Result<&str, VmError> {
    vm_http::number(id, u64::MAX)
}
