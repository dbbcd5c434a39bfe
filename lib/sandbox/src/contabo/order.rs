//! What create and reinstall have in common: the image, who signs in, with what, and the user data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Contabo;
use super::catalogue::{self, Image};
use crate::desktops::Os;
use crate::random;
use crate::world::locked;

/// Checked parts of an installation.
pub(super) struct Order {
    pub(super) image: &'static Image,
    pub(super) default_user: String,
    pub(super) password: String,
    /// As the guest reads it.
    pub(super) user_data: Option<Vec<u8>>,
}

impl Order {
    /// `default_image`: what is installed when nothing is named.
    pub(super) fn read(
        contabo: &Contabo,
        fields: &Value,
        default_image: Option<&str>,
    ) -> Result<Self, String> {
        let id = text(fields, "imageId")?.or(default_image).ok_or("imageId should not be empty")?;
        if !is_uuid(id) {
            return Err("imageId must be a UUID".into());
        }
        let image =
            catalogue::find_image(id).ok_or_else(|| format!("Entry Image not found by imageId = {id}"))?;
        keys(fields, image.os)?;
        Ok(Self {
            image,
            default_user: default_user(fields, image.os)?,
            password: password(contabo, fields)?.unwrap_or_else(random::password),
            user_data: text(fields, "userData")?.filter(|data| !data.is_empty()).map(read_by_guest),
        })
    }
}

/// Documented default `admin`; each system has two of the three.
fn default_user(fields: &Value, os: Os) -> Result<String, String> {
    let user = text(fields, "defaultUser")?.unwrap_or("admin");
    let allowed = match os {
        Os::Linux => ["root", "admin"],
        Os::Windows => ["admin", "administrator"],
    };
    if allowed.contains(&user) {
        Ok(user.into())
    } else {
        Err(format!("defaultUser must be one of {}", allowed.join(", ")))
    }
}

/// What stands behind `rootPassword`: the id of a secret, never a password.
pub(super) fn password(contabo: &Contabo, fields: &Value) -> Result<Option<String>, String> {
    let id = match fields.get("rootPassword") {
        None | Some(Value::Null) => return Ok(None),
        Some(id) => id.as_u64().ok_or("rootPassword must be an integer number")?,
    };
    let secret = locked(&contabo.secrets).password(id);
    secret.map(Some).ok_or_else(|| format!("Entry Secret not found by secretId = {id}"))
}

/// Windows takes no keys, not even none.
pub(super) fn keys(fields: &Value, os: Os) -> Result<(), String> {
    match fields.get("sshKeys") {
        None | Some(Value::Null) => Ok(()),
        Some(_) if os == Os::Windows => Err("Cloud Init for Windows is not supporting SSH Keys".into()),
        Some(Value::Array(keys)) if keys.is_empty() => Ok(()),
        Some(_) => Err("Entry Secret not found by sshKeys".into()),
    }
}

/// User data is documented as plain text, and base64 of it has been seen to work.
fn read_by_guest(text: &str) -> Vec<u8> {
    match STANDARD.decode(text) {
        Ok(decoded) if decoded.first() == Some(&b'#') => decoded,
        _ => text.as_bytes().to_vec(),
    }
}

/// A string, or nothing.
pub(super) fn text<'a>(fields: &'a Value, name: &str) -> Result<Option<&'a str>, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be a string")),
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_data_is_read_as_it_is_and_out_of_base64() {
        for (sent, read) in [
            ("#cloud-config\nusers: []\n", "#cloud-config\nusers: []\n"),
            ("I2Nsb3VkLWNvbmZpZwo=", "#cloud-config\n"),
            ("plain", "plain"),
            ("c2VjcmV0", "c2VjcmV0"),
        ] {
            assert_eq!(read_by_guest(sent), read.as_bytes(), "{sent}");
        }
    }
}
