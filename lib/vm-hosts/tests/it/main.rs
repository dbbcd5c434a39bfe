//! The registry over the sandbox: every provider behind one type.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod opened;
