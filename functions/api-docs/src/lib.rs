//! `GET /openapi.json`: the description of this API, OpenAPI 3.1.

use lambda_kit::{Problem, Reply, Request};

/// The document. A test of the workspace holds it against the routes of `template.yaml`.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// Answers 200. Public, cached for an hour.
///
/// # Errors
/// Never.
pub async fn handle(_deps: &(), _request: &Request) -> Result<Reply, Problem> {
    let reply = Reply::text(200, "application/json", OPENAPI.to_owned());
    Ok(reply.header("cache-control", "public, max-age=3600"))
}
