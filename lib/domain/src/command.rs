//! What a customer can do to a desktop, when it is allowed, and what becomes of it.

use jiff::Timestamp;

use crate::catalogue::word_enum;
use crate::instance::{CommandInProgress, Instance, InstanceStatus};

word_enum! {
    /// The commands.
    CommandKind {
        /// Reboot.
        Restart = "restart",
        /// Turn on.
        Start = "start",
        /// Turn off.
        Stop = "stop",
        /// Make it as new: everything on it is lost.
        Reinstall = "reinstall",
        /// Delete it for good.
        Terminate = "terminate",
    }
}

/// A command that is not possible now; the sentence is for the customer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another command is still being carried out.
    #[error("The desktop is busy with another command; try again when it has finished.")]
    Busy,
    /// It is not in a state for this.
    #[error("A desktop that is {status} cannot take the command {kind}.")]
    WrongState {
        /// What was asked.
        kind: CommandKind,
        /// Where it stands.
        status: InstanceStatus,
    },
    /// Its provider cannot do this at all.
    #[error("This desktop cannot be reinstalled where it was made; terminate it and order another one.")]
    NotThere,
}

/// Takes a command: the desktop becomes busy with it, or it is refused and nothing changes.
///
/// # Errors
/// `Refused` with a sentence for the customer.
pub fn accept(instance: &Instance, kind: CommandKind, now: Timestamp) -> Result<Instance, Refused> {
    use CommandKind as C;
    use InstanceStatus as S;
    let allowed = match (kind, instance.status) {
        (_, S::Busy) => return Err(Refused::Busy),
        (C::Restart | C::Stop, S::Active) | (C::Start, S::Stopped) => true,
        (C::Reinstall | C::Terminate, S::Active | S::Stopped) => true,
        _ => false,
    };
    if !allowed {
        return Err(Refused::WrongState { kind, status: instance.status });
    }
    if kind == C::Reinstall && !instance.provider().reinstalls() {
        return Err(Refused::NotThere);
    }
    let mut busy = instance.clone();
    busy.status = S::Busy;
    busy.command = Some(CommandInProgress { kind, since: now, sent: false, before: instance.status });
    busy.last_error = None;
    Ok(busy)
}

/// The desktop after its command has been carried out.
pub fn completed(instance: &Instance) -> Instance {
    let mut done = instance.clone();
    if let Some(command) = done.command.take() {
        done.status = match command.kind {
            CommandKind::Restart | CommandKind::Start | CommandKind::Reinstall => InstanceStatus::Active,
            CommandKind::Stop => InstanceStatus::Stopped,
            CommandKind::Terminate => InstanceStatus::Terminated,
        };
    }
    done
}

/// The desktop after its command could not be carried out: as before, with the reason.
pub fn failed(instance: &Instance, reason: &str) -> Instance {
    let mut as_before = instance.clone();
    if let Some(command) = as_before.command.take() {
        as_before.status = command.before;
        as_before.last_error = Some(reason.to_owned());
    }
    as_before
}
