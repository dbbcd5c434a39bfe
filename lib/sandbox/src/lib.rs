//! The third parties, played over real HTTP: Paystack, six providers of machines, and the desktops that they rent out.
//!
//! It speaks their published protocols and depends on nothing of ours, so that it cannot share our mistakes.
//! `README.md` beside this crate lists the URLs, the faults on demand and the control API.

mod access;
mod clock;
mod config;
mod contabo;
mod control;
mod counts;
pub mod desktops;
mod digitalocean;
mod ec2;
mod faults;
mod hetzner;
mod limits;
mod linode;
mod machines;
mod operation;
mod paystack;
mod random;
mod server;
mod services;
mod urls;
mod vultr;
mod world;

pub use config::{Config, Started};
pub use ec2::LaunchKeyPair;
pub use server::{Running, Sandbox};
pub use urls::Urls;
