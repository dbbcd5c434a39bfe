//! `POST /servers`: every check that the API makes, then a server.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::actions::{begin, begin_failing};
use super::machine::{Own, STARTED, SWITCHING, new, shape};
use super::{Hetzner, catalogue, invalid, labels, object};
use crate::machines::{self, New, Play};
use crate::operation::{Call, Service};
use crate::world::{Shared, World, locked};

const USER_DATA_MAX: usize = 32 << 10;
const NAME_MAX: usize = 253;
const NAME_PART_MAX: usize = 63;

/// Answers 201 with the server, its actions and the only sight of `root_password`.
pub(super) async fn create(State(world): State<Shared>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return invalid("invalid JSON") };
    let values: Vec<&str> =
        fields["labels"].as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str()).collect();
    let subject = format!("{} {}", fields["name"].as_str().unwrap_or_default(), values.join(" "));
    let call = Hetzner::call("hetzner.create", &subject);
    call.run(&world, async { open(&world, &call, &fields) }).await
}

fn open(world: &Shared, call: &Call<'_>, fields: &Value) -> Response {
    let new = match checked(world, fields) {
        Ok(new) => new,
        Err(text) => return invalid(&text),
    };
    let mut inventory = locked(&world.hetzner.inventory);
    if inventory.machines().any(|machine| machine.label.eq_ignore_ascii_case(&new.label)) {
        let text = "server name is already used";
        return Service::Hetzner.coded_error(StatusCode::CONFLICT, "uniqueness_error", text);
    }
    let keyless = fields["ssh_keys"].as_array().is_none_or(Vec::is_empty);
    machines::open(world, call, &mut inventory, new, |machine| {
        let making = if machine.creation_fails { begin_failing } else { begin };
        let answer = json!({
            "server": shape(machine, world.clock, world.clock.now_ms()),
            "action": making(world, "create_server", &machine.id, STARTED - SWITCHING),
            "next_actions": [making(world, "start_server", &machine.id, STARTED)],
            "root_password": machine.password.as_deref().filter(|_| keyless),
        });
        (StatusCode::CREATED, Json(answer)).into_response()
    })
}

fn checked(world: &World, fields: &Value) -> Result<New<Hetzner>, String> {
    if fields.get("datacenter").is_some() {
        return Err("invalid input in field 'datacenter': it was removed, use 'location'".into());
    }
    let name = required(fields, "name")?;
    if !is_host_name(name) {
        return Err("invalid input in field 'name': no valid hostname".into());
    }
    let server_type =
        catalogue::find_type(required(fields, "server_type")?).ok_or("server type not found")?;
    let location = catalogue::find_location(required(fields, "location")?).ok_or("location not found")?;
    if !server_type.is_in(location) {
        return Err("unsupported location for server type".into());
    }
    let image = catalogue::find_image(required(fields, "image")?, server_type).ok_or("image not found")?;
    let labels = labels::of(fields)?.unwrap_or_default();
    let user_data = user_data(fields)?;
    let own = Own { labels, location, server_type, image };
    Ok(new(world, name.to_owned(), own, user_data))
}

/// Plain text.
pub(super) fn user_data(fields: &Value) -> Result<Option<Vec<u8>>, String> {
    match fields.get("user_data") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= USER_DATA_MAX => {
            Ok(Some(text.as_bytes().to_vec()).filter(|data| !data.is_empty()))
        }
        Some(_) => Err(format!("invalid input in field 'user_data': at most {USER_DATA_MAX} bytes")),
    }
}

pub(super) fn required<'a>(fields: &'a Value, name: &str) -> Result<&'a str, String> {
    let text = fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| format!("invalid input in field '{name}'"))
}

/// RFC 1123: labels of letters, digits and inner hyphens, with dots between.
pub(super) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=NAME_PART_MAX).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= NAME_MAX && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::is_host_name;

    #[test]
    fn a_name_is_a_host_name() {
        for (name, is) in [
            ("ord-01kah8zj5v3w1q6yb7t9r2c4df-1", true),
            ("Web.Example.com", true),
            ("ord_1", false),
            ("-a", false),
            ("a-", false),
            ("a..b", false),
            ("", false),
        ] {
            assert_eq!(is_host_name(name), is, "{name}");
        }
        assert!(!is_host_name(&"a".repeat(64)));
    }
}
