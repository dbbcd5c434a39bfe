//! What a customer does to a desktop: taken at once, carried out by a worker, one at a time per desktop.

mod carry_out;
mod desk;
mod reinstall;

pub use carry_out::{Commands, Progress};
pub use desk::CommandDesk;
