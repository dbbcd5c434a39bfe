//! The third parties, played over real HTTP: Paystack, Vultr, and the desktops that Vultr rents out.
//!
//! It speaks their published protocols and depends on nothing of ours, so that it cannot share our mistakes.
//! `README.md` beside this crate lists the URLs, the faults on demand and the control API.

mod clock;
mod config;
mod control;
mod counts;
pub mod desktops;
mod faults;
mod operation;
mod paystack;
mod random;
mod server;
mod vultr;
mod world;

pub use config::{Config, Started};
pub use server::{Running, Sandbox};
