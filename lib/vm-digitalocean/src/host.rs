//! The port.

use std::net::IpAddr;

use app::ports::{
    Account, Capabilities, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion, Reinstall,
    ResetPassword, Trace, Traffic, VmError, VmHost,
};
use domain::catalogue::{Offering, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId, VmState};
use reqwest::Method;
use serde_json::json;
use vm_http::failure::{deleted, later, unclear};
use vm_http::{ACT_TIME_LIMIT, body, is_done};

use crate::catalogue::{Regions, Sizes};
use crate::client::{Client, number};
use crate::droplet::{Actions, OneAction, OneDroplet};
use crate::failure;
use crate::images::{DISTRIBUTIONS, Distributions};
use crate::usage::Balance;

impl VmHost for Client {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            windows: None,
            power: true,
            reinstall: false,
            reset_password: ResetPassword::No,
            immediate_delete: true,
            firewall: false,
            traffic: true,
            balance: true,
        }
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        self.made(request).await
    }

    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        let id = number(id)?;
        let droplet = self.api.read::<OneDroplet>(&["droplets", id], &[]).await?.droplet;
        let is_new = droplet.is_new();
        let mut found = droplet.read();
        if is_new && self.creation_failed(id).await {
            found.vm.state = VmState::Failed("create errored".to_owned());
        }
        Ok(found)
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        self.traced(trace).await
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        self.listed(cursor, limit).await
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        // `reboot` asks the guest, which may be what hangs.
        self.act(id, "power_cycle").await
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "power_on").await
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "power_off").await
    }

    async fn reinstall(&self, _: &VmId, _: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        // `rebuild` takes an image and nothing else; user data cannot be changed once a droplet is there.
        Err(cannot("give a machine another first boot: it can only be made anew"))
    }

    async fn reset_password(&self, _: &VmId, _: &Secret<String>) -> Result<Option<Secret<String>>, VmError> {
        Err(cannot("set a password from outside: it mails a new one to our account"))
    }

    async fn allow_rdp_from(&self, _: &VmId, _: &[IpAddr]) -> Result<(), VmError> {
        Err(cannot("limit from where a machine is reached"))
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        let answer = self.api.send(Method::DELETE, &["droplets", number(id)?]).await?;
        deleted(&answer, failure::refused)
    }

    async fn traffic(&self, id: &VmId, days: u16) -> Result<Vec<Traffic>, VmError> {
        let id = number(id)?;
        // The metrics of a machine that is not there are empty, not missing; and their time is the provider's.
        let answer = self.api.get(&["droplets", id], &[]).await?;
        self.api.told::<OneDroplet>(&answer)?;
        let now = answer.date().ok_or_else(|| unclear(&answer))?;
        self.traffic_until(id, now, days).await
    }

    async fn account(&self) -> Result<Account, VmError> {
        Ok(self.api.read::<Balance>(&["customers", "my", "balance"], &[]).await?.into())
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        let regions = self.all::<Regions>(&[]).await?;
        Ok(regions.into_iter().filter(|region| region.available).map(Into::into).collect())
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        Ok(self.all::<Sizes>(&[]).await?.into_iter().map(Into::into).collect())
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        Ok(self.all::<Distributions>(DISTRIBUTIONS).await?.into_iter().map(Into::into).collect())
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        let sizes = self.all::<Sizes>(&[]).await?;
        Ok(sizes.iter().any(|size| size.is_to_be_had(&offering.plan, &offering.provider_region)))
    }
}

impl Client {
    /// Begins an action; answered by 201 and the action, which goes on.
    async fn act(&self, id: &VmId, action: &str) -> Result<(), VmError> {
        let path = ["droplets", number(id)?, "actions"];
        let answer =
            self.api.send_json(Method::POST, &path, &json!({"type": action}), ACT_TIME_LIMIT).await?;
        if !is_done(&answer) {
            return Err(failure::refused_action(&answer));
        }
        match body::<OneAction>(&answer) {
            Ok(begun) if begun.action.failed() => Err(later("the action failed at once")),
            // Taken is taken, however the action is described.
            _ => Ok(()),
        }
    }

    /// Whether the create action of a droplet that is still `new` has failed. As long as that cannot be learnt it
    /// has not.
    async fn creation_failed(&self, id: &str) -> bool {
        match self.api.read::<Actions>(&["droplets", id, "actions"], &[]).await {
            Ok(actions) => actions.creation_failed(),
            Err(error) => {
                tracing::info!(%error, id, "the actions of a new machine cannot be read");
                false
            }
        }
    }
}

fn cannot(what: &'static str) -> VmError {
    VmError::Unsupported { provider: Provider::Digitalocean, what }
}
