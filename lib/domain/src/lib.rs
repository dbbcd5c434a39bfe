//! What NemoRDP decides, and nothing of how it is carried out.
//!
//! Everything here is pure: time, randomness and answers from outside come in as values, a decision goes
//! out. Nobody is known here: no clock, no network, no store. That is what makes the money and the machines
//! testable case by case.

pub mod availability;
pub mod catalogue;
pub mod circuit;
pub mod command;
pub mod create;
pub mod customer;
pub mod eta;
pub mod failover;
pub mod first_boot;
pub mod ids;
pub mod instance;
pub mod inventory;
pub mod ledger;
pub mod mail;
pub mod money;
pub mod order;
pub mod payment;
pub mod readiness;
pub mod secret;
pub mod trading;
pub mod vm;

pub use jiff::Timestamp;
