//! The rendered scripts against the programs that will read them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose preparation fails has failed")]

mod cloud_config;
mod first_boot;
mod goldens;
mod password;
mod powershell;
mod secrets;
mod shell;
mod support;
mod tls_check;
mod windows;
