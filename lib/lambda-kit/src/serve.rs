//! The loop around a handler: request id, time, security headers, one log line.

use std::time::Instant;

use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt, Response};
use tracing::Instrument;

use crate::problem::Problem;
use crate::reply::Reply;

/// Requests slower than this are logged as slow.
const SLOW_MS: u128 = 1000;

/// The id under which a caller and the logs speak of a request.
pub fn request_id(request: &Request) -> String {
    match request.request_context() {
        RequestContext::ApiGatewayV2(context) => context.request_id.unwrap_or_default(),
        #[allow(
            unreachable_patterns,
            reason = "other triggers are compiled out, but not for every feature set"
        )]
        _ => String::new(),
    }
}

/// Runs one HTTP handler and finishes its answer: `X-Request-Id`, `X-Process-Time` (seconds), security headers,
/// and one log line with route, status and time.
///
/// # Errors
/// Never: whatever goes wrong is an answer.
pub async fn http(
    request: &Request,
    answer: impl Future<Output = Result<Reply, Problem>>,
) -> Result<Response<Body>, lambda_http::Error> {
    let began = Instant::now();
    let id = request_id(request);
    let route = match request.request_context() {
        RequestContext::ApiGatewayV2(context) => context.route_key.unwrap_or_default(),
        #[allow(
            unreachable_patterns,
            reason = "other triggers are compiled out, but not for every feature set"
        )]
        _ => String::new(),
    };
    let span = tracing::info_span!("request", request_id = %id, route);
    async {
        let mut response = match answer.await {
            Ok(reply) => reply.into_response(),
            Err(problem) => Problem { request_id: id.clone(), ..problem }.into_response(),
        };
        let took = began.elapsed();
        let status = response.status().as_u16();
        let headers = response.headers_mut();
        let seconds = format!("{}.{:06}", took.as_secs(), took.subsec_micros());
        for (name, value) in [
            ("x-request-id", id.as_str()),
            ("x-process-time", seconds.as_str()),
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("referrer-policy", "no-referrer"),
        ] {
            if let Ok(value) = http::HeaderValue::from_str(value) {
                headers.insert(http::HeaderName::from_static(name), value);
            }
        }
        let duration_ms = took.as_millis();
        if duration_ms > SLOW_MS {
            tracing::warn!(status, duration_ms, "slow request");
        } else {
            tracing::info!(status, duration_ms, "request");
        }
        Ok(response)
    }
    .instrument(span)
    .await
}

/// Serves an HTTP function until Lambda ends it: `serve_http!(deps, handle)` with
/// `async fn handle(deps: &Deps, request: &Request) -> Result<Reply, Problem>`.
#[macro_export]
macro_rules! serve_http {
    ($deps:expr, $handle:path) => {{
        let deps = &$deps;
        let service = $crate::lambda_http::service_fn(move |request: $crate::Request| async move {
            $crate::http(&request, $handle(deps, &request)).await
        });
        $crate::lambda_http::run(service).await
    }};
}

/// Serves a function that a queue, a schedule or the state machine calls, until Lambda ends it:
/// `serve_task!(deps, handle)` with `async fn handle(deps: &Deps, event: Event) -> Result<Answer, E>`.
#[macro_export]
macro_rules! serve_task {
    ($deps:expr, $handle:path) => {{
        let deps = &$deps;
        $crate::lambda_runtime::run($crate::lambda_runtime::service_fn(
            move |event: $crate::lambda_runtime::LambdaEvent<_>| async move {
                let span = $crate::invocation_span(&event.context.request_id);
                $crate::Instrument::instrument($handle(deps, event.payload), span).await
            },
        ))
        .await
    }};
}

/// The span that gives every log line of an invocation its id.
pub fn invocation_span(request_id: &str) -> tracing::Span {
    tracing::info_span!("invocation", request_id)
}
