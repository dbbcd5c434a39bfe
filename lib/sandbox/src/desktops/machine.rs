//! One machine, from installation to its end.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::cloud_config::CloudConfig;
use super::nursery::{Nursery, Process};
use super::responder::{Identity, Responder};
use super::wire::{RDP_PORT, served_certificate};
use super::{DesktopSpec, Kind, Os, files, first_boot, linux, programs, startup_script, windows};

const START_LIMIT: Duration = Duration::from_secs(40);
const STOP_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(100);

/// Where a Linux machine's session manager listens, at the machine's address.
const SESMAN_PORT: u16 = 3350;

/// What machines run on.
pub(super) struct Platform<'a> {
    pub(super) nursery: &'a Nursery,
    /// As in `DISPLAY`; there whenever a kind is real.
    pub(super) display: Option<&'a str>,
}

/// An installed machine. When dropped, it is off and its files are gone.
pub(super) struct Machine {
    pub(super) spec: DesktopSpec,
    pub(super) kind: Kind,
    pub(super) config: CloudConfig,
    folder: PathBuf,
    identity: Option<Identity>,
    power: Option<Power>,
    first_boot: Option<JoinHandle<()>>,
}

enum Power {
    Program(Process),
    BuiltIn(#[expect(dead_code, reason = "held, because dropping it ends it")] Responder),
}

impl Machine {
    /// Installs afresh: new certificate, no trace of an earlier machine in `folder`.
    pub(super) async fn install(spec: DesktopSpec, kind: Kind, folder: PathBuf) -> anyhow::Result<Self> {
        drop(fs::remove_dir_all(&folder));
        files::make_private_folder(&folder)?;
        let config = cloud_config(&spec);
        let mut identity = None;
        match (kind, spec.os) {
            (Kind::BuiltIn, _) => {
                let own = Identity::new(&spec.hostname)?;
                files::write_private(&folder.join("cert.pem"), own.certificate_pem.as_bytes())?;
                identity = Some(own);
            }
            (Kind::Real, Os::Windows) => windows::install(&spec, &folder)?,
            (Kind::Real, Os::Linux) => linux::install(&spec, &config, &folder).await?,
        }
        Ok(Self { spec, kind, config, folder, identity, power: None, first_boot: None })
    }

    /// Powers on; returns when the address serves. Does nothing when it is on.
    pub(super) async fn power_on(&mut self, platform: &Platform<'_>) -> anyhow::Result<()> {
        if self.power.is_some() {
            return Ok(());
        }
        let power = match (&self.identity, self.spec.os) {
            (Some(own), os) => Power::BuiltIn(Responder::start(self.spec.address, os, own.clone()).await?),
            (None, Os::Windows) => {
                let display = platform.display.context("no screen")?;
                Power::Program(windows::start(platform.nursery, &self.spec, &self.folder, display).await?)
            }
            (None, Os::Linux) => {
                Power::Program(linux::start(platform.nursery, &self.spec, &self.folder).await?)
            }
        };
        // Kept from here on, so that a failure below leaves nothing running.
        let power = self.power.insert(power);
        let served = serves(&self.spec, power, &self.folder).await;
        if served.is_err() {
            self.power = None;
        }
        served
    }

    /// Powers off; the files stay.
    pub(super) async fn power_off(&mut self) {
        if let Some(first_boot) = self.first_boot.take() {
            first_boot.abort();
        }
        if self.power.take().is_none() {
            return;
        }
        // The kernel ends a machine's processes on its own time; its address has to be free for the next start.
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline && TcpStream::connect((self.spec.address, RDP_PORT)).await.is_ok() {
            sleep(POLL).await;
        }
    }

    /// Another address for a machine that is off.
    pub(super) async fn readdress(&mut self, address: Ipv4Addr) -> anyhow::Result<()> {
        if self.is_on() || self.spec.address == address {
            return Ok(());
        }
        self.spec.address = address;
        match (self.kind, self.spec.os) {
            (Kind::Real, Os::Linux) => linux::bind(&self.spec, &self.config, &self.folder).await,
            _ => Ok(()),
        }
    }

