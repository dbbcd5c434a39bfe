//! The release binaries of this machine, built as `cargo xtask deploy` builds them.

use std::process::Command;

use anyhow::{Context as _, ensure};

use super::bootstrap::Subject;
use crate::progress::Progress;
use crate::workspace;

/// Builds the floor and the named functions, all when none is named, unless they are `as_built`; the floor comes first.
///
/// # Errors
/// A name is no function, or something does not compile.
pub(crate) fn subjects(
    only: &[String],
    as_built: bool,
    progress: &mut Progress,
) -> anyhow::Result<Vec<Subject>> {
    let all = workspace::function_names()?;
    for name in only {
        ensure!(all.contains(name), "there is no function `{name}`");
    }
    let chosen: Vec<String> = all.into_iter().filter(|name| only.is_empty() || only.contains(name)).collect();
    let host = host()?;
    if !as_built {
        // By itself: with the others it would be built with the features that they ask of the runtime.
        build(&["floor".to_owned()], &host, progress)?;
        build(&chosen, &host, progress)?;
        progress.done(&format!("the floor and {} functions built in the release profile", chosen.len()));
    }
    let folder = workspace::target_dir().join(&host).join("release");
    let names = std::iter::once("floor".to_owned()).chain(chosen);
    Ok(names.map(|name| Subject { binary: folder.join(&name), name }).collect())
}

fn build(names: &[String], host: &str, progress: &Progress) -> anyhow::Result<()> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--bins", "--target", host]);
    for name in names {
        cargo.args(["--package", name]);
    }
    progress.run("building in the release profile, which takes minutes", &mut cargo, "Compiling", "crates")
}

/// This machine's target.
fn host() -> anyhow::Result<String> {
    let rustc = Command::new("rustc").arg("-vV").output().context("rustc does not run")?;
    let text = String::from_utf8_lossy(&rustc.stdout).into_owned();
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc names no host")
}
