//! The port.

use std::net::IpAddr;

use app::ports::{
    Account, Capabilities, CreateVm, CreatedVm, Deleted, Image, ProviderPlan, ProviderRegion, Reinstall,
    ResetPassword, Trace, Traffic, UserData, VmError, VmHost,
};
use domain::catalogue::{Offering, Os, Provider};
use domain::secret::Secret;
use domain::vm::{Vm, VmId, VmState};
use reqwest::Method;
use serde_json::json;
use vm_http::failure::{deleted, of_taken};
use vm_http::{ACT_TIME_LIMIT, CREATE_TIME_LIMIT, body, is_done};

use crate::catalogue::{Images, Locations, Pricing};
use crate::client::{Client, checked};
use crate::pages::PER_PAGE;
use crate::server::{Acted, Actions, CreateBody, Created, OneServer, PublicNetWish};
use crate::{failure, labels, names};

/// Bytes of user data that Hetzner takes.
const USER_DATA_MAX: usize = 32 << 10;

impl VmHost for Client {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            windows: None,
            power: true,
            reinstall: true,
            reset_password: ResetPassword::WhenRunning,
            immediate_delete: true,
            firewall: false,
            traffic: true,
            balance: false,
        }
    }

    async fn create(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        let user_data = cloud_config(request.os, &request.user_data)?;
        let name = names::spelled(&request.name)?;
        let labels = labels::of(&request.tags)?;
        let image = self.image_name(&request.offering.image).await?;
        let wish = CreateBody {
            name: &name,
            server_type: &request.offering.plan,
            image: &image,
            location: &request.offering.provider_region,
            labels: &labels,
            user_data,
            start_after_create: true,
            public_net: PublicNetWish { enable_ipv4: true, enable_ipv6: false },
        };
        let answer = self.api.send_json(Method::POST, &["servers"], &wish, CREATE_TIME_LIMIT).await?;
        if answer.is_success() {
            return Ok(body::<Created>(&answer)?.read());
        }
        if failure::code(&answer).as_deref() == Some("uniqueness_error") {
            return self.adopt(&name, &request.tags).await;
        }
        Err(failure::refused_create(&answer))
    }

    async fn get(&self, id: &VmId) -> Result<CreatedVm, VmError> {
        let id = checked(id)?;
        let server = self.api.read::<OneServer>(&["servers", id], &[]).await?.server;
        let failure = if server.is_not_up() { self.failure(id).await } else { None };
        let mut found = server.read();
        found.vm.state = failure.unwrap_or(found.vm.state);
        Ok(found)
    }

    async fn find(&self, trace: &Trace) -> Result<Vec<Vm>, VmError> {
        self.traced(trace).await
    }

    async fn list(&self, cursor: Option<&str>, limit: u16) -> Result<(Vec<Vm>, Option<String>), VmError> {
        self.listed(cursor, limit).await
    }

    async fn reboot(&self, id: &VmId) -> Result<(), VmError> {
        // `reboot` asks the guest, and one that hangs does not listen.
        self.act(id, "reset").await
    }

    async fn start(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "poweron").await
    }

    async fn halt(&self, id: &VmId) -> Result<(), VmError> {
        self.act(id, "poweroff").await
    }

    async fn reinstall(&self, id: &VmId, request: &Reinstall) -> Result<Option<Secret<String>>, VmError> {
        let user_data = cloud_config(request.os, &request.user_data)?;
        let path = ["servers", checked(id)?, "actions", "rebuild"];
        let image = self.image_name(&request.image).await?;
        let change = json!({"image": image, "user_data": user_data});
        let answer = self.api.send_json(Method::POST, &path, &change, ACT_TIME_LIMIT).await?;
        if answer.is_success() {
            return Ok(body::<Acted>(&answer)?.root_password);
        }
        match failure::refused(&answer) {
            // One code for two things: no such machine, no such image.
            VmError::NotFound => {
                self.api.read::<OneServer>(&["servers", &id.0], &[]).await?;
                Err(VmError::Refused(format!("there is no image {image}")))
            }
            error => Err(error),
        }
    }

    async fn reset_password(&self, id: &VmId, _: &Secret<String>) -> Result<Option<Secret<String>>, VmError> {
        let answer =
            self.api.send(Method::POST, &["servers", checked(id)?, "actions", "reset_password"]).await?;
        if !answer.is_success() {
            return Err(failure::refused(&answer));
        }
        Ok(body::<Acted>(&answer)?.root_password)
    }

    async fn allow_rdp_from(&self, _: &VmId, _: &[IpAddr]) -> Result<(), VmError> {
        Err(unsupported("limit from where RDP is reached"))
    }

    async fn delete(&self, id: &VmId) -> Result<Deleted, VmError> {
        let answer = self.api.send(Method::DELETE, &["servers", checked(id)?]).await?;
        deleted(&answer, failure::refused)
    }

    /// Hetzner tells the sum of the current period only: one entry, whatever `days` is.
    async fn traffic(&self, id: &VmId, _days: u16) -> Result<Vec<Traffic>, VmError> {
        let answer = self.api.get(&["servers", checked(id)?], &[]).await?;
        Ok(self.api.told::<OneServer>(&answer)?.server.traffic(answer.date()))
    }

    /// There is no balance to be had; what is asked only shows whether the token is taken.
    async fn account(&self) -> Result<Account, VmError> {
        self.page::<Locations>(&[], 1, 1).await?;
        Ok(Account { balance_usd_cents: None, pending_usd_cents: None })
    }

    async fn regions(&self) -> Result<Vec<ProviderRegion>, VmError> {
        Ok(self.all::<Locations>(&[]).await?.into_iter().map(Into::into).collect())
    }

    async fn plans(&self) -> Result<Vec<ProviderPlan>, VmError> {
        let types = self.server_types(&[]).await?;
        let in_dollars = self.api.read::<Pricing>(&["pricing"], &[]).await?.is_in_dollars();
        Ok(types.into_iter().map(|one| one.plan(in_dollars)).collect())
    }

    async fn images(&self) -> Result<Vec<Image>, VmError> {
        Ok(self.all::<Images>(&[("type", "system")]).await?.into_iter().map(Into::into).collect())
    }

    async fn in_stock(&self, offering: &Offering) -> Result<bool, VmError> {
        let types = self.server_types(&[("name", &offering.plan)]).await?;
        let Some(wanted) = types.into_iter().find(|one| one.name == offering.plan) else { return Ok(false) };
        let region = &offering.provider_region;
        // Where the size says nothing of its stock only a create tells.
        Ok(wanted.available(region).unwrap_or_else(|| wanted.regions().contains(region)))
    }
}

