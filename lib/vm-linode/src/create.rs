//! Making a machine.

use app::ports::{CreateVm, CreatedVm, VmError};
use reqwest::Method;
use serde::Serialize;
use vm_http::failure::of_taken;
use vm_http::{CREATE_TIME_LIMIT, body};

use crate::catalogue::Region;
use crate::client::Client;
use crate::failure;
use crate::first_boot::{FirstBoot, first_boot};
use crate::instance::Instance;
use crate::label::is_label;

/// `POST /v4/linode/instances`.
#[derive(Serialize)]
struct CreateBody<'a> {
    #[serde(rename = "type")]
    plan: &'a str,
    region: &'a str,
    image: String,
    label: &'a str,
    tags: &'a [String],
    /// Paid for.
    backups_enabled: bool,
    #[serde(flatten)]
    first_boot: FirstBoot<'a>,
}

impl Client {
    pub(crate) async fn made(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        let first_boot = first_boot(request.os, &request.user_data, &request.password)?;
        if !is_label(&request.name) {
            return Err(VmError::Refused(format!("a name that is not allowed: {}", request.name)));
        }
        let region = &request.offering.provider_region;
        self.runs_user_data(region).await?;
        let create = CreateBody {
            plan: &request.offering.plan,
            region,
            image: self.image(&request.offering.image).await?,
            label: &request.name,
            tags: &request.tags,
            backups_enabled: false,
            first_boot,
        };
        let path = ["linode", "instances"];
        let answer = self.api.send_json(Method::POST, &path, &create, CREATE_TIME_LIMIT).await?;
        if answer.is_success() {
            return Ok(body::<Instance>(&answer)?.read());
        }
        if failure::label_is_taken(&answer) {
            return self.adopted(&request.name).await;
        }
        Err(failure::refused_create(&answer))
    }

    /// Refuses a region of which it is known that user data does not run there: a machine would be paid for, and
    /// never become a desktop.
    async fn runs_user_data(&self, id: &str) -> Result<(), VmError> {
        let regions = self.known_regions.get_or_try_init(|| self.all::<Region>(&["regions"])).await;
        let regions = regions.map(Vec::as_slice).unwrap_or_else(|error| {
            tracing::warn!(%error, "the list of regions cannot be read");
            &[]
        });
        match regions.iter().find(|region| region.id == id) {
            Some(region) if !region.runs_user_data() => {
                Err(VmError::Refused(format!("the region {id} runs no user data: it has no Metadata")))
            }
            _ => Ok(()),
        }
    }

    /// The machine that has the label: an earlier call has made it.
    async fn adopted(&self, label: &str) -> Result<CreatedVm, VmError> {
        let Some(found) = self.labelled(label).await.map_err(of_taken)? else {
            let what = "a label that is taken by a machine which no list shows".to_owned();
            return Err(VmError::Unclear { what, source: None });
        };
        tracing::info!(label, id = found.vm.id.0, "the label is taken by a machine, which is adopted");
        Ok(found)
    }
}
