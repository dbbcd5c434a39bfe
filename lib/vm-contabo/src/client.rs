//! The client, and how it sends and reads.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use app::ports::VmError;
use domain::vm::VmId;
use http_call::{Answer, Base, Patience};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::failure;
use crate::images::Image;
use crate::request_id;
use crate::token::{Credentials, Tokens};
use crate::user_data::UserDataEncoding;

/// The bytes of an answer that are read at most; a full page of machines is a tenth of it.
const BODY_MAX: usize = 2 << 20;
/// Calls that act on what exists.
pub(crate) const ACT_TIME_LIMIT: Duration = Duration::from_secs(10);
/// `POST /v1/compute/instances`: an answer that comes late is better than none.
pub(crate) const CREATE_TIME_LIMIT: Duration = Duration::from_secs(30);
const READS: Patience = Patience { per_try: Duration::from_secs(6), whole: Duration::from_secs(12) };

/// Contabo, as [`app::ports::VmHost`].
pub struct Client {
    http: reqwest::Client,
    base: Base,
    tokens: Tokens,
    pub(crate) encoding: UserDataEncoding,
    /// The list of images, once it has been read: it changes over weeks, a process lives for hours.
    pub(crate) images: OnceCell<Vec<Image>>,
    /// Machines whose create secret this process has seen off.
    pub(crate) without_secret: Mutex<HashSet<VmId>>,
}

impl Client {
    /// A client of the API at `api_url` (`https://api.contabo.com`) with tokens from `auth_url`
    /// (`https://auth.contabo.com`). `http` must not follow redirects.
    pub fn new(http: reqwest::Client, api_url: &str, auth_url: &str, credentials: Credentials) -> Self {
        Self {
            base: Base::new(api_url),
            tokens: Tokens::new(http.clone(), auth_url, credentials),
            http,
            encoding: UserDataEncoding::default(),
            images: OnceCell::new(),
            without_secret: Mutex::default(),
        }
    }

    /// The same with user data written in another way.
    #[must_use]
    pub fn with_user_data(mut self, encoding: UserDataEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    fn url(&self, path: &[&str]) -> Result<String, VmError> {
        self.base.at(path).ok_or_else(|| VmError::Refused("an id that cannot stand in a path".to_owned()))
    }

    /// Sends with a token; once more with a new one when the first is not taken, since a 401 has done nothing.
    async fn with_token<F, Sent>(&self, send: F) -> Result<Answer, VmError>
    where
        F: Fn(HeaderValue) -> Sent,
        Sent: Future<Output = Result<Answer, VmError>>,
    {
        let token = self.tokens.token().await?;
        let answer = send(token.header.clone()).await?;
        if !failure::is_token_rejected(&answer) {
            return Ok(answer);
        }
        self.tokens.reject(&token).await;
        send(self.tokens.token().await?.header).await
    }

    /// Reads JSON, repeated a little.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, VmError> {
        let url = &self.url(path)?;
        let answer = self
            .with_token(|token| async move {
                let request = || {
                    let request = marked(self.http.get(url.as_str()), &token, &request_id::fresh());
                    if query.is_empty() { request } else { request.query(query) }
                };
                http_call::read(READS, BODY_MAX, request).await.map_err(failure::no_answer)
            })
            .await?;
        if answer.is_success() { body(&answer) } else { Err(failure::refused(&answer)) }
    }

    /// Sends once, with a body or without, under a request id of its own.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<Answer, VmError> {
        self.send_as(&request_id::fresh(), method, path, body, ACT_TIME_LIMIT).await
    }

    /// Sends once under a given request id.
    pub(crate) async fn send_as(
        &self,
        request_id: &str,
        method: Method,
        path: &[&str],
        body: Option<&(impl Serialize + Sync)>,
        limit: Duration,
    ) -> Result<Answer, VmError> {
        let url = &self.url(path)?;
        let body = &body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(|error| VmError::Refused(format!("the request cannot be written: {error}")))?;
        let method = &method;
        self.with_token(|token| async move {
            let request = marked(self.http.request(method.clone(), url), &token, request_id).timeout(limit);
            // A content type without a body is refused.
            let request = match body {
                Some(body) => request
                    .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                    .body(body.clone()),
                None => request,
            };
            http_call::send(request, BODY_MAX).await.map_err(failure::no_answer)
        })
        .await
    }
}

/// The headers that every call has.
fn marked(request: RequestBuilder, token: &HeaderValue, request_id: &str) -> RequestBuilder {
    request.header(AUTHORIZATION, token.clone()).header("x-request-id", request_id)
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
