//! `POST /v2/droplets`: every check that the API makes, then a droplet.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::actions::begin;
use super::machine::{ACTIVE, Own, new, shape};
use super::{DigitalOcean, bad_request, catalogue, object, unprocessable};
use crate::machines::{self, New, Play};
use crate::operation::Call;
use crate::world::{Shared, World, locked};

const USER_DATA_MAX: usize = 64 << 10;
const NAME_MAX: usize = 255;
const TAG_MAX: usize = 255;
/// What a droplet can have besides, by the field that asks for it.
const FEATURES: &[(&str, &str)] = &[("backups", "backups"), ("ipv6", "ipv6"), ("monitoring", "monitoring")];

/// Answers 202 with the droplet, which has no address yet, and a link to the action that makes it.
pub(super) async fn create(State(world): State<Shared>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("The request body is not valid JSON.") };
    let tags: Vec<&str> = fields["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let subject = format!("{} {}", fields["name"].as_str().unwrap_or_default(), tags.join(" "));
    let call = DigitalOcean::call("digitalocean.create", &subject);
    call.run(&world, async { open(&world, &call, &fields) }).await
}

fn open(world: &Shared, call: &Call<'_>, fields: &Value) -> Response {
    let new = match checked(world, fields) {
        Ok(new) => new,
        Err(text) => return unprocessable(&text),
    };
    let mut inventory = locked(&world.digitalocean.inventory);
    machines::open(world, call, &mut inventory, new, |machine| {
        let action = begin(world, "create", machine, ACTIVE);
        let href = format!("{}/digitalocean/v2/actions/{}", world.base_url, action["id"]);
        let answer = json!({
            "droplet": shape(machine, world.clock, world.clock.now_ms()),
            "links": {"actions": [{"id": action["id"], "rel": "create", "href": href}]},
        });
        (StatusCode::ACCEPTED, Json(answer)).into_response()
    })
}

fn checked(world: &World, fields: &Value) -> Result<New<DigitalOcean>, String> {
    let name = required(fields, "name")?;
    if !is_name(name) {
        return Err("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)".into());
    }
    let size = catalogue::find_size(required(fields, "size")?)
        .ok_or("You specified an invalid size for Droplet creation.")?;
    let image = fields.get("image").and_then(catalogue::find_image);
    let image = image.ok_or("You specified an invalid image for Droplet creation.")?;
    let region = catalogue::find_region(required(fields, "region")?)
        .ok_or("You specified an invalid region for Droplet creation.")?;
    if !region.available {
        return Err("Region is not available".into());
    }
    if !region.stocks(size) {
        return Err("Size is not available in this region.".into());
    }
    let mut features = vec!["private_networking"];
    for (field, feature) in FEATURES {
        match fields.get(field) {
            None | Some(Value::Null | Value::Bool(false)) => {}
            Some(Value::Bool(true)) => features.push(feature),
            Some(_) => return Err(format!("{field} must be a boolean")),
        }
    }
    let user_data = match fields.get("user_data") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.len() <= USER_DATA_MAX => Some(text.as_bytes().to_vec()),
        Some(_) => return Err("User data must be plain text and may not exceed 64 KiB.".into()),
    };
    let own = Own { region, size, image, features };
    Ok(new(world, name.to_owned(), tags(fields)?, own, user_data.filter(|data| !data.is_empty())))
}

fn required<'a>(fields: &'a Value, name: &str) -> Result<&'a str, String> {
    let text = fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| format!("{name} is required"))
}

fn tags(fields: &Value) -> Result<Vec<String>, String> {
    let tags = match fields.get("tags") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(tags) => tags.as_array().ok_or("tags must be an array")?,
    };
    let tag = |tag: &Value| tag.as_str().filter(|tag| is_tag(tag)).map(str::to_owned);
    tags.iter()
        .map(tag)
        .collect::<Option<_>>()
        .ok_or_else(|| "Tag names may contain letters, numbers, colons, dashes, and underscores.".to_owned())
}

/// `^[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]$`
fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    name.len() <= NAME_MAX
        && name.bytes().all(allowed)
        && name.as_bytes().last().is_some_and(u8::is_ascii_alphanumeric)
}

fn is_tag(tag: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':');
    (1..=TAG_MAX).contains(&tag.len()) && tag.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tags_keep_their_documented_patterns() {
        for (name, is) in [
            ("ord.01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1", true),
            ("Web-1.example.com", true),
            (".a", true),
            ("ord_1", false),
            ("a-", false),
            ("a.", false),
            ("", false),
        ] {
            assert_eq!(is_name(name), is, "{name}");
        }
        for (tag, is) in
            [("ord_01K", true), ("env:prod-1", true), ("a tag", false), ("a.b", false), ("", false)]
        {
            assert_eq!(is_tag(tag), is, "{tag}");
        }
    }
}
