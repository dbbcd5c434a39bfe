//! All machines of one sandbox.

use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, bail, ensure};
use rustls::crypto::ring;
use sha_crypt::sha512_check;
use tokio::net::TcpStream;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use super::login::login_on;
use super::machine::{Machine, Platform};
use super::nursery::Nursery;
use super::screen::Screen;
use super::wire::RDP_PORT;
use super::{DesktopSpec, Kind, Mode, Os, programs};

/// Machines that start, or are logged in to, at one time. More would only wait for the processor.
const BUSY_MAX: usize = 4;

/// A machine id's place. The lock is held while the machine changes, so that changes come one after the other.
type Slot = Arc<AsyncMutex<Option<Machine>>>;

/// All machines of one sandbox; they end with it.
pub struct DesktopHost {
    // Dropped in this order: machines, then what they run on.
    slots: Mutex<HashMap<String, Slot>>,
    screen: Option<Screen>,
    nursery: Nursery,
    folder: PathBuf,
    windows: Kind,
    linux: Kind,
    starts: Semaphore,
    logins: Semaphore,
}

impl DesktopHost {
    /// Prepares for machines, whose files live under `work_dir`. What an earlier host left there is removed.
    ///
    /// # Errors
    /// `Mode::Real` where a program or right is missing; `work_dir` cannot be written; port 3389 is taken for every
    /// address of this machine.
    pub async fn open(mode: Mode, work_dir: PathBuf) -> anyhow::Result<Self> {
        port_is_free().await?;
        // Fails when there is one already, which does as well.
        drop(ring::default_provider().install_default());
        let folder = std::path::absolute(work_dir)?.join("desktops");
        drop(fs::remove_dir_all(&folder));
        super::files::make_private_folder(&folder)?;
        let kind = |os| -> anyhow::Result<Kind> {
            let missing = if mode == Mode::BuiltIn { Vec::new() } else { programs::missing(os) };
            match mode {
                Mode::BuiltIn => Ok(Kind::BuiltIn),
                Mode::Auto | Mode::Real if missing.is_empty() => Ok(Kind::Real),
                Mode::Auto => {
                    tracing::warn!(
                        ?os,
                        ?missing,
                        "built-in desktops, because something is missing for real ones"
                    );
                    Ok(Kind::BuiltIn)
                }
                Mode::Real => bail!("missing for real {os:?} desktops: {}", missing.join(", ")),
            }
        };
        let (windows, linux) = (kind(Os::Windows)?, kind(Os::Linux)?);
        let nursery = Nursery::open()?;
        let screen = match (windows, linux) {
            (Kind::BuiltIn, Kind::BuiltIn) => None,
            _ => Some(Screen::open(&nursery).await?),
        };
        Ok(Self {
            slots: Mutex::default(),
            screen,
            nursery,
            folder,
            windows,
            linux,
            starts: Semaphore::new(BUSY_MAX),
            logins: Semaphore::new(BUSY_MAX),
        })
    }

    /// Which kind the machines of this operating system are.
    pub fn kind(&self, os: Os) -> Kind {
        match os {
            Os::Windows => self.windows,
            Os::Linux => self.linux,
        }
    }

    /// Installs a machine and starts it; returns when it serves. A machine of the same id is replaced, as at a
    /// reinstallation. The first-boot report follows in the background.
    ///
    /// # Errors
    /// The specification makes no sense, or the machine does not come up; then nothing of it is left.
    pub async fn boot(&self, spec: DesktopSpec) -> anyhow::Result<()> {
        check(&spec)?;
        let slot = self.slot(&spec.machine_id);
        let mut slot = slot.lock().await;
        if let Some(mut old) = slot.take() {
            old.power_off().await;
        }
        let _permit = self.starts.acquire().await?;
        let (kind, folder) = (self.kind(spec.os), self.folder.join(&spec.machine_id));
        let mut machine = Machine::install(spec, kind, folder).await?;
        machine.power_on(&self.platform()).await?;
        if machine.spec.calls_home {
            machine.call_home();
        }
        *slot = Some(machine);
        Ok(())
    }

    /// Powers a machine off; its files stay. Unknown machines are off already.
    pub async fn halt(&self, machine_id: &str) {
        let slot = self.known(machine_id);
        if let Some(slot) = slot
            && let Some(machine) = slot.lock().await.as_mut()
        {
            machine.power_off().await;
        }
    }

    /// Powers a machine on again, with the certificate and the account that it had.
    ///
    /// # Errors
    /// No such machine, or it does not come up.
    pub async fn resume(&self, machine_id: &str) -> anyhow::Result<()> {
        let slot = self.known(machine_id).context("no such machine")?;
        let mut slot = slot.lock().await;
        let _permit = self.starts.acquire().await?;
        slot.as_mut().context("no such machine")?.power_on(&self.platform()).await
    }

