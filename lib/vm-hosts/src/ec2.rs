//! EC2's client, made when it is first used: its SDK and the key pair's arithmetic are no part of a function's start.

use std::ops::Deref;
use std::sync::LazyLock;

type Make = Box<dyn FnOnce() -> vm_ec2::Client + Send>;

/// A client of EC2 that may not exist yet.
pub struct LazyEc2(LazyLock<vm_ec2::Client, Make>);

impl LazyEc2 {
    /// `make` runs once, at the first call.
    pub fn new(make: impl FnOnce() -> vm_ec2::Client + Send + 'static) -> Self {
        Self(LazyLock::new(Box::new(make)))
    }
}

impl Deref for LazyEc2 {
    type Target = vm_ec2::Client;

    fn deref(&self) -> &vm_ec2::Client {
        &self.0
    }
}
