//! What all providers that speak JSON over HTTP have in common: how they are called, what their silence and their
//! statuses mean in the port's words, and how their lists are walked.
//!
//! Nothing here knows one of them. Their addresses, shapes and sentences, and what they do in their own way, stand in
//! their own crates.

mod api;
pub mod failure;
mod fields;
mod pages;
mod trace;

pub use api::{ACT_TIME_LIMIT, Api, CREATE_TIME_LIMIT, READS, answered, body, is_done, url, with_json};
pub use fields::{number, secret};
pub use pages::{Page, Pages};
pub use trace::{add_new, is_of};
