//! `cargo xtask test`: everything that must pass.

use std::process::{Command, Stdio};

use anyhow::bail;

use crate::cli::UpOptions;
use crate::local::Stack;
use crate::progress::Progress;
use crate::state::StateDir;
use crate::{faults, python, workspace};

/// The tests' own local stack, beside one that may be up for use.
const STATE: &str = ".local/test";
/// In the names of the tests that drive that stack. The in-memory stories are called so too, and run with them.
const STORIES: &str = "stories::";
/// They mostly wait, so more of them run at a time than there are processors.
const STORIES_AT_ONCE: &str = "10";

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
    let mut parts = workspace::cargo();
    parts.args(["test", "--workspace", "--", "--skip", STORIES]);
    parts.env("NEMORDP_MINISTACK", python::program("ministack"));
    check("tests", &mut parts)?;
    progress.done("all tests but the stories");
    faults::run(&faults::Plan::orders(faults::ORDERS_IN_TEST))?;
    progress.done("the fault campaign");
    // Not beside the tests above: on a small machine they would only hold each other up.
    let stack = Stack::start(&UpOptions::at(StateDir::at(STATE)), &mut progress)?;
    let mut stories = workspace::cargo();
    stories
        // All packages again, so that they are not built anew with fewer features; the name finds the stories.
        .args(["test", "--workspace", "--test", "it", "--", STORIES, "--test-threads", STORIES_AT_ONCE])
        // Without it the stories are left out when somebody runs `cargo test` alone.
        .env("NEMORDP_REQUIRE_STACK", "1")
        .env("NEMORDP_STACK_JSON", StateDir::at(STATE).stack_json());
    check("stories", &mut stories)?;
    drop(stack);
    progress.done("the stories on the running product");
    Ok(())
}

/// Licences, sources and banned crates, where cargo-deny is installed. Not advisories: they need a network, and one that
/// is published on another day would break what has not changed.
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
