//! The probe as the use cases ask for it.

use std::net::{IpAddr, SocketAddr};

use app::ports::ProbeRdp;
use domain::first_boot::Fingerprints;
use domain::readiness::Probe;

use crate::outcome::{ProbeOutcome, Verdict};
use crate::probe::Prober;

impl ProbeRdp for Prober {
    async fn probe(&self, address: IpAddr, port: u16) -> Probe {
        self.probe(SocketAddr::new(address, port)).await.into()
    }
}

impl From<ProbeOutcome> for Probe {
    /// [`Verdict::Unknown`] counts as "not yet": our images allow NTLM, so no challenge means that Windows is still
    /// starting.
    fn from(outcome: ProbeOutcome) -> Self {
        match (&outcome.verdict, &outcome.certificate) {
            (Verdict::Ready, Some(seen)) => Self::Answers(Fingerprints {
                sha256: Some(seen.sha256.clone()),
                sha1: Some(seen.sha1.clone()),
            }),
            (Verdict::Insecure, _) => Self::Insecure,
            (
                Verdict::Ready
                | Verdict::Unknown
                | Verdict::NotYet(_)
                | Verdict::NotRdp(_)
                | Verdict::Refused(_)
                | Verdict::Broken(_),
                _,
            ) => Self::NotYet(outcome.to_string()),
        }
    }
}
