//! Passwords, which Contabo takes as objects of their own.
//!
//! A create names its secret like the machine, since there is no id yet; what comes later names it after the id. So
//! whoever looks at a machine knows the names of its secrets and can see them off when they have served.

use std::collections::HashSet;

use app::ports::VmError;
use domain::Timestamp;
use domain::secret::Secret;
use domain::vm::{Vm, VmId, VmState};
use http_call::lenient;
use jiff::SignedDuration;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use vm_http::failure::before_acting;
use vm_http::{body, is_done};

use crate::client::Client;
use crate::failure;
use crate::pages::Page;

/// The special characters that count, and the only ones that are allowed.
const SPECIAL: &str = "!@#$^&*?_~";
const PAGES_MAX: u32 = 5;
/// Machines that are remembered as having no secret any more.
const REMEMBERED_MAX: usize = 10_000;
/// When no action reads its secret any more: longer than an installation takes.
const SERVED_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// Secrets that one look deletes at most; the next goes on.
const SERVED_MAX: usize = 5;
const PATH: &[&str] = &["v1", "secrets"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredSecret {
    secret_id: i64,
    #[serde(default, deserialize_with = "lenient::word")]
    name: String,
    #[serde(default, deserialize_with = "lenient::text")]
    created_at: Option<String>,
}

impl StoredSecret {
    /// Whether any reinstall or reset that was given it has read it by now. One of unknown age has not.
    fn has_served(&self, now: Timestamp) -> bool {
        let made_at = self.created_at.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        made_at.is_some_and(|at| now.duration_since(at) >= SERVED_AFTER)
    }
}

#[derive(Serialize)]
struct SecretBody<'a> {
    name: &'a str,
    value: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
}

/// The name of the secret for a reinstall or another password.
pub(crate) fn later_name(id: &VmId) -> String {
    format!("instance {}", id.0)
}

/// Whether Contabo takes a password: at least 8 characters, both cases, and 1 digit with 2 special characters or
/// 3 digits with 1.
fn is_taken(password: &str) -> bool {
    let count = |kind: fn(char) -> bool| password.chars().filter(|c| kind(*c)).count();
    let digits = count(|c| c.is_ascii_digit());
    let specials = count(|c| SPECIAL.contains(c));
    password.chars().count() >= 8
        && count(|c| c.is_ascii_uppercase()) >= 1
        && count(|c| c.is_ascii_lowercase()) >= 1
        && ((digits >= 1 && specials >= 2) || (digits >= 3 && specials >= 1))
        && password.chars().all(|c| c.is_ascii_alphanumeric() || SPECIAL.contains(c))
}

impl Client {
    /// Hands a password over; returns the id that stands for it. Nothing has happened to a machine when it fails.
    pub(crate) async fn make_secret(&self, name: &str, password: &Secret<String>) -> Result<i64, VmError> {
        if !is_taken(password.expose()) {
            return Err(VmError::Refused("a password that breaks the provider's rule".to_owned()));
        }
        let secret = SecretBody { name, value: password.expose(), kind: "password" };
        let mut answer = self.send(Method::POST, PATH, Some(&secret)).await.map_err(before_acting)?;
        if answer.status == 409 {
            // An earlier attempt of the same call has left one.
            self.discard_secrets(name).await;
            answer = self.send(Method::POST, PATH, Some(&secret)).await.map_err(before_acting)?;
        }
        if !answer.is_success() {
            return Err(before_acting(failure::refused(&answer)));
        }
        let made = body::<Page<StoredSecret>>(&answer).and_then(Page::one).map_err(before_acting)?;
        Ok(made.secret_id)
    }

    /// Deletes one secret, as far as possible: one that stays can be read by whoever may set passwords anyway.
    pub(crate) async fn discard_secret(&self, id: i64) {
        let nothing = None::<&()>;
        match self.send(Method::DELETE, &["v1", "secrets", &id.to_string()], nothing).await {
            Ok(answer) if is_done(&answer) || answer.status == 404 => {}
            Ok(answer) => tracing::warn!(status = answer.status, id, "a secret stays"),
            Err(error) => tracing::warn!(%error, id, "a secret stays"),
        }
    }

    /// Deletes the secrets of exactly this name, as far as possible. Whether they could be listed.
    pub(crate) async fn discard_secrets(&self, name: &str) -> bool {
        let found = match self.all::<StoredSecret>(PATH, &[("name", name)], PAGES_MAX).await {
            Ok(found) => found,
            // There are no results for that name.
            Err(VmError::NotFound) => return true,
            Err(error) => {
                tracing::warn!(%error, name, "the secrets cannot be listed");
                return false;
            }
        };
        for secret in found.iter().filter(|secret| secret.name == name) {
            self.discard_secret(secret.secret_id).await;
        }
        true
    }

    /// Deletes the secret that a machine was made with once the machine is up, when every use of it is over. Once per
    /// machine and process.
    pub(crate) async fn discard_used_secret(&self, vm: &Vm) {
        if vm.state != VmState::Running || vm.name.is_empty() || self.remembers(&vm.id) {
            return;
        }
        if self.discard_secrets(&vm.name).await {
            self.remember(&vm.id);
        }
    }

    /// Deletes the secrets of reinstalls and of passwords that were set later, of those of these machines that run.
    /// `now`: by Contabo's clock, as the secrets' age is.
    pub(crate) async fn discard_served_secrets(&self, machines: &[Vm], now: Timestamp) {
        let running = machines.iter().filter(|vm| vm.state == VmState::Running);
        let names: HashSet<String> = running.map(|vm| later_name(&vm.id)).collect();
        if names.is_empty() {
            return;
        }
        let found = match self.all::<StoredSecret>(PATH, &[("type", "password")], PAGES_MAX).await {
            Ok(found) => found,
            Err(VmError::NotFound) => return,
            Err(error) => {
                tracing::warn!(%error, "the secrets cannot be listed");
                return;
            }
        };
        let served = found.iter().filter(|one| names.contains(&one.name) && one.has_served(now));
        for secret in served.take(SERVED_MAX) {
            self.discard_secret(secret.secret_id).await;
        }
    }

    fn remembers(&self, id: &VmId) -> bool {
        self.without_secret.lock().is_ok_and(|seen| seen.contains(id))
    }

    fn remember(&self, id: &VmId) {
        if let Ok(mut seen) = self.without_secret.lock() {
            if seen.len() >= REMEMBERED_MAX {
                seen.clear();
            }
            seen.insert(id.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_by_contabos_rule() {
        for (password, taken) in [
            ("PwdA?2092w#", true),
            ("Abcdef123_", true),
            ("Abcdefg1_~", true),
            ("Abcdefg12_", false),
            ("Abcdefg123", false),
            ("abcdef123_", false),
            ("ABCDEF123_", false),
            ("Ab123_!", false),
            ("Abcdef123_ ", false),
            ("Abcdef123_%", false),
            ("Äbcdef123_", false),
            ("", false),
        ] {
            assert_eq!(is_taken(password), taken, "{password}");
        }
    }
}
