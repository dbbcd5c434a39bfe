//! Vultr: machines with Windows or Ubuntu.
//!
//! Written against `https://api.vultr.com/v2` as described by its OpenAPI file of May 2026. Nothing that
//! Vultr adds to an answer, and no word that it invents for a state, is an error here.

mod catalogue;
mod client;
mod failure;
mod firewall;
mod host;
mod images;
mod instance;
mod inventory;
mod pages;
mod scripts;
mod usage;

pub use client::Client;
