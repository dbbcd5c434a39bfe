//! The end of a machine. There is no delete: it is cancelled to the end of its paid period and turned off, and until
//! then it exists and is paid for.

use app::ports::{Deleted, VmError};
use domain::vm::VmId;
use http_call::Answer;
use jiff::civil::Date;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use vm_http::failure::before_acting;
use vm_http::{body, is_done};

use crate::client::Client;
use crate::failure;
use crate::instance::{Instance, date};
use crate::inventory::path_of;
use crate::pages::Page;
use crate::secrets::later_name;

#[derive(Deserialize)]
struct Cancelled {
    #[serde(rename = "cancelDate", default, deserialize_with = "date")]
    cancel_date: Option<Date>,
}

impl Client {
    /// Cancels a machine, once, and turns it off. It may be repeated until it says when the machine ends.
    ///
    /// # Errors
    /// `Refused` when only a person can cancel it.
    pub(crate) async fn cancelled(&self, id: &VmId) -> Result<Deleted, VmError> {
        let instance = match self.instance(id).await {
            Ok(instance) => instance,
            Err(VmError::NotFound) => return Ok(Deleted::Gone),
            Err(error) => return Err(before_acting(error)),
        };
        let may_run = instance.may_run();
        let cancelled = match instance.ends_on() {
            Some(day) => Ok(Some(day)),
            None => self.cancel(id).await,
        };
        match &cancelled {
            Ok(Some(_)) if may_run => self.stop_cancelled(id).await?,
            // It stays, but nobody shall be on it.
            Err(VmError::Refused(_)) if may_run => {
                if let Err(error) = self.stop_cancelled(id).await {
                    tracing::warn!(%error, id = id.0, "a machine that cannot be cancelled runs on");
                }
            }
            _ => {}
        }
        let Some(ends_on) = cancelled? else { return Ok(Deleted::Gone) };
        let vm = instance.read();
        if !vm.name.is_empty() {
            self.discard_secrets(&vm.name).await;
        }
        self.discard_secrets(&later_name(id)).await;
        Ok(Deleted::EndsOn(ends_on))
    }

    /// Gives notice; the day on which the machine ends, or `None` when it is gone.
    async fn cancel(&self, id: &VmId) -> Result<Option<Date>, VmError> {
        let answer = self.act_on(id, &["cancel"]).await?;
        if !answer.is_success() {
            // Whatever the words of a 422, waiting does not help.
            let for_a_person = answer.status == 422;
            let error =
                if for_a_person { failure::refused(&answer) } else { failure::refused_action(&answer) };
            return match error {
                VmError::NotFound => Ok(None),
                VmError::Refused(text) if for_a_person => Err(VmError::Refused(format!(
                    "this contract cannot be cancelled through the API: a person has to cancel it in the customer \
                     panel ({text})"
                ))),
                error => Err(error),
            };
        }
        let told =
            body::<Page<Cancelled>>(&answer).and_then(Page::one).ok().and_then(|told| told.cancel_date);
        if told.is_some() {
            return Ok(told);
        }
        match self.instance(id).await?.ends_on() {
            Some(day) => Ok(Some(day)),
            None => {
                Err(VmError::Unclear { what: "a cancellation without its date".to_owned(), source: None })
            }
        }
    }

    async fn stop_cancelled(&self, id: &VmId) -> Result<(), VmError> {
        let answer = self.act_on(id, &["actions", "stop"]).await?;
        if is_done(&answer) {
            return Ok(());
        }
        match failure::refused_stop(&answer) {
            VmError::NotFound => Ok(()),
            error => Err(error),
        }
    }

    /// One machine, as it is written.
    pub(crate) async fn instance(&self, id: &VmId) -> Result<Instance, VmError> {
        self.read::<Page<Instance>>(&path_of(id, &[])?, &[]).await?.one()
    }

    /// Something that is asked of a machine without saying more: the body `{}` has to be there.
    pub(crate) async fn act_on(&self, id: &VmId, action: &[&str]) -> Result<Answer, VmError> {
        self.send(Method::POST, &path_of(id, action)?, Some(&json!({}))).await
    }
}
