//! Which programs and rights this machine has.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Os;

/// What stands in the way of real desktops of one kind: names of programs, or a sentence. Empty when nothing does.
pub(super) fn missing(os: Os) -> Vec<String> {
    let needed: &[&str] = match os {
        Os::Windows => &["Xvfb", "freerdp-shadow-cli", "xfreerdp", "setpriv", "sh"],
        Os::Linux => &[
            "Xvfb",
            "xrdp",
            "xrdp-sesman",
            "xfreerdp",
            "xterm",
            "setpriv",
            "unshare",
            "nsenter",
            "mount",
            "openssl",
            "curl",
            "bash",
            "sh",
            "cp",
        ],
    };
    let mut missing: Vec<String> =
        needed.iter().filter(|name| find(name).is_none()).map(|name| (*name).to_owned()).collect();
    if os == Os::Linux {
        if !Path::new("/usr/lib/xorg/modules/drivers/xrdpdev_drv.so").exists() {
            missing.push("xorgxrdp".to_owned());
        }
        if !may_unshare() {
            missing.push("the right to make namespaces (root with CAP_SYS_ADMIN)".to_owned());
        }
    }
    missing
}

/// Where a program is, in `PATH` or among the administrator's.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Whether this process may give a machine its own host name, files and processes.
pub(super) fn may_unshare() -> bool {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let tried = || {
        Command::new("unshare")
            .args(["--mount", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "true"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
    };
    is_root && tried().is_ok_and(|status| status.success())
}
