//! The sweep, once a minute: finds what rests where nothing may rest, and sets it going again.

use app::ports::{
    Clock, Commit, QueueCommand, QueueMail, QueuePayment, ReadInstances, ReadOrders, ReadPayments, ReadWork,
    ReadWorkflow, StartWorkflow,
};
use app::sweep::Sweep;
use lambda_kit::TaskFailure;
use serde_json::Value;

/// Looks once at everything that is due. The event of the schedule says nothing that matters.
///
/// # Errors
/// `Nemo.TryAgain` when the work index cannot be read; the next minute tries again.
pub async fn handle<S, Q, F, C>(sweep: &Sweep<S, Q, F, C>, _event: Value) -> Result<(), TaskFailure>
where
    S: Commit + ReadWork + ReadOrders + ReadPayments + ReadInstances + Sync,
    Q: QueueMail + QueuePayment + QueueCommand + Sync,
    F: StartWorkflow + ReadWorkflow + Sync,
    C: Clock + Sync,
{
    // In one piece the future of the whole run is nested deeper than the compiler follows.
    let found = Box::pin(sweep.run()).await?;
    tracing::info!(?found, "swept");
    Ok(())
}
