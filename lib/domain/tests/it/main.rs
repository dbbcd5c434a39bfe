//! The decisions, each against its table of cases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose preparation fails has failed")]

mod availability;
mod catalogue;
mod circuit;
mod command;
mod create;
mod failover;
mod inventory;
mod inventory_memory;
mod ledger;
mod mail;
mod order;
mod payment;
mod readiness;
mod trading;
