//! The times and limits that an operator can set.

use domain::payment::GatewayMode;
use jiff::SignedDuration;

/// The times by which everything is judged. All are settings, so that a local stack can run on scaled time.
#[derive(Debug, Clone)]
pub struct Policy {
    /// From the claim of a paid order to a working desktop; then the money goes back.
    pub order_deadline: SignedDuration,
    /// How long to wait for a machine's own word before looking without it.
    pub first_boot_wait: SignedDuration,
    /// Between two good probes of a machine that has not called home.
    pub probe_pause: SignedDuration,
    /// How long a machine may still turn up after an unclear create call.
    pub quarantine: SignedDuration,
    /// Between the two looks that must both find nothing before a machine counts as gone.
    pub absence_pause: SignedDuration,
    /// How long a payment page stays open.
    pub payment_expiry: SignedDuration,
    /// How long a paid order or a command may rest before the sweep looks after it.
    pub sweep_patience: SignedDuration,
    /// How long a command on a desktop may take.
    pub command_limit: SignedDuration,
    /// Play money or real money.
    pub mode: GatewayMode,
}

impl Policy {
    /// The times of the product as it is sold.
    pub const fn standard(mode: GatewayMode) -> Self {
        Self {
            order_deadline: SignedDuration::from_mins(30),
            first_boot_wait: SignedDuration::from_mins(15),
            probe_pause: SignedDuration::from_secs(30),
            quarantine: SignedDuration::from_secs(120),
            absence_pause: SignedDuration::from_secs(20),
            payment_expiry: SignedDuration::from_hours(24),
            sweep_patience: SignedDuration::from_mins(2),
            command_limit: SignedDuration::from_mins(30),
            mode,
        }
    }
}
