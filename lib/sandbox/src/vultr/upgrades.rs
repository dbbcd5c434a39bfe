//! Changes of plan: what an instance can become, and the jobs that its changes are.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::catalogue::{OPERATING_SYSTEMS, PLANS, find_system};
use super::machine::Own;
use super::{Vultr, bad_request, no_such};
use crate::clock::date_time;
use crate::machines::{Play as _, on_machine};
use crate::random;
use crate::world::{Shared, World, locked};

const JOBS_MAX: usize = 1_000;
/// How long a job takes, in the provider's time.
const JOB_TIME: Duration = Duration::from_secs(10);

/// What one `PATCH` set off.
pub(super) struct Job {
    id: String,
    machine_id: String,
    added_at_ms: i64,
}

/// Notes a job; its id. The oldest is forgotten when there are too many.
pub(super) fn begin_job(world: &World, machine_id: &str) -> String {
    let job =
        Job { id: random::uuid(), machine_id: machine_id.to_owned(), added_at_ms: world.clock.now_ms() };
    let id = job.id.clone();
    let mut things = locked(&world.vultr.things);
    if things.jobs.len() >= JOBS_MAX {
        things.jobs.pop_front();
    }
    things.jobs.push_back(job);
    id
}

/// `GET /instances/jobs/{id}`
pub(super) async fn job(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    Vultr::call("vultr.upgrades", &id)
        .run(&world, async {
            let things = locked(&world.vultr.things);
            let Some(job) = things.jobs.iter().find(|job| job.id == id) else { return no_such("job") };
            let took_ms = i64::try_from(world.clock.compressed(JOB_TIME).as_millis()).unwrap_or(0);
            let done = world.clock.now_ms() >= job.added_at_ms + took_ms;
            let updated_at_ms = if done { job.added_at_ms + took_ms } else { job.added_at_ms };
            let job = json!({
                "id": job.id,
                "vps_id": job.machine_id,
                "type": "UPGRADE",
                "state": if done { "success" } else { "pending" },
                "info": if done { "Upgrade completed successfully!" } else { "" },
                "added_at": date_time(job.added_at_ms),
                "updated_at": date_time(updated_at_ms),
            });
            Json(json!({"job": job})).into_response()
        })
        .await
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// `GET /instances/{id}/upgrades?type=all|applications|os|plans`
pub(super) async fn list(
    State(world): State<Shared>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    let kind = wanted.ok().and_then(|Query(wanted)| wanted.kind).unwrap_or_else(|| "all".into());
    if !["all", "applications", "os", "plans"].contains(&kind.as_str()) {
        return bad_request("Invalid type");
    }
    on_machine::<Vultr>(&world, "vultr.upgrades", &id, |machine| {
        let all = [("os", systems()), ("applications", Vec::new()), ("plans", plans(&machine.own))];
        let upgrades: Map<String, Value> = all
            .into_iter()
            .filter(|(name, _)| kind == "all" || kind == *name)
            .map(|(name, rows)| (name.to_owned(), Value::Array(rows)))
            .collect();
        Json(json!({"upgrades": upgrades})).into_response()
    })
    .await
}

fn systems() -> Vec<Value> {
    OPERATING_SYSTEMS.iter().filter(|os| find_system(os.id).is_some()).map(|os| os.shape()).collect()
}

/// Larger plans of the same kind that the region stocks and the system runs on.
fn plans(own: &Own) -> Vec<Value> {
    let larger = PLANS.iter().filter(|plan| plan.id != own.plan.id && own.plan.grows_to(plan));
    larger
        .filter(|plan| own.region.stocks(plan) && plan.runs(own.os.desktop()))
        .map(|plan| json!(plan.id))
        .collect()
}
