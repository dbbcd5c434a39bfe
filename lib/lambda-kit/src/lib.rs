//! What every function shares: start-up, logs, HTTP answers, errors, batches.

mod aws;
mod aws_http;
mod batch;
mod boot;
mod caller;
mod env;
mod failure;
mod http_client;
mod idempotency;
mod input;
mod keys;
mod log;
mod metrics;
mod problem;
mod reply;
mod secrets;
mod serve;
mod world;

pub use batch::Batch;
pub use boot::{Boot, boot};
pub use caller::Caller;
pub use env::{Env, MissingSettings};
pub use failure::TaskFailure;
pub use http_client::ClientError;
pub use idempotency::{fingerprint, idempotency_key};
pub use input::{BODY_MAX, Paging, api_url, header, json_body, path_id, raw_body};
pub use keys::{PaystackKeys, first_boot_key};
pub use metrics::{Metric, Unit, emit_metrics};
pub use problem::Problem;
pub use reply::Reply;
pub use secrets::{SecretError, Secrets};
pub use serve::{http, invocation_span, request_id};
pub use world::SystemWorld;

pub use lambda_http;
pub use lambda_runtime;
pub use tracing::Instrument;

/// A request as the HTTP API hands it over.
pub use lambda_http::Request;
