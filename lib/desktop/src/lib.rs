//! What a desktop runs at its first boot, and the password it is made with.
//!
//! Text in, text out: this crate asks nobody, and randomness comes in as bytes. Everything that ends up in a
//! script is parsed first, so that no value can add a line to it.

mod first_boot;
mod linux;
pub mod password;
mod values;
mod windows;

pub use first_boot::{FirstBoot, Profile, Script, WindowsForm, first_boot};
pub use values::{InvalidValue, check_report_url};
