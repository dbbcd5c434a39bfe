//! The cloud-config of an Ubuntu desktop: Xfce, xrdp with TLS, a firewall, the report, then the plan's software.

use domain::catalogue::Plan;

use crate::values::{Hostname, PasswordHash, ReportUrl, Username};

const CLOUD_CONFIG: &str = include_str!("templates/linux/cloud-config.yaml");

/// What the desktop itself needs; all of it in Ubuntu's archives since 22.04. One name that an archive lacks
/// would keep the others out, so the plan's software is not here.
const PACKAGES: &[&str] =
    &["xfce4", "xfce4-terminal", "dbus-x11", "xrdp", "xorgxrdp", "ufw", "curl", "openssl"];

/// The files that cloud-init writes, by the placeholder that each has in the cloud-config.
const FILES: &[(&str, &str)] = &[
    ("__XSESSION__", include_str!("templates/linux/xsession.sh")),
    ("__SSHD__", include_str!("templates/linux/sshd.conf")),
    ("__DESKTOP_SETUP__", include_str!("templates/linux/desktop-setup.sh")),
    ("__DESKTOP_TLS_CHECK__", include_str!("templates/linux/desktop-tls-check.sh")),
    ("__DESKTOP_REPORT__", include_str!("templates/linux/desktop-report.sh")),
    ("__DESKTOP_EXTRAS__", include_str!("templates/linux/desktop-extras.sh")),
    ("__DESKTOP_FIRST_BOOT__", include_str!("templates/linux/desktop-first-boot.sh")),
    ("__DESKTOP_FIRST_BOOT_UNIT__", include_str!("templates/linux/desktop-first-boot.service")),
];

/// User data for one Ubuntu desktop, beginning with `#cloud-config`.
///
/// The plan only decides what `desktop-extras` installs after the report has gone out.
pub(crate) fn cloud_config(
    plan: Plan,
    hostname: &Hostname<'_>,
    username: &Username<'_>,
    password_hash: &PasswordHash<'_>,
    report_url: &ReportUrl<'_>,
) -> String {
    let mut text = CLOUD_CONFIG.to_owned();
    for (placeholder, file) in FILES {
        text = text.replace(&format!("      {placeholder}\n"), &indented(file));
    }
    text.replace("[__PACKAGES__]", &format!("[{}]", PACKAGES.join(", ")))
        .replace("__PACKAGES__", &PACKAGES.join(" "))
        .replace("__PLAN__", plan.as_str())
        .replace("__HOSTNAME__", hostname.as_str())
        .replace("__USER__", username.as_str())
        .replace("__PASSWORD_HASH__", password_hash.as_str())
        .replace("__REPORT_URL__", report_url.as_str())
}

/// A file as the content of a YAML literal block; empty lines stay empty.
fn indented(file: &str) -> String {
    file.lines()
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("      {line}\n") })
        .collect()
}
