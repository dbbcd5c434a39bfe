//! `/firewalls`: groups and their inbound rules. They are kept and checked, but no traffic is filtered.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::paging::Paging;
use super::{Things, Vultr, bad_request, no_such, object};
use crate::clock::iso_seconds;
use crate::machines::{Inventory, Play as _};
use crate::operation::Call;
use crate::random;
use crate::world::{Shared, World, locked};

const RULES_MAX: usize = 50;
const GROUPS_MAX: usize = 1_000;
const PROTOCOLS: &[&str] = &["icmp", "tcp", "udp", "gre", "esp", "ah"];

pub(super) struct Group {
    pub(super) id: String,
    description: String,
    created_at_ms: i64,
    modified_at_ms: i64,
    rules: Vec<(u64, Value)>,
    last_rule: u64,
}

impl Group {
    /// The subnets from which a TCP port is reached; a group without a rule for it lets nobody in.
    pub(super) fn lets_in(&self, port: u16) -> Vec<String> {
        let rules = self.rules.iter().map(|(_, rule)| rule);
        let subnet =
            |rule: &Value| format!("{}/{}", rule["subnet"].as_str().unwrap_or_default(), rule["subnet_size"]);
        rules
            .filter(|rule| rule["protocol"] == "tcp")
            .filter(|rule| rule["port"].as_str().and_then(ports).is_some_and(|ports| ports.contains(&port)))
            .map(subnet)
            .collect()
    }

    fn shape(&self, inventory: &Inventory<Vultr>) -> Value {
        json!({
            "id": self.id,
            "description": self.description,
            "date_created": iso_seconds(self.created_at_ms),
            "date_modified": iso_seconds(self.modified_at_ms),
            "instance_count": inventory.machines().filter(|m| m.own.firewall_group_id == self.id).count(),
            "rule_count": self.rules.len(),
            "max_rule_count": RULES_MAX,
        })
    }
}

fn call(subject: &str) -> Call<'_> {
    Vultr::call("vultr.firewalls", subject)
}

fn find<'a>(things: &'a mut Things, id: &str) -> Option<&'a mut Group> {
    things.groups.values_mut().find(|group| group.id == id)
}

/// `POST /firewalls`: 201.
pub(super) async fn create(State(world): State<Shared>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    let description = fields["description"].as_str().unwrap_or_default().to_owned();
    call(&description)
        .run(&world, async {
            let inventory = locked(&world.vultr.inventory);
            let mut things = locked(&world.vultr.things);
            if things.groups.len() >= GROUPS_MAX {
                return bad_request("You have reached the maximum number of firewall groups");
            }
            let place = things.next_place();
            let now = world.clock.now_ms();
            let group = Group {
                id: random::uuid(),
                description: description.clone(),
                created_at_ms: now,
                modified_at_ms: now,
                rules: Vec::new(),
                last_rule: 0,
            };
            let shape = group.shape(&inventory);
            things.groups.insert(place, group);
            (StatusCode::CREATED, Json(json!({"firewall_group": shape}))).into_response()
        })
        .await
}

/// `GET /firewalls`
pub(super) async fn list(
    State(world): State<Shared>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter") };
    call("")
        .run(&world, async {
            let inventory = locked(&world.vultr.inventory);
            let things = locked(&world.vultr.things);
            let rows = things.groups.iter().map(|(place, group)| (*place, group.shape(&inventory))).collect();
            paging.answer("firewall_groups", rows)
        })
        .await
}

/// `GET /firewalls/{id}`
pub(super) async fn fetch(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    call(&id)
        .run(&world, async {
            let inventory = locked(&world.vultr.inventory);
            match find(&mut locked(&world.vultr.things), &id) {
                Some(group) => Json(json!({"firewall_group": group.shape(&inventory)})).into_response(),
                None => no_such("firewall group"),
            }
        })
        .await
}

/// `PUT /firewalls/{id}` with `{"description"}`: 204.
pub(super) async fn update(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let description = object(&body).and_then(|fields| fields["description"].as_str().map(str::to_owned));
    let Some(description) = description else { return bad_request("description is required") };
    call(&id)
        .run(&world, async {
            let mut things = locked(&world.vultr.things);
            let Some(group) = find(&mut things, &id) else { return no_such("firewall group") };
            group.description = description;
            group.modified_at_ms = world.clock.now_ms();
            StatusCode::NO_CONTENT.into_response()
        })
        .await
}

