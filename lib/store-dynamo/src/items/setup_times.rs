//! The recent set-up times of a product.

use domain::catalogue::{Os, Plan};
use serde::{Deserialize, Serialize};

use crate::keys::{self, Key};
use crate::row::Thing;

/// How long the last desktops of a plan and system took, in seconds, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetupTimes {
    pub(crate) plan: Plan,
    pub(crate) os: Os,
    pub(crate) recent: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SetupTimesItem {
    plan: Plan,
    os: Os,
    recent: Vec<u32>,
}

impl From<&SetupTimes> for SetupTimesItem {
    fn from(times: &SetupTimes) -> Self {
        Self { plan: times.plan, os: times.os, recent: times.recent.clone() }
    }
}

impl From<SetupTimesItem> for SetupTimes {
    fn from(item: SetupTimesItem) -> Self {
        Self { plan: item.plan, os: item.os, recent: item.recent }
    }
}

impl Thing for SetupTimes {
    type Item = SetupTimesItem;

    fn key(&self) -> Key {
        keys::setup_times(self.plan, self.os)
    }

    fn version(&self) -> Option<u64> {
        None
    }
}
