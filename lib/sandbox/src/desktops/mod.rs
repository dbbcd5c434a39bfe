//! The sandbox's machines: real RDP servers where the programs are installed, a responder in Rust otherwise.
//!
//! Each machine serves its own loopback address at port 3389. A real Windows is FreeRDP's server with Network Level
//! Authentication, a real Linux is xrdp in namespaces of its own. No machine outlives the sandbox, even a killed one.

mod cloud_config;
mod files;
mod first_boot;
mod host;
mod linux;
mod login;
mod machine;
mod nursery;
mod programs;
mod responder;
mod screen;
mod startup_script;
mod windows;
mod wire;

use std::net::Ipv4Addr;

pub use host::DesktopHost;
pub use login::login;

/// Which operating system a machine plays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Os {
    /// Network Level Authentication, user `Administrator`.
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
    /// The provider's id of the machine: letters, digits, `-` and `_`.
    pub machine_id: String,
    /// A loopback address, which the machine serves at port 3389.
    pub address: Ipv4Addr,
    /// Which operating system it plays.
    pub os: Os,
    /// The computer name.
    pub hostname: String,
    /// Whose password that is: `Administrator` or `root` at most providers.
    pub admin_user: String,
    /// What the provider made or was given. Windows: required. Linux: only a built-in desktop knows it.
    pub admin_password: Option<String>,
    /// Decoded user data, as given to the provider.
    pub user_data: Option<Vec<u8>>,
    /// Decoded startup script, as given to the provider.
    pub startup_script: Option<Vec<u8>>,
    /// Whether first boot makes its report.
    pub calls_home: bool,
}

/// What is missing for real machines of this operating system: program names or sentences; empty when nothing is.
pub fn missing_for_real(os: Os) -> Vec<String> {
    programs::missing(os)
}
