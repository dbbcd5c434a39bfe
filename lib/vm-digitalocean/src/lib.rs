//! DigitalOcean: machines (droplets) with Ubuntu.
//!
//! Written against `https://api.digitalocean.com/v2` as described by its OpenAPI file of August 2026. Nothing that
//! DigitalOcean adds to an answer, and no word that it invents for a state, is an error here.
//!
//! Three things are its own. Names may repeat and hold no `_`: machines are found by their tag first.
//! Droplets with a graphics card stand in a list of their own. User data is fixed when a droplet is
//! made, so that a rebuilt one would run its first boot with the old, one-time addresses: reinstalling is refused.

mod bandwidth;
mod catalogue;
mod client;
mod create;
mod droplet;
mod failure;
mod host;
mod images;
mod inventory;
mod name;
mod pages;
mod usage;

pub use client::Client;
