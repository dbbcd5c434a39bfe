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
use super::inventory::Machine;
use super::paging::Paging;
use super::{actions, bad_request, catalogue, no_such, object};
use crate::faults::Kind;
use crate::operation::{Call, Service};
use crate::random;
use crate::world::{Shared, World, locked};

/// How young a machine must be for `stale_list` to leave it out when the fault names no `delay_ms`.
const STALE_DEFAULT_MS: i64 = 60_000;

/// The label and tags that a fault's `match` looks into; the id itself for an unknown machine.
pub(super) fn subject(world: &World, id: &str) -> String {
    match locked(&world.vultr.inventory).find(id) {
        Some(machine) => format!("{} {} {id}", machine.label, machine.tags.join(" ")),
        None => id.to_owned(),
    }
}

/// Runs `act` on one visible machine under the faults for `target`; 404 for any other.
pub(super) async fn on_machine(
    world: &Shared,
    target: &'static str,
    id: &str,
    act: impl FnOnce(&mut Machine) -> Response + Send,
) -> Response {
    let subject = subject(world, id);
    let call = Call { service: Service::Vultr, target, subject: &subject };
    call.run(world, async {
        let now = world.clock.now_ms();
        match locked(&world.vultr.inventory).find_mut(id).filter(|m| m.visible_at_ms <= now) {
            Some(machine) => act(machine),
            None => no_such("instance"),
        }
    })
    .await
}

/// `GET /instances/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine(&world, "vultr.get", &id, |machine| {
        Json(json!({"instance": shape(&world, "vultr.get", machine)})).into_response()
    })
    .await
}

fn shape(world: &World, target: &str, machine: &Machine) -> Value {
    let mut instance = machine.shape(world.clock, world.clock.now_ms());
    instance["vpcs"] = json!([]);
    let subject = format!("{} {}", machine.label, machine.tags.join(" "));
    if world.faults.take(target, &subject, |kind| kind == Kind::UnknownStatus).is_some() {
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
    fn admits(&self, m: &Machine) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        self.label.as_deref().is_none_or(|part| m.label.contains(part))
            && self.tag.as_deref().is_none_or(|tag| m.tags.iter().any(|t| t == tag))
            && same(&self.region, m.region.id)
            && same(&self.hostname, &m.hostname)
            && same(&self.main_ip, &m.address.to_string())
            && same(&self.firewall_group_id, &m.firewall_group_id)
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
    let call = Call { service: Service::Vultr, target: "vultr.list", subject: &subject };
    call.run(&world, async {
        let now = world.clock.now_ms();
        let stale_ms = world
            .faults
            .take(call.target, &subject, |kind| kind == Kind::StaleList)
            .map(|s| s.delay.and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or(STALE_DEFAULT_MS));
        let inventory = locked(&world.vultr.inventory);
        let rows = inventory
            .machines()
            .filter(|m| m.visible_at_ms <= now && filter.admits(m))
            .filter(|m| stale_ms.is_none_or(|young| m.created_at_ms + young <= now))
            .map(|m| {
                let mut row = shape(&world, call.target, m);
                if filter.show_pending_charges == Some(true) {
                    row["pending_charges"] = json!(pending_charges(m, now));
                }
                (m.place, row)
            })
            .collect();
        Paging::new(filter.per_page, filter.cursor.clone()).answer("instances", rows)
    })
    .await
}

/// US dollars since creation, by the started hour.
pub(super) fn pending_charges(machine: &Machine, now_ms: i64) -> f64 {
    let hours = ((now_ms - machine.created_at_ms) / 3_600_000).max(0) + 1;
    let hours = u32::try_from(hours).unwrap_or(u32::MAX);
    (machine.plan.monthly_cost() / 672.0 * f64::from(hours) * 100.0).round() / 100.0
}

/// `PATCH /instances/{id}`: 202 with the instance and the jobs. An `os_id` reinstalls.
pub(super) async fn update(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    let (groups, script) = {
        let inventory = locked(&world.vultr.inventory);
        let groups: Vec<String> = inventory.groups.values().map(|g| g.id.clone()).collect();
        (groups, inventory.script_of(&id))
    };
    on_machine(&world, "vultr.update", &id, |machine| match change(machine, &fields, &groups) {
        Err(text) => bad_request(&text),
        Ok(reinstall) => {
            if reinstall {
                actions::begin_reinstall(&world, machine, script);
            }
            let instance = machine.shape(world.clock, world.clock.now_ms());
            (StatusCode::ACCEPTED, Json(json!({"instance": instance, "job_ids": [random::uuid()]})))
                .into_response()
        }
    })
    .await
}

/// Checks everything before it changes anything; whether a new system has to be installed.
fn change(machine: &mut Machine, fields: &Value, groups: &[String]) -> Result<bool, String> {
    let (user_data, tags) = (checked_user_data(fields)?, tags(fields)?);
    let given = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    let group = optional(fields, "firewall_group_id")?;
    if !group.is_empty() && !groups.contains(&group) {
        return Err("Invalid firewall group".into());
    }
    let plan = match fields.get("plan").and_then(Value::as_str) {
        None if given("plan") => return Err("Invalid plan chosen.".into()),
        None => machine.plan,
        Some(id) => {
            let plan = catalogue::find_plan(id).ok_or("Invalid plan chosen.")?;
            if plan.disk < machine.plan.disk || plan.kind() != machine.plan.kind() {
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

    machine.plan = plan;
    if let Some(data) = user_data {
        machine.user_data = data;
    }
    if let Some(tags) = tags {
        machine.tags = tags;
    }
    if given("firewall_group_id") {
        machine.firewall_group_id = group;
    }
    if given("label") {
        machine.label = label;
    }
    if given("hostname") {
        machine.hostname = hostname;
    }
    if let Some(os) = os {
        machine.os = os;
    }
    Ok(os.is_some())
}

/// `DELETE /instances/{id}`: 204, and 404 from then on.
pub(super) async fn delete(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    let subject = subject(&world, &id);
    let call = Call { service: Service::Vultr, target: "vultr.delete", subject: &subject };
    call.run(&world, async {
        let now = world.clock.now_ms();
        let removed = {
            let mut inventory = locked(&world.vultr.inventory);
            let visible = inventory.find(&id).is_some_and(|m| m.visible_at_ms <= now);
            if visible { inventory.remove(&id, now) } else { None }
        };
        let Some(machine) = removed else { return no_such("instance") };
        let host = std::sync::Arc::clone(&world);
        // On its own, so that a caller who hangs up does not leave the desktop running.
        let ending = tokio::spawn(async move { host.vultr.guests.destroy(&machine.id, &machine.turn).await });
        drop(tokio::time::timeout(actions::GUEST_WAIT, ending).await);
        StatusCode::NO_CONTENT.into_response()
    })
    .await
}

/// `GET /instances/{id}/user-data`
pub(super) async fn user_data(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    on_machine(&world, "vultr.user_data", &id, |machine| {
        Json(json!({"user_data": {"data": machine.user_data}})).into_response()
    })
    .await
}
