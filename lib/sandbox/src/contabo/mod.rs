//! Contabo's API v1: instances that are desktops, paid by the month.

mod token;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Value, json};

use crate::access::{bearer, refusal};
use crate::clock::Clock;
use crate::config::Config;
use crate::desktops::Os;
use crate::machines::{Inventory, Machine, New, Play, Stocked, Timeline};
use crate::operation::Service;
use crate::server::Caller;
use crate::world::{Shared, World};

use token::Tokens;

const REGION: &str = "EU";
const PLAN: &str = "V153";

const GUEST: Timeline =
    Timeline { answers: Duration::from_secs(60), reboots: None, power_on: Duration::from_secs(20) };

const WINDOWS_GUEST: Timeline = Timeline {
    answers: Duration::from_secs(200),
    reboots: Some((Duration::from_secs(250), Duration::from_secs(290))),
    power_on: Duration::from_secs(45),
};

/// The account: its credentials and its machines.
pub(crate) struct Contabo {
    tokens: Tokens,
    inventory: Mutex<Inventory<Self>>,
}

/// What only Contabo keeps of a machine.
pub(crate) struct Own {}

impl Contabo {
    pub(crate) fn new(config: &Config) -> Self {
        Self { tokens: Tokens::new(config), inventory: Mutex::default() }
    }
}

impl Play for Contabo {
    const SERVICE: Service = Service::Contabo;
    type Own = Own;

    fn of(world: &World) -> &Self {
        &world.contabo
    }

    fn inventory(&self) -> &Mutex<Inventory<Self>> {
        &self.inventory
    }

    fn timeline(os: Os) -> &'static Timeline {
        match os {
            Os::Windows => &WINDOWS_GUEST,
            Os::Linux => &GUEST,
        }
    }

    fn summary(machine: &Machine<Self>, _: Clock, _: i64) -> Value {
        let power = if machine.halted { "stopped" } else { "running" };
        json!({"power": power, "status": power})
    }

    fn no_such_machine(_: &str) -> Response {
        error(StatusCode::NOT_FOUND, "Entry Instance not found")
    }

    fn stocked(world: &World, wish: Stocked) -> Result<New<Self>, String> {
        Ok(New {
            id: world.machines.number().to_string(),
            hostname: "contabo".into(),
            label: wish.name,
            tags: wish.tags,
            region: wish.region.unwrap_or_else(|| REGION.into()),
            plan: wish.plan.unwrap_or_else(|| PLAN.into()),
            os: Os::Linux,
            password: None,
            user_data: None,
            script: None,
            own: Own {},
        })
    }

    fn forget(&self) {
        self.tokens.clear();
    }
}

/// Routes under `/contabo`, the counterpart of `https://api.contabo.com`; their paths begin with `/v1`.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    Router::new().fallback(unknown_path).layer(middleware::from_fn_with_state(Arc::clone(world), gate))
}

/// Routes under `/contabo-auth`, the counterpart of `https://auth.contabo.com`.
pub(crate) fn auth_router() -> Router<Shared> {
    Router::new().route("/auth/realms/contabo/protocol/openid-connect/token", post(token::grant))
}

async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let now = world.clock.now_ms();
    let key_is_right = bearer(request.headers()).is_some_and(|token| world.contabo.tokens.admit(token, now));
    match refusal(&world, Service::Contabo, key_is_right, caller.ip) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

async fn unknown_path() -> Response {
    error(StatusCode::NOT_FOUND, "Not Found")
}

fn error(status: StatusCode, text: &str) -> Response {
    Service::Contabo.error(status, text)
}
