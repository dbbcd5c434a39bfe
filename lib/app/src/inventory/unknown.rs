//! Attempts that their orders left behind without knowing their outcome: settled by what whole listings do not show.

use domain::Timestamp;
use domain::create::{Attempt, AttemptState};
use domain::inventory::{name_mark, seen_mark};

use super::look::Look;
use super::{Reconciler, State};
use crate::error::AppError;
use crate::ports::{Clock, Ids, StoreError, VmHosts, Write};

impl<V, S, W> Reconciler<V, S, W>
where
    V: VmHosts + Sync,
    S: State,
    W: Clock + Ids + Sync,
{
    /// Records that a whole listing, which began at `began_at`, is without an attempt's machine; `true` once it is
    /// the second one after the last moment at which a machine could turn up.
    ///
    /// A machine that a page did show was recorded and deleted then, so the version that was read before is old.
    pub(super) async fn settle_unknown(
        &self,
        look: &Look,
        attempt: &Attempt,
        began_at: Timestamp,
    ) -> Result<bool, AppError> {
        let shown = look.marks.contains(&name_mark(&attempt.vm_name()))
            || attempt.vm.as_ref().is_some_and(|vm| look.marks.contains(&seen_mark(vm)));
        if shown || !attempt.is_cold(self.policy.quarantine, began_at) {
            return Ok(false);
        }
        let mut next = attempt.clone();
        match attempt.absent_since.filter(|since| attempt.is_cold(self.policy.quarantine, *since)) {
            None => next.absent_since = Some(began_at),
            Some(since) if began_at.duration_since(since) >= self.policy.absence_pause => {
                next.state = AttemptState::Absent;
            }
            Some(_) => return Ok(false),
        }
        let settled = next.state == AttemptState::Absent;
        match self.store.commit(vec![Write::Attempt(next)]).await {
            Ok(()) if settled => {
                tracing::info!(order = %attempt.order, attempt = attempt.number, "attempt of unknown outcome made nothing, or nothing is left");
                Ok(true)
            }
            Ok(()) | Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
