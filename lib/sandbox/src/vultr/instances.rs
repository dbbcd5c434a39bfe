//! `/instances`: get, list, update, delete, stored user data.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::create::{optional, tags, user_data as checked_user_data};
use super::machine::shape;
use super::paging::Paging;
use super::upgrades::begin_job;
use super::{Vultr, actions, bad_request, catalogue, no_such, object};
use crate::machines::{self, Machine, Play as _, listed, on_machine, unknown_status};
use crate::world::{Shared, World, locked};

/// `GET /instances/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Vultr>(&world, "vultr.get", &id, |machine| {
        let mut instance = seen(&world, "vultr.get", machine);
        if machine.own.password_until_ms.is_some_and(|until| world.clock.now_ms() < until) {
            instance["default_password"] = json!(machine.password);
        }
        Json(json!({"instance": instance})).into_response()
    })
    .await
}

/// An instance as get and list show it.
fn seen(world: &World, target: &str, machine: &Machine<Vultr>) -> Value {
    let mut instance = shape(machine, world.clock, world.clock.now_ms());
    instance["vpcs"] = json!([]);
    if unknown_status(world, target, machine) {
        instance["status"] = json!("migrating_host");
        instance["power_status"] = json!("paused");
        instance["server_status"] = json!("reconciling");
    }
    instance
}

/// `tag` matches one tag exactly; `label` matches a part of the label, so that callers compare for themselves.
#[derive(Deserialize, Default)]
pub(super) struct Filter {
    label: Option<String>,
    tag: Option<String>,
    region: Option<String>,
    hostname: Option<String>,
    main_ip: Option<String>,
    firewall_group_id: Option<String>,
    show_pending_charges: Option<bool>,
    // Not flattened: form data has no types, and `flatten` would read numbers as strings.
    per_page: Option<usize>,
    cursor: Option<String>,
}

impl Filter {
    fn admits(&self, m: &Machine<Vultr>) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        self.label.as_deref().is_none_or(|part| m.label.contains(part))
            && self.tag.as_deref().is_none_or(|tag| m.tags.iter().any(|t| t == tag))
            && same(&self.region, &m.region)
            && same(&self.hostname, &m.hostname)
            && same(&self.main_ip, &m.address.to_string())
            && same(&self.firewall_group_id, &m.own.firewall_group_id)
    }
}

/// `GET /instances`
pub(super) async fn list(
    State(world): State<Shared>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Response {
    let Ok(Query(filter)) = filter else { return bad_request("Invalid query parameter") };
    let subject = format!(
        "{} {}",
        filter.label.as_deref().unwrap_or_default(),
        filter.tag.as_deref().unwrap_or_default()
    );
    let call = Vultr::call("vultr.list", &subject);
    call.run(&world, async {
        let now = world.clock.now_ms();
        let inventory = locked(&world.vultr.inventory);
        let rows = listed(&world, &call, &inventory);
        let rows = rows.into_iter().filter(|m| filter.admits(m)).map(|m| (m.place, m)).collect();
        Paging::new(filter.per_page, filter.cursor.clone()).answer_with("instances", rows, |m| {
            let mut row = seen(&world, call.target, m);
            if filter.show_pending_charges == Some(true) {
                row["pending_charges"] = json!(pending_charges(m, now));
            }
            row
        })
    })
    .await
}

/// US dollars since creation, by the started hour.
pub(super) fn pending_charges(machine: &Machine<Vultr>, now_ms: i64) -> f64 {
    let hours = ((now_ms - machine.created_at_ms) / 3_600_000).max(0) + 1;
    let hours = u32::try_from(hours).unwrap_or(u32::MAX);
    (machine.own.plan.monthly_cost() / 672.0 * f64::from(hours) * 100.0).round() / 100.0
}

/// `PATCH /instances/{id}`: 202 with the instance and the jobs. An `os_id` reinstalls.
pub(super) async fn update(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    on_machine::<Vultr>(&world, "vultr.update", &id, |machine| match change(&world, machine, &fields) {
        Err(text) => bad_request(&text),
        Ok(reinstall) => {
            if reinstall {
                actions::begin_reinstall(&world, machine);
            }
            let instance = shape(machine, world.clock, world.clock.now_ms());
            (
                StatusCode::ACCEPTED,
                Json(json!({"instance": instance, "job_ids": [begin_job(&world, &machine.id)]})),
            )
                .into_response()
        }
    })
    .await
}

/// Checks everything before it changes anything; whether a new system has to be installed.
fn change(world: &World, machine: &mut Machine<Vultr>, fields: &Value) -> Result<bool, String> {
    let (user_data, tags) = (checked_user_data(fields)?, tags(fields)?);
    let given = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    let group = optional(fields, "firewall_group_id")?;
    if !group.is_empty() && !locked(&world.vultr.things).has_group(&group) {
        return Err("Invalid firewall group".into());
    }
    let plan = match fields.get("plan").and_then(Value::as_str) {
        None if given("plan") => return Err("Invalid plan chosen.".into()),
        None => machine.own.plan,
        Some(id) => {
            let plan = catalogue::find_plan(id).ok_or("Invalid plan chosen.")?;
            if !machine.own.plan.grows_to(plan) {
                return Err("Unable to upgrade to the selected plan".into());
            }
            plan
        }
    };
    // A string in the documentation of this call, an integer in that of create.
    let os = match fields.get("os_id") {
        None | Some(Value::Null) => None,
        Some(id) => {
            let number = id.as_u64().or_else(|| id.as_str()?.parse().ok());
            Some(number.and_then(catalogue::find_system).ok_or("Invalid operating system chosen.")?)
        }
    };
    let label = optional(fields, "label")?;
    let hostname = optional(fields, "hostname")?;

    machine.own.plan = plan;
    machine.plan = plan.id.into();
    if let Some(data) = user_data {
        machine.own.user_data = data;
    }
    if let Some(tags) = tags {
        machine.tags = tags;
    }
    if given("firewall_group_id") {
        machine.own.firewall_group_id = group;
    }
    if given("label") {
        machine.label = label;
    }
    if given("hostname") {
        machine.hostname = hostname;
    }
    if let Some(os) = os {
        machine.own.os = os;
    }
    Ok(os.is_some())
}

/// `DELETE /instances/{id}`: 204, and 404 from then on.
pub(super) async fn delete(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    let subject = machines::subject::<Vultr>(&world, &id);
    Vultr::call("vultr.delete", &subject)
        .run(&world, async {
            if machines::destroy::<Vultr>(&world, &id).await {
                StatusCode::NO_CONTENT.into_response()
            } else {
                no_such("instance")
            }
        })
        .await
}

/// `GET /instances/{id}/user-data`
pub(super) async fn user_data(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine::<Vultr>(&world, "vultr.user_data", &id, |machine| {
        Json(json!({"user_data": {"data": machine.own.user_data}})).into_response()
    })
    .await
}
