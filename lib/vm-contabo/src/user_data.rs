//! What a machine runs at its first boot, in the form that Contabo takes.

use app::ports::{UserData, VmError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::catalogue::Os;

/// How `userData` is written. The documentation and the vendor's own tools send the text as it is; some clients send
/// base64. Which one an account takes shows in whether first boot reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UserDataEncoding {
    /// The text as it is.
    #[default]
    Raw,
    /// Base64 of it.
    Base64,
}

/// The first line by which cloudbase-init knows a PowerShell script that runs in the system's own word size.
const POWERSHELL: &str = "#ps1_sysnative\n";

/// The administrator of a system. Left out, some accounts get a user that nobody knows.
pub(crate) const fn default_user(os: Os) -> &'static str {
    match os {
        Os::Windows => "administrator",
        Os::Linux => "root",
    }
}

/// `userData` for a system.
///
/// # Errors
/// `Refused` for what is not that system's own: Linux user data has turned a Windows machine into Ubuntu.
pub(crate) fn written(os: Os, user_data: &UserData, encoding: UserDataEncoding) -> Result<String, VmError> {
    let text = match (os, user_data) {
        (Os::Linux, UserData::CloudConfig(text)) => text.clone(),
        (Os::Windows, UserData::PowerShell(script)) => format!("{POWERSHELL}{script}"),
        (Os::Linux, UserData::PowerShell(_) | UserData::Batch(_))
        | (Os::Windows, UserData::CloudConfig(_)) => {
            return Err(VmError::Refused("user data of another system".to_owned()));
        }
        (Os::Windows, UserData::Batch(_)) => {
            return Err(VmError::Refused("Windows takes PowerShell here, no batch file".to_owned()));
        }
    };
    Ok(match encoding {
        UserDataEncoding::Raw => text,
        UserDataEncoding::Base64 => BASE64.encode(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_gets_its_own_kind_of_user_data_and_no_other() {
        let text = || "x\n".to_owned();
        for (os, user_data, raw) in [
            (Os::Linux, UserData::CloudConfig(text()), Some("x\n")),
            (Os::Linux, UserData::Batch(text()), None),
            (Os::Linux, UserData::PowerShell(text()), None),
            (Os::Windows, UserData::CloudConfig(text()), None),
            (Os::Windows, UserData::Batch(text()), None),
            (Os::Windows, UserData::PowerShell(text()), Some("#ps1_sysnative\nx\n")),
        ] {
            let is = written(os, &user_data, UserDataEncoding::Raw).ok();
            assert_eq!(is.as_deref(), raw, "{os}");
            let is = written(os, &user_data, UserDataEncoding::Base64).ok();
            assert_eq!(is, raw.map(|raw| BASE64.encode(raw)), "{os}");
        }
    }
}
