//! The client, and how it sends and reads.

use std::time::Duration;

use app::ports::VmError;
use domain::secret::Secret;
use domain::vm::VmId;
use http_call::{Answer, Base, Patience, bearer};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::failure;

/// The bytes of an answer that are read at most; a full page of servers is a tenth of it.
const BODY_MAX: usize = 2 << 20;
/// Calls that act on what exists.
pub(crate) const ACT_TIME_LIMIT: Duration = Duration::from_secs(10);
/// `POST /servers`: an answer that comes late is better than none.
pub(crate) const CREATE_TIME_LIMIT: Duration = Duration::from_secs(30);
const READS: Patience = Patience { per_try: Duration::from_secs(6), whole: Duration::from_secs(12) };
/// Their ids are whole numbers up to 2^53.
const ID_MAX: u64 = 1 << 53;

/// Hetzner Cloud, as [`app::ports::VmHost`].
pub struct Client {
    http: reqwest::Client,
    base: Base,
    key: Option<HeaderValue>,
    /// The names of the images, once they have been read: they change over months, a process lives for hours.
    pub(crate) image_names: OnceCell<Vec<String>>,
}

impl Client {
    /// A client of the API at `base_url` (`https://api.hetzner.cloud/v1`) with a project's token. `http` must not
    /// follow redirects.
    pub fn new(http: reqwest::Client, base_url: &str, token: Secret<String>) -> Self {
        Self { http, base: Base::new(base_url), key: bearer(token.expose()), image_names: OnceCell::new() }
    }

    fn prepared(&self, path: &[&str]) -> Result<(HeaderValue, String), VmError> {
        let unusable = || VmError::Unauthorized("the token cannot be written into a header".to_owned());
        let no_path = || VmError::Refused("an id that cannot stand in a path".to_owned());
        Ok((self.key.clone().ok_or_else(unusable)?, self.base.at(path).ok_or_else(no_path)?))
    }

    /// Reads, repeated a little.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, VmError> {
        let (key, url) = self.prepared(path)?;
        let request = || {
            let request = self.http.get(url.as_str()).header(AUTHORIZATION, key.clone());
            if query.is_empty() { request } else { request.query(query) }
        };
        http_call::read(READS, BODY_MAX, request).await.map_err(failure::no_answer)
    }

    /// Reads JSON.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, VmError> {
        let answer = self.get(path, query).await?;
        if answer.is_success() { body(&answer) } else { Err(failure::refused(&answer)) }
    }

    /// Sends once, without a body.
    pub(crate) async fn send(&self, method: Method, path: &[&str]) -> Result<Answer, VmError> {
        let (key, url) = self.prepared(path)?;
        let request = self.http.request(method, url).header(AUTHORIZATION, key).timeout(ACT_TIME_LIMIT);
        http_call::send(request, BODY_MAX).await.map_err(failure::no_answer)
    }

    /// Posts a JSON body once.
    pub(crate) async fn post_json(
        &self,
        path: &[&str],
        body: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<Answer, VmError> {
        let body = serde_json::to_vec(body)
            .map_err(|error| VmError::Refused(format!("the request cannot be written: {error}")))?;
        let (key, url) = self.prepared(path)?;
        let json = HeaderValue::from_static("application/json");
        let request = self.http.post(url).header(AUTHORIZATION, key).header(CONTENT_TYPE, json);
        http_call::send(request.timeout(limit).body(body), BODY_MAX).await.map_err(failure::no_answer)
    }
}

/// An id as it stands in a path.
///
/// # Errors
/// `Refused` for what is not a number of theirs: it would lead to another path.
pub(crate) fn checked(id: &VmId) -> Result<&str, VmError> {
    let digits = !id.0.is_empty() && id.0.bytes().all(|b| b.is_ascii_digit());
    match id.0.parse::<u64>() {
        Ok(1..=ID_MAX) if digits => Ok(&id.0),
        _ => Err(VmError::Refused("an id that is none of Hetzner's".to_owned())),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_their_numbers_are_ids() {
        for (id, is) in [
            ("42", true),
            ("9007199254740992", true),
            ("9007199254740993", false),
            ("0", false),
            ("", false),
            ("+42", false),
            ("42/actions/poweroff", false),
            ("..", false),
            ("٤٢", false),
        ] {
            assert_eq!(checked(&VmId(id.to_owned())).is_ok(), is, "{id}");
        }
    }
}
