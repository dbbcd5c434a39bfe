//! Plain HTTP to the programs of this machine.

use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

/// The longest any local answer may take; the first call of a function starts it.
const TIMEOUT: Duration = Duration::from_secs(60);
const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// An answer that has been read: any status, and a redirect as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON; `Null` when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A header by its lower-case name; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON, of an answer that has to be 2xx.
    #[track_caller]
    pub(crate) fn good(&self, what: &str) -> Value {
        assert!((200..300).contains(&self.status), "{what}: {} {}", self.status, self.text);
        self.json()
    }
}

/// Sends a request; `body: None` sends none.
///
/// # Panics
/// When nothing answers.
#[track_caller]
pub(crate) fn call(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
    match try_call(method, url, headers, body) {
        Ok(answer) => answer,
        Err(error) => panic!("{method} {url}: {error}"),
    }
}

/// As `call`, where no answer may be one.
///
/// # Errors
/// No connection, or no answer in time.
pub(crate) fn try_call(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Result<Answer, ureq::Error> {
    let mut builder = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let mut response = match body {
        Some(body) => agent().run(builder.body(body.to_owned())?)?,
        None => agent().run(builder.body(())?)?,
    };
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let text = response.body_mut().with_config().limit(BODY_BYTES_MAX).lossy_utf8(true).read_to_string()?;
    Ok(Answer { status: response.status().as_u16(), headers, text })
}

/// Sends JSON.
#[track_caller]
pub(crate) fn post_json(url: &str, body: &Value) -> Answer {
    call("POST", url, &[("content-type", "application/json")], Some(&body.to_string()))
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
