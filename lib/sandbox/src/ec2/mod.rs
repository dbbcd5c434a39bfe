//! Amazon EC2's query API, `Version=2016-11-15`: instances that are desktops.
//!
//! - One path for every region; which one is meant stands in the signature's scope. Of the signature only the access
//!   key id is looked at.
//! - `ClientToken` is remembered per region as long as its instance is shown: the same parameters are answered with
//!   that instance, others with `IdempotentParameterMismatch`, and after its end with `IdempotentInstanceTerminated`.
//! - An instance is `pending` for 12 s of EC2's time; its checks pass after 75 s (Linux) or 150 s (Windows), and are
//!   `impaired` where `never_boot` struck. Until its desktop is up it cannot be stopped or rebooted, which the real one
//!   allows. Off for long enough it is `stopped`; started again it has another address. Terminated it is shown for an
//!   hour.
//! - `GetPasswordData` is empty for 220 s, then RSA-encrypted for the one key pair, `sandbox`, whose private half is in
//!   the ready line and at [`crate::Running::ec2_key_pair`]. It is made when it is first asked for, once per process.
//! - Windows runs `<powershell>` user data, Linux a cloud-config, whose `hostname` it takes.
//! - Images are known by id (the same in every region) and by their public SSM parameters; the disks, subnets and
//!   groups of a request are checked and forgotten. `Filter` knows `client-token`, `instance-id`,
//!   `instance-state-name`, `instance-type`, `tag-key` and `tag:…`, with wildcards.
//! - CloudWatch answers here too, `GetMetricData` for what goes over a machine's network (`metrics.rs`).
//! - `stale_list` on `ec2.list` also hides a young instance from those who ask for it by its id: EC2's reads lag behind
//!   its writes. A fault `refuse` has the code `InvalidParameterValue`.

mod actions;
mod cbor;
mod describe;
mod ended;
mod key_pair;
mod metrics;
mod offers;
mod query;
mod run;
mod shown;
mod status;
mod view;
mod xml;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
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
use crate::world::{Shared, World, locked};

use ended::Ended;
use offers::IMAGES;
use query::{Query, Scope};

pub use key_pair::LaunchKeyPair;
pub(crate) use key_pair::launch_key_pair;
pub(crate) use metrics::{error as metrics_error, router as metrics_router};

const PLAN: &str = "t3.medium";
/// EC2's name in signatures.
const SIGNING_NAME: &str = "ec2";
/// The tag that plain tags of a stocked machine stand in, side by side.
const STOCKED_TAG: &str = "nemordp";

const LINUX: Timeline =
    Timeline { answers: Duration::from_secs(60), reboots: None, power_on: Duration::from_secs(20) };
const WINDOWS: Timeline =
    Timeline { answers: Duration::from_secs(200), reboots: None, power_on: Duration::from_secs(45) };

/// The account: its key, its machines in all regions, and those that it had.
pub(crate) struct Ec2 {
    access_key_id: String,
    inventory: Mutex<Inventory<Self>>,
    ended: Mutex<Ended>,
}

/// What only EC2 keeps of a machine.
pub(crate) struct Own {
    image: String,
    key_name: Option<String>,
    /// Every tag, `Name` too.
    tags: Vec<(String, String)>,
    client_token: Option<String>,
    /// What was asked for with the client token.
    fingerprint: String,
    /// When it was last started.
    launched_at_ms: i64,
}

impl Ec2 {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            access_key_id: config.ec2_access_key_id.clone(),
            inventory: Mutex::default(),
            ended: Mutex::default(),
        }
    }
}

impl Play for Ec2 {
    const SERVICE: Service = Service::Ec2;
    type Own = Own;
    const KEEPS_ADDRESS: bool = false;

    fn of(world: &World) -> &Self {
        &world.ec2
    }

    fn inventory(&self) -> &Mutex<Inventory<Self>> {
        &self.inventory
    }

