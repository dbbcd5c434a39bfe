//! What comes in: bounded, and refused with the name of what is wrong.

use std::str::FromStr;

use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The largest body that is read, in bytes.
pub const BODY_MAX: usize = 256 * 1024;

/// The raw bytes of the body.
///
/// # Errors
/// 413 over [`BODY_MAX`].
pub fn raw_body(request: &Request) -> Result<&[u8], Problem> {
    let bytes: &[u8] = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    if bytes.len() > BODY_MAX { Err(Problem::body_too_large()) } else { Ok(bytes) }
}

/// The body as JSON of a type; unknown fields are the type's own affair.
///
/// # Errors
/// 413; 400 when it is not JSON; 422 with the field when a value does not fit.
pub fn json_body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let bytes = raw_body(request)?;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            let path = error.path().to_string();
            // At the top the message itself names the field: "missing field `plan`".
            let named = inner.to_string().split('`').nth(1).map(str::to_owned);
            let field = if path == "." { named.unwrap_or_else(|| "body".to_owned()) } else { path };
            Problem::invalid_field(field, sentence(inner))
        } else {
            Problem::malformed_json(sentence(inner))
        }
    })
}

fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // Line and column are of no use in a body that a program wrote on one line.
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// A header's text.
pub fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// An id from the path. One that is not even an id answers as one that does not exist.
///
/// # Errors
/// 404.
pub fn path_id<T: FromStr>(request: &Request, name: &str, what: &str) -> Result<T, Problem> {
    request
        .path_parameters_ref()
        .and_then(|parameters| parameters.first(name))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Problem::not_found(what))
}

/// `?limit=&cursor=` of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// 1 to 100; 20 when absent.
    pub limit: u16,
    /// Where the page begins.
    pub cursor: Option<String>,
}

impl Paging {
    /// Reads the query.
    ///
    /// # Errors
    /// 400 naming the parameter.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let query = request.query_string_parameters_ref();
        let first = |name: &str| query.and_then(|q| q.first(name)).map(str::to_owned);
        let limit = match first("limit") {
            None => 20,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=100).contains(limit))
                .ok_or_else(|| Problem::invalid_request("limit", "limit is a number from 1 to 100"))?,
        };
        let cursor = first("cursor").filter(|cursor| !cursor.is_empty());
        if cursor.as_ref().is_some_and(|cursor| cursor.len() > 1024) {
            return Err(Problem::invalid_request("cursor", "This is not a cursor that we gave out."));
        }
        Ok(Self { limit, cursor })
    }
}

/// Where this API answers, for addresses that others are given: the setting, or the request's own host.
pub fn api_url(configured: Option<&str>, request: &Request) -> String {
    if let Some(url) = configured {
        return url.trim_end_matches('/').to_owned();
    }
    match request.request_context() {
        RequestContext::ApiGatewayV2(context) => {
            format!("https://{}", context.domain_name.unwrap_or_default())
        }
        #[allow(
            unreachable_patterns,
            reason = "other triggers are compiled out, but not for every feature set"
        )]
        _ => String::new(),
    }
}