impl Client {
    /// The machine that has the name already: ours if it carries what ours would.
    async fn adopt(&self, name: &str, tags: &[String]) -> Result<CreatedVm, VmError> {
        let Some(vm) = self.named(name).await.map_err(of_taken)? else {
            let what = format!("the name {name} is taken by a machine that the list does not show");
            return Err(VmError::Unclear { what, source: None });
        };
        if tags.iter().all(|tag| vm.tags.contains(tag)) {
            return Ok(CreatedVm { vm, password: None });
        }
        Err(VmError::Refused(format!("the name {name} is taken by a machine that is not ours")))
    }

    /// Why a machine that is not up never will be. As long as that cannot be learnt it may be.
    async fn failure(&self, id: &str) -> Option<VmState> {
        let (sort, per_page) = (("sort", "id:asc"), PER_PAGE.to_string());
        let first_page = [sort, ("page", "1"), ("per_page", per_page.as_str())];
        match self.api.read::<Actions>(&["servers", id, "actions"], &first_page).await {
            Ok(actions) => actions.failure(),
            Err(error) => {
                tracing::info!(%error, id, "the actions of a machine that is not up cannot be read");
                None
            }
        }
    }

    /// An action without a body.
    async fn act(&self, id: &VmId, action: &str) -> Result<(), VmError> {
        let answer = self.api.send(Method::POST, &["servers", checked(id)?, "actions", action]).await?;
        if is_done(&answer) { Ok(()) } else { Err(failure::refused(&answer)) }
    }
}

/// What first boot runs: plain text within Hetzner's limit.
fn cloud_config(os: Os, user_data: &UserData) -> Result<&str, VmError> {
    match (os, user_data) {
        (Os::Linux, UserData::CloudConfig(text)) if text.len() <= USER_DATA_MAX => Ok(text),
        (Os::Linux, UserData::CloudConfig(text)) => {
            Err(VmError::Refused(format!("{} bytes of user data; {USER_DATA_MAX} are taken", text.len())))
        }
        _ => Err(unsupported("run Windows")),
    }
}

fn unsupported(what: &'static str) -> VmError {
    VmError::Unsupported { provider: Provider::Hetzner, what }
}
