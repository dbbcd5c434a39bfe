//! How often each operation was asked for.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::world::locked;

/// Bounded by the number of operation names, which are all constants.
#[derive(Default)]
pub(crate) struct Counts(Mutex<BTreeMap<&'static str, u64>>);

impl Counts {
    pub(crate) fn add(&self, operation: &'static str) {
        *locked(&self.0).entry(operation).or_default() += 1;
    }

    pub(crate) fn all(&self) -> BTreeMap<&'static str, u64> {
        locked(&self.0).clone()
    }

    pub(crate) fn clear(&self) {
        locked(&self.0).clear();
    }
}
