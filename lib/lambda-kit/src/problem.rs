//! Errors as callers get them: RFC 9457 problem details with a stable `code`.

use app::deliverable::Alternative;
use app::ports::{GatewayError, StoreError};
use app::{AppError, Chain};
use lambda_http::{Body, Response};
use serde_json::json;

/// An error answer. What a caller reads is here; the chain underneath is logged when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// Stable, for programs.
    pub code: &'static str,
    /// A sentence, for people.
    pub detail: String,
    /// The field that is wrong, as the caller wrote it.
    pub field: Option<String>,
    /// What could be ordered instead; only with a wish that cannot be delivered.
    pub alternatives: Option<Box<[Alternative]>>,
    /// When to come back, in seconds.
    pub retry_after: Option<u32>,
    /// The request it answers; empty until the edge fills it in.
    pub request_id: String,
}

impl Problem {
    /// Every code and what it means; `docs/errors.md` is made from it, and a test holds the two together.
    pub const CODES: &'static [(&'static str, u16, &'static str)] = &[
        ("malformed_json", 400, "The body is not JSON."),
        ("invalid_request", 400, "A header, path or query parameter is missing or wrong; `field` names it."),
        ("unauthorized", 401, "No valid token, or a signature that does not fit."),
        ("forbidden", 403, "The caller may not do this; the sentence says what to do first."),
        ("not_found", 404, "It does not exist, or it is somebody else's."),
        ("conflict", 409, "The thing is not in a state for this; the sentence says in which it is."),
        ("body_too_large", 413, "The body is over 256 KiB."),
        ("invalid_field", 422, "A value is not one that can be; `field` names it."),
        ("out_of_stock", 422, "It is offered and cannot be had now; `alternatives` says what can."),
        ("idempotency_key_reused", 422, "The Idempotency-Key was used for another request."),
        (
            "gateway_unavailable",
            503,
            "The payment gateway does not answer; repeat with the same Idempotency-Key.",
        ),
        ("unavailable", 503, "A service that we need does not answer; repeat later."),
        (
            "provider_refused",
            502,
            "A provider refuses what we ask of it (staff only); the sentence has its words.",
        ),
        ("gateway_refused", 502, "The payment gateway refuses the payment; nothing was charged."),
        ("internal", 500, "A fault of ours; quote the request id to support."),
    ];

    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        let known = Self::CODES.iter().find(|(known, ..)| *known == code);
        let status = known.map_or(500, |(_, status, _)| *status);
        Self {
            status,
            code,
            detail: detail.into(),
            field: None,
            alternatives: None,
            retry_after: None,
            request_id: String::new(),
        }
    }

    /// 401.
    pub fn unauthorized(request_id: &str) -> Self {
        let mut problem = Self::new("unauthorized", "Sign in and send a valid token.");
        problem.request_id = request_id.to_owned();
        problem
    }

    /// 401 for a webhook.
    pub fn bad_signature() -> Self {
        Self::new("unauthorized", "The signature does not fit the body.")
    }

    /// 400 for a body that is not JSON.
    pub fn malformed_json(detail: impl Into<String>) -> Self {
        Self::new("malformed_json", detail)
    }

    /// 400 for a header, path or query parameter.
    pub fn invalid_request(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new("invalid_request", detail) }
    }

    /// 422 for a field of the body.
    pub fn invalid_field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new("invalid_field", detail) }
    }

    /// 404.
    pub fn not_found(what: &str) -> Self {
        Self::new("not_found", format!("There is no such {what}."))
    }

    /// 413.
    pub fn body_too_large() -> Self {
        Self::new("body_too_large", "The body is over 256 KiB.")
    }

    /// The answer to send.
    pub fn into_response(self) -> Response<Body> {
        let mut body = json!({
            "type": format!("urn:nemordp:error:{}", self.code),
            "title": self.code.replace('_', " "),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "field": self.field,
            "request_id": self.request_id,
        });
        if let Some(alternatives) = &self.alternatives {
            body["alternatives"] = json!(alternatives.as_ref());
        }
        let mut builder = Response::builder()
            .status(self.status)
            .header("content-type", "application/problem+json")
            .header("cache-control", "no-store");
        if let Some(seconds) = self.retry_after {
            builder = builder.header("retry-after", seconds);
        }
        builder.body(Body::Text(body.to_string())).unwrap_or_else(|_| {
            let mut plain = Response::new(Body::Empty);
            *plain.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            plain
        })
    }
}

