//! Linode (Akamai): machines with Ubuntu.
//!
//! Written against `https://api.linode.com/v4` as described by its OpenAPI file of October 2024. Nothing that Linode
//! adds to an answer, and no word that it invents for a state, is an error here.
//!
//! Two things are its own. A label is unique in the account: a second create under one name is refused, and the
//! machine that has it is the answer. And first boot runs user data only with an image that has `cloud-init`, in a
//! region that has `Metadata`: nothing is made elsewhere.

mod catalogue;
mod client;
mod create;
mod failure;
mod first_boot;
mod host;
mod images;
mod instance;
mod inventory;
mod label;
mod pages;
mod usage;

pub use client::Client;
