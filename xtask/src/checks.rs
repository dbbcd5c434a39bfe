//! `cargo xtask test`: everything that must pass.

use std::process::{Command, Stdio};

use anyhow::bail;

use crate::cli::UpOptions;
use crate::local::Stack;
use crate::progress::Progress;
use crate::state::StateDir;
use crate::{python, workspace};

/// The tests' own local stack, beside one that may be up for use.
const STATE: &str = ".local/test";

/// Runs all checks, the quick ones first.
///
/// # Errors
/// The first check that fails.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut progress = Progress::start();
    check("format", workspace::cargo().args(["fmt", "--all", "--check"]))?;
    progress.done("format");
    python::ensure(&mut progress)?;
    check("template", Command::new(python::program("cfn-lint")).arg("template.yaml"))?;
    progress.done("template.yaml");
    licences(&mut progress)?;
    let mut clippy = workspace::cargo();
    clippy.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    progress.run("lints", &mut clippy, "Checking", "crates")?;
    progress.done("lints");
    let mut build = workspace::cargo();
    build.args(["test", "--workspace", "--no-run"]);
    progress.run("building the tests", &mut build, "Compiling", "crates")?;
    progress.done("tests built");
    let stack = Stack::start(&UpOptions::at(StateDir::at(STATE)), &mut progress)?;
    let mut tests = workspace::cargo();
    tests
        .args(["test", "--workspace"])
        // Without it the stories are left out when somebody runs `cargo test` alone.
        .env("NEMORDP_REQUIRE_STACK", "1")
        .env("NEMORDP_STACK_JSON", StateDir::at(STATE).stack_json())
        .env("NEMORDP_MINISTACK", python::program("ministack"));
    check("tests", &mut tests)?;
    drop(stack);
    progress.done("all tests");
    Ok(())
}

/// Licences and advisories, where cargo-deny is installed.
fn licences(progress: &mut Progress) -> anyhow::Result<()> {
    let there =
        workspace::cargo().args(["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        progress.note("licences not checked: cargo-deny is not installed (cargo install cargo-deny)");
        return Ok(());
    }
    check(
        "licences",
        workspace::cargo().args(["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]),
    )?;
    progress.done("licences");
    Ok(())
}

fn check(what: &str, command: &mut Command) -> anyhow::Result<()> {
    if !command.current_dir(workspace::root()).status()?.success() {
        bail!("{what}: see above");
    }
    Ok(())
}
