//! Building the functions.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::progress::Progress;
use crate::workspace;

/// Builds all functions and the sandbox for this machine, in the profile that links quickly.
///
/// Answer: the folder that holds the binaries, each with the name of its package.
///
/// # Errors
/// When something does not compile.
pub(crate) fn build_local(progress: &mut Progress) -> anyhow::Result<PathBuf> {
    let mut names = workspace::function_names()?;
    names.push("sandbox".into());
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--bins"]);
    for name in &names {
        cargo.args(["--package", name]);
    }
    progress.run("building the functions", &mut cargo, "Compiling", "crates")?;
    progress.done(&format!("{} functions and the sandbox built", names.len() - 1));
    Ok(workspace::target_dir().join("debug"))
}

/// Builds all functions for Lambda and puts each where template.yaml looks for it: target/lambda/NAME/bootstrap.
///
/// # Errors
/// When something does not compile.
pub(crate) fn build_release(progress: &mut Progress, target: &str) -> anyhow::Result<()> {
    let names = workspace::function_names()?;
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--bins", "--target", target]);
    for name in &names {
        cargo.args(["--package", name]);
    }
    progress.run("building the functions for Lambda", &mut cargo, "Compiling", "crates")?;
    let built = workspace::target_dir().join(target).join("release");
    for name in &names {
        place_bootstrap(&built.join(name), &workspace::root().join("target/lambda").join(name))?;
    }
    progress.done(&format!("{} functions built for {target}", names.len()));
    Ok(())
}

fn place_bootstrap(binary: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    fs::copy(binary, folder.join("bootstrap")).with_context(|| format!("{} is missing", binary.display()))?;
    Ok(())
}
