//! What NemoRDP does: the use cases, over ports. No SDK, no HTTP, no clock of its own.

pub mod ports;