    /// Another password for the administrator of what is installed.
    pub(super) fn set_password(&mut self, password: &str) -> anyhow::Result<()> {
        self.spec.admin_password = Some(password.to_owned());
        match (self.kind, self.spec.os) {
            (Kind::Real, Os::Windows) => {
                windows::write_accounts(&self.spec.admin_user, password, &self.folder)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.power.is_some()
    }

    /// Makes the report of the first boot, in the background, as often as it takes within bounds.
    pub(super) fn call_home(&mut self) {
        let script = self.spec.startup_script.as_ref().or(self.spec.user_data.as_ref());
        let task = match (self.spec.os, &self.config.report, &self.power) {
            (Os::Windows, _, _) => {
                let Some(url) = script.and_then(|script| startup_script::report_url(script)) else { return };
                let (address, hostname) = (self.spec.address, self.spec.hostname.clone());
                tokio::spawn(async move {
                    noted(&hostname, async {
                        let certificate = served_certificate(address, Os::Windows).await?;
                        let thumbprint = hex::encode_upper(Sha1::digest(&certificate));
                        first_boot::report_windows(&url, &hostname, &thumbprint).await
                    })
                    .await;
                })
            }
            (Os::Linux, Some(report), Some(Power::Program(room))) => {
                let Some(first_process) = linux::first_process(room) else { return };
                let (report, hostname) = (report.clone(), self.spec.hostname.clone());
                tokio::spawn(async move {
                    noted(&hostname, first_boot::report_from_room(first_process, &report)).await;
                })
            }
            (Os::Linux, Some(report), _) => {
                let (report, spec, folder) = (report.clone(), self.spec.clone(), self.folder.clone());
                tokio::spawn(async move {
                    noted(&spec.hostname, report_built_in(&spec, &folder, &report)).await;
                })
            }
            (Os::Linux, None, _) => return,
        };
        self.first_boot = Some(task);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(first_boot) = self.first_boot.take() {
            first_boot.abort();
        }
        self.power = None;
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// A machine whose user data makes no sense boots all the same, as a real one does.
fn cloud_config(spec: &DesktopSpec) -> CloudConfig {
    let Some(user_data) = spec.user_data.as_ref().filter(|_| spec.os == Os::Linux) else {
        return CloudConfig::default();
    };
    CloudConfig::parse(user_data).unwrap_or_else(|error| {
        tracing::warn!(machine = %spec.machine_id, error = %format!("{error:#}"), "unusable user data");
        CloudConfig::default()
    })
}

async fn report_built_in(spec: &DesktopSpec, folder: &Path, report: &str) -> anyhow::Result<()> {
    if ["bash", "curl", "openssl", "sed"].iter().all(|program| programs::find(program).is_some()) {
        return first_boot::report_from_host(&spec.hostname, folder, report).await;
    }
    let url = startup_script::report_url(report.as_bytes()).context("no report URL in the script")?;
    let certificate = served_certificate(spec.address, Os::Linux).await?;
    first_boot::report_linux(&url, &spec.hostname, &hex::encode(Sha256::digest(&certificate))).await
}

async fn noted(hostname: &str, report: impl Future<Output = anyhow::Result<()>>) {
    match report.await {
        Ok(()) => tracing::info!(hostname, "first boot reported"),
        Err(error) => tracing::warn!(hostname, error = %format!("{error:#}"), "first boot could not report"),
    }
}

/// Waits until the machine negotiates as its operating system does.
async fn serves(spec: &DesktopSpec, power: &mut Power, folder: &Path) -> anyhow::Result<()> {
    let deadline = Instant::now() + START_LIMIT;
    loop {
        let Err(error) = look(spec, power).await else { return Ok(()) };
        if let Power::Program(process) = power
            && let Some(status) = process.ended()
        {
            bail!("the machine's program ended with {status}: {}", files::last_output(folder));
        }
        if Instant::now() >= deadline {
            return Err(error.context(format!("the machine does not serve: {}", files::last_output(folder))));
        }
        sleep(POLL).await;
    }
}

async fn look(spec: &DesktopSpec, power: &Power) -> anyhow::Result<()> {
    served_certificate(spec.address, spec.os).await?;
    if spec.os == Os::Linux && matches!(power, Power::Program(_)) {
        TcpStream::connect((spec.address, SESMAN_PORT)).await.context("no session manager")?;
    }
    Ok(())
}
