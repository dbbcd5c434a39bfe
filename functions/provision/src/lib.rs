//! The tasks of `infra/state_machines/provision_desktop.asl.json`, one function for all of them: the polling
//! reuses a warm process.

use app::ports::{
    Clock, Commit, CompleteTask, Encrypt, Ids, PaymentGateway, ProbeRdp, QueueMail, ReadAttempts,
    ReadFirstBoots, ReadInstances, ReadOrders, ReadPayments, ReadSetupTimes, VmHost,
};
use app::provision::{Provisioning, Task, TaskOutput};
use lambda_kit::TaskFailure;

/// Runs one task.
///
/// # Errors
/// A name that the state machine knows, see `app::provision::TaskError`.
pub async fn handle<S, H, G, K, Q, T, P, W>(
    provisioning: &Provisioning<S, H, G, K, Q, T, P, W>,
    task: Task,
) -> Result<TaskOutput, TaskFailure>
where
    S: Commit
        + ReadOrders
        + ReadPayments
        + ReadAttempts
        + ReadInstances
        + ReadFirstBoots
        + ReadSetupTimes
        + Clone
        + Sync,
    H: VmHost + Sync,
    G: PaymentGateway + Clone + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Clone + Sync,
    T: CompleteTask + Sync,
    P: ProbeRdp + Sync,
    W: Clock + Ids + Clone + Sync,
{
    Ok(provisioning.run(&task).await?)
}
