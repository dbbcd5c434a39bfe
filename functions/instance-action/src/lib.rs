//! `POST /instances/{id}/restart|start|stop|reinstall` and `DELETE /instances/{id}`: taken at once, carried out
//! by the worker.

use app::commands::CommandDesk;
use app::ports::{Clock, Commit, Ids, QueueCommand, ReadInstances};
use domain::Timestamp;
use domain::command::CommandKind;
use domain::ids::InstanceId;
use domain::instance::InstanceStatus;
use lambda_kit::{Caller, Problem, Reply, Request, path_id, request_id};
use serde::Serialize;

/// What was taken.
#[derive(Debug, Serialize)]
struct Taken {
    id: InstanceId,
    status: InstanceStatus,
    command: CommandKind,
    since: Option<Timestamp>,
}

/// Answers 202: the desktop is busy with the command, and `GET /instances/{id}` tells how it goes.
///
/// # Errors
/// 401, 404 (also for another customer's), 409 with a sentence when it cannot be done now, 503.
pub async fn handle<S, Q, W>(desk: &CommandDesk<S, Q, W>, request: &Request) -> Result<Reply, Problem>
where
    S: Commit + ReadInstances + Sync,
    Q: QueueCommand + Sync,
    W: Clock + Ids + Sync,
{
    let caller = Caller::of(request)?;
    let id: InstanceId = path_id(request, "id", "desktop")?;
    let command = command(request)?;
    let busy = desk.take(&caller.customer, id, command, &request_id(request)).await?;
    let since = busy.command.map(|c| c.since);
    Reply::json(202, &Taken { id, status: busy.status, command, since })
}

fn command(request: &Request) -> Result<CommandKind, Problem> {
    if request.method().as_str() == "DELETE" {
        return Ok(CommandKind::Terminate);
    }
    let word = request.uri().path().rsplit('/').next().unwrap_or_default();
    CommandKind::parse(word)
        .filter(|kind| *kind != CommandKind::Terminate)
        .ok_or_else(|| Problem::not_found("command"))
}
