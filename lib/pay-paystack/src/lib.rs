//! Paystack: the calls, and what it sends by webhook.
//!
//! Written against `https://api.paystack.co` as described by its OpenAPI file of 2025-10-24 and its
//! documentation. Everything that comes from there is read leniently: fields come and go, numbers come as
//! strings, empty objects stand for nothing. What a decision needs is required; nothing else is read.

mod client;
pub mod event;
mod failure;
mod lenient;
mod refunds;
pub mod signature;
mod wire;

pub use client::Client;
