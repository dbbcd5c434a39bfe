//! One call of an outside caller: counted, done, and answered as the faults in force have it.

use std::future::Future;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::faults::Kind;
use crate::world::World;

pub(crate) use crate::services::Service;

/// How long Contabo takes to fail at a create. Only to a blocked account it says 500 at once, which `refuse` with that
/// status plays.
const CONTABO_FAILS_AFTER: Duration = Duration::from_millis(600);

/// Marks an answer that must never reach the caller: the server closes the connection instead.
#[derive(Clone, Copy)]
pub(crate) struct HangUp;

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
        let on_the_wire = |kind: Kind| kind.on_the_wire(self.target);
        let Some(strike) = world.faults.take(self.target, self.subject, on_the_wire) else {
            return effect.await;
        };
        let answer = match strike.kind {
            Kind::Refuse => {
                let status = strike.status.and_then(|s| StatusCode::from_u16(s).ok());
                self.service.error(status.unwrap_or(StatusCode::BAD_REQUEST), "Request refused")
            }
            Kind::OutOfStock => self.service.out_of_stock(),
            Kind::Quota => self.service.quota(),
            Kind::Unauthorized => self.service.unauthorized(),
            Kind::FailBefore => self.service.internal_error(),
            Kind::RateLimited => self.service.too_many_requests(world.clock.now_ms(), 1),
            Kind::HtmlAnswer => html_answer(strike.status),
            Kind::DropBefore => hang_up(),
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
        let tried = matches!(strike.kind, Kind::FailBefore | Kind::FailAfterEffect);
        let usual = (tried && self.target == "contabo.create").then_some(CONTABO_FAILS_AFTER);
        if let Some(delay) = strike.delay.or(usual) {
            tokio::time::sleep(delay).await;
        }
        answer
    }
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
