//! Whether a real machine lets somebody in: a real client tries.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use super::Os;
use super::files::{make_private_folder, write_private};
use super::linux::uid;
use super::nursery::{Nursery, Process};
use super::screen::Screen;
use super::wire::RDP_PORT;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const NLA_LIMIT: Duration = Duration::from_secs(20);
const SESSION_LIMIT: Duration = Duration::from_secs(30);
const END_LIMIT: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(200);

/// What a machine's session runs last: once it is there, the session has really begun; it ends with it.
const SESSION_PROGRAM: &str = "xterm";
const LOG_LEN_MAX: u64 = 1024 * 1024;

/// Whether a sandbox machine at this address lets the user in with this password.
///
/// Windows: one NLA authentication. Linux: a real session, which is ended again if it was not there before.
/// Needs the real server, the right to see its processes (root, for Linux) and FreeRDP's client.
///
/// # Errors
/// Nothing serves there, a program is missing, or neither acceptance nor refusal was seen in time.
pub async fn login(address: Ipv4Addr, os: Os, user: &str, password: &str) -> anyhow::Result<bool> {
    let nursery = Nursery::open()?;
    let screen = Screen::open(&nursery).await?;
    login_on(&nursery, &screen.display, address, os, user, password).await
}

pub(super) async fn login_on(
    nursery: &Nursery,
    display: &str,
    address: Ipv4Addr,
    os: Os,
    user: &str,
    password: &str,
) -> anyhow::Result<bool> {
    let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    ensure!(plain(user) && plain(password), "a user name and a password are one line each");
    connects(address).await?;
    let client = Client::new(address, user, password)?;
    match os {
        Os::Windows => nla(nursery, display, &client, address).await,
        Os::Linux => session(nursery, display, &client, address, user).await,
    }
}

/// The client's exit codes for a wrong password and for a closed port are the same, so the port is looked at.
async fn connects(address: Ipv4Addr) -> anyhow::Result<()> {
    let connect = TcpStream::connect(SocketAddr::from((address, RDP_PORT)));
    timeout(CONNECT_LIMIT, connect)
        .await
        .context("no connection in time")?
        .context("no machine at this address")?;
    Ok(())
}

async fn nla(nursery: &Nursery, display: &str, client: &Client, address: Ipv4Addr) -> anyhow::Result<bool> {
    let mut running = client.start(nursery, display, &["+auth-only"]).await?;
    let status = running.ended_within(NLA_LIMIT).await.context("the log-in takes too long")?;
    match status.code() {
        Some(0) => Ok(true),
        // FreeRDP's server closes the connection; a Windows gives the others.
        Some(147 | 132 | 134 | 154) => {
            connects(address).await?;
            Ok(false)
        }
        code => bail!("the client ended with {code:?}"),
    }
}

async fn session(
    nursery: &Nursery,
    display: &str,
    client: &Client,
    address: Ipv4Addr,
    user: &str,
) -> anyhow::Result<bool> {
    let log = session_log(address).context("no xrdp of a sandbox machine at this address")?;
    let start = fs::metadata(&log).map_or(0, |metadata| metadata.len());
    let before = processes_of(uid(address));
    let running = client.start(nursery, display, &["/size:800x600", "/bpp:16"]).await?;
    let deadline = Instant::now() + SESSION_LIMIT;
    let accepted = loop {
        let news = read_from(&log, start);
        if news.lines().any(|line| line.contains("AUTHFAIL:") && line.contains(&format!("user={user} "))) {
            break Ok(false);
        }
        let granted = ["access granted", "reconnected"];
        let mut lines = news.lines().filter(|line| granted.iter().any(|mark| line.contains(mark)));
        let is_granted = lines.any(|line| line.contains(&format!("username {user},")));
        if is_granted && processes_of(uid(address)).iter().any(|(_, name)| name == SESSION_PROGRAM) {
            break Ok(true);
        }
        if Instant::now() >= deadline {
            break Err(anyhow::anyhow!("neither a session nor a refusal in time"));
        }
        sleep(POLL).await;
    };
    drop(running);
    if before.is_empty() {
        end_session(address, &log, start).await;
    }
    accepted
}

