//! A look at an address.

use std::future::Future;
use std::net::IpAddr;

use domain::readiness::Probe;

/// Looks once whether an address answers as a remote desktop; one TCP connection, 5 s a stage.
pub trait ProbeRdp {
    /// Never fails: whatever goes wrong is a finding.
    fn probe(&self, address: IpAddr, port: u16) -> impl Future<Output = Probe> + Send;
}
