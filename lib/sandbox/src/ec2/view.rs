//! An instance as the API shows it.

use std::net::Ipv4Addr;

use super::Ec2;
use super::query::Filter;
use super::refused;
use super::shown::{self, State};
use super::xml::Xml;
use crate::clock::{Clock, iso_millis};
use crate::desktops::Os;
use crate::machines::Machine;
use axum::response::Response;

/// Everything that is shown of an instance, alive or terminated.
#[derive(Clone)]
pub(super) struct View {
    pub(super) place: u64,
    pub(super) id: String,
    pub(super) region: String,
    pub(super) state: State,
    pub(super) checks: &'static str,
    pub(super) client_token: Option<String>,
    pub(super) fingerprint: String,
    image: String,
    kind: String,
    key_name: Option<String>,
    tags: Vec<(String, String)>,
    is_windows: bool,
    address: Option<Ipv4Addr>,
    launched_at_ms: i64,
}

impl View {
    pub(super) fn of(machine: &Machine<Ec2>, clock: Clock, now_ms: i64) -> Self {
        let shown = shown::of(machine, clock, now_ms);
        Self {
            place: machine.place,
            id: machine.id.clone(),
            region: machine.region.clone(),
            state: shown.state,
            checks: shown.checks,
            client_token: machine.own.client_token.clone(),
            fingerprint: machine.own.fingerprint.clone(),
            image: machine.own.image.clone(),
            kind: machine.plan.clone(),
            key_name: machine.own.key_name.clone(),
            tags: machine.own.tags.clone(),
            is_windows: machine.os == Os::Windows,
            address: (shown.state == State::Running).then_some(machine.address),
            launched_at_ms: machine.own.launched_at_ms,
        }
    }

    /// The same instance, terminated: without addresses.
    pub(super) fn terminated(mut self) -> Self {
        self.address = None;
        self.state = State::ShuttingDown;
        self.checks = "not-applicable";
        self
    }

    /// Whether it passes every filter.
    ///
    /// # Errors
    /// The refusal of a filter that there is not.
    pub(super) fn passes(&self, filters: &[Filter]) -> Result<bool, Box<Response>> {
        let mut passes = true;
        for filter in filters {
            passes &= match filter.name.as_str() {
                "client-token" => filter.fits(self.client_token.as_deref()),
                "instance-id" => filter.fits([self.id.as_str()]),
                "instance-state-name" => filter.fits([self.state.name()]),
                "instance-type" => filter.fits([self.kind.as_str()]),
                "tag-key" => filter.fits(self.tags.iter().map(|(key, _)| key.as_str())),
                name => match name.strip_prefix("tag:") {
                    Some(wanted) => {
                        let values = self.tags.iter().filter(|(key, _)| key == wanted);
                        filter.fits(values.map(|(_, value)| value.as_str()))
                    }
                    None => {
                        let text = format!("The filter '{name}' is invalid");
                        return Err(Box::new(refused("InvalidParameterValue", &text)));
                    }
                },
            };
        }
        Ok(passes)
    }

    /// The fields of an `item` in `instancesSet`.
    pub(super) fn write(&self, xml: &mut Xml) {
        let private = format!("172.31.{}.{}", self.place / 250 % 250, self.place % 250 + 4);
        xml.text("instanceId", &self.id)
            .text("imageId", &self.image)
            .within("instanceState", |xml| write_state(xml, self.state))
            .text("privateDnsName", format!("ip-{}.ec2.internal", private.replace('.', "-")))
            .text("dnsName", "")
            .text("reason", "")
            .some("keyName", self.key_name.as_ref())
            .text("amiLaunchIndex", 0)
            .text("instanceType", &self.kind)
            .text("launchTime", iso_millis(self.launched_at_ms))
            .within("placement", |xml| {
                xml.text("availabilityZone", format!("{}a", self.region)).text("tenancy", "default");
            })
            .some("platform", self.is_windows.then_some("windows"))
            .within("monitoring", |xml| _ = xml.text("state", "disabled"))
            .text("subnetId", "subnet-0a1b2c3d4e5f60718")
            .text("vpcId", "vpc-0a1b2c3d4e5f60718")
            .text("privateIpAddress", private)
            .some("ipAddress", self.address)
            .text("architecture", "x86_64")
            .text("rootDeviceType", "ebs")
            .text("rootDeviceName", "/dev/sda1")
            .text("virtualizationType", "hvm")
            .some("clientToken", self.client_token.as_ref())
            .set("tagSet", &self.tags, |xml, (key, value)| _ = xml.text("key", key).text("value", value));
        if matches!(self.state, State::ShuttingDown | State::Terminated) {
            let code = "Client.UserInitiatedShutdown";
            xml.within("stateReason", |xml| {
                xml.text("code", code).text("message", format!("{code}: User initiated shutdown"));
            });
        }
    }
}

/// The fields of a state.
pub(super) fn write_state(xml: &mut Xml, state: State) {
    xml.text("code", state.code()).text("name", state.name());
}
