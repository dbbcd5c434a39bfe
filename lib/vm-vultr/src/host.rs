//! The port.

use std::net::IpAddr;

use app::ports::{
    Account, Capabilities, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion, Reinstall,
    ResetPassword, Trace, Traffic, UserData, VmError, VmHost, WindowsPassword, WindowsSetup,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::catalogue::{Offering, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};
use reqwest::Method;
use serde_json::json;
use vm_http::failure::{before_acting, deleted};
use vm_http::{ACT_TIME_LIMIT, CREATE_TIME_LIMIT, body, is_done};

use crate::catalogue::{Availability, Plans, Regions};
use crate::client::Client;
use crate::failure;
use crate::images::{Os, Systems};
use crate::instance::{CreateBody, Instance, OneInstance};
use crate::usage::{Bandwidth, OneAccount};

impl VmHost for Client {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            windows: Some(WindowsSetup { batch: true, password: WindowsPassword::Told }),
            power: true,
            reinstall: true,
            reset_password: ResetPassword::No,
            immediate_delete: true,
            firewall: true,
            traffic: true,
            balance: true,
        }
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        let os_id = self.os_id(&request.offering.image).await?;
        let (user_data, script) = match &request.user_data {
            UserData::CloudConfig(text) => (Some(BASE64.encode(text)), None),
            UserData::Batch(text) => {
                let script = self.ready_script(&request.name, &BASE64.encode(text)).await;
                (None, Some(script.map_err(before_acting)?))
            }
            UserData::PowerShell(_) => return Err(no_powershell()),
        };
        let body = CreateBody {
            region: &request.offering.provider_region,
            plan: &request.offering.plan,
            os_id,
            label: &request.name,
            hostname: &request.host_name,
            tags: &request.tags,
            user_data,
            script_id: script.as_ref().map(|script| script.id.clone()),
            backups: "disabled",
            activation_email: false,
            enable_ipv6: false,
        };
        let made = self.send_create(&body).await;
        if let (Err(error), Some(script)) = (&made, script)
            && script.is_new
            && is_final(error)
        {
            self.discard_script(&script.id).await;
        }
        made
    }

    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        Ok(self.api.read::<OneInstance>(&["instances", &id.0], &[]).await?.instance.read())
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
        self.act(id, "start").await
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "halt").await
    }

    async fn reinstall(&self, id: &VmId, request: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        self.prepare_first_boot(id, &request.user_data).await?;
        let path = ["instances", &id.0, "reinstall"];
        // The same system: the image is not asked for again.
        let fields = json!({"hostname": request.host_name});
        let answer = self.api.send_json(Method::POST, &path, &fields, ACT_TIME_LIMIT).await?;
        if !answer.is_success() {
            return Err(failure::refused_action(&answer));
        }
        // The documentation's example has no password here; clients have seen one.
        Ok(body::<OneInstance>(&answer)?.instance.password())
    }

    async fn reset_password(&self, _: &VmId, _: &Secret<String>) -> Result<Option<Secret<String>>, VmError> {
        Err(unsupported("set another password from outside: reinstall the machine, or change it inside"))
    }

    async fn allow_rdp_from(&self, id: &VmId, sources: &[IpAddr]) -> Result<(), VmError> {
        self.let_in(id, sources).await
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        match self.api.read::<OneInstance>(&["instances", &id.0], &[]).await {
            Ok(found) => self.discard_belongings(&found.instance).await,
            Err(VmError::NotFound) => return Ok(Deleted::Gone),
            Err(VmError::Unclear { what, .. }) => {
                tracing::warn!(what, "deleting a machine that does not read")
            }
            Err(error) => return Err(error),
        }
        let answer = self.api.send(Method::DELETE, &["instances", &id.0]).await?;
        // The old API refused it for a machine's first five minutes.
        deleted(&answer, failure::refused)
    }

    async fn traffic(&self, id: &VmId, days: u16) -> Result<Vec<Traffic>, VmError> {
        let days = days.clamp(1, 180).to_string();
        let path = ["instances", &id.0, "bandwidth"];
        Ok(self.api.read::<Bandwidth>(&path, &[("date_range", &days)]).await?.into())
    }

    async fn account(&self) -> Result<Account, VmError> {
        Ok(self.api.read::<OneAccount>(&["account"], &[]).await?.into())
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        Ok(self.all::<Regions>().await?.into_iter().map(Into::into).collect())
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        Ok(self.all::<Plans>().await?.into_iter().map(Into::into).collect())
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        let image = |os: Os| Image { id: os.id.to_string(), name: os.name, family: os.family };
        Ok(self.all::<Systems>().await?.into_iter().map(image).collect())
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        let path = ["regions", &offering.provider_region, "availability"];
        match self.api.read::<Availability>(&path, &[]).await {
            Ok(found) => Ok(found.offers(&offering.plan)),
            Err(VmError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Client {
    async fn send_create(&self, request: &CreateBody<'_>) -> Result<CreatedVm, VmError> {
        let answer = self.api.send_json(Method::POST, &["instances"], request, CREATE_TIME_LIMIT).await?;
        if !answer.is_success() {
            return Err(failure::refused_create(&answer));
        }
        Ok(body::<OneInstance>(&answer)?.instance.read())
    }

    /// `reboot`, `start` or `halt`; answered by 204 without a body.
    async fn act(&self, id: &VmId, action: &str) -> Result<(), VmError> {
        let answer = self.api.send(Method::POST, &["instances", &id.0, action]).await?;
        if is_done(&answer) { Ok(()) } else { Err(failure::refused_action(&answer)) }
    }

    /// Deletes what only this machine uses, as far as possible: without the machine nobody would know its name.
    async fn discard_belongings(&self, instance: &Instance) {
        if instance.label().is_empty() {
            return;
        }
        if instance.may_have_script() {
            self.discard_scripts(instance.label()).await;
        }
        if !instance.firewall_group().is_empty() {
            self.discard_groups(instance.label()).await;
        }
    }

    /// Puts in place what the next first boot runs.
    async fn prepare_first_boot(&self, id: &VmId, user_data: &UserData) -> Result<(), VmError> {
        match user_data {
            UserData::CloudConfig(text) => {
                let change = json!({"user_data": BASE64.encode(text)});
                let path = ["instances", &id.0];
                let answer = self.api.send_json(Method::PATCH, &path, &change, ACT_TIME_LIMIT).await;
                let answer = answer.map_err(before_acting)?;
                if is_done(&answer) {
                    return Ok(());
                }
                match failure::refused_action(&answer) {
                    VmError::NotFound => Err(VmError::NotFound),
                    error => Err(before_acting(error)),
                }
            }
            UserData::Batch(text) => {
                let found = self.api.read::<OneInstance>(&["instances", &id.0], &[]).await;
                let label = match found {
                    Ok(found) => found.instance.label().to_owned(),
                    Err(VmError::NotFound) => return Err(VmError::NotFound),
                    Err(error) => return Err(before_acting(error)),
                };
                let rewritten = self.rewrite_script(&label, &BASE64.encode(text)).await;
                if !rewritten.map_err(before_acting)? {
                    tracing::warn!(id = id.0, "no startup script to rewrite: first boot will not report");
                }
                Ok(())
            }
            UserData::PowerShell(_) => Err(no_powershell()),
        }
    }
}

fn unsupported(what: &'static str) -> VmError {
    VmError::Unsupported { provider: Provider::Vultr, what }
}

fn no_powershell() -> VmError {
    unsupported("run PowerShell at first boot: it takes a batch file")
}

/// Whether a create that ended so will not be repeated under the same name with the same script.
fn is_final(error: &VmError) -> bool {
    match error {
        VmError::OutOfStock(_) | VmError::Unauthorized(_) | VmError::Quota(_) | VmError::Refused(_) => true,
        VmError::NotFound | VmError::Unsupported { .. } => true,
        VmError::Busy { .. } | VmError::LeftAlone { .. } | VmError::Unclear { .. } => false,
    }
}
