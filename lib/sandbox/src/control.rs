//! `/control`: what is going on, and what shall go wrong. Ours alone; no third party has it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::webhook_url;
use crate::faults::Order;
use crate::machines::{self, AnyPlay, Stocked};
use crate::paystack::{self, Paid, PayError, Redeliver};
use crate::world::{Shared, World, locked};

/// Payments, refunds and deliveries shown at most.
const SHOWN_MAX: usize = 1_000;
/// Machines put in by one call at most.
const BULK_MAX: usize = 12_000;
/// A list of that many machines is longer than the usual bound of a body.
const BULK_BYTES_MAX: usize = 16 << 20;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/state", get(state))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/paystack/pay", post(pay))
        .route("/paystack/abandon", post(abandon))
        .route("/paystack/webhook", post(set_webhook))
        .route("/paystack/webhooks/pause", post(pause))
        .route("/paystack/webhooks/resume", post(resume))
        .route("/paystack/redeliver", post(redeliver))
        .route("/{provider}/allow-list", post(set_allow_list))
        .route("/machines/bulk", post(bulk).layer(DefaultBodyLimit::max(BULK_BYTES_MAX)))
        .route("/machines/{id}", get(machine))
        .route("/machines/{id}/login", post(login))
        .route("/reset", post(reset))
        .fallback(async || refused(StatusCode::NOT_FOUND, "no such control"))
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"error": why}))).into_response()
}

