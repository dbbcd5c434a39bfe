//! From where a machine's RDP is reached: a firewall group of its own, described by the machine's label.
//!
//! A group lets in what its rules name and nothing else, SSH included. Every step can be repeated after a lost
//! answer: it looks at what is there and does what is missing.

use std::collections::BTreeSet;
use std::net::IpAddr;

use app::ports::VmError;
use domain::vm::{RDP_PORT, VmId};
use http_call::{Answer, lenient};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use vm_http::failure::before_acting;
use vm_http::{ACT_TIME_LIMIT, Page, body, is_done, page};

use crate::client::Client;
use crate::failure;
use crate::instance::OneInstance;
use crate::pages::Meta;

/// Addresses that one machine can let in. A group holds 50 rules, and new ones come before old ones go.
const SOURCES_MAX: usize = 20;

#[derive(Deserialize)]
pub(crate) struct Group {
    id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    description: String,
}

page!(Groups, "firewalls", firewall_groups: Group, meta: Meta);

#[derive(Deserialize)]
struct OneGroup {
    firewall_group: Group,
}

#[derive(Deserialize)]
pub(crate) struct Rule {
    #[serde(deserialize_with = "lenient::word")]
    id: String,
    #[serde(default, deserialize_with = "lenient::word")]
    protocol: String,
    #[serde(default, deserialize_with = "lenient::word")]
    port: String,
    #[serde(default, deserialize_with = "lenient::word")]
    subnet: String,
    #[serde(default, deserialize_with = "lenient::integer")]
    subnet_size: Option<i64>,
    #[serde(default, deserialize_with = "lenient::word")]
    source: String,
}

page!(Rules, "rules", firewall_rules: Rule, meta: Meta);

impl Rule {
    /// Whether it lets RDP in from exactly this address.
    fn admits(&self, source: IpAddr) -> bool {
        self.protocol.eq_ignore_ascii_case("tcp")
            && self.port == RDP_PORT.to_string()
            && self.subnet.parse() == Ok(source)
            && self.subnet_size == Some(host_bits(source))
            && self.source.is_empty()
    }
}

impl Client {
    /// Lets RDP in only from `sources`; from everywhere when there are none.
    ///
    /// # Errors
    /// [`VmError`]. Whatever it is, a repeat takes up what was left half done.
    pub(crate) async fn let_in(&self, id: &VmId, sources: &[IpAddr]) -> Result<(), VmError> {
        if sources.len() > SOURCES_MAX {
            return Err(VmError::Refused(format!("more than {SOURCES_MAX} addresses")));
        }
        let instance = self.api.read::<OneInstance>(&["instances", &id.0], &[]).await?.instance;
        if instance.label().is_empty() {
            return Err(VmError::Refused("a machine without a name has no firewall group".to_owned()));
        }
        let groups = self.groups_of(instance.label()).await.map_err(before_acting)?;
        let attached = instance.firewall_group();
        if sources.is_empty() {
            if groups.iter().any(|group| group.id == attached) {
                self.attach(id, "").await?;
            }
            for group in groups {
                self.delete_group(&group.id).await?;
            }
            return Ok(());
        }
        // Of several, which lost answers have made, the one that the machine is in.
        let ours = groups.iter().find(|group| group.id == attached).or(groups.first());
        let group = match ours {
            Some(group) => group.id.clone(),
            None => self.make_group(instance.label()).await?,
        };
        self.set_rules(&group, sources).await?;
        if attached != group {
            self.attach(id, &group).await?;
        }
        for other in groups.iter().filter(|other| other.id != group) {
            self.delete_group(&other.id).await?;
        }
        Ok(())
    }

    /// Deletes the groups of a machine, as far as possible: one that is left over costs nothing. A machine that is
    /// still in one is open to everywhere from then on.
    pub(crate) async fn discard_groups(&self, label: &str) {
        let groups = match self.groups_of(label).await {
            Ok(groups) => groups,
            Err(error) => return tracing::warn!(%error, label, "the firewall groups cannot be listed"),
        };
        for group in groups {
            if let Err(error) = self.delete_group(&group.id).await {
                tracing::warn!(%error, id = group.id, "a firewall group stays");
            }
        }
    }

    async fn groups_of(&self, label: &str) -> Result<Vec<Group>, VmError> {
        let mut groups = self.all::<Groups>().await?;
        groups.retain(|group| group.description == label);
        Ok(groups)
    }

    async fn make_group(&self, label: &str) -> Result<String, VmError> {
        let fields = json!({"description": label});
        let answer = self.api.send_json(Method::POST, &["firewalls"], &fields, ACT_TIME_LIMIT).await;
        let answer = done(answer)?;
        Ok(body::<OneGroup>(&answer).map_err(before_acting)?.firewall_group.id)
    }

    /// Makes the rules of a group those of `sources`. The missing come first, so that nobody who may stay is shut
    /// out in between.
    async fn set_rules(&self, group: &str, sources: &[IpAddr]) -> Result<(), VmError> {
        let path = ["firewalls", group, Rules::PATH];
        // A group holds fewer rules than a page.
        let found = self.api.read::<Rules>(&path, &[("per_page", "500")]).await.map_err(before_acting)?;
        let (mut stale, _) = found.split();
        let wanted: BTreeSet<IpAddr> = sources.iter().map(IpAddr::to_canonical).collect();
        for source in wanted {
            if let Some(place) = stale.iter().position(|rule| rule.admits(source)) {
                stale.swap_remove(place);
                continue;
            }
            let fields = json!({
                "ip_type": if source.is_ipv4() { "v4" } else { "v6" },
                "protocol": "tcp",
                "port": RDP_PORT.to_string(),
                "subnet": source,
                "subnet_size": host_bits(source),
            });
            done(self.api.send_json(Method::POST, &path, &fields, ACT_TIME_LIMIT).await)?;
        }
        for rule in stale {
            let path = ["firewalls", group, Rules::PATH, &rule.id];
            gone(self.api.send(Method::DELETE, &path).await)?;
        }
        Ok(())
    }

    /// Puts a machine into a group; the empty one takes it out of any.
    async fn attach(&self, id: &VmId, group: &str) -> Result<(), VmError> {
        let change = json!({"firewall_group_id": group});
        let answer =
            self.api.send_json(Method::PATCH, &["instances", &id.0], &change, ACT_TIME_LIMIT).await?;
        if is_done(&answer) { Ok(()) } else { Err(failure::refused_action(&answer)) }
    }

    async fn delete_group(&self, group: &str) -> Result<(), VmError> {
        gone(self.api.send(Method::DELETE, &["firewalls", group]).await)
    }
}

/// How many bits of an address name one machine.
const fn host_bits(source: IpAddr) -> i64 {
    if source.is_ipv4() { 32 } else { 128 }
}

/// A success. A group that has vanished in the meantime is no missing machine, and every step can be repeated.
fn done(answer: Result<Answer, VmError>) -> Result<Answer, VmError> {
    let answer = answer.map_err(before_acting)?;
    if is_done(&answer) { Ok(answer) } else { Err(before_acting(failure::refused_action(&answer))) }
}

/// The same, for what may be gone already.
fn gone(answer: Result<Answer, VmError>) -> Result<(), VmError> {
    let answer = answer.map_err(before_acting)?;
    if is_done(&answer) {
        return Ok(());
    }
    match failure::refused_action(&answer) {
        VmError::NotFound => Ok(()),
        error => Err(before_acting(error)),
    }
}
