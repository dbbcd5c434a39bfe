//! Logs: one JSON object a line, on standard output, with the order and request ids of the span.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::env::Env;

/// Libraries that write requests and answers, secrets and all, at DEBUG: they stay at INFO whatever is set.
const TALKATIVE: [&str; 6] = ["aws", "hyper", "h2", "reqwest", "rustls", "lambda"];

/// Sets up logging at the level of `AWS_LAMBDA_LOG_LEVEL` (INFO when absent).
pub(crate) fn init(env: &Env) {
    let level = match env.optional("AWS_LAMBDA_LOG_LEVEL").as_deref() {
        Some("TRACE" | "DEBUG") => LevelFilter::DEBUG,
        Some("WARN") => LevelFilter::WARN,
        Some("ERROR" | "FATAL") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    let quiet = TALKATIVE.iter().map(|target| (*target, level.min(LevelFilter::INFO)));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false);
    let filter = Targets::new().with_default(level).with_targets(quiet);
    // A second call (tests in one process) keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
}
