//! The look at an address: it finds what the simulated machine there does.

use std::net::IpAddr;

use app::ports::ProbeRdp;
use domain::readiness;

use super::VmHost;
use crate::sim::Sim;

/// Looks at the machines of a provider.
#[derive(Clone)]
pub struct Probe {
    sim: Sim,
    host: VmHost,
}

impl Probe {
    /// Looks at the machines of `host`.
    pub const fn new(sim: Sim, host: VmHost) -> Self {
        Self { sim, host }
    }
}

impl ProbeRdp for Probe {
    async fn probe(&self, address: IpAddr, _port: u16) -> readiness::Probe {
        let look = || match self.host.answering(address) {
            Some(machine) => Ok(readiness::Probe::Answers(machine.certificate())),
            None => Ok(readiness::Probe::NotYet("connection refused".to_owned())),
        };
        let timed_out = || readiness::Probe::NotYet("no answer within 5 s".to_owned());
        self.sim.call("probe", timed_out, look).await.unwrap_or_else(|found| found)
    }
}
