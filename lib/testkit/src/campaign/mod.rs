//! The fault campaign: many small shops, each of one seed, in which everything that can go wrong does at random
//! times, and the promises that must hold at rest and on the way.
//!
//! - [`Plan`]: what one seed means. Pure data: the same seed is the same plan on every machine.
//! - [`lifetimes`]: runs a plan and tells what was broken.
//! - `watch`: what must hold after every step.
//! - [`Bug`]: known bugs, put back to see that they are caught.

mod bug;
mod plan;
mod run;
mod watch;

pub use bug::Bug;
pub use plan::{Event, Plan, StaffWish, Wish};
pub use run::{Outcome, lifetimes};
pub(crate) use watch::Watch;
