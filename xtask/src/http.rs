//! Plain HTTP to the programs of this machine.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Request, Response};

/// The longest any local answer may take; the first call of a function starts it.
const TIMEOUT: Duration = Duration::from_secs(40);
/// The largest answer read.
const BODY_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// An answer that has been read: any status, and a redirect as it came.
pub(crate) struct Answer {
    /// HTTP status code.
    pub(crate) status: u16,
    /// The `location` header.
    pub(crate) location: Option<String>,
    /// The body as text.
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON; `Null` when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The body as JSON, if the status is 2xx.
    ///
    /// # Errors
    /// Any other status; the message holds it and the body.
    pub(crate) fn expect_success(&self, what: &str) -> anyhow::Result<Value> {
        anyhow::ensure!((200..300).contains(&self.status), "{what}: {} {}", self.status, self.text);
        Ok(self.json())
    }
}

/// Sends a request without a body.
///
/// # Errors
/// No connection, or no answer in time.
pub(crate) fn get(url: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let request = with_headers(Request::get(url), headers).body(())?;
    read(agent().run(request).with_context(|| format!("no answer from {url}"))?)
}

/// Sends a deletion.
///
/// # Errors
/// No connection, or no answer in time.
pub(crate) fn delete(url: &str) -> anyhow::Result<Answer> {
    let request = Request::delete(url).body(())?;
    read(agent().run(request).with_context(|| format!("no answer from {url}"))?)
}

/// Sends a body of the given type.
///
/// # Errors
/// No connection, or no answer in time.
pub(crate) fn post(url: &str, kind: &str, body: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let request =
        with_headers(Request::post(url), headers).header("content-type", kind).body(body.to_owned())?;
    read(agent().run(request).with_context(|| format!("no answer from {url}"))?)
}

/// Sends JSON.
///
/// # Errors
/// No connection, or no answer in time.
pub(crate) fn post_json(url: &str, body: &Value, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
    post(url, "application/json", &body.to_string(), headers)
}

fn agent() -> Agent {
    Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .into()
}

fn with_headers(
    mut request: ureq::http::request::Builder,
    headers: &[(&str, &str)],
) -> ureq::http::request::Builder {
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}

fn read(mut response: Response<ureq::Body>) -> anyhow::Result<Answer> {
    let location =
        response.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = response.body_mut().with_config().limit(BODY_BYTES_MAX).read_to_string()?;
    Ok(Answer { status: response.status().as_u16(), location, text })
}
