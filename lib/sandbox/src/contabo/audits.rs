//! `GET /v1/compute/instances/audits`: which call did what to which instance.

use std::collections::VecDeque;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::paging::Paging;
use super::{CUSTOMER, Contabo, TENANT, bad_request};
use crate::clock::iso_millis;
use crate::machines::{Machine, Play as _};
use crate::world::{Shared, World, locked};

pub(super) const CREATED: &str = "CREATED";
pub(super) const UPDATED: &str = "UPDATED";

/// Audits kept; the oldest are forgotten.
const AUDITS_MAX: usize = 20_000;

struct Audit {
    id: u64,
    action: &'static str,
    at_ms: i64,
    instance_id: String,
    request_id: String,
}

/// What was done, oldest first.
#[derive(Default)]
pub(super) struct Audits(VecDeque<Audit>);

/// Writes down what a call did.
pub(super) fn note(world: &World, machine: &Machine<Contabo>, action: &'static str, request_id: &str) {
    let mut audits = locked(&world.contabo.audits);
    if audits.0.len() >= AUDITS_MAX {
        audits.0.pop_front();
    }
    audits.0.push_back(Audit {
        id: world.machines.number(),
        action,
        at_ms: world.clock.now_ms(),
        instance_id: machine.id.clone(),
        request_id: request_id.to_owned(),
    });
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Filter {
    page: Option<usize>,
    size: Option<usize>,
    instance_id: Option<String>,
    request_id: Option<String>,
}

/// Newest first. A machine that cannot be seen yet has not been made yet.
pub(super) async fn list(
    State(world): State<Shared>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter") };
    let subject = filter.request_id.clone().unwrap_or_default();
    Contabo::call("contabo.audits", &subject)
        .run(&world, async {
            let now = world.clock.now_ms();
            let inventory = locked(&world.contabo.inventory);
            let audits = locked(&world.contabo.audits);
            let same = |wanted: &Option<String>, is: &str| {
                wanted.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(is))
            };
            let rows = audits.0.iter().rev();
            let rows = rows.filter(|audit| {
                same(&filter.instance_id, &audit.instance_id)
                    && same(&filter.request_id, &audit.request_id)
                    && inventory.find(&audit.instance_id).is_none_or(|machine| machine.visible_at_ms <= now)
            });
            let paging = Paging::new(filter.page, filter.size);
            paging.answer("/v1/compute/instances/audits", rows.collect(), shape)
        })
        .await
}

fn shape(audit: &Audit) -> Value {
    json!({
        "id": audit.id,
        "action": audit.action,
        "timestamp": iso_millis(audit.at_ms),
        "tenantId": TENANT,
        "customerId": CUSTOMER,
        "changedBy": "c4c800ff-e524-47dd-9543-71dfc8b91113",
        "username": "operator@example.com",
        "requestId": audit.request_id,
        "traceId": "",
        "instanceId": audit.instance_id.parse::<u64>().unwrap_or_default(),
        "changes": {},
    })
}
