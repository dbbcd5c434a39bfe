//! The sandbox's machines: real RDP servers where the programs are installed, a responder in Rust otherwise.

use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Which operating system a machine plays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Os {
    /// NLA (CredSSP), user `Administrator`.
    Windows,
    /// xrdp with TLS, the user that the cloud-config makes.
    Linux,
}

/// What stands behind a machine's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A real server program, into which one can log in.
    Real,
    /// A responder that negotiates but shows no desktop.
    BuiltIn,
}

/// Which kind to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Real where the programs and rights are there, built in otherwise.
    Auto,
    /// Real, or an error that names what is missing.
    Real,
    /// Built in.
    BuiltIn,
}

/// What a machine is started with. Holds secrets, hence no `Debug`.
#[derive(Clone)]
pub struct DesktopSpec {
    /// The provider's id of the machine.
    pub machine_id: String,
    /// A loopback address, which the machine serves at port 3389.
    pub address: Ipv4Addr,
    /// Which operating system it plays.
    pub os: Os,
    /// The computer name.
    pub hostname: String,
    /// Windows: the Administrator password that the provider made.
    pub admin_password: Option<String>,
    /// Decoded user data, as given to the provider.
    pub user_data: Option<Vec<u8>>,
    /// Decoded startup script, as given to the provider.
    pub startup_script: Option<Vec<u8>>,
    /// Whether first boot makes its report.
    pub calls_home: bool,
}

/// All machines of one sandbox.
pub struct DesktopHost;

impl DesktopHost {
    /// Prepares for machines whose files live under `work_dir`.
    ///
    /// # Errors
    /// `Mode::Real` where a program or right is missing.
    pub async fn open(_mode: Mode, _work_dir: PathBuf) -> anyhow::Result<Self> {
        Ok(Self)
    }
    /// Which kind the machines of this operating system are.
    pub fn kind(&self, _os: Os) -> Kind {
        Kind::BuiltIn
    }
    /// Starts a machine; returns when it serves.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn boot(&self, _spec: DesktopSpec) -> anyhow::Result<()> {
        Ok(())
    }
    /// Powers a machine off; its files stay.
    pub async fn halt(&self, _machine_id: &str) {}
    /// Powers a halted machine on again.
    ///
    /// # Errors
    /// Unknown machine, or it does not come up.
    pub async fn resume(&self, _machine_id: &str) -> anyhow::Result<()> {
        Ok(())
    }
    /// Ends a machine and removes everything of it.
    pub async fn destroy(&self, _machine_id: &str) {}
    /// Whether the machine lets this user in; `None` when it cannot be told.
    pub async fn accepts(&self, _machine_id: &str, _user: &str, _password: &str) -> Option<bool> {
        None
    }
    /// Ends all machines.
    pub async fn close(self) {}
}
