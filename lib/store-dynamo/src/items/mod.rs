//! One file per stored thing: its item struct, the way there and back, and its places in the indexes.

mod attempt;
mod audit;
mod availability;
mod circuit;
mod credentials;
mod event;
mod first_boot;
mod idempotency;
mod instance;
mod inventory;
mod ledger;
mod mail;
mod order;
mod payment;
mod profile;
mod seen;
mod setup_times;
mod ticket;
mod trading_account;

pub(crate) use setup_times::SetupTimes;

#[cfg(test)]
mod tests;