    /// Moves a machine that is off to another address; nothing happens to one that is on, or there already.
    ///
    /// # Errors
    /// No such machine, an address that is not the host's own, or the machine's files cannot be written.
    pub async fn readdress(&self, machine_id: &str, address: Ipv4Addr) -> anyhow::Result<()> {
        ensure!(address.is_loopback(), "{address} is not a loopback address");
        let slot = self.known(machine_id).context("no such machine")?;
        slot.lock().await.as_mut().context("no such machine")?.readdress(address).await
    }

    /// Gives the administrator of an installed machine another password; nothing happens to an unknown one.
    ///
    /// # Errors
    /// The machine's files cannot be written.
    pub async fn set_password(&self, machine_id: &str, password: &str) -> anyhow::Result<()> {
        let Some(slot) = self.known(machine_id) else { return Ok(()) };
        match slot.lock().await.as_mut() {
            Some(machine) => machine.set_password(password),
            None => Ok(()),
        }
    }

    /// Ends a machine and removes everything of it.
    pub async fn destroy(&self, machine_id: &str) {
        let slot = self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(machine_id);
        if let Some(slot) = slot
            && let Some(mut machine) = slot.lock().await.take()
        {
            machine.power_off().await;
        }
    }

    /// Whether the machine lets this user in. A real one is really logged in to, which takes some seconds; of a
    /// built-in one it is known. `None` when it cannot be told: no such machine, off, or no clear answer.
    pub async fn accepts(&self, machine_id: &str, user: &str, password: &str) -> Option<bool> {
        let _permit = self.logins.acquire().await.ok()?;
        let slot = self.known(machine_id)?;
        // Held meanwhile, so that nobody powers it off and two log-ins do not take each other's traces for their own.
        let slot = slot.lock().await;
        let machine = slot.as_ref()?;
        let (address, os) = (machine.spec.address, machine.spec.os);
        match (machine.kind, &self.screen) {
            (Kind::Real, Some(screen)) => {
                match login_on(&self.nursery, &screen.display, address, os, user, password).await {
                    Ok(accepted) => Some(accepted),
                    Err(error) => {
                        tracing::warn!(machine_id, error = %format!("{error:#}"), "no clear answer to a log-in");
                        None
                    }
                }
            }
            _ => machine.is_on().then(|| known_password(machine, user, password)),
        }
    }

    /// Ends all machines.
    pub async fn close(self) {
        let ids: Vec<String> =
            self.slots.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        for id in ids {
            self.destroy(&id).await;
        }
        drop(fs::remove_dir_all(&self.folder));
    }

    fn platform(&self) -> Platform<'_> {
        Platform {
            nursery: &self.nursery,
            display: self.screen.as_ref().map(|screen| screen.display.as_str()),
        }
    }

    fn slot(&self, machine_id: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(machine_id.to_owned()).or_default())
    }

    fn known(&self, machine_id: &str) -> Option<Slot> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).get(machine_id).cloned()
    }
}

/// A remote desktop service of this machine itself usually listens on all addresses, and then on the machines' too.
/// Only asked, never bound: of two sandboxes that start at once one would take the other for such a service.
async fn port_is_free() -> anyhow::Result<()> {
    let unused = SocketAddr::from((Ipv4Addr::new(127, 255, 255, 254), RDP_PORT));
    if TcpStream::connect(unused).await.is_ok() {
        bail!("port {RDP_PORT} is taken on every address: stop this machine's own remote desktop service")
    }
    Ok(())
}

/// The id becomes a folder, the host name goes into a certificate and the kernel.
fn check(spec: &DesktopSpec) -> anyhow::Result<()> {
    let plain = |text: &str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    ensure!(plain(&spec.machine_id) && !spec.machine_id.starts_with('.'), "machine id {:?}", spec.machine_id);
    ensure!(plain(&spec.hostname), "host name {:?}", spec.hostname);
    ensure!(spec.address.is_loopback(), "{} is not a loopback address", spec.address);
    Ok(())
}

fn known_password(machine: &Machine, user: &str, password: &str) -> bool {
    let is_admins = machine.spec.admin_password.as_deref() == Some(password);
    match machine.spec.os {
        Os::Windows => user.eq_ignore_ascii_case(&machine.spec.admin_user) && is_admins,
        Os::Linux if user == machine.spec.admin_user => is_admins,
        Os::Linux => machine.config.account.as_ref().is_some_and(|account| {
            account.name == user && sha512_check(password, &account.password_hash).is_ok()
        }),
    }
}
