//! Calls: what reads is repeated a little, what acts is sent once.

use std::time::Duration;

use app::ports::VmError;
use domain::secret::Secret;
use http_call::{Answer, Base, NoAnswer, Patience, bearer};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure;

/// Calls that act on what exists.
pub const ACT_TIME_LIMIT: Duration = Duration::from_secs(10);
/// A create: an answer that comes late is better than none.
pub const CREATE_TIME_LIMIT: Duration = Duration::from_secs(30);
/// Calls that only read.
pub const READS: Patience = Patience { per_try: Duration::from_secs(6), whole: Duration::from_secs(12) };

/// A provider that knows us by one key, which stands in the header of every call.
pub struct Api {
    http: reqwest::Client,
    base: Base,
    key: Option<HeaderValue>,
    body_max: usize,
    refused: fn(&Answer) -> VmError,
}

impl Api {
    /// `http` must not follow redirects. `base_url`: with the version that every path begins with. `body_max`: the
    /// bytes of an answer that are read at most. `refused`: what an answer to a read means that is no success.
    pub fn new(
        http: reqwest::Client,
        base_url: &str,
        key: &Secret<String>,
        body_max: usize,
        refused: fn(&Answer) -> VmError,
    ) -> Self {
        Self { http, base: Base::new(base_url), key: bearer(key.expose()), body_max, refused }
    }

    fn prepared(&self, path: &[&str]) -> Result<(HeaderValue, String), VmError> {
        let unusable = || VmError::Unauthorized("the key cannot be written into a header".to_owned());
        Ok((self.key.clone().ok_or_else(unusable)?, url(&self.base, path)?))
    }

    /// Reads, repeated a little.
    ///
    /// # Errors
    /// [`VmError`] when there is no answer. An answer is no error, whatever its status.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, VmError> {
        self.get_with(path, query, |request| request, |_| false).await
    }

    /// The same with more on the request. An answer that `stands` is not asked for again.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn get_with(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        with: impl Fn(RequestBuilder) -> RequestBuilder,
        stands: impl Fn(&Answer) -> bool,
    ) -> Result<Answer, VmError> {
        let (key, url) = self.prepared(path)?;
        let request = || {
            let request = self.http.get(url.as_str()).header(AUTHORIZATION, key.clone());
            with(if query.is_empty() { request } else { request.query(query) })
        };
        answered(http_call::read_unless(READS, self.body_max, request, stands).await)
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// [`VmError`]; `Unclear` for a success that does not read.
    pub async fn read<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, VmError> {
        self.told(&self.get(path, query).await?)
    }

    /// What an answer to a read tells.
    ///
    /// # Errors
    /// As [`Api::read`].
    pub fn told<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, VmError> {
        if answer.is_success() { body(answer) } else { Err((self.refused)(answer)) }
    }

    /// Sends once, without a body.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn send(&self, method: Method, path: &[&str]) -> Result<Answer, VmError> {
        let (key, url) = self.prepared(path)?;
        let request = self.http.request(method, url).header(AUTHORIZATION, key).timeout(ACT_TIME_LIMIT);
        answered(http_call::send(request, self.body_max).await)
    }

    /// Sends a JSON body once.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub async fn send_json(
        &self,
        method: Method,
        path: &[&str],
        body: &(impl Serialize + Sync),
        limit: Duration,
    ) -> Result<Answer, VmError> {
        let (key, url) = self.prepared(path)?;
        let request = self.http.request(method, url).header(AUTHORIZATION, key).timeout(limit);
        answered(http_call::send(with_json(request, body)?, self.body_max).await)
    }
}

/// The address of a path.
///
/// # Errors
/// `Refused` for a path that cannot be written: an id of others is in it.
pub fn url(base: &Base, path: &[&str]) -> Result<String, VmError> {
    base.at(path).ok_or_else(|| VmError::Refused("an id that cannot stand in a path".to_owned()))
}

/// A request with a JSON body.
///
/// # Errors
/// `Refused` when the body cannot be written.
pub fn with_json(request: RequestBuilder, body: &impl Serialize) -> Result<RequestBuilder, VmError> {
    let body = serde_json::to_vec(body)
        .map_err(|error| VmError::Refused(format!("the request cannot be written: {error}")))?;
    Ok(request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body))
}

/// An answer, or what it means that there is none.
///
/// # Errors
/// [`failure::no_answer`].
pub fn answered(outcome: Result<Answer, NoAnswer>) -> Result<Answer, VmError> {
    outcome.map_err(failure::no_answer)
}

/// The JSON of a success.
///
/// # Errors
/// `Unclear` when it does not read.
pub fn body<T: DeserializeOwned>(answer: &Answer) -> Result<T, VmError> {
    answer.json().map_err(|error| VmError::Unclear {
        what: format!("{} that does not read as documented", answer.outline()),
        source: Some(Box::new(error)),
    })
}

/// Whether the provider took a request whose answer has no content worth reading. A page of a proxy is not the
/// provider's word.
pub fn is_done(answer: &Answer) -> bool {
    answer.is_success() && answer.media_type != "text/html"
}
