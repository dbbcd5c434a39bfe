//! `POST /v4/linode/instances`: every check that the API makes, then an instance.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::catalogue::{self, Image};
use super::machine::{Own, new, shape};
use super::{Linode, Wrong, bad_request, object};
use crate::machines::{self, New, Play};
use crate::operation::Call;
use crate::world::{Shared, World, locked};

const USER_DATA_MAX: usize = 65_535;
const USER_DATA_ENCODED_MAX: usize = 16 << 10;
const TAG_CHARS: std::ops::RangeInclusive<usize> = 3..=50;

/// Answers 200 with the instance, which is not wrapped and has its address already.
pub(super) async fn create(State(world): State<Shared>, body: Bytes) -> Response {
    let Some(fields) = object(&body) else { return bad_request("Invalid JSON") };
    let tags: Vec<&str> = fields["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let subject = format!("{} {}", fields["label"].as_str().unwrap_or_default(), tags.join(" "));
    let call = Linode::call("linode.create", &subject);
    call.run(&world, async { open(&world, &call, &fields) }).await
}

fn open(world: &Shared, call: &Call<'_>, fields: &Value) -> Response {
    let new = match checked(world, fields) {
        Ok(new) => new,
        Err(wrong) => return wrong.into_response(),
    };
    let mut inventory = locked(&world.linode.inventory);
    if let Err(taken) = unique(inventory.machines().map(|machine| machine.label.as_str()), &new.label) {
        return taken.into_response();
    }
    machines::open(world, call, &mut inventory, new, |machine| {
        Json(shape(machine, world.clock, world.clock.now_ms())).into_response()
    })
}

/// Whether nobody has the label yet.
pub(super) fn unique<'a>(mut labels: impl Iterator<Item = &'a str>, label: &str) -> Result<(), Wrong> {
    if labels.any(|other| other == label) {
        return Err(Wrong::new("label", "Label must be unique among your linodes"));
    }
    Ok(())
}

fn checked(world: &World, fields: &Value) -> Result<New<Linode>, Wrong> {
    let kind = catalogue::find_type(required(fields, "type")?)
        .ok_or_else(|| Wrong::new("type", "A valid plan type by that ID was not found"))?;
    let region = catalogue::find_region(required(fields, "region")?)
        .ok_or_else(|| Wrong::new("region", "region is not valid"))?;
    if !region.stocks(kind) {
        let reason = "The selected type is currently unavailable in this region";
        return Err(Wrong::new("type", reason));
    }
    let label = match fields.get("label") {
        None | Some(Value::Null) => format!("linode{}", world.machines.number()),
        Some(label) => checked_label(label)?,
    };
    let install = Installation::read(fields)?;
    let own = Own { region, kind, image: install.image };
    let tags = checked_tags(fields)?.unwrap_or_default();
    Ok(new(world, label, tags, own, install.root_pass, install.user_data))
}

/// What is installed, of a create or a rebuild.
pub(super) struct Installation {
    pub(super) image: &'static Image,
    pub(super) root_pass: String,
    pub(super) user_data: Option<Vec<u8>>,
}

impl Installation {
    pub(super) fn read(fields: &Value) -> Result<Self, Wrong> {
        let image = catalogue::find_image(required(fields, "image")?)
            .ok_or_else(|| Wrong::new("image", "image is not valid"))?;
        if fields.get("booted").is_some_and(|booted| *booted != Value::Bool(true)) {
            return Err(Wrong::new("booted", "only instances that boot are played here"));
        }
        Ok(Self { image, root_pass: root_pass(fields)?, user_data: user_data(fields)? })
    }
}

pub(super) fn required<'a>(fields: &'a Value, name: &'static str) -> Result<&'a str, Wrong> {
    let text = fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| Wrong::new(name, format!("{name} is required")))
}

/// 7 to 128 characters of two kinds at least: how strong is strong enough is not documented.
pub(super) fn root_pass(fields: &Value) -> Result<String, Wrong> {
    let password = required(fields, "root_pass")?;
    let has = |kind: fn(&u8) -> bool| password.bytes().any(|b| kind(&b));
    let kinds = [
        has(u8::is_ascii_lowercase),
        has(u8::is_ascii_uppercase),
        has(u8::is_ascii_digit),
        password.bytes().any(|b| !b.is_ascii_alphanumeric()),
    ];
    if !(7..=128).contains(&password.len()) {
        return Err(Wrong::new("root_pass", "Length must be 7-128 characters"));
    }
    if kinds.into_iter().filter(|has| *has).count() < 2 {
        return Err(Wrong::new("root_pass", "Password does not meet strength requirement"));
    }
    Ok(password.to_owned())
}

/// Base64 in `metadata.user_data`.
fn user_data(fields: &Value) -> Result<Option<Vec<u8>>, Wrong> {
    let wrong = |reason: &str| Wrong::new("metadata.user_data", reason);
    let text = match &fields["metadata"]["user_data"] {
        Value::Null => return Ok(None),
        text => text.as_str().ok_or_else(|| wrong("user_data must be a string"))?,
    };
    let data = STANDARD.decode(text).map_err(|_| wrong("user_data must be base64 encoded"))?;
    if data.len() > USER_DATA_MAX || text.len() > USER_DATA_ENCODED_MAX {
        return Err(wrong("user_data is too large"));
    }
    Ok(Some(data).filter(|data| !data.is_empty()))
}

pub(super) fn checked_label(label: &Value) -> Result<String, Wrong> {
    let text = label.as_str().filter(|text| is_label(text));
    text.map(str::to_owned).ok_or_else(|| {
        let reason =
            "Label must include only ASCII letters, numbers, and dashes, underscores and dots between";
        Wrong::new("label", reason)
    })
}

/// 3 to 64 of `[a-zA-Z0-9_.-]`, begins with a letter, ends with a letter or digit, no `--`, `__` or `..`.
fn is_label(label: &str) -> bool {
    let mut bytes = label.bytes();
    (3..=64).contains(&label.len())
        && bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.next_back().is_some_and(|b| b.is_ascii_alphanumeric())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && !["--", "__", ".."].iter().any(|pair| label.contains(pair))
}

/// `None` when there are none in the request.
pub(super) fn checked_tags(fields: &Value) -> Result<Option<Vec<String>>, Wrong> {
    let tags = match fields.get("tags") {
        None | Some(Value::Null) => return Ok(None),
        Some(tags) => tags.as_array().ok_or_else(|| Wrong::new("tags", "tags must be a list"))?,
    };
    let tag = |tag: &Value| {
        let text = tag.as_str().filter(|text| TAG_CHARS.contains(&text.chars().count()));
        text.map(str::to_owned).ok_or_else(|| Wrong::new("tags", "Tags must be 3-50 characters"))
    };
    tags.iter().map(tag).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_keep_their_documented_rules() {
        for (label, is) in [
            ("ord_01KAH8ZJ5V3W1Q6YB7T9R2C4DF-1", true),
            ("a-_.9", true),
            ("ab", false),
            ("1bc", false),
            ("ab-", false),
            ("a--b", false),
            ("a__b", false),
            ("a..b", false),
            ("a b", false),
        ] {
            assert_eq!(is_label(label), is, "{label}");
        }
        assert!(is_label(&"a".repeat(64)) && !is_label(&"a".repeat(65)));
    }
}
