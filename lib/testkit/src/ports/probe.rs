//! The look at an address: it finds what the simulated machine there does.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use app::ports::ProbeRdp;
use domain::readiness;

use super::VmHost;
use crate::sim::Sim;

/// Looks at the machines of a provider.
#[derive(Clone)]
pub struct Probe {
    sim: Sim,
    host: VmHost,
    believes: Arc<AtomicBool>,
}

impl Probe {
    /// Looks at the machines of `host`.
    pub fn new(sim: Sim, host: VmHost) -> Self {
        Self { sim, host, believes: Arc::default() }
    }

    /// A known bug, put back: what the provider calls running counts as answering.
    pub(crate) fn believe_the_provider(&self) {
        self.believes.store(true, Ordering::Relaxed);
    }
}

impl ProbeRdp for Probe {
    async fn probe(&self, address: IpAddr, _port: u16) -> readiness::Probe {
        let believes = self.believes.load(Ordering::Relaxed);
        let look = || {
            let found = self.host.certificate_at(address, believes);
            Ok(found.map_or_else(
                || readiness::Probe::NotYet("connection refused".to_owned()),
                readiness::Probe::Answers,
            ))
        };
        let timed_out = || readiness::Probe::NotYet("no answer within 5 s".to_owned());
        self.sim.call("probe", timed_out, look).await.unwrap_or_else(|found| found)
    }
}
