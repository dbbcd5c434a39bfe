//! `/vps/provision`: trading desktops for the operator's staff.

mod answers;
mod body;

use app::ports::{
    Clock, Commit, Ids, QueueCommand, ReadCircuits, ReadIdempotency, ReadInstances, ReadOrders,
    ReadTradingAccounts, StartWorkflow, VmHosts,
};
use app::trading::TradingDesk;
use domain::catalogue::Provider;
use domain::ids::InstanceId;
use domain::trading::VpsStatus;
use lambda_kit::lambda_http::RequestExt;
use lambda_kit::{Caller, Problem, Reply, Request, idempotency_key, json_body, request_id};

use answers::{AccountAnswer, PlansAnswer, RegionsAnswer, SystemsAnswer};
use body::{NewVps, OneVps};

/// `GET ?action=account|regions|plans|os|status` answers 200; `POST` 201 with a new desktop, or 200 with the one that
/// the same key ordered before; `PATCH` 200 after one look at the provider; `DELETE` 202, or 200 for one that is gone.
///
/// # Errors
/// 400 (header, parameter, JSON), 401, 403 for who is no staff, 404, 409 with a sentence, 413, 422 naming the field or
/// for a reused key, 502 when the provider refuses, 503.
pub async fn handle<S, V, Q, F, W>(
    desk: &TradingDesk<S, V, Q, F, W>,
    request: &Request,
) -> Result<Reply, Problem>
where
    S: Commit + ReadIdempotency + ReadOrders + ReadInstances + ReadTradingAccounts + ReadCircuits + Sync,
    V: VmHosts + Sync,
    Q: QueueCommand + Sync,
    F: StartWorkflow + Sync,
    W: Clock + Ids + Sync,
{
    let staff = Caller::staff(request)?;
    match request.method().as_str() {
        "POST" => {
            let key = idempotency_key(request)?;
            let wish = json_body::<NewVps>(request)?.wish(staff, key, request_id(request))?;
            let placed = desk.place(&wish).await?;
            let status = if placed.fresh { 201 } else { 200 };
            let location = format!("/vps/provision?action=status&vps_id={}", placed.view.vps_id);
            Ok(Reply::json(status, &placed.view)?.header("location", location))
        }
        "PATCH" => {
            let OneVps { vps_id } = json_body(request)?;
            Reply::json(200, &desk.sync(vps_id).await?)
        }
        "DELETE" => {
            let view = desk.decommission(&staff.customer, vps_id(request)?, &request_id(request)).await?;
            let gone = view.status == VpsStatus::Decommissioned;
            Reply::json(if gone { 200 } else { 202 }, &view)
        }
        _ => match parameter(request, "action") {
            Some("status") => Reply::json(200, &desk.status(vps_id(request)?).await?),
            Some("account") => {
                let provider = provider(desk, request)?;
                Reply::json(200, &AccountAnswer { provider, account: desk.account(provider).await? })
            }
            Some("regions") => {
                let provider = provider(desk, request)?;
                Reply::json(200, &RegionsAnswer { provider, regions: desk.regions(provider).await? })
            }
            Some("plans") => {
                let provider = provider(desk, request)?;
                Reply::json(200, &PlansAnswer { provider, plans: desk.plans(provider).await? })
            }
            Some("os") => {
                let provider = provider(desk, request)?;
                Reply::json(200, &SystemsAnswer { provider, os: desk.systems(provider).await? })
            }
            _ => Err(Problem::invalid_request(
                "action",
                "action is one of account, regions, plans, os, status",
            )),
        },
    }
}

fn parameter<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let query = request.query_string_parameters_ref()?;
    query.first(name).filter(|value| !value.is_empty())
}

/// `provider=`, or the usual one.
fn provider<S, V, Q, F, W>(desk: &TradingDesk<S, V, Q, F, W>, request: &Request) -> Result<Provider, Problem>
where
    S: Commit + ReadCircuits + Sync,
    V: VmHosts + Sync,
    W: Clock + Sync,
{
    let chosen = desk.provider(parameter(request, "provider"));
    chosen.map_err(|reason| Problem::invalid_request("provider", reason))
}

/// `vps_id=`. One that is not even an id answers as one that does not exist.
fn vps_id(request: &Request) -> Result<InstanceId, Problem> {
    let text = parameter(request, "vps_id");
    let text = text.ok_or_else(|| Problem::invalid_request("vps_id", "Say which trading desktop."))?;
    InstanceId::parse(text).map_err(|_| Problem::not_found("trading desktop"))
}
