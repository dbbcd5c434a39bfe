//! What NemoRDP does: the use cases, over ports. No SDK, no HTTP, no clock of its own.

pub mod availability;
pub mod checkout;
pub mod commands;
pub mod credentials;
pub mod deliverable;
pub mod error;
pub mod first_boot;
pub mod gateway_events;
pub mod inventory;
pub mod mails;
pub mod policy;
pub mod ports;
pub mod profile;
pub mod providers;
pub mod provision;
pub mod refunds;
mod rows;
pub mod settle;
pub mod sweep;
pub mod trading;
pub mod views;

pub use error::{AppError, Chain};
pub use policy::Policy;
pub use rows::readable;
