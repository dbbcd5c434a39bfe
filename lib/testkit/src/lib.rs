//! A whole shop in one process, on virtual time: every port of `app` in memory, with faults on demand.
//!
//! - [`sim`]: one seed gives the clock, the chance, the latencies and the order in which things happen. Every
//!   port call goes through it, so every call can be made to fail before or after its effect, or to take the
//!   process with it.
//! - [`ports`]: the store with DynamoDB's conditions, the queues, the gateway, the provider, the mail service.
//! - [`machine`] and [`walker`]: the real state machine file, interpreted; what they do not know is refused.
//! - [`shop`]: customers, workers and the sweep around them, and what must be true at rest.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this crate: what cannot be fails the test"
)]

pub mod campaign;
pub mod catalogues;
mod functions;
pub mod machine;
pub mod ports;
pub mod shop;
pub mod sim;
pub mod walker;
mod world;

pub use machine::Machine;
pub use shop::{Customer, Shop};
pub use sim::{Fault, Sim, Trigger};
pub use walker::StateFault;
pub use world::World;
