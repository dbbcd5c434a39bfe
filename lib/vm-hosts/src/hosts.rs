//! The clients of those providers that have a key of ours.

use std::collections::BTreeMap;

use app::ports::VmHosts;
use domain::catalogue::Provider;

use crate::AnyHost;

/// At most one client per provider; of a second one the later counts.
#[derive(Default)]
pub struct Hosts(BTreeMap<Provider, AnyHost>);

impl Hosts {
    /// The providers that are set up, in the order in which they are shown.
    pub fn providers(&self) -> impl Iterator<Item = Provider> {
        self.0.keys().copied()
    }
}

impl FromIterator<AnyHost> for Hosts {
    fn from_iter<I: IntoIterator<Item = AnyHost>>(hosts: I) -> Self {
        Self(hosts.into_iter().map(|host| (host.provider(), host)).collect())
    }
}

impl VmHosts for Hosts {
    type Host = AnyHost;

    fn host(&self, provider: Provider) -> Option<&AnyHost> {
        self.0.get(&provider)
    }
}
