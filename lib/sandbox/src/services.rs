//! Each third party's words for what goes wrong.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::ec2::metrics_error;
use crate::random;

/// Whose error bodies to speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Service {
    Paystack,
    Vultr,
    Contabo,
    DigitalOcean,
    Linode,
    Hetzner,
    Ec2,
    /// Beside EC2, and known under its name.
    CloudWatch,
}

impl Service {
    /// As in targets, paths and the control API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Paystack => "paystack",
            Self::Vultr => "vultr",
            Self::Contabo => "contabo",
            Self::DigitalOcean => "digitalocean",
            Self::Linode => "linode",
            Self::Hetzner => "hetzner",
            Self::Ec2 | Self::CloudWatch => "ec2",
        }
    }

    /// Under which requests with a wrong key or from an unlisted address are counted.
    pub(crate) fn unauthorized_count(self) -> &'static str {
        match self {
            Self::Paystack => "paystack.unauthorized",
            Self::Vultr => "vultr.unauthorized",
            Self::Contabo => "contabo.unauthorized",
            Self::DigitalOcean => "digitalocean.unauthorized",
            Self::Linode => "linode.unauthorized",
            Self::Hetzner => "hetzner.unauthorized",
            Self::Ec2 | Self::CloudWatch => "ec2.unauthorized",
        }
    }

    /// Under which requests over the rate limit are counted.
    pub(crate) fn rate_limited_count(self) -> &'static str {
        match self {
            Self::Paystack => "paystack.rate_limited",
            Self::Vultr => "vultr.rate_limited",
            Self::Contabo => "contabo.rate_limited",
            Self::DigitalOcean => "digitalocean.rate_limited",
            Self::Linode => "linode.rate_limited",
            Self::Hetzner => "hetzner.rate_limited",
            Self::Ec2 | Self::CloudWatch => "ec2.rate_limited",
        }
    }

    /// An error in the service's own shape. Where that has a code, it is the usual one for the status.
    pub(crate) fn error(self, status: StatusCode, text: &str) -> Response {
        self.coded_error(status, self.usual_code(status), text)
    }

    /// An error with the service's own code: DigitalOcean's `id`, Hetzner's and AWS's `code`. The others have none.
    pub(crate) fn coded_error(self, status: StatusCode, code: &str, text: &str) -> Response {
        let number = status.as_u16();
        let body = match self {
            Self::Vultr => json!({"error": text, "status": number}),
            Self::Contabo => json!({"statusCode": number, "message": text}),
            Self::DigitalOcean => json!({"id": code, "message": text, "request_id": random::uuid()}),
            Self::Linode => json!({"errors": [{"reason": text}]}),
            Self::Hetzner => json!({"error": {"code": code, "message": text, "details": {}}}),
            Self::Ec2 => return xml_error(status, code, text),
            Self::CloudWatch => return metrics_error(status, code, text),
            Self::Paystack => json!({
                "status": false,
                "message": text,
                "meta": {"nextStep": "Check the request and try again"},
                "type": if status.is_server_error() { "api_error" } else { "validation_error" },
                "code": code,
            }),
        };
        (status, Json(body)).into_response()
    }

    fn usual_code(self, status: StatusCode) -> &'static str {
        match (self, status.as_u16()) {
            (Self::Paystack, 500..) => "api_error",
            (Self::Paystack, _) => "invalid_params",
            (Self::DigitalOcean, 401) | (Self::Hetzner, 401) => "unauthorized",
            (Self::DigitalOcean, 403) | (Self::Hetzner, 403) => "forbidden",
            (Self::DigitalOcean, 404) | (Self::Hetzner, 404) => "not_found",
            (Self::DigitalOcean, 409) | (Self::Hetzner, 409) => "conflict",
            (Self::DigitalOcean, 422) => "unprocessable_entity",
            (Self::DigitalOcean, 429) => "too_many_requests",
            (Self::DigitalOcean, 500..) => "server_error",
            (Self::DigitalOcean, _) => "bad_request",
            (Self::Hetzner, 412) => "resource_unavailable",
            (Self::Hetzner, 423) => "locked",
            (Self::Hetzner, 429) => "rate_limit_exceeded",
            (Self::Hetzner, 502) => "bad_gateway",
            (Self::Hetzner, 503) => "unavailable",
            (Self::Hetzner, 504) => "timeout",
            (Self::Hetzner, 500..) => "server_error",
            (Self::Hetzner, _) => "invalid_input",
            (Self::Ec2, 401) => "AuthFailure",
            (Self::Ec2, 403) => "UnauthorizedOperation",
            (Self::Ec2, 404) => "InvalidAction",
            (Self::Ec2, 503 | 504) => "Unavailable",
            (Self::Ec2, 500..) => "InternalError",
            (Self::Ec2, _) => "InvalidParameterValue",
            (Self::CloudWatch, 401 | 403) => "AccessDenied",
            (Self::CloudWatch, 503) => "ServiceUnavailable",
            (Self::CloudWatch, 500..) => "InternalFailure",
            (Self::CloudWatch, _) => "ValidationError",
            (Self::Vultr | Self::Contabo | Self::Linode, _) => "",
        }
    }

    pub(crate) fn internal_error(self) -> Response {
        let text = match self {
            Self::DigitalOcean => "Unexpected server-side error",
            Self::Ec2 => "An internal error has occurred",
            _ => "Internal server error",
        };
        self.error(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// 401, CloudWatch's 403: the key is not taken.
    pub(crate) fn unauthorized(self) -> Response {
        let text = match self {
            Self::CloudWatch => {
                let text = "The security token included in the request is invalid.";
                return self.coded_error(StatusCode::FORBIDDEN, "InvalidClientTokenId", text);
            }
            Self::Paystack => "Invalid key",
            Self::Vultr => "Invalid API token.",
            Self::Contabo => "Unauthorized",
            Self::DigitalOcean => "Unable to authenticate you",
            Self::Linode => "Invalid Token",
            Self::Hetzner => "unable to authenticate",
            Self::Ec2 => "AWS was not able to validate the provided access credentials",
        };
        self.error(StatusCode::UNAUTHORIZED, text)
    }

    /// 429 with the service's headers; EC2's is a 503, CloudWatch's a 400. `retry_after_s`: until the next request would pass.
    ///
    /// Contabo documents the status but no header.
    pub(crate) fn too_many_requests(self, now_ms: i64, retry_after_s: i64) -> Response {
        let reset = now_ms / 1_000 + retry_after_s;
        let (text, headers): (_, &[(&'static str, i64)]) = match self {
            Self::Ec2 => {
                let (status, text) = (StatusCode::SERVICE_UNAVAILABLE, "Request limit exceeded.");
                return self.coded_error(status, "RequestLimitExceeded", text);
            }
            Self::CloudWatch => {
                return self.coded_error(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded");
            }
            Self::Contabo => ("Too Many Requests", &[]),
            Self::Paystack | Self::Vultr => ("Rate limit exceeded", &[("retry-after", retry_after_s)]),
            Self::DigitalOcean => (
                "API rate limit exceeded",
                &[
                    ("ratelimit-limit", 5_000),
                    ("ratelimit-remaining", 0),
                    ("ratelimit-reset", reset),
                    ("retry-after", retry_after_s),
                ],
            ),
            Self::Linode => (
                "Too many requests",
                &[
                    ("x-ratelimit-limit", 1_600),
                    ("x-ratelimit-remaining", 0),
                    ("x-ratelimit-reset", reset),
                    ("retry-after", retry_after_s),
                ],
            ),
            Self::Hetzner => (
                "limit of 3600 requests per hour reached",
                &[("ratelimit-limit", 3_600), ("ratelimit-remaining", 0), ("ratelimit-reset", reset)],
            ),
        };
        let mut answer = self.error(StatusCode::TOO_MANY_REQUESTS, text);
        for (name, value) in headers {
            answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(*value));
        }
        answer
    }

    /// A create that is refused because nothing of the kind is left.
    pub(crate) fn out_of_stock(self) -> Response {
        let (status, code, text) = match self {
            Self::Paystack | Self::Vultr => {
                let text =
                    "Server add failed: This plan is not available in the selected region at this time";
                (StatusCode::BAD_REQUEST, "", text)
            }
            Self::Contabo => {
                (StatusCode::BAD_REQUEST, "", "No offer was found for product ID 'V153' and period '1'")
            }
            Self::DigitalOcean => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "unprocessable_entity",
                "Size is not available in this region.",
            ),
            Self::Linode => (
                StatusCode::BAD_REQUEST,
                "",
                "The selected region does not currently have capacity for this plan. Please try another region.",
            ),
            Self::Hetzner => (
                StatusCode::PRECONDITION_FAILED,
                "resource_unavailable",
                "error during placement: server type is not available in this location",
            ),
            Self::Ec2 | Self::CloudWatch => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InsufficientInstanceCapacity",
                "We currently do not have sufficient capacity in the Availability Zone you requested.",
            ),
        };
        self.coded_error(status, code, text)
    }

    /// A create that is refused because the account has as many machines as it may have.
    pub(crate) fn quota(self) -> Response {
        let (status, code, text) = match self {
            Self::Paystack | Self::Vultr => {
                let text = "Server add failed: You have reached the maximum number of active instances";
                (StatusCode::BAD_REQUEST, "", text)
            }
            Self::Contabo => {
                let text = "The maximum number of instances of this customer has been reached";
                (StatusCode::PAYMENT_REQUIRED, "", text)
            }
            Self::DigitalOcean => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "unprocessable_entity",
                "creating this/these droplet(s) will exceed your droplet limit",
            ),
            Self::Linode => {
                (StatusCode::BAD_REQUEST, "", "Account Limit reached. Please open a support ticket.")
            }
            Self::Hetzner => (StatusCode::FORBIDDEN, "resource_limit_exceeded", "server limit reached"),
            Self::Ec2 | Self::CloudWatch => (
                StatusCode::BAD_REQUEST,
                "VcpuLimitExceeded",
                "You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket \
                 that the specified instance type belongs to.",
            ),
        };
        self.coded_error(status, code, text)
    }
}

