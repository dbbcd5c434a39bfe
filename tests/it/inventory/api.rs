//! The functions, called in process as Lambda calls them.

use std::pin::Pin;

use app::availability::Survey;
use app::checkout::Checkout;
use app::commands::{CommandDesk, Commands};
use app::credentials::Credentials;
use app::deliverable::Deliverable;
use app::first_boot::FirstBoots;
use app::inventory::{Bounds, Reconciler};
use app::mails::Mailer;
use app::ports::{CheckQueues, CheckStore, StoreError};
use app::providers::Providers;
use app::provision::{Provisioning, Task};
use app::refunds::Refunds;
use app::settle::Settlement;
use app::sweep::Sweep;
use app::trading::TradingDesk;
use app::views::Orders;
use aws_lambda_events::sqs::SqsEvent;
use domain::catalogue::Provider;
use domain::secret::Secret;
use lambda_kit::lambda_http::{Body, Error, Response, request};
use lambda_kit::lambda_runtime::Diagnostic;
use lambda_kit::{Request, TaskFailure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use testkit::World;

use super::stage::{PAYSTACK_KEY, Stage, call_home};

/// What a caller gets over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
}

/// Whether what `health` looks at answers.
#[derive(Clone, Copy)]
pub(crate) struct Answers {
    pub(crate) store: bool,
    pub(crate) queues: bool,
}

impl CheckStore for Answers {
    async fn check(&self) -> Result<(), StoreError> {
        if self.store { Ok(()) } else { Err(StoreError::Unavailable { what: "GetItem", source: None }) }
    }
}

impl CheckQueues for Answers {
    async fn check(&self) -> Vec<(&'static str, bool)> {
        vec![("payment_queue", self.queues), ("mail_queue", true), ("command_queue", true)]
    }
}

/// Settings of the functions, as an operator may choose them.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) site_url: Option<String>,
    pub(crate) well: Answers,
}

impl Default for Settings {
    fn default() -> Self {
        Self { site_url: None, well: Answers { store: true, queues: true } }
    }
}

type Replying = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>>>>;

/// Runs `handle(&deps, &request)` inside the loop that every HTTP function has.
macro_rules! serve {
    ($handle:path, $deps:expr, $request:expr) => {{
        let (deps, request) = ($deps, $request);
        Box::pin(async move { lambda_kit::http(&request, $handle(&deps, &request)).await }) as Replying
    }};
}

/// One request to an HTTP function.
pub(crate) fn http(stage: &mut Stage, settings: &Settings, function: &str, event: &Value) -> Answer {
    let request: Request = request::from_str(&event.to_string()).expect("an HTTP API event");
    let World { store, gateway, hosts, keys, queues, workflows, sim, policy, catalogue, .. } =
        stage.shop.world.clone();
    let site_url = settings.site_url.clone();
    let replying = match function {
        "plans" => {
            let deliverable = Deliverable::new(Provider::ALL.to_vec());
            let deps = plans::Deps { store, clock: sim, catalogue, deliverable };
            serve!(plans::handle, deps, request)
        }
        "api-docs" => serve!(api_docs::handle, (), request),
        "health" => {
            serve!(health::handle, health::Deps { store: settings.well, queues: settings.well }, request)
        }
        "account" => serve!(account::handle, store, request),
        "orders" => {
            let orders = Orders { store, catalogue };
            serve!(orders::handle, orders::Deps { orders, clock: sim }, request)
        }
        "checkout" => {
            let deliverable = Deliverable::new(Provider::ALL.to_vec());
            let checkout = Checkout { store, gateway, world: sim, catalogue, deliverable, policy };
            serve!(checkout::handle, checkout::Deps { checkout, public_url: None, site_url }, request)
        }
        "checkout-return" => {
            serve!(checkout_return::handle, checkout_return::Deps { store, queue: queues, site_url }, request)
        }
        "webhook-paystack" => {
            let secrets = vec![Secret::new(PAYSTACK_KEY.to_owned())];
            let deps = webhook_paystack::Deps { store, queue: queues, clock: sim, keys: secrets };
            serve!(webhook_paystack::handle, deps, request)
        }
        "first-boot" => {
            let deps = FirstBoots { store, tasks: workflows, clock: sim, call_home: call_home() };
            serve!(first_boot::handle, deps, request)
        }
        "admin-inventory" => {
            serve!(admin_inventory::handle, admin_inventory::Deps { store, clock: sim }, request)
        }
        "instances" => serve!(instances::handle, store, request),
        "instance-credentials" => {
            serve!(instance_credentials::handle, Credentials { store, keys, world: sim }, request)
        }
        "instance-action" => {
            serve!(instance_action::handle, CommandDesk { store, queue: queues, world: sim }, request)
        }
        "vps-provision" => {
            let providers = Providers::new(hosts, store.clone(), sim.clone());
            let desk = CommandDesk { store, queue: queues, world: sim };
            let deps = TradingDesk { desk, providers, workflow: workflows, catalogue };
            serve!(vps_provision::handle, deps, request)
        }
        other => panic!("{other} does not answer requests"),
    };
    let response = stage.run(replying).expect("every failure is an answer");
    let headers = response.headers().iter();
    Answer {
        status: response.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: match response.into_body() {
            Body::Text(text) => text,
            Body::Empty => String::new(),
            _ => panic!("a body that is not text"),
        },
    }
}

