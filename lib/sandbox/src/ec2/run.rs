//! `RunInstances`: every check that the API makes, then a machine, once per client token.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::describe::{OWNER, reservation_id};
use super::key_pair::KEY_NAME;
use super::query::Query;
use super::view::View;
use super::xml::answer;
use super::{Ec2, Own, instance_id, offers, refused, words};
use crate::desktops::Os;
use crate::machines::{Inventory, New, Play as _, open};
use crate::random;
use crate::world::{Shared, World, locked};

/// Before it is encoded.
const USER_DATA_BYTES_MAX: usize = 16_384;
const CLIENT_TOKEN_CHARS_MAX: usize = 64;
const TAGS_MAX: usize = 50;
const TAG_KEY_CHARS_MAX: usize = 128;
const TAG_VALUE_CHARS_MAX: usize = 256;
const DISK_GB_MAX: u32 = 16_384;

pub(super) async fn run(world: &Shared, query: &Query) -> Response {
    let tags = tags(query);
    let token = query.get("ClientToken").unwrap_or_default();
    let shown: Vec<&str> = tags.iter().map(|(_, value)| value.as_str()).chain([token]).collect();
    let subject = shown.join(" ");
    let call = Ec2::call("ec2.create", &subject);
    call.run(world, async {
        let mut inventory = locked(&world.ec2.inventory);
        if let Some(known) = known(world, query, &inventory) {
            return known;
        }
        match checked(query, tags) {
            Err(refusal) => *refusal,
            Ok(_) if query.get("DryRun") == Some("true") => {
                refused("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
            }
            Ok(mut new) => {
                new.own.launched_at_ms = world.clock.now_ms();
                open(world, &call, &mut inventory, new, |machine| {
                    made(&View::of(machine, world.clock, world.clock.now_ms()))
                })
            }
        }
    })
    .await
}

/// The answer to a client token that was used before.
fn known(world: &World, query: &Query, inventory: &Inventory<Ec2>) -> Option<Response> {
    let token = query.get("ClientToken").filter(|token| !token.is_empty());
    let now = world.clock.now_ms();
    let is_it = |region: &str, used: Option<&str>| region == query.region && used.is_some() && used == token;
    let alive = inventory.machines().find(|m| is_it(&m.region, m.own.client_token.as_deref()));
    let ended = || {
        let views = locked(&world.ec2.ended).views(world.clock, now);
        views.into_iter().find(|view| is_it(&view.region, view.client_token.as_deref()))
    };
    let is_alive = alive.is_some();
    let view = alive.map(|machine| View::of(machine, world.clock, now)).or_else(ended)?;
    Some(if view.fingerprint != query.fingerprint() {
        let text = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
        refused("IdempotentParameterMismatch", text)
    } else if is_alive {
        made(&view)
    } else {
        let text = "The instance that this client token was used for has been terminated.";
        refused("IdempotentInstanceTerminated", text)
    })
}

fn made(view: &View) -> Response {
    answer("RunInstances", |xml| {
        xml.text("reservationId", reservation_id()).text("ownerId", OWNER);
        xml.set("instancesSet", [view], |xml, view| view.write(xml));
    })
}

/// The tags of the instance, in the order in which they were given.
fn tags(query: &Query) -> Vec<(String, String)> {
    let specifications = query.members("TagSpecification");
    let of_instance = specifications
        .iter()
        .filter(|prefix| query.get(&format!("{prefix}.ResourceType")) == Some("instance"));
    let tag = |prefix: String| {
        let text = |part: &str| query.get(&format!("{prefix}.{part}")).unwrap_or_default().to_owned();
        (text("Key"), text("Value"))
    };
    of_instance.flat_map(|prefix| query.members(&format!("{prefix}.Tag"))).map(tag).collect()
}

fn checked(query: &Query, tags: Vec<(String, String)>) -> Result<New<Ec2>, Box<Response>> {
    for name in ["MinCount", "MaxCount"] {
        if query.required(name)? != "1" {
            return Err(invalid(&format!("Value for parameter {name} is invalid: one at a time is played")));
        }
    }
    let image = offers::image(query.required("ImageId")?)?;
    let kind = query.get("InstanceType").unwrap_or("m1.small");
    let kind =
        offers::kind(kind).ok_or_else(|| invalid(&format!("Invalid value '{kind}' for InstanceType.")))?;
    if !kind.is_in(&query.region) {
        let text = format!(
            "Your requested instance type ({}) is not supported in your requested Availability Zone.",
            kind.id
        );
        return Err(Box::new(refused("Unsupported", &text)));
    }
    let key_name = query.get("KeyName").map(str::to_owned);
    if let Some(name) = key_name.as_deref().filter(|name| *name != KEY_NAME) {
        let text = format!("The key pair '{name}' does not exist");
        return Err(Box::new(refused("InvalidKeyPair.NotFound", &text)));
    }
    check_network(query)?;
    check_disks(query, image.disk_gb)?;
    check_tags(&tags)?;
    let token = query.get("ClientToken").filter(|token| !token.is_empty());
    if token.is_some_and(|token| token.len() > CLIENT_TOKEN_CHARS_MAX || !token.is_ascii()) {
        return Err(invalid("Client token is invalid: at most 64 ASCII characters"));
    }
    let user_data = user_data(query)?;
    let name = tags.iter().find(|(key, _)| key == "Name").map_or("", |(_, value)| value);
    Ok(New {
        id: instance_id(),
        label: name.to_owned(),
        tags: words(&tags),
        hostname: host_name(image.os, user_data.as_deref()),
        region: query.region.clone(),
        plan: kind.id.to_owned(),
        os: image.os,
        password: (image.os == Os::Windows).then(random::password),
        user_data,
        script: None,
        own: Own {
            image: image.id.to_owned(),
            key_name,
            tags,
            client_token: token.map(str::to_owned),
            fingerprint: query.fingerprint(),
            launched_at_ms: 0,
        },
    })
}

fn check_network(query: &Query) -> Result<(), Box<Response>> {
    let is_id = |id: &str, prefix: &str| {
        id.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() >= 8 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    if let Some(group) = query.list("SecurityGroupId").into_iter().find(|id| !is_id(id, "sg-")) {
        let text = format!("The security group '{group}' does not exist");
        return Err(Box::new(refused("InvalidGroup.NotFound", &text)));
    }
    match query.get("SubnetId").filter(|id| !is_id(id, "subnet-")) {
        Some(subnet) => {
            let text = format!("The subnet ID '{subnet}' does not exist");
            Err(Box::new(refused("InvalidSubnetID.NotFound", &text)))
        }
        None => Ok(()),
    }
}

fn check_disks(query: &Query, least_gb: u32) -> Result<(), Box<Response>> {
    for prefix in query.members("BlockDeviceMapping") {
        let device = query.required(&format!("{prefix}.DeviceName"))?;
        let Some(size) = query.get(&format!("{prefix}.Ebs.VolumeSize")) else { continue };
        let size: Option<u32> = size.parse().ok().filter(|gb| (1..=DISK_GB_MAX).contains(gb));
        let Some(size) = size else { return Err(invalid("The volume size is invalid")) };
        if device == "/dev/sda1" && size < least_gb {
            let text =
                format!("Volume of size {size}GB is smaller than snapshot, expect size >= {least_gb}GB");
            return Err(Box::new(refused("InvalidBlockDeviceMapping", &text)));
        }
    }
    Ok(())
}

fn check_tags(tags: &[(String, String)]) -> Result<(), Box<Response>> {
    if tags.len() > TAGS_MAX {
        return Err(Box::new(refused("TagLimitExceeded", "The maximum number of tags is 50")));
    }
    for (index, (key, value)) in tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > TAG_KEY_CHARS_MAX || key.starts_with("aws:") {
            return Err(invalid(&format!("Tag key '{key}' is invalid")));
        }
        if value.chars().count() > TAG_VALUE_CHARS_MAX {
            return Err(invalid("Tag value exceeds the maximum length of 256 characters"));
        }
        if tags[..index].iter().any(|(other, _)| other == key) {
            return Err(invalid(&format!("Duplicate tag key '{key}' specified.")));
        }
    }
    Ok(())
}

/// Decoded, as the guest reads it.
fn user_data(query: &Query) -> Result<Option<Vec<u8>>, Box<Response>> {
    let Some(text) = query.get("UserData").filter(|text| !text.is_empty()) else { return Ok(None) };
    let data = BASE64.decode(text).map_err(|_| {
        Box::new(refused("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."))
    })?;
    if data.len() > USER_DATA_BYTES_MAX {
        return Err(invalid("User data is limited to 16384 bytes"));
    }
    Ok(Some(data))
}

/// What cloud-init is told, or what EC2 calls a machine otherwise.
fn host_name(os: Os, user_data: Option<&[u8]>) -> String {
    let text = String::from_utf8_lossy(user_data.unwrap_or_default()).into_owned();
    let wanted = text.lines().find_map(|line| line.strip_prefix("hostname:"));
    let wanted = wanted.map(|name| name.trim().trim_matches(['"', '\'']));
    let is_name = |name: &&str| {
        (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    match (os, wanted.filter(is_name)) {
        (Os::Linux, Some(name)) => name.to_owned(),
        (Os::Linux, None) => format!("ip-172-31-{}-{}", random::below(250), random::below(250)),
        (Os::Windows, _) => format!("EC2AMAZ-{}", random::code(7).to_uppercase()),
    }
}

fn invalid(text: &str) -> Box<Response> {
    Box::new(refused("InvalidParameterValue", text))
}