/// `<Response><Errors><Error><Code/><Message/></Error></Errors><RequestID/></Response>`
fn xml_error(status: StatusCode, code: &str, text: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{}</Code><Message>{}</Message>\
         </Error></Errors><RequestID>{}</RequestID></Response>",
        xml_text(code),
        xml_text(text),
        random::uuid()
    );
    (status, [(header::CONTENT_TYPE, "text/xml;charset=UTF-8")], body).into_response()
}

/// Text as it may stand between two tags.
pub(crate) fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Status and body; random ids cut out.
    async fn read(answer: Response) -> (u16, String) {
        let status = answer.status().as_u16();
        let bytes = axum::body::to_bytes(answer.into_body(), 10_000).await.expect("a body");
        (status, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn each_provider_says_it_in_its_own_shape() {
        for (answer, status, part) in [
            (Service::Vultr.unauthorized(), 401, r#"{"error":"Invalid API token.","status":401}"#),
            (Service::Contabo.unauthorized(), 401, r#"{"message":"Unauthorized","statusCode":401}"#),
            (Service::DigitalOcean.unauthorized(), 401, r#"{"id":"unauthorized","message":"Unable to auth"#),
            (Service::Linode.unauthorized(), 401, r#"{"errors":[{"reason":"Invalid Token"}]}"#),
            (Service::Hetzner.unauthorized(), 401, r#"{"error":{"code":"unauthorized","details":{}"#),
            (Service::Ec2.unauthorized(), 401, "<Error><Code>AuthFailure</Code><Message>AWS was not"),
            (Service::Vultr.out_of_stock(), 400, "not available in the selected region"),
            (Service::Contabo.out_of_stock(), 400, "No offer was found for product ID 'V153' and period '1'"),
            (Service::DigitalOcean.out_of_stock(), 422, "Size is not available in this region."),
            (Service::Linode.out_of_stock(), 400, "capacity"),
            (Service::Hetzner.out_of_stock(), 412, "resource_unavailable"),
            (Service::Ec2.out_of_stock(), 500, "<Code>InsufficientInstanceCapacity</Code>"),
            (Service::DigitalOcean.quota(), 422, "droplet limit"),
            (Service::Hetzner.quota(), 403, "resource_limit_exceeded"),
            (Service::Ec2.quota(), 400, "<Code>VcpuLimitExceeded</Code>"),
            (Service::Ec2.too_many_requests(0, 1), 503, "<Code>RequestLimitExceeded</Code>"),
            (Service::Hetzner.too_many_requests(0, 1), 429, "rate_limit_exceeded"),
            (Service::DigitalOcean.internal_error(), 500, "server_error"),
        ] {
            let (code, body) = read(answer).await;
            assert_eq!(code, status, "{body}");
            assert!(body.contains(part), "{body}");
        }
    }

    #[test]
    fn a_refused_rate_comes_with_the_headers_that_are_documented() {
        let headers = |service: Service| service.too_many_requests(1_000_000, 7).headers().clone();
        assert_eq!(headers(Service::Vultr)["retry-after"], "7");
        assert_eq!(headers(Service::DigitalOcean)["ratelimit-reset"], "1007");
        assert_eq!(headers(Service::Linode)["x-ratelimit-reset"], "1007");
        assert_eq!(headers(Service::Hetzner)["ratelimit-remaining"], "0");
        assert!(headers(Service::Hetzner).get("retry-after").is_none());
        assert!(headers(Service::Contabo).get("retry-after").is_none());
    }

    #[test]
    fn what_stands_between_tags_is_escaped() {
        assert_eq!(xml_text("a<b>&c"), "a&lt;b&gt;&amp;c");
    }
}
