//! The client, and how it sends and reads.

use std::time::Duration;

use app::ports::VmError;
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::{Answer, Base, Patience, bearer};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::catalogue::Region;
use crate::failure;
use crate::images::PublicImage;

/// The bytes of an answer that are read at most; a full page of machines is a third of it.
const BODY_MAX: usize = 4 << 20;
/// Calls that act on what exists.
pub(crate) const ACT_TIME_LIMIT: Duration = Duration::from_secs(10);
/// `POST /v4/linode/instances`: an answer that comes late is better than none.
pub(crate) const CREATE_TIME_LIMIT: Duration = Duration::from_secs(30);
const READS: Patience = Patience { per_try: Duration::from_secs(6), whole: Duration::from_secs(12) };
/// What a list is narrowed by: a JSON object.
const FILTER: HeaderName = HeaderName::from_static("x-filter");

/// Linode, as [`app::ports::VmHost`].
pub struct Client {
    http: reqwest::Client,
    base: Base,
    token: Option<HeaderValue>,
    /// The lists of images and regions, once they have been read: they change over weeks, a process lives for hours.
    pub(crate) public_images: OnceCell<Vec<PublicImage>>,
    pub(crate) known_regions: OnceCell<Vec<Region>>,
}

impl Client {
    /// A client of the API at `base_url` (`https://api.linode.com`). `http` must not follow redirects.
    pub fn new(http: reqwest::Client, base_url: &str, token: Secret<String>) -> Self {
        Self {
            http,
            base: Base::new(base_url),
            token: bearer(token.expose()),
            public_images: OnceCell::new(),
            known_regions: OnceCell::new(),
        }
    }

    fn prepared(&self, path: &[&str]) -> Result<(HeaderValue, String), VmError> {
        let unusable = || VmError::Unauthorized("the token cannot be written into a header".to_owned());
        let no_id = || VmError::Refused("an id that cannot stand in a path".to_owned());
        let whole: Vec<&str> = std::iter::once("v4").chain(path.iter().copied()).collect();
        Ok((self.token.clone().ok_or_else(unusable)?, self.base.at(&whole).ok_or_else(no_id)?))
    }

    /// Reads, repeated a little, but not while the provider is closed for maintenance.
    pub(crate) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        filter: Option<&Value>,
    ) -> Result<Answer, VmError> {
        let (token, url) = self.prepared(path)?;
        let filter = filter.map(|filter| HeaderValue::from_bytes(filter.to_string().as_bytes())).transpose();
        let filter = filter.map_err(|_| VmError::Refused("a filter that cannot be sent".to_owned()))?;
        let request = || {
            let mut request = self.http.get(url.as_str()).header(AUTHORIZATION, token.clone());
            if let Some(filter) = &filter {
                request = request.header(FILTER, filter.clone());
            }
            if query.is_empty() { request } else { request.query(query) }
        };
        http_call::read_unless(READS, BODY_MAX, request, failure::is_maintenance)
            .await
            .map_err(failure::no_answer)
    }

    /// Reads JSON.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        filter: Option<&Value>,
    ) -> Result<T, VmError> {
        let answer = self.get(path, query, filter).await?;
        if answer.is_success() { body(&answer) } else { Err(failure::refused(&answer)) }
    }

    /// Sends once, without a body.
    pub(crate) async fn send(&self, method: Method, path: &[&str]) -> Result<Answer, VmError> {
        let (token, url) = self.prepared(path)?;
        let request = self.http.request(method, url).header(AUTHORIZATION, token).timeout(ACT_TIME_LIMIT);
        http_call::send(request, BODY_MAX).await.map_err(failure::no_answer)
    }

    /// Sends a JSON body once.
    pub(crate) async fn post(
        &self,
        path: &[&str],
        body: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<Answer, VmError> {
        let body = serde_json::to_vec(body)
            .map_err(|error| VmError::Refused(format!("the request cannot be written: {error}")))?;
        let (token, url) = self.prepared(path)?;
        let json = HeaderValue::from_static("application/json");
        let request = self.http.post(url).header(AUTHORIZATION, token).header(CONTENT_TYPE, json);
        http_call::send(request.timeout(limit).body(body), BODY_MAX).await.map_err(failure::no_answer)
    }
}

/// A machine's id as it stands in a path. Ids are numbers; anything else there is another call.
pub(crate) fn number(id: &VmId) -> Result<&str, VmError> {
    let plain = !id.0.is_empty() && id.0.len() <= 20 && id.0.bytes().all(|b| b.is_ascii_digit());
    if plain { Ok(&id.0) } else { Err(VmError::Refused("an id that cannot stand in a path".to_owned())) }
}

/// The JSON of a success.
pub(crate) fn body<T: DeserializeOwned>(answer: &Answer) -> Result<T, VmError> {
    answer.json().map_err(|error| VmError::Unclear {
        what: format!("{} that does not read as documented", answer.outline()),
        source: Some(Box::new(error)),
    })
}

/// Whether the provider took a request whose answer has no content worth reading. A page of a proxy is not
/// the provider's word.
pub(crate) fn is_done(answer: &Answer) -> bool {
    answer.is_success() && answer.media_type != "text/html"
}