    fn timeline(os: Os) -> &'static Timeline {
        match os {
            Os::Windows => &WINDOWS,
            Os::Linux => &LINUX,
        }
    }

    fn summary(machine: &Machine<Self>, clock: Clock, now_ms: i64) -> Value {
        let shown = shown::of(machine, clock, now_ms);
        json!({
            "power": if machine.halted { "stopped" } else { "running" },
            "status": shown.state.name(),
            "checks": shown.checks,
            "client_token": machine.own.client_token,
        })
    }

    fn no_such_machine(id: &str) -> Response {
        unknown_instance(id)
    }

    /// A tag `key=value` is one of EC2's; plain ones stand side by side in one.
    fn stocked(world: &World, wish: Stocked) -> Result<New<Self>, String> {
        let region = wish.region.unwrap_or_else(|| offers::HOME.into());
        if !offers::is_region(&region) {
            return Err(format!("{region} is no region"));
        }
        let (keyed, plain): (Vec<_>, Vec<_>) = wish.tags.iter().partition(|tag| tag.contains('='));
        let mut tags = vec![("Name".to_owned(), wish.name.clone())];
        if !plain.is_empty() {
            let plain: Vec<&str> = plain.into_iter().map(String::as_str).collect();
            tags.push((STOCKED_TAG.to_owned(), plain.join(" ")));
        }
        let keyed = keyed.into_iter().filter_map(|tag| tag.split_once('='));
        tags.extend(keyed.map(|(key, value)| (key.to_owned(), value.to_owned())));
        Ok(New {
            id: instance_id(),
            hostname: "ec2".into(),
            label: wish.name.clone(),
            tags: words(&tags),
            region,
            plan: wish.plan.unwrap_or_else(|| PLAN.into()),
            os: Os::Linux,
            password: None,
            user_data: None,
            script: None,
            own: Own {
                image: IMAGES.last().map_or("", |image| image.id).to_owned(),
                key_name: None,
                tags,
                client_token: Some(wish.name),
                fingerprint: String::new(),
                launched_at_ms: world.clock.now_ms(),
            },
        })
    }

    fn forget(&self) {
        locked(&self.ended).clear();
    }
}

/// `i-` and 17 hexadecimal digits.
fn instance_id() -> String {
    format!("i-0{}", &random::uuid().replace('-', "")[..16])
}

/// What the control API shows as tags: the words of every value, or the key of a tag without one.
fn words(tags: &[(String, String)]) -> Vec<String> {
    let others = tags.iter().filter(|(key, _)| key != "Name");
    let words = others.flat_map(|(key, value)| {
        let text = if value.is_empty() { key } else { value };
        text.split_whitespace().map(str::to_owned)
    });
    words.collect()
}

fn unknown_instance(id: &str) -> Response {
    refused("InvalidInstanceID.NotFound", &format!("The instance ID '{id}' does not exist"))
}

/// HTTP 400 with one of EC2's codes.
fn refused(code: &str, text: &str) -> Response {
    Service::Ec2.coded_error(StatusCode::BAD_REQUEST, code, text)
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
    let_in(&world, (Service::Ec2, SIGNING_NAME), caller, request, next).await
}

/// Lets a request through that our key has signed for this service and that its limits allow.
async fn let_in(
    world: &Shared,
    (service, signing_name): (Service, &str),
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    let signer = Scope::of(request.headers(), signing_name).map(|scope| scope.access_key_id);
    let key_is_right = signer.is_some_and(|id| id == world.ec2.access_key_id);
    match refusal(world, service, key_is_right, caller.ip) {
        Some(refused) => refused,
        None => next.run(request).await,
    }
}

/// The query's parameters and the form's are the same to the query API.
async fn dispatch(
    State(world): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let region = Scope::of(&headers, SIGNING_NAME).map(|scope| scope.region).unwrap_or_default();
    if !offers::is_region(&region) {
        let text = "Credential should be scoped to a valid region.";
        return Service::Ec2.coded_error(StatusCode::UNAUTHORIZED, "AuthFailure", text);
    }
    let query = Query::new(region, &query.unwrap_or_default(), &body);
    if query.get("Version").is_none() {
        return refused("MissingParameter", "The request must contain the parameter Version");
    }
    match query.get("Action").unwrap_or_default() {
        "RunInstances" => run::run(&world, &query).await,
        "DescribeInstances" => describe::instances(&world, &query).await,
        "DescribeInstanceStatus" => status::describe(&world, &query).await,
        "TerminateInstances" => actions::terminate(&world, &query).await,
        "StopInstances" => actions::stop(&world, &query).await,
        "StartInstances" => actions::start(&world, &query).await,
        "RebootInstances" => actions::reboot(&world, &query).await,
        "GetPasswordData" => key_pair::password_data(&world, &query).await,
        "DescribeRegions" => offers::regions(&world, &query).await,
        "DescribeInstanceTypes" => offers::instance_types(&world, &query).await,
        "DescribeInstanceTypeOfferings" => offers::instance_type_offerings(&world, &query).await,
        action => {
            refused("InvalidAction", &format!("The action {action} is not valid for this web service."))
        }
    }
}

async fn unknown_path() -> Response {
    Service::Ec2.error(StatusCode::NOT_FOUND, "The path is not valid for this web service.")
}
