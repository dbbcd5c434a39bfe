//! `cargo xtask coverage`: how many lines of lib/ the tests run.

use std::process::Stdio;

use anyhow::bail;

use crate::progress::Progress;
use crate::{python, workspace};

/// What must be covered, in percent of the lines of lib/ outside the sandbox.
const LINES_PERCENT_MIN: &str = "85";

/// Runs the tests of lib/ under cargo-tarpaulin and prints the coverage of each file.
///
/// # Errors
/// cargo-tarpaulin is missing, a test fails, or the coverage is below the limit.
pub(crate) fn run() -> anyhow::Result<()> {
    let there = workspace::cargo()
        .args(["tarpaulin", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !there.is_ok_and(|status| status.success()) {
        bail!("cargo-tarpaulin is needed: cargo install cargo-tarpaulin");
    }
    python::ensure(&mut Progress::start())?;
    let status = workspace::cargo()
        // A target folder of its own: its compiler flags would have everything else built anew.
        .args([
            "tarpaulin",
            "--target-dir",
            "target/coverage",
            "--workspace",
            "--out",
            "Stdout",
            "--skip-clean",
            "--engine",
            "ptrace",
        ])
        .args(["--fail-under", LINES_PERCENT_MIN, "--timeout", "300"])
        // The product's own lines: neither the sandbox's nor those of the tests and of what they stand on.
        .args(["--include-files", "lib/*/src/*", "--exclude-files", "lib/sandbox/*"])
        .args(["--exclude-files", "lib/testkit/*", "--exclude-files", "lib/*/tests/*"])
        .args(["--exclude", "sandbox", "--exclude", "xtask", "--exclude", "nemordp-tests"])
        .env("NEMORDP_MINISTACK", python::program("ministack"))
        .status()?;
    if !status.success() {
        bail!("a test failed, or less than {LINES_PERCENT_MIN} % of the lines were run");
    }
    Ok(())
}
