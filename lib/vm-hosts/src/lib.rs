//! The providers that are set up: the one place that knows them all.
//!
//! A new provider is a crate of its own and one line in the registry (`any_host.rs`); what it has to be told is read in
//! [`Settings`] and in `secrets.rs`.

mod any_host;
mod ec2;
mod hosts;
mod secrets;
mod settings;

pub use any_host::AnyHost;
pub use ec2::LazyEc2;
pub use hosts::Hosts;
pub use settings::Settings;
