//! One client, whoever it talks to.

use std::net::IpAddr;

use app::ports::{
    Account, Capabilities, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion, Question,
    Reinstall, Trace, Traffic, VmError, VmHost,
};
use domain::catalogue::{Offering, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};

/// The registry: each provider once, with its client.
macro_rules! registry {
    ($($provider:ident($client:ty)),+ $(,)?) => {
        /// A client of one of the providers.
        #[allow(clippy::large_enum_variant, reason = "one of each is made, and lives as long as its process")]
        pub enum AnyHost {
            $(
                #[doc = concat!("Of ", stringify!($provider), ".")]
                $provider($client),
            )+
        }

        impl AnyHost {
            /// Whose client it is.
            pub const fn provider(&self) -> Provider {
                match self { $(Self::$provider(_) => Provider::$provider),+ }
            }
        }

        /// Calls a method of whichever client it is.
        macro_rules! each {
            ($any:expr, $host:ident => $call:expr) => {
                match $any { $(AnyHost::$provider($host) => $call),+ }
            };
        }
    };
}

registry! {
    Vultr(vm_vultr::Client),
    Contabo(vm_contabo::Client),
    Digitalocean(vm_digitalocean::Client),
    Linode(vm_linode::Client),
    Hetzner(vm_hetzner::Client),
    Ec2(crate::LazyEc2),
}

/// Waits for a client's answer. Boxed, so that a caller's future is not as large as the largest of six.
macro_rules! ask {
    ($any:expr, $method:ident($($argument:expr),*)) => {
        each!($any, host => Box::pin(host.$method($($argument),*)).await)
    };
}

impl VmHost for AnyHost {
    fn capabilities(&self) -> Capabilities {
        each!(self, host => host.capabilities())
    }

    fn lists(&self, region: &str) -> bool {
        each!(self, host => host.lists(region))
    }

    fn asks(&self, question: Question) -> bool {
        each!(self, host => host.asks(question))
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        ask!(self, create(request))
    }

    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        ask!(self, get(id))
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        ask!(self, find(trace))
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        ask!(self, list(cursor, limit))
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        ask!(self, reboot(id))
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        ask!(self, start(id))
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        ask!(self, halt(id))
    }

    async fn reinstall(&self, id: &VmId, request: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        ask!(self, reinstall(id, request))
    }

    async fn reset_password(
        &self,
        id: &VmId,
        password: &Secret<String>,
    ) -> Result<Option<Secret<String>>, VmError> {
        ask!(self, reset_password(id, password))
    }

    async fn allow_rdp_from(&self, id: &VmId, sources: &[IpAddr]) -> Result<(), VmError> {
        ask!(self, allow_rdp_from(id, sources))
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        ask!(self, delete(id))
    }

    async fn traffic(&self, id: &VmId, days: u16) -> Result<Vec<Traffic>, VmError> {
        ask!(self, traffic(id, days))
    }

    async fn account(&self) -> Result<Account, VmError> {
        ask!(self, account())
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        ask!(self, regions())
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        ask!(self, plans())
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        ask!(self, images())
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        ask!(self, in_stock(offering))
    }
}
