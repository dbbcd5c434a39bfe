//! What a customer does to a desktop: taken at once, carried out by a worker, one at a time per desktop.

mod carry_out;
mod desk;
mod reinstall;

pub use carry_out::{Commands, Progress};
pub use desk::CommandDesk;

use crate::ports::{
    Commit, ReadAttempts, ReadCircuits, ReadCredentials, ReadFirstBoots, ReadInstances, ReadOrders,
};

/// What carrying commands out does with the state, together. The function spells the ports out: its role is held against
/// them.
pub trait State:
    Commit + ReadInstances + ReadOrders + ReadAttempts + ReadFirstBoots + ReadCredentials + ReadCircuits + Sync
{
}

impl<S> State for S where
    S: Commit
        + ReadInstances
        + ReadOrders
        + ReadAttempts
        + ReadFirstBoots
        + ReadCredentials
        + ReadCircuits
        + Sync
{
}
