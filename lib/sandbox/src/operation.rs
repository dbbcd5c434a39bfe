//! One call of an outside caller: counted, done, and answered as the faults in force have it.

use std::future::Future;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::faults::Kind;
use crate::world::World;

/// Marks an answer that must never reach the caller: the server closes the connection instead.
#[derive(Clone, Copy)]
pub(crate) struct HangUp;

/// Whose error bodies to speak.
#[derive(Clone, Copy)]
pub(crate) enum Service {
    Paystack,
    Vultr,
}

/// What is being called.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) service: Service,
    /// One of [`crate::faults::TARGETS`].
    pub(crate) target: &'static str,
    /// The label, tag or reference that a fault's `match` looks into.
    pub(crate) subject: &'a str,
}

impl Call<'_> {
    /// Carries the call out. A fault that strikes before the effect drops `effect` without ever polling it.
    pub(crate) async fn run(self, world: &World, effect: impl Future<Output = Response> + Send) -> Response {
        world.counts.add(self.target);
        let Some(strike) = world.faults.take(self.target, self.subject, Kind::on_the_wire) else {
            return effect.await;
        };
        let answer = match strike.kind {
            Kind::Refuse => {
                let status = strike.status.and_then(|s| StatusCode::from_u16(s).ok());
                self.service.error(status.unwrap_or(StatusCode::BAD_REQUEST), "Request refused")
            }
            Kind::OutOfStock => out_of_stock(self.target),
            Kind::FailBefore => self.service.internal_error(),
            Kind::RateLimited => self.service.too_many_requests(),
            Kind::HtmlAnswer => html_answer(strike.status),
            Kind::FailAfterEffect => {
                drop(effect.await);
                self.service.internal_error()
            }
            Kind::DropAfterEffect => {
                drop(effect.await);
                hang_up()
            }
            _ => effect.await,
        };
        if let Some(delay) = strike.delay {
            tokio::time::sleep(delay).await;
        }
        answer
    }
}

impl Service {
    /// An error in the service's own shape.
    pub(crate) fn error(self, status: StatusCode, text: &str) -> Response {
        let body = match self {
            Self::Vultr => json!({"error": text, "status": status.as_u16()}),
            Self::Paystack => json!({
                "status": false,
                "message": text,
                "meta": {"nextStep": "Check the request and try again"},
                "type": if status.is_server_error() { "api_error" } else { "validation_error" },
                "code": if status.is_server_error() { "api_error" } else { "invalid_params" },
            }),
        };
        (status, axum::Json(body)).into_response()
    }

    fn internal_error(self) -> Response {
        self.error(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    }

    /// 429 with `Retry-After: 1`.
    pub(crate) fn too_many_requests(self) -> Response {
        let mut answer = self.error(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded");
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        answer
    }
}

fn out_of_stock(target: &str) -> Response {
    if target == "vultr.availability" {
        return axum::Json(json!({"available_plans": [], "available_vpc_only_plans": []})).into_response();
    }
    let text = "Server add failed: This plan is not available in the selected region at this time";
    Service::Vultr.error(StatusCode::BAD_REQUEST, text)
}

fn html_answer(status: Option<u16>) -> Response {
    let page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head>\
                <body><h1>Checking your connection</h1></body></html>";
    let status = status.and_then(|s| StatusCode::from_u16(s).ok()).unwrap_or(StatusCode::OK);
    (status, axum::response::Html(page)).into_response()
}

fn hang_up() -> Response {
    let mut answer = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    answer.extensions_mut().insert(HangUp);
    answer
}
