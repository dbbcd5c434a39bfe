//! AWS EC2: machines with Windows or Ubuntu, by `aws-sdk-ec2`; their traffic, by `aws-sdk-cloudwatch`.
//!
//! A machine's id here is `<region>/<instance id>`, since EC2 has one API per region. What is created carries the
//! tags `Name` (its name) and `nemordp` (the caller's tags, separated by spaces), and its name as `ClientToken`;
//! an instance without the tag `nemordp` is nobody's business here and is neither listed nor found.
//!
//! Every state and code that EC2 adds is survived. See docs/adr/0012-ec2-through-the-sdk.md.

mod answers;
mod catalogue;
mod client;
mod create;
mod failure;
mod host;
mod instance;
mod inventory;
mod key_pair;
mod place;
mod settings;
mod usage;

pub use client::Client;
pub use key_pair::{KeyPair, UnreadableKey};
pub use settings::{AccessKey, Network, Settings};
