//! The stories. Each opens a world of its own.

pub mod life;
pub mod offers;
pub mod reads;
pub mod refusals;
pub mod unclear;
