//! FreeRDP as a customer has it, with the .rdp file that we hand out.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{unique, until};

const LOGIN_WAIT: Duration = Duration::from_secs(30);

/// A program that is ended with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Whether the desktop that a .rdp file names lets its user in with a password, over Network Level Authentication.
///
/// # Panics
/// When the client ends for another reason.
#[track_caller]
pub(crate) fn opens(file: &str, password: &str) -> bool {
    let (_screen, display) = screen();
    let folder = std::env::temp_dir().join(format!("rdp-client-{}", unique()));
    fs::DirBuilder::new().mode(0o700).create(&folder).expect("a folder");
    let path = folder.join("desktop.rdp");
    // The password goes into a private copy: a command line can be read by everybody.
    let text = format!("{}\r\npassword:s:{password}\r\n", file.trim_end());
    let mut options = fs::OpenOptions::new();
    let mut private = options.write(true).create_new(true).mode(0o600).open(&path).expect("a file");
    std::io::Write::write_all(&mut private, text.as_bytes()).expect("a written file");
    let mut client = Command::new("xfreerdp");
    client.arg(&path).args(["/cert:ignore", "+auth-only"]);
    client.env("DISPLAY", display).env("HOME", &folder).env("XDG_CONFIG_HOME", &folder);
    client.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut client = Running(client.spawn().expect("xfreerdp starts"));
    let ended = until(LOGIN_WAIT, || client.0.try_wait().expect("a child"), || "xfreerdp goes on".to_owned());
    drop(fs::remove_dir_all(&folder));
    match ended.code() {
        Some(0) => true,
        Some(147 | 132 | 134 | 154) => false,
        code => panic!("xfreerdp ended with {code:?}"),
    }
}

fn screen() -> (Running, String) {
    let mut server = Command::new("Xvfb");
    server.args(["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset"]);
    server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = server.spawn().expect("Xvfb starts");
    let mut number = String::new();
    let output = server.stdout.take().expect("its output");
    BufReader::new(output).read_line(&mut number).expect("a display number");
    (Running(server), format!(":{}", number.trim()))
}
