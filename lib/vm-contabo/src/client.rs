//! The client, and how it sends and reads.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use app::ports::VmError;
use domain::Timestamp;
use domain::vm::VmId;
use http_call::{Answer, Base};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use vm_http::{ACT_TIME_LIMIT, READS, answered, body, url, with_json};

use crate::failure;
use crate::images::Image;
use crate::request_id;
use crate::token::{Credentials, Tokens};
use crate::user_data::UserDataEncoding;

/// The bytes of an answer that are read at most; a full page of machines is a tenth of it.
const BODY_MAX: usize = 2 << 20;

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
        Ok(self.dated(path, query).await?.0)
    }

    /// The same, and when Contabo said so.
    pub(crate) async fn dated<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<(T, Option<Timestamp>), VmError> {
        let url = &url(&self.base, path)?;
        let answer = self
            .with_token(|token| async move {
                let request = || {
                    let request = marked(self.http.get(url.as_str()), &token, &request_id::fresh());
                    if query.is_empty() { request } else { request.query(query) }
                };
                answered(http_call::read(READS, BODY_MAX, request).await)
            })
            .await?;
        if answer.is_success() {
            return Ok((body(&answer)?, answer.date()));
        }
        Err(failure::refused(&answer))
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
        let url = &url(&self.base, path)?;
        let method = &method;
        self.with_token(|token| async move {
            let request = marked(self.http.request(method.clone(), url), &token, request_id).timeout(limit);
            // A content type without a body is refused.
            let request = match body {
                Some(body) => with_json(request, body)?,
                None => request,
            };
            answered(http_call::send(request, BODY_MAX).await)
        })
        .await
    }
}

/// The headers that every call has.
fn marked(request: RequestBuilder, token: &HeaderValue, request_id: &str) -> RequestBuilder {
    request.header(AUTHORIZATION, token.clone()).header("x-request-id", request_id)
}
