//! Tests of the RDP crate: tables for the parsers, simulated servers for the probe, real servers where installed.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod credssp;
mod file;
mod nego;
mod programs;
mod real;
mod simulated;
