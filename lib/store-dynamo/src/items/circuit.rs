//! [`Circuit`]

use domain::Timestamp;
use domain::catalogue::Provider;
use domain::circuit::{Circuit, Operation};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::parts::StoredTime;
use crate::row::Thing;

/// How long a circuit is kept after its last failure, or after it may be closed again.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

#[derive(Serialize, Deserialize)]
pub(crate) struct CircuitItem {
    provider: Provider,
    region: String,
    operation: Operation,
    failures: u16,
    opened: u16,
    open_until: Option<StoredTime>,
    probing_until: Option<StoredTime>,
    failed_at: StoredTime,
    version: u64,
}

impl From<&Circuit> for CircuitItem {
    fn from(circuit: &Circuit) -> Self {
        Self {
            provider: circuit.provider,
            region: circuit.region.clone(),
            operation: circuit.operation,
            failures: circuit.failures,
            opened: circuit.opened,
            open_until: circuit.open_until.map(Into::into),
            probing_until: circuit.probing_until.map(Into::into),
            failed_at: circuit.failed_at.into(),
            version: circuit.version,
        }
    }
}

impl From<CircuitItem> for Circuit {
    fn from(item: CircuitItem) -> Self {
        Self {
            provider: item.provider,
            region: item.region,
            operation: item.operation,
            failures: item.failures,
            opened: item.opened,
            open_until: item.open_until.map(Into::into),
            probing_until: item.probing_until.map(Into::into),
            failed_at: item.failed_at.into(),
            version: item.version,
        }
    }
}

impl Thing for Circuit {
    type Item = CircuitItem;

    fn key(&self) -> Key {
        keys::circuit(self.provider, self.operation, &self.region)
    }

    fn version(&self) -> Option<u64> {
        Some(self.version)
    }

    fn forgotten_at(&self) -> Option<Timestamp> {
        let last = self.open_until.map_or(self.failed_at, |until| until.max(self.failed_at));
        last.checked_add(KEPT).ok()
    }
}
