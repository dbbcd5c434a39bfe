//! Known bugs in how providers are spoken to, put back on purpose.

use app::ports::{CreateVm, CreatedVm, Deleted, VmError};
use domain::catalogue::Os;
use domain::secret::Secret;
use domain::vm::Vm;

use super::VmHost;

/// A fault in how we speak to providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostBug {
    /// A look-up finds nothing.
    FindsNothing,
    /// A machine that is looked at tells a password that was never its own.
    TellsAnotherPassword,
    /// A create without a clear answer is sent again at once.
    CreatesAgain,
    /// A create without a clear answer is told as a refusal.
    UnclearIsRefused,
    /// A delete is told as done whatever the provider said, and what was to be deleted is not looked up again.
    DeleteOnlyBelieved,
}

impl VmHost {
    /// Puts a known bug back.
    pub(crate) fn put_back(&self, bug: HostBug) {
        self.with(|s| s.bug = Some(bug));
    }

    fn has(&self, bug: HostBug) -> bool {
        self.with(|s| s.bug == Some(bug))
    }

    /// A create, as it is told.
    pub(super) async fn told_create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        match self.make(request).await {
            Err(VmError::Unclear { .. }) if self.has(HostBug::CreatesAgain) => self.make(request).await,
            Err(VmError::Unclear { what, .. }) if self.has(HostBug::UnclearIsRefused) => {
                Err(VmError::Refused(what))
            }
            done => done,
        }
    }

    /// What a look at a machine finds, as it is told.
    pub(super) fn told_get(&self, os: Os, password: Option<Secret<String>>) -> Option<Secret<String>> {
        if os == Os::Windows && self.has(HostBug::TellsAnotherPassword) {
            return Some(Secret::new("not its password".to_owned()));
        }
        password
    }

    /// What a look-up finds, as it is told.
    pub(super) fn told_find(&self, found: Vec<Vm>) -> Vec<Vm> {
        let nothing = self.has(HostBug::FindsNothing) || self.has(HostBug::DeleteOnlyBelieved);
        if nothing { Vec::new() } else { found }
    }

    /// How a delete ended, as it is told.
    pub(super) fn told_delete(&self, done: Result<Deleted, VmError>) -> Result<Deleted, VmError> {
        if done.is_err() && self.has(HostBug::DeleteOnlyBelieved) { Ok(Deleted::Gone) } else { done }
    }
}
