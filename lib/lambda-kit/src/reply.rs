//! Good answers.

use lambda_http::{Body, Response};
use serde::Serialize;

use crate::problem::Problem;

/// An answer on its way.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

impl Reply {
    /// A JSON body. Nothing of the API may be cached unless the route says so.
    ///
    /// # Errors
    /// 500 when the value cannot be written as JSON.
    pub fn json<T: Serialize>(status: u16, value: &T) -> Result<Self, Problem> {
        let text = serde_json::to_string(value).map_err(|error| {
            Problem::from(app::AppError::Fault(format!("answer does not serialize: {error}")))
        })?;
        Ok(Self::text(status, "application/json", text))
    }

    /// A text body of some type.
    pub fn text(status: u16, content_type: &str, text: String) -> Self {
        let headers =
            vec![("content-type", content_type.to_owned()), ("cache-control", "no-store".to_owned())];
        Self { status, headers, body: Body::Text(text) }
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: vec![("cache-control", "no-store".to_owned())], body: Body::Empty }
    }

    /// Adds a header, or replaces one.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The answer to send.
    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() =
            http::StatusCode::from_u16(self.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = http::HeaderValue::from_str(&value) {
                response.headers_mut().insert(http::HeaderName::from_static(name), value);
            }
        }
        response
    }
}
