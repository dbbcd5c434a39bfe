//! The desktop is ready, with how to sign in; also after a reinstall.

use std::net::IpAddr;

use domain::catalogue::{Os, Plan};
use domain::first_boot::Fingerprints;
use domain::ids::{InstanceId, OrderId};
use domain::secret::Secret;

use crate::frame::Frame;
use crate::mails::{Rendered, pair};
use crate::settings::Settings;
use crate::words;

/// What there is to tell.
pub(crate) struct Desktop<'a> {
    pub(crate) order: OrderId,
    pub(crate) instance: InstanceId,
    pub(crate) plan: Plan,
    pub(crate) os: Os,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) username: &'a str,
    pub(crate) password: Option<&'a Secret<String>>,
    pub(crate) certificate: Option<&'a Fingerprints>,
    pub(crate) reinstalled: bool,
}

struct Ready<'a> {
    frame: Frame<'a>,
    order: OrderId,
    instance: InstanceId,
    desktop: String,
    windows: bool,
    address: IpAddr,
    port: u16,
    computer: String,
    username: String,
    command: String,
    password: Option<&'a str>,
    sha1: Option<String>,
    sha256: Option<String>,
    reinstalled: bool,
    desktop_page: Option<String>,
}

pair!(Ready, "ready.html", "ready.txt");

impl Ready<'_> {
    /// Whether there is a thumbprint to compare with.
    const fn has_thumbprint(&self) -> bool {
        self.sha1.is_some() || self.sha256.is_some()
    }

    /// A thumbprint as indented lines of the text part.
    fn lines(&self, digest: &str) -> String {
        words::wrapped(digest, "    ")
    }
}

pub(crate) fn render(settings: &Settings, desktop: &Desktop<'_>) -> Result<Rendered, askama::Error> {
    let system = words::system(desktop.os);
    let title = if desktop.reinstalled {
        format!("Your {system} desktop is reinstalled and ready")
    } else {
        format!("Your {system} desktop is ready")
    };
    // The preview may show on a lock screen: neither password nor user name.
    let preview = if desktop.reinstalled {
        "Your new sign-in details; the earlier ones no longer work.".to_owned()
    } else {
        "How to sign in from Windows, Mac, Linux or a phone.".to_owned()
    };
    let digest = |of: fn(&Fingerprints) -> &Option<String>| {
        desktop.certificate.and_then(|c| of(c).as_deref()).map(words::thumbprint)
    };
    let computer = words::computer(desktop.address, desktop.port);
    Ready {
        frame: Frame::new(settings, title, preview),
        order: desktop.order,
        instance: desktop.instance,
        desktop: words::desktop(desktop.plan, desktop.os),
        windows: desktop.os == Os::Windows,
        address: desktop.address,
        port: desktop.port,
        command: freerdp_command(&computer, desktop.username),
        computer,
        username: words::plain(desktop.username, 64),
        password: desktop.password.map(|p| p.expose().as_str()),
        sha1: digest(|c| &c.sha1),
        sha256: digest(|c| &c.sha256),
        reinstalled: desktop.reinstalled,
        desktop_page: settings.desktop_page(desktop.instance),
    }
    .render()
}

/// The command for a terminal. It is pasted into a shell, so a user name that a shell would read as anything
/// but a word is left out; FreeRDP then asks for it.
fn freerdp_command(computer: &str, username: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !username.is_empty() && username.chars().all(word) {
        format!("xfreerdp /v:{computer} /u:{username}")
    } else {
        format!("xfreerdp /v:{computer}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_that_a_shell_would_act_on_is_not_in_the_command() {
        assert_eq!(freerdp_command("192.0.2.1:3389", "desk-1"), "xfreerdp /v:192.0.2.1:3389 /u:desk-1");
        for hostile in ["a;reboot", "$(id)", "a b", "", "`x`", "a\nb"] {
            assert_eq!(freerdp_command("192.0.2.1:3389", hostile), "xfreerdp /v:192.0.2.1:3389");
        }
    }
}