/// The log of the session manager beside the xrdp that serves this address, seen through that process' own files.
fn session_log(address: Ipv4Addr) -> Option<PathBuf> {
    let settings = format!("/etc/xrdp/{address}.ini");
    let serves = |arguments: &[u8]| {
        let mut words = arguments.split(|byte| *byte == 0);
        words.next().is_some_and(|program| program.ends_with(b"xrdp"))
            && words.any(|word| word == settings.as_bytes())
    };
    let process = process_folders()
        .into_iter()
        .find(|folder| fs::read(folder.join("cmdline")).is_ok_and(|arguments| serves(&arguments)))?;
    Some(process.join("root/var/log/xrdp-sesman.log"))
}

fn process_folders() -> Vec<PathBuf> {
    let is_number = |name: &str| name.bytes().all(|b| b.is_ascii_digit());
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_number))
        .map(|entry| entry.path())
        .collect()
}

/// Ids and names of the processes of one account.
fn processes_of(uid: u32) -> Vec<(String, String)> {
    process_folders()
        .into_iter()
        .filter(|folder| fs::metadata(folder).is_ok_and(|metadata| metadata.uid() == uid))
        .filter_map(|folder| {
            let name = fs::read_to_string(folder.join("comm")).ok()?;
            Some((folder.file_name()?.to_str()?.to_owned(), name.trim().to_owned()))
        })
        .collect()
}

/// Ends a session by its last program, so that the session manager takes the display down and forgets the session: the
/// next log-in would otherwise be led to a display that is gone. What is left then, or in the end, is killed.
async fn end_session(address: Ipv4Addr, log: &Path, start: u64) {
    let uid = uid(address);
    if processes_of(uid).is_empty() {
        return;
    }
    kill(processes_of(uid).into_iter().filter(|(_, name)| name == SESSION_PROGRAM)).await;
    let deadline = Instant::now() + END_LIMIT;
    while !read_from(log, start).contains("terminated session") && Instant::now() < deadline {
        sleep(POLL).await;
    }
    kill(processes_of(uid).into_iter()).await;
}

async fn kill(processes: impl Iterator<Item = (String, String)>) {
    let ids: Vec<String> = processes.map(|(id, _)| id).collect();
    if ids.is_empty() {
        return;
    }
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -KILL \"$@\" 2>/dev/null", "kill"]).args(ids);
    drop(kill.stdin(Stdio::null()).status().await);
}

fn read_from(path: &Path, start: u64) -> String {
    let read = || {
        let mut file = fs::File::open(path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(LOG_LEN_MAX).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// A client's folder: the password is in a private file, since a command line can be seen by everybody.
struct Client {
    folder: PathBuf,
}

impl Client {
    fn new(address: Ipv4Addr, user: &str, password: &str) -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sandbox-login-{}-{number}", std::process::id());
        let client = Self { folder: std::env::temp_dir().join(name) };
        drop(fs::remove_dir_all(&client.folder));
        make_private_folder(&client.folder)?;
        let text = format!("full address:s:{address}:{RDP_PORT}\nusername:s:{user}\npassword:s:{password}\n");
        write_private(&client.file(), text.as_bytes())?;
        Ok(client)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("login.rdp")
    }

    async fn start(&self, nursery: &Nursery, display: &str, options: &[&str]) -> anyhow::Result<Process> {
        let file = self.file().display().to_string();
        let arguments = [&[file.as_str(), "/cert:ignore"], options].concat();
        nursery
            .start("xfreerdp", &arguments, |command| {
                command.env("DISPLAY", display).env("HOME", &self.folder);
                command.env("XDG_CONFIG_HOME", self.folder.join(".config"));
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            })
            .await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}
