//! Making a machine.

use app::ports::{CreateVm, CreatedVm, UserData, VmError};
use domain::catalogue::{Os, Provider};
use reqwest::Method;
use serde::Serialize;
use serde_json::Value;
use vm_http::{CREATE_TIME_LIMIT, body};

use crate::client::Client;
use crate::droplet::OneDroplet;
use crate::failure;
use crate::name;

/// The longest user data that is taken.
const USER_DATA_MAX: usize = 64 << 10;
/// The longest tag.
const TAG_MAX: usize = 255;

/// `POST /v2/droplets`. There is no field for a password: the first boot sets those that are needed.
#[derive(Serialize)]
struct CreateBody<'a> {
    name: &'a str,
    region: &'a str,
    size: &'a str,
    image: Value,
    tags: &'a [String],
    /// Plain, not base64.
    user_data: &'a str,
    /// A bool, and paid for.
    backups: bool,
    ipv6: bool,
    /// Traffic is counted by its agent.
    monitoring: bool,
    /// The agent of the portal's console, which is a way into a customer's machine.
    with_droplet_agent: bool,
}

impl Client {
    pub(crate) async fn made(&self, request: &CreateVm) -> Result<CreatedVm, VmError> {
        let user_data = match (request.os, &request.user_data) {
            (Os::Linux, UserData::CloudConfig(text)) => text,
            _ => return Err(no_windows()),
        };
        if user_data.len() > USER_DATA_MAX {
            return Err(VmError::Refused(format!("user data of more than {USER_DATA_MAX} bytes")));
        }
        if let Some(tag) = request.tags.iter().find(|tag| !is_tag(tag)) {
            return Err(VmError::Refused(format!("a tag that is not allowed: {tag}")));
        }
        let name = name::spelled(&request.name)
            .ok_or_else(|| VmError::Refused(format!("a name that is not allowed: {}", request.name)))?;
        let region = &request.offering.provider_region;
        let body_sent = CreateBody {
            name: &name,
            region,
            size: &request.offering.plan,
            image: self.image(&request.offering.image, region).await?,
            tags: &request.tags,
            user_data,
            backups: false,
            ipv6: false,
            monitoring: true,
            with_droplet_agent: false,
        };
        let answer = self.api.send_json(Method::POST, &["droplets"], &body_sent, CREATE_TIME_LIMIT).await?;
        if !answer.is_success() {
            return Err(failure::refused_create(&answer));
        }
        Ok(body::<OneDroplet>(&answer)?.droplet.read())
    }
}

fn no_windows() -> VmError {
    VmError::Unsupported { provider: Provider::Digitalocean, what: "make Windows machines: it has no image" }
}

fn is_tag(tag: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':');
    !tag.is_empty() && tag.len() <= TAG_MAX && tag.bytes().all(plain)
}