/// The one way from a use case's error to an answer; the chain is logged here and nowhere else.
impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let problem = match &error {
            AppError::NotFound(what) => return Self::not_found(what),
            AppError::Invalid { field, reason } => return Self::invalid_field(*field, reason.clone()),
            AppError::NotDeliverable { field, reason, passing, alternatives } => {
                let code = if *passing { "out_of_stock" } else { "invalid_field" };
                return Self {
                    field: Some((*field).to_owned()),
                    alternatives: Some(alternatives.as_slice().into()),
                    ..Self::new(code, reason.clone())
                };
            }
            AppError::KeyReused => {
                return Self::new(
                    "idempotency_key_reused",
                    "This Idempotency-Key was used for another request.",
                );
            }
            AppError::Conflict(why) => return Self::new("conflict", why.clone()),
            AppError::Forbidden(why) => return Self::new("forbidden", why.clone()),
            AppError::Store(StoreError::BadCursor) => {
                return Self::invalid_request("cursor", "This is not a cursor that we gave out.");
            }
            AppError::Gateway(GatewayError::Refused(_) | GatewayError::Unauthorized) => {
                Self::new("gateway_refused", "The payment gateway refuses this payment. Nothing was charged.")
            }
            AppError::Gateway(GatewayError::Busy { retry_after }) => Self {
                retry_after: Some(retry_after.unwrap_or(5)),
                ..Self::new(
                    "gateway_unavailable",
                    "The payment gateway is busy. Nothing was charged; try again.",
                )
            },
            AppError::Gateway(GatewayError::Unclear { .. }) => Self {
                retry_after: Some(5),
                ..Self::new(
                    "gateway_unavailable",
                    "The payment gateway does not answer. Nothing was charged; try again.",
                )
            },
            AppError::Provider(refusal) if !error.retryable() => {
                Self::new("provider_refused", format!("{refusal}."))
            }
            error if error.retryable() => Self {
                retry_after: Some(5),
                ..Self::new("unavailable", "This cannot be done now. Try again.")
            },
            _ => Self::new("internal", "Something went wrong on our side."),
        };
        tracing::error!(code = problem.code, error = %Chain(&error), "request failed");
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::catalogue::{Os, Plan};

    #[test]
    fn what_is_underneath_never_reaches_the_caller() {
        let secret = "arn:aws:dynamodb:table/secret-name";
        let error = AppError::Store(StoreError::Corrupt { key: secret.to_owned(), what: secret.to_owned() });
        let problem = Problem::from(error);
        assert_eq!((problem.status, problem.code), (500, "internal"));
        let Body::Text(text) = problem.into_response().into_body() else { panic!("not text") };
        assert!(!text.contains(secret));
    }

    #[test]
    fn a_service_that_is_down_asks_to_come_back() {
        let error = AppError::Store(StoreError::Unavailable { what: "GetItem", source: None });
        let problem = Problem::from(error);
        assert_eq!((problem.status, problem.retry_after), (503, Some(5)));
    }

    #[test]
    fn what_cannot_be_had_is_answered_with_what_can() {
        let instead = Alternative::Product { plan: Plan::Basic, os: Os::Linux, region: "uk".to_owned() };
        for (passing, code) in [(true, "out_of_stock"), (false, "invalid_field")] {
            let error = AppError::NotDeliverable {
                field: "region",
                reason: "not there".to_owned(),
                passing,
                alternatives: vec![instead.clone()],
            };
            let response = Problem::from(error).into_response();
            assert_eq!(response.status(), 422);
            let Body::Text(text) = response.into_body() else { panic!("not text") };
            let body: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!((&body["code"], &body["field"]), (&json!(code), &json!("region")));
            assert_eq!(body["alternatives"], json!([{ "plan": "basic", "os": "linux", "region": "uk" }]));
        }
    }

    #[test]
    fn every_code_is_known_by_one_status() {
        for (index, (code, ..)) in Problem::CODES.iter().enumerate() {
            assert!(!Problem::CODES[..index].iter().any(|(other, ..)| other == code), "{code} stands twice");
        }
    }
}
