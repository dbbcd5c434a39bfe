//! `GET /health`: what we depend on, each by itself.

use app::ports::{CheckQueues, CheckStore};
use lambda_kit::{Problem, Reply, Request};
use serde::Serialize;

/// What the handler works with.
pub struct Deps<S, Q> {
    /// The state.
    pub store: S,
    /// The queues.
    pub queues: Q,
}

/// One thing that we depend on.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: &'static str,
}

#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    checks: Vec<Check>,
    version: &'static str,
}

/// Answers 200 when `healthy` or `degraded` (a queue does not answer: orders wait, nothing is lost), 503 when
/// `unhealthy` (the state does not answer: nothing can be sold). Public; says nothing about anybody.
///
/// # Errors
/// 500 only.
pub async fn handle<S, Q>(deps: &Deps<S, Q>, _request: &Request) -> Result<Reply, Problem>
where
    S: CheckStore + Sync,
    Q: CheckQueues + Sync,
{
    let (store, queues) = tokio::join!(deps.store.check(), deps.queues.check());
    let mut checks = vec![check("database", store.is_ok())];
    checks.extend(queues.into_iter().map(|(name, well)| check(name, well)));
    let (code, status) = match (store.is_ok(), checks.iter().all(|c| c.status == "healthy")) {
        (true, true) => (200, "healthy"),
        (true, false) => (200, "degraded"),
        (false, _) => (503, "unhealthy"),
    };
    Reply::json(code, &Health { status, checks, version: env!("CARGO_PKG_VERSION") })
}

const fn check(name: &'static str, well: bool) -> Check {
    Check { name, status: if well { "healthy" } else { "unhealthy" } }
}
