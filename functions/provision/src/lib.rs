//! The tasks of `infra/state_machines/provision_desktop.asl.json`, one function for all of them: the polling
//! reuses a warm process.

use app::ports::{
    Clock, Commit, CompleteTask, Encrypt, Ids, PaymentGateway, ProbeRdp, QueueMail, ReadAttempts,
    ReadCircuits, ReadCredentials, ReadFirstBoots, ReadInstances, ReadOrders, ReadPayments, ReadSetupTimes,
    VmHosts,
};
use app::provision::{Provisioning, Task, TaskOutput};
use lambda_kit::TaskFailure;

/// Runs one task.
///
/// # Errors
/// A name that the state machine knows, see `app::provision::TaskError`.
pub async fn handle<S, V, G, K, Q, T, P, W>(
    provisioning: &Provisioning<S, V, G, K, Q, T, P, W>,
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
        + ReadCircuits
        + ReadCredentials
        + Clone
        + Sync,
    V: VmHosts + Sync,
    G: PaymentGateway + Clone + Sync,
    K: Encrypt + Sync,
    Q: QueueMail + Clone + Sync,
    T: CompleteTask + Sync,
    P: ProbeRdp + Sync,
    W: Clock + Ids + Clone + Sync,
{
    Ok(provisioning.run(&task).await?)
}
