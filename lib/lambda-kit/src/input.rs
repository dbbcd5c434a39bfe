//! What comes in: bounded, and refused with the name of what is wrong.

use std::str::FromStr;

use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use serde::de::{DeserializeOwned, IgnoredAny};

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

/// The longest piece of a caller's own text that is said back to them, in characters.
const ECHO_CHARS_MAX: usize = 200;

/// The body as one JSON object of a type; unknown fields are the type's own affair.
///
/// # Errors
/// 413; 400 when it is not JSON, or more than one value; 422 with the field when a value does not fit.
pub fn json_body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    let bytes = raw_body(request)?;
    // A struct would also be read from an array, field by field.
    if bytes.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| malformed(&error))?;
        return Err(Problem::invalid_field("body", "the body is a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        // A number where a word is expected is no data error to serde_json, though the body is good JSON.
        if !inner.is_data() && serde_json::from_slice::<IgnoredAny>(bytes).is_err() {
            return malformed(inner);
        }
        let path = error.path().to_string();
        // At the top the message itself names the field: "missing field `plan`".
        let named = inner.to_string().split('`').nth(1).map(str::to_owned);
        let field = if path == "." { named.unwrap_or_else(|| "body".to_owned()) } else { path };
        Problem::invalid_field(echo(&field), sentence(inner))
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::malformed_json(sentence(error))
}

fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // Line and column are of no use in a body that a program wrote on one line.
    echo(text.split(" at line ").next().unwrap_or(&text))
}

fn echo(text: &str) -> String {
    text.chars().take(ECHO_CHARS_MAX).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        plan: String,
        count: u8,
        #[serde(default)]
        os: Option<domain::catalogue::Os>,
    }

    fn read(body: &str) -> Result<Wish, (u16, Option<String>)> {
        let request = Request::new(Body::Text(body.to_owned()));
        json_body(&request).map_err(|problem: Problem| {
            assert!(problem.detail.chars().count() <= ECHO_CHARS_MAX, "{}", problem.detail);
            (problem.status, problem.field)
        })
    }

    #[test]
    fn a_body_is_one_object_and_nothing_else() {
        assert_eq!(read(r#" {"plan":"basic","count":1} "#).map(|wish| wish.count), Ok(1));
        for broken in
            ["", "{", "nonsense", r#"{"plan":"basic","count":1} {}"#, r#"{"plan":"basic","count":1}x"#]
        {
            assert_eq!(read(broken), Err((400, None)), "{broken}");
        }
        for other in ["[]", r#"["basic",1]"#, r#""basic""#, "null", "7"] {
            assert_eq!(read(other), Err((422, Some("body".to_owned()))), "{other}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (body, field) in [
            (r#"{"plan":"basic"}"#, "count"),
            (r#"{"plan":"basic","count":300}"#, "count"),
            (r#"{"plan":7,"count":1}"#, "plan"),
            (r#"{"plan":"basic","count":1,"os":7}"#, "os"),
            (r#"{"plan":"basic","count":1,"os":["linux"]}"#, "os"),
            (r#"{"plan":"basic","count":1,"coupon":"x"}"#, "coupon"),
        ] {
            assert_eq!(read(body), Err((422, Some(field.to_owned()))), "{body}");
        }
    }

    #[test]
    fn a_long_text_is_not_said_back_whole() {
        let long = "x".repeat(10_000);
        assert_eq!(read(&format!(r#"{{"plan":"basic","count":"{long}"}}"#)).unwrap_err().0, 422);
        assert_eq!(read(&format!(r#"{{"{long}":1}}"#)).unwrap_err().1, Some("x".repeat(ECHO_CHARS_MAX)));
    }

    #[test]
    fn no_more_than_256_kib_is_read() {
        assert_eq!(read(&" ".repeat(BODY_MAX + 1)), Err((413, None)));
        assert_eq!(read(&" ".repeat(BODY_MAX)), Err((400, None)));
    }
}
