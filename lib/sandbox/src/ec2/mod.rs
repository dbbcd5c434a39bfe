//! Amazon EC2's query API: instances that are desktops.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::any;
use serde_json::{Value, json};

use crate::access::refusal;
use crate::clock::Clock;
use crate::config::Config;
use crate::desktops::Os;
use crate::machines::{Inventory, Machine, New, Play, Stocked, Timeline};
use crate::operation::Service;
use crate::random;
use crate::server::Caller;
use crate::world::{Shared, World};

const REGION: &str = "us-east-1";
const PLAN: &str = "t3.medium";

const GUEST: Timeline =
    Timeline { answers: Duration::from_secs(60), reboots: None, power_on: Duration::from_secs(20) };

const WINDOWS_GUEST: Timeline = Timeline {
    answers: Duration::from_secs(200),
    reboots: Some((Duration::from_secs(250), Duration::from_secs(290))),
    power_on: Duration::from_secs(45),
};

/// The account: its key and its machines.
pub(crate) struct Ec2 {
    access_key_id: String,
    inventory: Mutex<Inventory<Self>>,
}

/// What only Ec2 keeps of a machine.
pub(crate) struct Own {}

impl Ec2 {
    pub(crate) fn new(config: &Config) -> Self {
        Self { access_key_id: config.ec2_access_key_id.clone(), inventory: Mutex::default() }
    }
}

impl Play for Ec2 {
    const SERVICE: Service = Service::Ec2;
    type Own = Own;

    fn of(world: &World) -> &Self {
        &world.ec2
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

    fn no_such_machine(id: &str) -> Response {
        unknown_instance(id)
    }

    fn stocked(_: &World, wish: Stocked) -> Result<New<Self>, String> {
        Ok(New {
            id: instance_id(),
            hostname: "ec2".into(),
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

/// `i-` and 17 hexadecimal digits.
fn instance_id() -> String {
    format!("i-0{}", &random::uuid().replace('-', "")[..16])
}

fn unknown_instance(id: &str) -> Response {
    let text = format!("The instance ID '{id}' does not exist");
    Service::Ec2.coded_error(StatusCode::BAD_REQUEST, "InvalidInstanceID.NotFound", &text)
}

/// `/ec2`, the counterpart of `https://ec2.{region}.amazonaws.com/`: one path, and the action is a parameter.
pub(crate) fn router(world: &Shared) -> Router<Shared> {
    Router::new()
        .route("/ec2", any(dispatch))
        .route("/ec2/", any(dispatch))
        .route("/ec2/{*path}", any(unknown_path))
        .route_layer(middleware::from_fn_with_state(Arc::clone(world), gate))
}

async fn gate(
    State(world): State<Shared>,
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    let key_is_right = signer(request.headers()) == Some(world.ec2.access_key_id.as_str());
    match refusal(&world, Service::Ec2, key_is_right, caller.ip) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

/// The access key id of `AWS4-HMAC-SHA256 Credential=AKIA…/20261120/us-east-1/ec2/aws4_request, …`.
fn signer(headers: &HeaderMap) -> Option<&str> {
    let signed = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let credential = signed.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
    credential.split('/').next()
}

/// The query's parameters and the form's are the same to the query API.
async fn dispatch(RawQuery(query): RawQuery, body: Bytes) -> Response {
    let query = query.unwrap_or_default();
    let parameters = url::form_urlencoded::parse(query.as_bytes()).chain(url::form_urlencoded::parse(&body));
    let parameters: BTreeMap<String, String> =
        parameters.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let action = parameters.get("Action").map_or("", String::as_str);
    let text = format!("The action {action} is not valid for this web service.");
    Service::Ec2.coded_error(StatusCode::BAD_REQUEST, "InvalidAction", &text)
}

async fn unknown_path() -> Response {
    Service::Ec2.error(StatusCode::NOT_FOUND, "The path is not valid for this web service.")
}
