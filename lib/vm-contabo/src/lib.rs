//! Contabo: machines with Ubuntu or Windows, rented by the month.
//!
//! Written against `https://api.contabo.com` as described by its OpenAPI file of May 2025 and by its Terraform
//! provider. Nothing that Contabo adds to an answer, and no word that it invents for a state, is an error here.
//!
//! What sets it apart: a token from a password grant, a request id on every call that its audits remember, passwords
//! that are handed over as secrets, and no delete: a machine is cancelled to the end of its paid period and turned off.

mod cancel;
mod client;
mod create;
mod data_centers;
mod failure;
mod host;
mod images;
mod instance;
mod inventory;
mod pages;
mod plans;
mod request_id;
mod secrets;
mod token;
mod user_data;

pub use client::Client;
pub use token::Credentials;
pub use user_data::UserDataEncoding;
