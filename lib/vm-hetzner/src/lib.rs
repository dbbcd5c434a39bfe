//! Hetzner Cloud: machines with Ubuntu.
//!
//! Written against `https://api.hetzner.cloud/v1` as described by its OpenAPI file of February 2026. Nothing that
//! Hetzner adds to an answer, and no word that it invents for a state, is an error here.

mod catalogue;
mod client;
mod failure;
mod host;
mod images;
mod inventory;
mod labels;
mod names;
mod pages;
mod server;

pub use client::Client;
