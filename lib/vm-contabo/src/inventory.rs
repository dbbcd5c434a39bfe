//! Lists of machines, and what a create has left.

use std::collections::BTreeMap;

use app::ports::{CreateCall, Trace, VmError};
use domain::vm::{Vm, VmId};
use http_call::lenient;
use serde::Deserialize;

use crate::client::Client;
use crate::instance::{Instance, id};
use crate::pages::SIZE;

pub(crate) const INSTANCES: &[&str] = &["v1", "compute", "instances"];

/// The path of a machine, or of something about it.
///
/// # Errors
/// `Refused` for an id that is no number: it would lead elsewhere.
pub(crate) fn path_of<'a>(id: &'a VmId, about: &[&'a str]) -> Result<Vec<&'a str>, VmError> {
    let is_number = (1..=19).contains(&id.0.len()) && id.0.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(VmError::Refused("a machine's id is a number here".to_owned()));
    }
    Ok([INSTANCES, &[&id.0], about].concat())
}

/// Pages that are looked through at most for one name.
const PAGES_MAX: u32 = 100;
/// Pages of audits that are looked through at most for one call.
const AUDIT_PAGES_MAX: u32 = 5;

/// One line of the audits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Audit {
    #[serde(default, deserialize_with = "lenient::word")]
    action: String,
    #[serde(default, deserialize_with = "lenient::word")]
    request_id: String,
    #[serde(deserialize_with = "id")]
    instance_id: String,
}

impl Client {
    /// Every machine of one of the names, and every machine that one of the calls made, each once.
    ///
    /// Two witnesses, because neither is sure alone: a display name can be changed by hand and the filter for it is
    /// documented in one line, an audit can come late. There are no tags to go by. One that only its call is known by
    /// bears the name that the call gave: everything that is decided about it goes by that.
    pub(crate) async fn traced(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        let mut found = BTreeMap::new();
        for name in &trace.names {
            let filter = [("displayName", name.as_str())];
            let machines: Vec<Instance> = match self.all(INSTANCES, &filter, PAGES_MAX).await {
                // Documented as "No results were found" too. To make a second machine because a filter failed costs
                // more than a page.
                Err(VmError::NotFound) => self.all(INSTANCES, &[], PAGES_MAX).await?,
                machines => machines?,
            };
            let machines = machines.into_iter().map(Instance::read).filter(|vm| vm.name == *name);
            found.extend(machines.map(|vm| (vm.id.0.clone(), vm)));
        }
        for CreateCall { request_id, name } in &trace.calls {
            for id in self.made_by(request_id).await? {
                if found.contains_key(&id.0) {
                    continue;
                }
                match self.instance(&id).await {
                    Ok(instance) => {
                        let vm = Vm { name: name.clone(), ..instance.read() };
                        drop(found.insert(id.0, vm));
                    }
                    // Ended since, or not shown yet: whoever looks again will see.
                    Err(VmError::NotFound) => tracing::warn!(id = id.0, "an audited machine is not there"),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// The machines that a call made, by the audits.
    async fn made_by(&self, request_id: &str) -> Result<Vec<VmId>, VmError> {
        let path = [INSTANCES, &["audits"]].concat();
        let audits: Vec<Audit> = match self.all(&path, &[("requestId", request_id)], AUDIT_PAGES_MAX).await {
            Err(VmError::NotFound) => Vec::new(),
            audits => audits?,
        };
        let made = |audit: &Audit| {
            audit.action.eq_ignore_ascii_case("CREATED") && audit.request_id.eq_ignore_ascii_case(request_id)
        };
        Ok(audits.into_iter().filter(made).map(|audit| VmId(audit.instance_id)).collect())
    }

    /// One page of everything, at most `limit` machines (1 to 100). The cursor is the next page's number. Secrets of
    /// these machines that have served go by the way: nobody else comes by regularly.
    pub(crate) async fn listed(
        &self,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<(Vec<Vm>, Option<String>), VmError> {
        let number = cursor.map_or(Some(1), |cursor| cursor.parse().ok().filter(|number| *number > 0));
        let number = number.ok_or_else(|| VmError::Refused("a cursor that is no page".to_owned()))?;
        let (machines, next, date) = self.dated_page(INSTANCES, &[], number, limit.clamp(1, SIZE)).await?;
        let machines: Vec<Vm> = machines.into_iter().map(Instance::read).collect();
        if let Some(now) = date {
            self.discard_served_secrets(&machines, now).await;
        }
        Ok((machines, next.map(|next| next.to_string())))
    }
}
