//! Making a machine, and making one as new.

use app::ports::{CreateVm, CreatedVm, Reinstall, VmError};
use domain::secret::Secret;
use domain::vm::{Vm, VmId};
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;
use vm_http::{ACT_TIME_LIMIT, CREATE_TIME_LIMIT, body, is_done};

use crate::client::Client;
use crate::failure;
use crate::instance::Instance;
use crate::inventory::{INSTANCES, path_of};
use crate::pages::Page;
use crate::request_id;
use crate::secrets::later_name;
use crate::user_data::{default_user, written};

/// Months that are paid at a time.
const PERIOD_MONTHS: u8 = 1;

/// `POST /v1/compute/instances`. `sshKeys` is left out: Windows refuses it even when it is empty.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateBody<'a> {
    image_id: &'a str,
    product_id: &'a str,
    region: &'a str,
    period: u8,
    display_name: &'a str,
    default_user: &'a str,
    /// The id of a secret.
    root_password: i64,
    user_data: &'a str,
}

/// `PUT /v1/compute/instances/{id}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReinstallBody<'a> {
    image_id: &'a str,
    default_user: &'a str,
    root_password: i64,
    user_data: &'a str,
}

impl Client {
    /// Makes a machine under the request id that the audits will know it by.
    pub(crate) async fn made(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        if !request_id::is_valid(&request.request_id) {
            return Err(VmError::Refused("a request id that is no UUID v4".to_owned()));
        }
        let user_data = written(request.os, &request.user_data, self.encoding)?;
        let image_id = self.image_id(&request.offering.image).await?;
        let root_password = self.make_secret(&request.name, &request.password).await?;
        let body = CreateBody {
            image_id: &image_id,
            product_id: &request.offering.plan,
            region: &request.offering.provider_region,
            period: PERIOD_MONTHS,
            display_name: &request.name,
            default_user: default_user(request.os),
            root_password,
            user_data: &user_data,
        };
        let made = self.send_create(&request.request_id, &body).await;
        // After an unclear answer there may be a machine that still has to read it.
        if made.as_ref().is_err_and(|error| !matches!(error, VmError::Unclear { .. })) {
            self.discard_secret(root_password).await;
        }
        Ok(CreatedVm { vm: named(made?, request), password: None })
    }

    async fn send_create(&self, request_id: &str, request: &CreateBody<'_>) -> Result<Vm, VmError> {
        let sent = self.send_as(request_id, Method::POST, INSTANCES, Some(request), CREATE_TIME_LIMIT);
        let begun = Instant::now();
        let answer = sent.await?;
        if !answer.is_success() {
            return Err(failure::refused_create(&answer, begun.elapsed()));
        }
        Ok(body::<Page<Instance>>(&answer)?.one()?.read())
    }

    /// Makes a machine as new. The secret is named after the machine, and takes the place of an earlier one.
    pub(crate) async fn made_as_new(&self, id: &VmId, request: &Reinstall) -> Result<(), VmError> {
        let path = path_of(id, &[])?;
        let user_data = written(request.os, &request.user_data, self.encoding)?;
        let image_id = self.image_id(&request.image).await?;
        let secret = self.make_later_secret(id, &request.password).await?;
        let body = ReinstallBody {
            image_id: &image_id,
            default_user: default_user(request.os),
            root_password: secret,
            user_data: &user_data,
        };
        self.act_with_secret(Method::PUT, &path, &body, secret).await
    }

    /// Sets the administrator's password on a running machine.
    pub(crate) async fn password_reset(&self, id: &VmId, password: &Secret<String>) -> Result<(), VmError> {
        let path = path_of(id, &["actions", "resetPassword"])?;
        let secret = self.make_later_secret(id, password).await?;
        let body = json!({"rootPassword": secret});
        self.act_with_secret(Method::POST, &path, &body, secret).await
    }

    async fn make_later_secret(&self, id: &VmId, password: &Secret<String>) -> Result<i64, VmError> {
        let name = later_name(id);
        self.discard_secrets(&name).await;
        self.make_secret(&name, password).await
    }

    /// An action that reads a secret. When the secret has served cannot be told, so it stays until it is old, the next
    /// such action or the machine's end; after a refusal it goes at once.
    async fn act_with_secret(
        &self,
        method: Method,
        path: &[&str],
        body: &(impl Serialize + Sync),
        secret: i64,
    ) -> Result<(), VmError> {
        let sent = self.send_as(&request_id::fresh(), method, path, Some(body), ACT_TIME_LIMIT).await;
        let done = match sent {
            Ok(answer) if is_done(&answer) => Ok(()),
            Ok(answer) => Err(failure::refused_action(&answer)),
            Err(error) => Err(error),
        };
        if done.as_ref().is_err_and(|error| !matches!(error, VmError::Unclear { .. })) {
            self.discard_secret(secret).await;
        }
        done
    }
}

/// The answer to a create does not repeat the name that it gave.
fn named(mut vm: Vm, request: &CreateVm) -> Vm {
    if vm.name.is_empty() {
        vm.name.clone_from(&request.name);
    }
    vm
}
