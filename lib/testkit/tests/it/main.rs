//! The use cases, the domain and the real state machine file, in a simulated world.

mod campaign;
mod circuits;
mod commands;
mod harness;
mod inventory;
mod left_behind;
mod payments;
mod properties;
mod provision_faults;
mod refunds;
mod state_machine;
mod stories;
mod sweep;
mod trading;
mod unreadable;
