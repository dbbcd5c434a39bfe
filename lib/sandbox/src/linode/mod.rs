//! Linode's API v4: instances that are Linux desktops.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use serde_json::{Value, json};

use crate::access::{bearer, refusal};
use crate::clock::Clock;
use crate::config::Config;
use crate::desktops::Os;
use crate::machines::{Inventory, Machine, New, Play, Stocked, Timeline};
use crate::operation::Service;
use crate::server::Caller;
use crate::world::{Shared, World};

const REGION: &str = "us-east";
const PLAN: &str = "g6-standard-2";

const GUEST: Timeline =
    Timeline { answers: Duration::from_secs(60), reboots: None, power_on: Duration::from_secs(20) };

/// The account: its key and its machines.
pub(crate) struct Linode {
    token: String,
    inventory: Mutex<Inventory<Self>>,
}

/// What only Linode keeps of a machine.
pub(crate) struct Own {}

impl Linode {
    pub(crate) fn new(config: &Config) -> Self {
        Self { token: config.linode_token.clone(), inventory: Mutex::default() }
    }
}

impl Play for Linode {
    const SERVICE: Service = Service::Linode;
    type Own = Own;

    fn of(world: &World) -> &Self {
        &world.linode
    }

    fn inventory(&self) -> &Mutex<Inventory<Self>> {
        &self.inventory
    }

    fn timeline(_: Os) -> &'static Timeline {
        &GUEST
    }

    fn summary(machine: &Machine<Self>, _: Clock, _: i64) -> Value {
        let power = if machine.halted { "stopped" } else { "running" };
        json!({"power": power, "status": power})
    }

    fn no_such_machine(_: &str) -> Response {
        error(StatusCode::NOT_FOUND, "Not found")
    }

    fn stocked(world: &World, wish: Stocked) -> Result<New<Self>, String> {
        Ok(New {
            id: world.machines.number().to_string(),
            hostname: "linode".into(),
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
}

/// Routes under `/linode`, the counterpart of `https://api.linode.com`; their paths begin with `/v4`.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    Router::new().fallback(unknown_path).layer(middleware::from_fn_with_state(Arc::clone(world), gate))
}

async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let key_is_right = bearer(request.headers()) == Some(world.linode.token.as_str());
    match refusal(&world, Service::Linode, key_is_right, caller.ip) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

async fn unknown_path() -> Response {
    error(StatusCode::NOT_FOUND, "Not found")
}

fn error(status: StatusCode, text: &str) -> Response {
    Service::Linode.error(status, text)
}
