//! When a desktop is really ready: the decision, over what was seen.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::first_boot::{Fingerprints, Report};
use crate::vm::VmState;

/// What one staged probe of an address found. Source: MS-RDPBCGR 2.2.1, MS-CSSP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// Negotiation, TLS and, where the server asks for it, the NLA challenge went through.
    Answers(Fingerprints),
    /// Nothing there yet, or not yet RDP; the sentence says how far it came.
    NotYet(String),
    /// It speaks RDP without TLS: never delivered, since passwords would travel in clear.
    Insecure,
}

/// A good probe that still needs a second one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// When.
    pub at: Timestamp,
    /// The certificate it saw.
    pub certificate: Fingerprints,
}

/// The verdict after one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Deliver it; this is the certificate that it answers with.
    Ready(Fingerprints),
    /// It answers; remember this and look again after the pause. Windows reboots during its first boot, so
    /// one answer proves nothing.
    LookAgain(Pass),
    /// Not yet; the sentence is for the log.
    NotYet(String),
    /// The machine itself says that its set-up failed.
    SetupFailed,
}

/// Judges a probe.
///
/// With the machine's word and the certificate that it named, one probe is enough: the address is our
/// machine and it has finished. Without (it cannot call home, or named none), two good probes at least
/// `pause` apart that saw the same certificate. A machine that named another certificate than the one seen
/// is not delivered: the address may be somebody else's.
pub fn judge(
    state: &VmState,
    probe: &Probe,
    report: Option<&Report>,
    first_pass: Option<&Pass>,
    pause: SignedDuration,
    now: Timestamp,
) -> Verdict {
    if report.is_some_and(|r| !r.succeeded) {
        return Verdict::SetupFailed;
    }
    let seen = match probe {
        Probe::Answers(seen) => seen,
        Probe::NotYet(why) => return Verdict::NotYet(why.clone()),
        Probe::Insecure => return Verdict::NotYet("the remote desktop offers no encryption".to_owned()),
    };
    if let Some(report) = report.filter(|r| !r.certificate.is_empty()) {
        return if report.certificate.names(seen) {
            Verdict::Ready(seen.clone())
        } else {
            Verdict::NotYet("the address answers with another certificate than the machine named".to_owned())
        };
    }
    // A machine may stay "installing" for long although it works; "stopped" while it answers is a reboot.
    if matches!(state, VmState::Stopped | VmState::Suspended | VmState::Held(_) | VmState::Failed(_)) {
        return Verdict::NotYet("the provider says that it does not run".to_owned());
    }
    match first_pass {
        Some(first) if first.certificate.names(seen) && now.duration_since(first.at) >= pause => {
            Verdict::Ready(seen.clone())
        }
        Some(first) if first.certificate.names(seen) => Verdict::LookAgain(first.clone()),
        _ => Verdict::LookAgain(Pass { at: now, certificate: seen.clone() }),
    }
}
