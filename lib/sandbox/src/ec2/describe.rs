//! `DescribeInstances`.

use axum::response::Response;

use super::actions::subjects;
use super::query::Query;
use super::shown::State;
use super::view::View;
use super::xml::answer;
use super::{Ec2, refused, unknown_instance};
use crate::machines::{Play as _, listed, unknown_status};
use crate::random;
use crate::world::{Shared, locked};

const PAGE_MIN: usize = 5;
const PAGE_MAX: usize = 1_000;

/// Terminated instances are among the answers, unless a filter leaves them out. Where `stale_list` strikes
/// `ec2.list`, a young instance is missing here also when it is asked for by its id.
pub(super) async fn instances(world: &Shared, query: &Query) -> Response {
    let ids = query.list("InstanceId");
    let target = if ids.is_empty() { "ec2.list" } else { "ec2.get" };
    let subject = subjects(world, &ids);
    let call = Ec2::call(target, &subject);
    call.run(world, async { page(world, query, target, &subject).unwrap_or_else(|refusal| *refusal) }).await
}

fn page(world: &Shared, query: &Query, target: &str, subject: &str) -> Result<Response, Box<Response>> {
    let ids = query.list("InstanceId");
    let size = page_size(query, &ids)?;
    let after: u64 = match query.get("NextToken").filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|place| place.parse().ok())
            .ok_or_else(|| Box::new(refused("InvalidNextToken", "The token is not valid")))?,
    };
    let mut seen = visible(world, query, target, subject);
    for id in &ids {
        if !seen.iter().any(|view| view.id == **id) {
            return Err(Box::new(not_there(id)));
        }
    }
    let filters = query.filters();
    seen.sort_by_key(|view| view.place);
    let mut shown = Vec::new();
    let mut is_more = false;
    for view in seen {
        let wanted = view.place > after && (ids.is_empty() || ids.contains(&view.id.as_str()));
        if !view.passes(&filters)? || !wanted {
            continue;
        }
        is_more = shown.len() == size;
        if is_more {
            break;
        }
        shown.push(view);
    }
    let next = shown.last().filter(|_| is_more).map(|view| format!("after-{}", view.place));
    Ok(answer("DescribeInstances", |xml| {
        xml.set("reservationSet", &shown, |xml, view| {
            xml.text("reservationId", reservation_id()).text("ownerId", OWNER);
            xml.set("instancesSet", [view], |xml, view| view.write(xml));
        });
        xml.some("nextToken", next);
    }))
}

/// The account's number.
pub(super) const OWNER: &str = "123456789012";

pub(super) fn reservation_id() -> String {
    format!("r-0{}", &random::uuid().replace('-', "")[..16])
}

/// Every instance of the region, alive or terminated lately.
pub(super) fn visible(world: &Shared, query: &Query, target: &str, subject: &str) -> Vec<View> {
    let now = world.clock.now_ms();
    let call = Ec2::call("ec2.list", subject);
    let inventory = locked(&world.ec2.inventory);
    let alive = listed(world, &call, &inventory).into_iter().filter(|m| m.region == query.region);
    let alive = alive.map(|machine| {
        let mut view = View::of(machine, world.clock, now);
        if unknown_status(world, target, machine) {
            view.state = State::Unheard;
        }
        view
    });
    let mut views: Vec<View> = alive.collect();
    let ended = locked(&world.ec2.ended).views(world.clock, now);
    views.extend(ended.into_iter().filter(|view| view.region == query.region));
    views
}

/// The refusal of an id that is not there, or is none.
pub(super) fn not_there(id: &str) -> Response {
    let digits = id.strip_prefix("i-").unwrap_or_default();
    if matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return unknown_instance(id);
    }
    refused("InvalidInstanceID.Malformed", &format!("Invalid id: \"{id}\""))
}

fn page_size(query: &Query, ids: &[&str]) -> Result<usize, Box<Response>> {
    let Some(text) = query.get("MaxResults") else { return Ok(PAGE_MAX) };
    if !ids.is_empty() {
        let text = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(Box::new(refused("InvalidParameterCombination", text)));
    }
    text.parse().ok().filter(|size| (PAGE_MIN..=PAGE_MAX).contains(size)).ok_or_else(|| {
        let text = format!(
            "Value ( {text} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000."
        );
        Box::new(refused("InvalidParameterValue", &text))
    })
}
