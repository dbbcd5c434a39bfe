//! `POST /instances`: every check that the API makes, then a machine.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::catalogue::{self, OperatingSystem, Region};
use super::machine::{Own, new, shape_with_password};
use super::{Things, Vultr, bad_request, object};
use crate::desktops::Os;
use crate::machines::{self, New, Play as _};
use crate::operation::Call;
use crate::world::{Shared, locked};

/// What can be installed from; exactly one must be given.
const SOURCES: &[&str] = &["os_id", "iso_id", "snapshot_id", "app_id", "image_id"];
const HOSTNAME_WINDOWS_MAX: usize = 15;
const HOSTNAME_MAX: usize = 63;
const TEXT_MAX: usize = 255;
const TAGS_MAX: usize = 50;

/// Answers 202 with the only sight of `default_password`.
pub(super) async fn create(State(world): State<Shared>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON in request body") };
    let subject = format!("{} {}", fields["label"].as_str().unwrap_or_default(), tag_list(&fields).join(" "));
    let call = Vultr::call("vultr.create", &subject);
    call.run(&world, async { open(&world, &call, &fields) }).await
}

fn tag_list(fields: &Value) -> Vec<&str> {
    fields["tags"].as_array().map(|tags| tags.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn open(world: &Shared, call: &Call<'_>, fields: &Value) -> Response {
    let new = match checked(&locked(&world.vultr.things), fields) {
        Ok(new) => new,
        Err(text) => return bad_request(&text),
    };
    let mut inventory = locked(&world.vultr.inventory);
    machines::open(world, call, &mut inventory, new, |machine| {
        let instance = shape_with_password(machine, world.clock, world.clock.now_ms());
        (StatusCode::ACCEPTED, Json(json!({"instance": instance}))).into_response()
    })
}

fn checked(things: &Things, fields: &Value) -> Result<New<Vultr>, String> {
    if fields.get("password").is_some() {
        return Err("Invalid parameter: password".into());
    }
    let region = catalogue::find_region(required(fields, "region")?).ok_or("Invalid region.")?;
    let plan = catalogue::find_plan(required(fields, "plan")?).ok_or("Invalid plan chosen.")?;
    let os = operating_system(fields)?;
    if !region.stocks(plan) {
        return Err("Server add failed: Plan is not available in the selected region".into());
    }
    if !plan.runs(os.desktop()) {
        return Err("Server add failed: Operating system is not supported on the selected plan".into());
    }
    let script_id = optional(fields, "script_id")?;
    let script = things.script(&script_id);
    if !script_id.is_empty() && script.is_none() {
        return Err("Invalid startup script".into());
    }
    let firewall_group_id = optional(fields, "firewall_group_id")?;
    if !firewall_group_id.is_empty() && !things.has_group(&firewall_group_id) {
        return Err("Invalid firewall group".into());
    }
    let own = Own {
        region,
        plan,
        os,
        user_data: user_data(fields)?.unwrap_or_default(),
        script_id,
        firewall_group_id,
        user_scheme: linux_only(fields, os.desktop())?,
        password_until_ms: None,
        features: features(fields, region)?,
    };
    let (label, tags) = (optional(fields, "label")?, tags(fields)?.unwrap_or_default());
    Ok(new(label, tags, hostname(fields, os.desktop())?, own, script))
}

fn operating_system(fields: &Value) -> Result<&'static OperatingSystem, String> {
    let given: Vec<&str> =
        SOURCES.iter().copied().filter(|s| fields.get(s).is_some_and(|v| !v.is_null())).collect();
    let [source] = given[..] else {
        return Err(format!("Exactly one of {} must be given", SOURCES.join(", ")));
    };
    if source != "os_id" {
        return Err(format!("Invalid {source}"));
    }
    let id = fields["os_id"].as_u64().ok_or("os_id must be an integer")?;
    catalogue::find_system(id).ok_or_else(|| "Invalid operating system chosen.".to_owned())
}

fn features(fields: &Value, region: &Region) -> Result<Vec<&'static str>, String> {
    let mut features = Vec::new();
    match fields.get("backups") {
        None => {}
        Some(Value::String(text)) if text == "enabled" => features.push("auto_backups"),
        Some(Value::String(text)) if text == "disabled" => {}
        Some(_) => return Err("backups must be the string enabled or disabled".into()),
    }
    for (name, feature) in [("enable_ipv6", "ipv6"), ("ddos_protection", "ddos_protection")] {
        match fields.get(name) {
            None | Some(Value::Bool(false)) => {}
            Some(Value::Bool(true)) => features.push(feature),
            Some(_) => return Err(format!("{name} must be a boolean")),
        }
    }
    if features.contains(&"ddos_protection") && !region.ddos_protection {
        return Err("DDoS protection is not available in the selected region".into());
    }
    Ok(features)
}

/// Checks what only Linux takes; the user scheme.
fn linux_only(fields: &Value, os: Os) -> Result<String, String> {
    let keys = fields.get("sshkey_id").filter(|keys| !keys.is_null());
    if keys.is_some_and(|keys| !keys.as_array().is_some_and(|keys| keys.iter().all(Value::is_string))) {
        return Err("sshkey_id must be an array of strings".into());
    }
    let scheme = optional(fields, "user_scheme")?;
    if os == Os::Windows && (keys.is_some() || !scheme.is_empty()) {
        return Err("SSH keys and user schemes are only valid for Linux and FreeBSD".into());
    }
    match scheme.as_str() {
        "" | "root" => Ok("root".into()),
        "limited" => Ok(scheme),
        _ => Err("Invalid user_scheme".into()),
    }
}

pub(super) fn hostname(fields: &Value, os: Os) -> Result<String, String> {
    let hostname = optional(fields, "hostname")?;
    let most = if os == Os::Windows { HOSTNAME_WINDOWS_MAX } else { HOSTNAME_MAX };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if hostname.is_empty() {
        Ok("vultr".into())
    } else if hostname.len() > most || !hostname.bytes().all(allowed) {
        Err("Invalid hostname".into())
    } else {
        Ok(hostname)
    }
}

/// Present and base64, or absent.
pub(super) fn user_data(fields: &Value) -> Result<Option<String>, String> {
    match fields.get("user_data") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if STANDARD.decode(text).is_ok() => Ok(Some(text.clone())),
        Some(_) => Err("user_data must be base64 encoded".into()),
    }
}

/// Present and an array of short strings, or absent.
pub(super) fn tags(fields: &Value) -> Result<Option<Vec<String>>, String> {
    let tags = match fields.get("tags") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(tags)) if tags.len() <= TAGS_MAX => tags,
        Some(_) => return Err(format!("tags must be an array of at most {TAGS_MAX} strings")),
    };
    let text = |tag: &Value| tag.as_str().filter(|t| !t.is_empty() && t.len() <= TEXT_MAX).map(str::to_owned);
    tags.iter()
        .map(|tag| text(tag).ok_or_else(|| "Invalid tag".to_owned()))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn required<'a>(fields: &'a Value, name: &str) -> Result<&'a str, String> {
    fields.get(name).and_then(Value::as_str).ok_or_else(|| format!("{name} is required and must be a string"))
}

/// A short string; empty when absent.
pub(super) fn optional(fields: &Value, name: &str) -> Result<String, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) if text.len() <= TEXT_MAX => Ok(text.clone()),
        Some(_) => Err(format!("{name} must be a string of at most {TEXT_MAX} characters")),
    }
}
