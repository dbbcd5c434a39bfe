//! `DescribeInstanceStatus`.

use axum::response::Response;

use super::Ec2;
use super::actions::subjects;
use super::describe::{not_there, visible};
use super::query::Query;
use super::shown::State;
use super::view::{View, write_state};
use super::xml::answer;
use crate::machines::Play as _;
use crate::world::Shared;

/// Only running instances, unless all are asked for.
pub(super) async fn describe(world: &Shared, query: &Query) -> Response {
    let ids = query.list("InstanceId");
    let subject = subjects(world, &ids);
    let call = Ec2::call("ec2.other", &subject);
    call.run(world, async {
        let seen = visible(world, query, "ec2.other", &subject);
        if let Some(id) = ids.iter().find(|id| !seen.iter().any(|view| view.id == **id)) {
            return not_there(id);
        }
        let all = query.get("IncludeAllInstances") == Some("true");
        let is_shown = |view: &&View| {
            (ids.is_empty() || ids.contains(&view.id.as_str())) && (all || view.state == State::Running)
        };
        answer("DescribeInstanceStatus", |xml| {
            xml.set("instanceStatusSet", seen.iter().filter(is_shown), |xml, view| {
                // The host is sound also where the system on it never comes up.
                let host = if view.checks == "impaired" { "ok" } else { view.checks };
                xml.text("instanceId", &view.id)
                    .text("availabilityZone", format!("{}a", view.region))
                    .within("instanceState", |xml| write_state(xml, view.state))
                    .within("systemStatus", |xml| _ = xml.text("status", host))
                    .within("instanceStatus", |xml| _ = xml.text("status", view.checks));
            });
        })
    })
    .await
}
