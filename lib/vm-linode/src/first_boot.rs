//! What a machine is given for its first boot, when it is made and when it is made as new.

use app::ports::{UserData, VmError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::catalogue::{Os, Provider};
use domain::secret::Secret;
use serde::Serialize;

/// The longest user data, encoded: "about 16kb".
const ENCODED_MAX: usize = 16 << 10;
/// How long `root`'s password may be.
const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 7..=128;

/// The part of a request that says what first boot runs. No `Debug`: it holds a password.
#[derive(Serialize)]
pub(crate) struct FirstBoot<'a> {
    /// Sent always: the API wants it with an image, and judges its strength.
    root_pass: &'a str,
    metadata: Metadata,
    booted: bool,
}

#[derive(Serialize)]
struct Metadata {
    /// Base64.
    user_data: String,
}

/// Checks and encodes.
///
/// # Errors
/// `Unsupported` for Windows; `Refused` for what the API would refuse.
pub(crate) fn first_boot<'a>(
    os: Os,
    user_data: &UserData,
    password: &'a Secret<String>,
) -> Result<FirstBoot<'a>, VmError> {
    let (Os::Linux, UserData::CloudConfig(text)) = (os, user_data) else {
        let what = "make Windows machines: it has no image";
        return Err(VmError::Unsupported { provider: Provider::Linode, what });
    };
    let user_data = BASE64.encode(text);
    if user_data.len() >= ENCODED_MAX {
        let what = format!("user data of {} bytes in base64, {ENCODED_MAX} or more", user_data.len());
        return Err(VmError::Refused(what));
    }
    if !is_password(password) {
        return Err(VmError::Refused("a password that is not 7 to 128 characters long".to_owned()));
    }
    Ok(FirstBoot { root_pass: password.expose(), metadata: Metadata { user_data }, booted: true })
}

/// Whether a password is of a length that is taken.
pub(crate) fn is_password(password: &Secret<String>) -> bool {
    PASSWORD_BYTES.contains(&password.expose().len())
}