/// `DELETE /firewalls/{id}`: 204; machines in the group lose it.
pub(super) async fn delete(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    call(&id)
        .run(&world, async {
            let mut inventory = locked(&world.vultr.inventory);
            let mut things = locked(&world.vultr.things);
            let before = things.groups.len();
            things.groups.retain(|_, group| group.id != id);
            if things.groups.len() == before {
                return no_such("firewall group");
            }
            for machine in inventory.machines_mut().filter(|m| m.own.firewall_group_id == id) {
                machine.own.firewall_group_id.clear();
            }
            StatusCode::NO_CONTENT.into_response()
        })
        .await
}

/// `GET /firewalls/{id}/rules`
pub(super) async fn list_rules(
    State(world): State<Shared>,
    Path(id): Path<String>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Response {
    let Ok(Query(paging)) = paging else { return bad_request("Invalid query parameter") };
    call(&id)
        .run(&world, async {
            match find(&mut locked(&world.vultr.things), &id) {
                Some(group) => paging.answer("firewall_rules", group.rules.clone()),
                None => no_such("firewall group"),
            }
        })
        .await
}

/// `POST /firewalls/{id}/rules`: 201.
pub(super) async fn create_rule(
    State(world): State<Shared>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    call(&id).run(&world, async { add_rule(&world, &id, &fields) }).await
}

fn add_rule(world: &World, id: &str, fields: &Value) -> Response {
    let mut things = locked(&world.vultr.things);
    let Some(group) = find(&mut things, id) else { return no_such("firewall group") };
    if group.rules.len() >= RULES_MAX {
        return bad_request("Maximum number of rules reached");
    }
    let mut rule = match checked(fields) {
        Ok(rule) => rule,
        Err(text) => return bad_request(text),
    };
    group.modified_at_ms = world.clock.now_ms();
    group.last_rule += 1;
    rule["id"] = json!(group.last_rule);
    group.rules.push((group.last_rule, rule.clone()));
    (StatusCode::CREATED, Json(json!({"firewall_rule": rule}))).into_response()
}

fn checked(fields: &Value) -> Result<Value, &'static str> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let ip_type = text("ip_type");
    let protocol = text("protocol").to_lowercase();
    if !PROTOCOLS.contains(&protocol.as_str()) {
        return Err("Invalid protocol");
    }
    let subnet: IpAddr = text("subnet").parse().map_err(|_| "Invalid subnet")?;
    let (fits, most) = match ip_type {
        "v4" => (subnet.is_ipv4(), 32),
        "v6" => (subnet.is_ipv6(), 128),
        _ => return Err("Invalid ip_type"),
    };
    if !fits {
        return Err("Invalid subnet");
    }
    let size = fields["subnet_size"].as_u64().filter(|size| *size <= most).ok_or("Invalid subnet_size")?;
    let port = text("port");
    if matches!(protocol.as_str(), "tcp" | "udp") && ports(port).is_none() {
        return Err("Invalid port");
    }
    Ok(json!({
        "id": 0,
        "type": ip_type,
        "ip_type": ip_type,
        "action": "accept",
        "protocol": protocol,
        "port": port,
        "subnet": subnet,
        "subnet_size": size,
        "source": text("source"),
        "notes": text("notes"),
    }))
}

/// `3389` or `8000:9000`
fn ports(text: &str) -> Option<RangeInclusive<u16>> {
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let (from, to) = text.split_once(':').unwrap_or((text, text));
    Some(port(from)?..=port(to)?).filter(|ports| !ports.is_empty())
}

/// `DELETE /firewalls/{id}/rules/{rule}`: 204.
pub(super) async fn delete_rule(
    State(world): State<Shared>,
    Path((id, rule)): Path<(String, String)>,
) -> Response {
    call(&id)
        .run(&world, async {
            let mut things = locked(&world.vultr.things);
            let Some(group) = find(&mut things, &id) else { return no_such("firewall group") };
            let before = group.rules.len();
            group.rules.retain(|(number, _)| number.to_string() != rule);
            if group.rules.len() < before {
                group.modified_at_ms = world.clock.now_ms();
                StatusCode::NO_CONTENT.into_response()
            } else {
                no_such("firewall rule")
            }
        })
        .await
}
