//! The command queue's worker: brings each desktop's command one step on. What is still under way is looked at
//! again by the sweep, not by the queue.

use app::AppError;
use app::commands::Commands;
use app::ports::{
    Clock, Commit, Encrypt, Ids, ProbeRdp, QueueMail, ReadAttempts, ReadCircuits, ReadCredentials,
    ReadFirstBoots, ReadInstances, ReadOrders, VmHosts,
};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_kit::{Batch, TaskFailure};

/// Handles a batch; what failed comes again, and nothing of its desktop overtakes it.
///
/// # Errors
/// Never as a whole.
pub async fn handle<S, V, K, Q, P, W>(
    commands: &Commands<S, V, K, Q, P, W>,
    batch: SqsEvent,
) -> Result<SqsBatchResponse, TaskFailure>
where
    S: Commit
        + ReadInstances
        + ReadOrders
        + ReadAttempts
        + ReadFirstBoots
        + ReadCredentials
        + ReadCircuits
        + Sync,
    V: VmHosts + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Sync,
    P: ProbeRdp + Sync,
    W: Clock + Ids + Sync,
{
    let mut batch = Batch::of(batch);
    while let Some(body) = batch.next() {
        let done = match queue_sqs::parse_command(&body) {
            Ok(message) => commands.advance(message.instance).await.map(drop),
            Err(error) => Err(AppError::Fault(error.to_string())),
        };
        batch.note(done);
    }
    Ok(batch.into_response())
}
