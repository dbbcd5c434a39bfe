//! The port.

use std::net::IpAddr;

use app::ports::{
    Account, Capabilities, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion, Reinstall,
    ResetPassword, Trace, Traffic, VmError, VmHost,
};
use domain::catalogue::{Offering, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use vm_http::failure::{deleted, unclear};
use vm_http::{ACT_TIME_LIMIT, body, is_done};

use crate::client::{Client, number};
use crate::failure;
use crate::first_boot::{FirstBoot, first_boot, is_password};
use crate::images::PublicImage;
use crate::instance::Instance;
use crate::usage::{AccountBody, Transfer};

/// `POST …/rebuild`.
#[derive(Serialize)]
struct RebuildBody<'a> {
    image: String,
    #[serde(flatten)]
    first_boot: FirstBoot<'a>,
}

impl VmHost for Client {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            windows: None,
            power: true,
            reinstall: true,
            reset_password: ResetPassword::WhenOff,
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
        let path = ["linode", "instances", number(id)?];
        Ok(self.read::<Instance>(&path, &[], None).await?.read())
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        self.traced(trace).await
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        self.listed(cursor, limit).await
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "reboot").await
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "boot").await
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "shutdown").await
    }

    async fn reinstall(&self, id: &VmId, request: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        let path = ["linode", "instances", number(id)?, "rebuild"];
        let first_boot = first_boot(request.os, &request.user_data, &request.password)?;
        let rebuild = RebuildBody { image: self.image(&request.image).await?, first_boot };
        let answer = self.api.send_json(Method::POST, &path, &rebuild, ACT_TIME_LIMIT).await?;
        if !answer.is_success() {
            return Err(failure::refused_action(&answer));
        }
        body::<Instance>(&answer)?;
        Ok(None)
    }

    async fn reset_password(
        &self,
        id: &VmId,
        password: &Secret<String>,
    ) -> Result<Option<Secret<String>>, VmError> {
        if !is_password(password) {
            return Err(VmError::Refused("a password that is not 7 to 128 characters long".to_owned()));
        }
        let path = ["linode", "instances", number(id)?, "password"];
        let change = json!({"root_pass": password.expose()});
        let answer = self.api.send_json(Method::POST, &path, &change, ACT_TIME_LIMIT).await?;
        if is_done(&answer) { Ok(None) } else { Err(failure::refused_action(&answer)) }
    }

    async fn allow_rdp_from(&self, _: &VmId, _: &[IpAddr]) -> Result<(), VmError> {
        let what = "limit from where a machine is reached";
        Err(VmError::Unsupported { provider: Provider::Linode, what })
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        let answer = self.api.send(Method::DELETE, &["linode", "instances", number(id)?]).await?;
        // Machines that are being cloned or restored cannot be deleted yet.
        deleted(&answer, failure::refused)
    }

    /// One entry, whatever `days` says: the month so far, on today's date by the provider's clock.
    async fn traffic(&self, id: &VmId, _: u16) -> Result<Vec<Traffic>, VmError> {
        let answer = self.get(&["linode", "instances", number(id)?, "transfer"], &[], None).await?;
        let transfer: Transfer = self.api.told(&answer)?;
        answer.date().map(|now| transfer.until(now)).ok_or_else(|| unclear(&answer))
    }

    async fn account(&self) -> Result<Account, VmError> {
        Ok(self.read::<AccountBody>(&["account"], &[], None).await?.into())
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        self.regions_with_machines().await
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        self.types().await
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        Ok(self.all::<PublicImage>(&["images"]).await?.into_iter().map(Into::into).collect())
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        self.is_to_be_had(offering).await
    }
}

impl Client {
    /// `reboot`, `boot` or `shutdown`; answered by 200 and `{}`.
    async fn act(&self, id: &VmId, action: &str) -> Result<(), VmError> {
        let answer = self.api.send(Method::POST, &["linode", "instances", number(id)?, action]).await?;
        if is_done(&answer) { Ok(()) } else { Err(failure::refused_action(&answer)) }
    }
}
