//! The sandbox over real HTTP, as its callers see it.
#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

mod checkout;
mod contabo;
mod digitalocean;
mod ec2;
mod faults;
mod guests;
mod hetzner;
mod instances;
mod linode;
mod listings;
mod payments;
mod power;
mod program;
mod providers;
mod refunds;
mod webhooks;
