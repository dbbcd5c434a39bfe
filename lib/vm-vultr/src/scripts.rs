//! Startup scripts: how Windows runs something at its first boot.
//!
//! A script is an object of its own. It is named like its machine, so that a repeated create finds it again
//! and a delete can take it along. One whose machine never came is taken away by the order's next attempt here; it
//! stays when there is none, and costs nothing.

use app::ports::VmError;
use domain::vm::parse_vm_name;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use vm_http::{ACT_TIME_LIMIT, body, is_done, page};

use crate::client::Client;
use crate::failure;
use crate::pages::Meta;

#[derive(Deserialize)]
pub(crate) struct Script {
    id: String,
    #[serde(default, deserialize_with = "http_call::lenient::word")]
    name: String,
}

page!(Scripts, "startup-scripts", startup_scripts: Script, meta: Meta);

#[derive(Deserialize)]
struct OneScript {
    startup_script: Script,
}

#[derive(Serialize)]
struct ScriptBody<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    /// Base64.
    script: &'a str,
}

/// A script that is ready to be named in a create.
pub(crate) struct ReadyScript {
    pub(crate) id: String,
    /// Whether it was made just now.
    pub(crate) is_new: bool,
}

impl Client {
    /// The script of that name with that content (base64): made, or an earlier one brought up to date.
    pub(crate) async fn ready_script(&self, name: &str, script: &str) -> Result<ReadyScript, VmError> {
        let content = ScriptBody { name, kind: "boot", script };
        let scripts = self.all::<Scripts>().await?;
        for old in scripts.iter().filter(|old| is_of_an_earlier_attempt(&old.name, name)) {
            self.discard_script(&old.id).await;
        }
        if let Some(found) = scripts.into_iter().find(|found| found.name == name) {
            self.write_script(&found.id, &content).await?;
            return Ok(ReadyScript { id: found.id, is_new: false });
        }
        let answer = self.api.send_json(Method::POST, &["startup-scripts"], &content, ACT_TIME_LIMIT).await?;
        if !answer.is_success() {
            return Err(failure::refused(&answer));
        }
        let made: OneScript = body(&answer)?;
        Ok(ReadyScript { id: made.startup_script.id, is_new: true })
    }

    /// Gives the script of that name other content; `false` when there is none.
    pub(crate) async fn rewrite_script(&self, name: &str, script: &str) -> Result<bool, VmError> {
        let Some(found) = self.scripts_named(name).await?.into_iter().next() else { return Ok(false) };
        self.write_script(&found.id, &ScriptBody { name, kind: "boot", script }).await?;
        Ok(true)
    }

    /// Deletes the scripts of that name, as far as possible: a script left over costs nothing.
    pub(crate) async fn discard_scripts(&self, name: &str) {
        let found = match self.scripts_named(name).await {
            Ok(found) => found,
            Err(error) => return tracing::warn!(%error, name, "the startup scripts cannot be listed"),
        };
        for script in found {
            self.discard_script(&script.id).await;
        }
    }

    /// Deletes one script, as far as possible.
    pub(crate) async fn discard_script(&self, id: &str) {
        match self.api.send(Method::DELETE, &["startup-scripts", id]).await {
            Ok(answer) if is_done(&answer) || answer.status == 404 => {}
            Ok(answer) => tracing::warn!(status = answer.status, id, "a startup script stays"),
            Err(error) => tracing::warn!(%error, id, "a startup script stays"),
        }
    }

    async fn write_script(&self, id: &str, content: &ScriptBody<'_>) -> Result<(), VmError> {
        let path = ["startup-scripts", id];
        let answer = self.api.send_json(Method::PATCH, &path, content, ACT_TIME_LIMIT).await?;
        if is_done(&answer) { Ok(()) } else { Err(failure::refused(&answer)) }
    }

    async fn scripts_named(&self, name: &str) -> Result<Vec<Script>, VmError> {
        let mut scripts = self.all::<Scripts>().await?;
        scripts.retain(|script| script.name == name);
        Ok(scripts)
    }
}

/// Whether a script belongs to an attempt that was written off before this one began.
fn is_of_an_earlier_attempt(name: &str, this: &str) -> bool {
    match (parse_vm_name(name), parse_vm_name(this)) {
        (Some((order, attempt)), Some((this_order, this_attempt))) => {
            order == this_order && attempt < this_attempt
        }
        _ => false,
    }
}
