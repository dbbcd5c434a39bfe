//! Logs: one JSON object a line, on standard output, with the order and request ids of the span.

use tracing::level_filters::LevelFilter;

use crate::env::Env;

/// Sets up logging at the level of `AWS_LAMBDA_LOG_LEVEL` (INFO when absent).
pub(crate) fn init(env: &Env) {
    let level = match env.optional("AWS_LAMBDA_LOG_LEVEL").as_deref() {
        Some("TRACE" | "DEBUG") => LevelFilter::DEBUG,
        Some("WARN") => LevelFilter::WARN,
        Some("ERROR" | "FATAL") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    // A second call (tests in one process) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(level)
        .try_init();
}
