//! What the providers have and for how much, asked every ten minutes.

use app::AppError;
use app::availability::Survey;
use app::ports::{Clock, Commit, ReadAvailability, ReadCircuits, VmError, VmHosts};
use lambda_kit::TaskFailure;
use serde_json::Value;

/// Asks every provider once. The event of the schedule says nothing that matters.
///
/// # Errors
/// `Nemo.TryAgain` when the last answers cannot be read, or nobody answered; the next run asks again. One provider that
/// gives no answer fails nothing.
pub async fn handle<V, S, C>(survey: &Survey<V, S, C>, _event: Value) -> Result<(), TaskFailure>
where
    V: VmHosts + Sync,
    S: Commit + ReadAvailability + ReadCircuits + Sync,
    C: Clock + Sync,
{
    let asked = survey.run().await?;
    tracing::info!(?asked, "asked the providers what they have");
    if asked.told.is_empty() && !asked.silent.is_empty() {
        return Err(AppError::Provider(VmError::Busy { retry_after: None }).into());
    }
    Ok(())
}
