//! The port.

use std::net::IpAddr;

use app::ports::{
    Account, Capabilities, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion, Question,
    Reinstall, ResetPassword, Trace, Traffic, VmError, VmHost, WindowsPassword, WindowsSetup,
};
use domain::catalogue::{Offering, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};
use vm_http::is_done;

use crate::client::Client;
use crate::{data_centers, failure, plans};

impl VmHost for Client {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            windows: Some(WindowsSetup { batch: false, password: WindowsPassword::Chosen }),
            power: true,
            reinstall: true,
            reset_password: ResetPassword::WhenRunning,
            immediate_delete: false,
            firewall: false,
            traffic: false,
            balance: false,
        }
    }

    /// Sizes and their prices are known here, and its API tells no stock.
    fn asks(&self, question: Question) -> bool {
        !matches!(question, Question::Plans | Question::Stock)
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        self.made(request).await
    }

    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        let vm = self.instance(id).await?.read();
        self.discard_used_secret(&vm).await;
        Ok(CreatedVm { vm, password: None })
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        self.traced(trace).await
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        self.listed(cursor, limit).await
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "restart").await
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "start").await
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "stop").await
    }

    async fn reinstall(&self, id: &VmId, request: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        self.made_as_new(id, request).await.map(|()| None)
    }

    async fn reset_password(
        &self,
        id: &VmId,
        password: &Secret<String>,
    ) -> Result<Option<Secret<String>>, VmError> {
        self.password_reset(id, password).await.map(|()| None)
    }

    async fn allow_rdp_from(&self, _: &VmId, _: &[IpAddr]) -> Result<(), VmError> {
        Err(unsupported("limit from where a machine is reached"))
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        self.cancelled(id).await
    }

    async fn traffic(&self, _: &VmId, _: u16) -> Result<Vec<Traffic>, VmError> {
        Err(unsupported("tell a machine's traffic"))
    }

    async fn account(&self) -> Result<Account, VmError> {
        Err(unsupported("tell what is left on the account"))
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        self.machine_regions().await
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        Ok(plans::known())
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        Ok(self.standard_images().await?.into_iter().map(Into::into).collect())
    }

    /// Contabo tells no stock: what a region sells counts as there until a create says otherwise.
    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        Ok(data_centers::is_region(&offering.provider_region))
    }
}

impl Client {
    /// `restart`, `start` or `stop`.
    async fn act(&self, id: &VmId, action: &str) -> Result<(), VmError> {
        let answer = self.act_on(id, &["actions", action]).await?;
        if is_done(&answer) { Ok(()) } else { Err(failure::refused_action(&answer)) }
    }
}

fn unsupported(what: &'static str) -> VmError {
    VmError::Unsupported { provider: Provider::Contabo, what }
}
