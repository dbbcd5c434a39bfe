//! What came back.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::NoAnswer;

/// The longest `Retry-After` that is believed, in seconds.
const RETRY_AFTER_MAX: u32 = 3600;

/// A whole answer. No `Debug`: the body may hold a password.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Seconds to wait, when the peer said so: in seconds, or as a time, which is counted from its own date.
    pub retry_after: Option<u32>,
    /// The media type, without parameters, lower case; empty when none was named.
    pub media_type: String,
    /// The body.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    pub(crate) async fn read(mut response: Response, body_max: usize) -> Result<Self, NoAnswer> {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let media_type = media_type(response.headers());
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(NoAnswer::from_reqwest)? {
            if body.len() + chunk.len() > body_max {
                return Err(NoAnswer::TooLong { status, body_max });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, retry_after, media_type, body, headers })
    }

    /// 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header's value, when it is plain text; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What the peer's clock said when it answered; `None` without a date that reads.
    pub fn date(&self) -> Option<Timestamp> {
        time(&self.headers, &DATE)
    }

    /// Seconds from this answer's own date to the Unix time in a header, 1 to 3600: no clock of ours matters. `None`
    /// without a date or a time that reads.
    pub fn seconds_until(&self, name: &str) -> Option<u32> {
        seconds_from(self.date()?, self.header(name)?.trim().parse().ok()?)
    }

    /// The body as JSON, whatever media type it claims.
    ///
    /// # Errors
    /// serde's, when it is not JSON of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// What came, without any of it: `HTTP 502, text/html, 1234 bytes`. For the log; a body may hold secrets.
    pub fn outline(&self) -> String {
        let media_type = if self.media_type.is_empty() { "no media type" } else { &self.media_type };
        format!("HTTP {}, {media_type}, {} bytes", self.status, self.body.len())
    }
}

fn retry_after(headers: &HeaderMap) -> Option<u32> {
    if let Some(at) = time(headers, &RETRY_AFTER) {
        return seconds_from(time(headers, &DATE)?, at.as_second());
    }
    let seconds: u32 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(seconds.min(RETRY_AFTER_MAX))
}

/// A header that is a time, as HTTP writes it.
fn time(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    rfc2822::parse(headers.get(name)?.to_str().ok()?.trim()).ok().map(|at| at.timestamp())
}

/// 1 to 3600; `at` is a Unix time.
fn seconds_from(now: Timestamp, at: i64) -> Option<u32> {
    let wait = at.checked_sub(now.as_second())?;
    u32::try_from(wait.clamp(1, RETRY_AFTER_MAX.into())).ok()
}

fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bare = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    crate::bounded(&bare, 60)
}