fn unreadable(rejection: JsonRejection) -> Response {
    refused(rejection.status(), &rejection.body_text())
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

type Body<T> = Result<Json<T>, JsonRejection>;

async fn state(State(world): State<Shared>) -> Response {
    let (payments, refunds) = locked(&world.paystack.book).state(SHOWN_MAX);
    let plays = world.plays();
    let mut machines: Vec<Value> = plays.iter().flat_map(|play| play.alive(&world)).collect();
    machines.sort_by_key(|machine| machine["created_at_ms"].as_i64());
    let mut destroyed: Vec<Value> = plays.iter().flat_map(|play| play.destroyed()).collect();
    destroyed.sort_by_key(|machine| std::cmp::Reverse(machine["destroyed_at_ms"].as_i64()));
    let webhooks = &world.paystack.webhooks;
    Json(json!({
        "now_ms": world.clock.now_ms(),
        "time_factor": world.clock.factor(),
        "machines": machines,
        "destroyed": destroyed,
        "payments": payments,
        "refunds": refunds,
        "deliveries": webhooks.state(SHOWN_MAX),
        "webhook": {"url": webhooks.url(), "paused": webhooks.is_paused()},
        "requests": world.counts.all(),
        "faults": world.faults.all(),
    }))
    .into_response()
}

async fn faults(State(world): State<Shared>) -> Response {
    Json(json!({"faults": world.faults.all()})).into_response()
}

async fn add_fault(State(world): State<Shared>, body: Body<Order>) -> Response {
    match body {
        Ok(Json(order)) => match world.faults.add(order) {
            Ok(id) => (StatusCode::CREATED, Json(json!({"id": id}))).into_response(),
            Err(why) => refused(StatusCode::BAD_REQUEST, &why),
        },
        Err(rejection) => unreadable(rejection),
    }
}

async fn clear_faults(State(world): State<Shared>) -> Response {
    world.faults.clear();
    done()
}

async fn remove_fault(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    match id.parse().ok().filter(|id| world.faults.remove(*id)) {
        Some(_) => done(),
        None => refused(StatusCode::NOT_FOUND, "no such fault"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    reference: String,
    amount: Option<i64>,
    currency: Option<String>,
    domain: Option<String>,
}

fn payment_error(error: &PayError) -> Response {
    match error {
        PayError::Unknown => refused(StatusCode::NOT_FOUND, "no payment with this reference"),
        PayError::AlreadyPaid => refused(StatusCode::CONFLICT, "already paid"),
    }
}

async fn pay(State(world): State<Shared>, body: Body<Pay>) -> Response {
    let Json(pay) = match body {
        Ok(pay) => pay,
        Err(rejection) => return unreadable(rejection),
    };
    let paid = Paid { amount: pay.amount, currency: pay.currency, domain: pay.domain };
    match paystack::pay(&world, &pay.reference, paid) {
        Ok(payment) => Json(json!({"payment": payment})).into_response(),
        Err(error) => payment_error(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Abandon {
    reference: String,
}

async fn abandon(State(world): State<Shared>, body: Body<Abandon>) -> Response {
    match body {
        Ok(Json(Abandon { reference })) => match locked(&world.paystack.book).abandon(&reference) {
            Ok(()) => done(),
            Err(error) => payment_error(&error),
        },
        Err(rejection) => unreadable(rejection),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: Option<String>,
}

async fn set_webhook(State(world): State<Shared>, body: Body<Webhook>) -> Response {
    let Json(Webhook { url }) = match body {
        Ok(webhook) => webhook,
        Err(rejection) => return unreadable(rejection),
    };
    if let Some(Err(error)) = url.as_deref().map(webhook_url) {
        return refused(StatusCode::BAD_REQUEST, &format!("{error:#}"));
    }
    world.paystack.webhooks.set_url(url);
    done()
}

async fn pause(State(world): State<Shared>) -> Response {
    world.paystack.webhooks.pause(true);
    done()
}

async fn resume(State(world): State<Shared>) -> Response {
    world.paystack.webhooks.pause(false);
    done()
}

async fn redeliver(State(world): State<Shared>, body: Body<Redeliver>) -> Response {
    match body {
        Ok(Json(order)) => match paystack::redeliver(&world, order).await {
            Ok(statuses) => Json(json!({"statuses": statuses})).into_response(),
            Err(why) => refused(StatusCode::BAD_REQUEST, &why),
        },
        Err(rejection) => unreadable(rejection),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowList {
    addresses: Vec<IpAddr>,
}

fn find_play<'a>(world: &'a World, provider: &str) -> Option<&'a dyn AnyPlay> {
    world.plays().into_iter().find(|play| play.name() == provider)
}

fn no_such_provider() -> Response {
    refused(StatusCode::NOT_FOUND, "no such provider")
}

async fn set_allow_list(
    State(world): State<Shared>,
    Path(provider): Path<String>,
    body: Body<AllowList>,
) -> Response {
    let Some(play) = find_play(&world, &provider) else { return no_such_provider() };
    match body {
        Ok(Json(AllowList { addresses })) => {
            world.allow_lists.set(play.name(), addresses);
            done()
        }
        Err(rejection) => unreadable(rejection),
    }
}

/// Either `machines`, or `count` of them named `{name_prefix}1`, `{name_prefix}2`, …
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bulk {
    provider: String,
    count: Option<usize>,
    name_prefix: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    machines: Vec<Stocked>,
}

async fn bulk(State(world): State<Shared>, body: Body<Bulk>) -> Response {
    let Json(bulk) = match body {
        Ok(bulk) => bulk,
        Err(rejection) => return unreadable(rejection),
    };
    let Some(play) = find_play(&world, &bulk.provider) else { return no_such_provider() };
    let count = bulk.count.unwrap_or(0);
    if count.saturating_add(bulk.machines.len()) > BULK_MAX {
        return refused(StatusCode::BAD_REQUEST, &format!("at most {BULK_MAX} machines at once"));
    }
    let prefix = bulk.name_prefix.unwrap_or_else(|| "bulk-".into());
    let mut wishes = bulk.machines;
    wishes.extend((1..=count).map(|n| Stocked::named(format!("{prefix}{n}"), bulk.tags.clone())));
    match play.stock(&world, wishes) {
        Ok(ids) => (StatusCode::CREATED, Json(json!({"ids": ids}))).into_response(),
        Err(why) => refused(StatusCode::BAD_REQUEST, &why),
    }
}

fn find_machine(world: &World, id: &str) -> Option<Value> {
    world.plays().into_iter().find_map(|play| play.machine(world, id))
}

async fn machine(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    match find_machine(&world, &id) {
        Some(machine) => Json(json!({"machine": machine})).into_response(),
        None => refused(StatusCode::NOT_FOUND, "no such machine"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    user: String,
    password: String,
}

async fn login(State(world): State<Shared>, Path(id): Path<String>, body: Body<Login>) -> Response {
    let Json(login) = match body {
        Ok(login) => login,
        Err(rejection) => return unreadable(rejection),
    };
    if find_machine(&world, &id).is_none() {
        return refused(StatusCode::NOT_FOUND, "no such machine");
    }
    let accepted = world.machines.accepts(&id, &login.user, &login.password).await;
    Json(json!({"accepted": accepted})).into_response()
}

/// Everything as at the start, except the webhook URL. On its own task, so that it is never left half done.
async fn reset(State(world): State<Shared>) -> Response {
    let resetting = tokio::spawn(async move {
        let world = Arc::clone(&world);
        world.end_epoch();
        world.faults.clear();
        world.counts.clear();
        world.paystack.reset();
        world.allow_lists.clear();
        machines::reset(&world).await;
    });
    match resetting.await {
        Ok(()) => done(),
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, "the reset did not finish"),
    }
}