/// The outcome of a function that no HTTP caller waits for: its answer, or the name of its error.
pub(crate) type Outcome = Result<Value, String>;

/// One invocation by a queue, the schedule or the workflow.
pub(crate) fn task(stage: &mut Stage, function: &str, event: &Value) -> Outcome {
    let World {
        store, gateway, hosts, keys, queues, workflows, outbox, probe, sim, policy, catalogue, ..
    } = stage.shop.world.clone();
    let refunds = |store, queue| Refunds { store, gateway: gateway.clone(), queue, clock: sim.clone() };
    match function {
        "payment-events" => {
            let batch: SqsEvent = input(event);
            let refunds = refunds(store.clone(), queues.clone());
            let settlement = Settlement {
                store,
                gateway: gateway.clone(),
                queue: queues,
                workflow: workflows,
                clock: sim,
                policy,
            };
            let deps = payment_events::Deps { settlement, refunds };
            output(stage.run(async move { Box::pin(payment_events::handle(&deps, batch)).await }))
        }
        "mailer" => {
            let call: mailer::Call = input(event);
            let deps = Mailer { store, keys, mail: outbox, clock: sim, catalogue };
            output(stage.run(async move { Box::pin(mailer::handle(&deps, call)).await }))
        }
        "instance-commands" => {
            let batch: SqsEvent = input(event);
            let call_home = call_home();
            let providers = Providers::new(hosts, store.clone(), sim.clone());
            let deps =
                Commands { store, providers, keys, queue: queues, probe, world: sim, call_home, policy };
            output(stage.run(async move { Box::pin(instance_commands::handle(&deps, batch)).await }))
        }
        "order-sweep" => {
            let event = event.clone();
            let deps = Sweep { store, queue: queues, workflow: workflows, clock: sim, policy };
            output(stage.run(async move { Box::pin(order_sweep::handle(&deps, event)).await }))
        }
        "instance-sync" => {
            let event = event.clone();
            let providers = Providers::new(hosts, store.clone(), sim.clone());
            let bounds = Bounds::STANDARD;
            let reconciler = Reconciler { providers, store, world: sim, policy, bounds, catalogue };
            let deps = instance_sync::Deps { reconciler, stack: "nemordp".to_owned() };
            output(stage.run(async move { Box::pin(instance_sync::handle(&deps, event)).await }))
        }
        "availability" => {
            let event = event.clone();
            let providers = Providers::new(hosts, store.clone(), sim.clone());
            let deps = Survey { providers, store, clock: sim, catalogue };
            output(stage.run(async move { Box::pin(availability::handle(&deps, event)).await }))
        }
        "provision" => {
            let task: Task = input(event);
            let providers = Providers::new(hosts, store.clone(), sim.clone());
            let deps = Provisioning {
                store,
                providers,
                gateway: gateway.clone(),
                keys,
                queue: queues,
                tasks: workflows,
                probe,
                world: sim,
                call_home: call_home(),
                catalogue,
                policy,
            };
            output(stage.run(async move { Box::pin(provision::handle(&deps, task)).await }))
        }
        other => panic!("{other} is not called this way"),
    }
}

fn input<T: DeserializeOwned>(event: &Value) -> T {
    serde_json::from_value(event.clone()).unwrap_or_else(|error| panic!("not the handler's input: {error}"))
}

fn output<T: Serialize>(outcome: Result<T, TaskFailure>) -> Outcome {
    match outcome {
        Ok(answer) => Ok(serde_json::to_value(answer).expect("answers are JSON")),
        Err(failure) => Err(Diagnostic::from(failure).error_type),
    }
}
