//! Building the functions.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::progress::Progress;
use crate::workspace;

/// The C library of the runtime provided.al2023.
const LAMBDA_GLIBC: (u32, u32) = (2, 34);

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
/// `linker`: the variable by which cargo is told a linker, and the linker; without one cargo links as it is set up.
///
/// # Errors
/// When something does not compile.
pub(crate) fn build_release(
    progress: &mut Progress,
    target: &str,
    linker: Option<(&str, &str)>,
) -> anyhow::Result<()> {
    let names = workspace::function_names()?;
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--bins", "--target", target]).envs(linker);
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
    let bytes = fs::read(binary).with_context(|| format!("{} is missing", binary.display()))?;
    if let Some((major, minor)) = glibc_needed(&bytes).filter(|needed| *needed > LAMBDA_GLIBC) {
        bail!(
            "{} would not start on Lambda: it needs glibc {major}.{minor} and provided.al2023 has {}.{}; \
             build on Debian 12, Ubuntu 22.04 or Amazon Linux 2023, in a container say",
            binary.display(),
            LAMBDA_GLIBC.0,
            LAMBDA_GLIBC.1
        );
    }
    fs::create_dir_all(folder)?;
    fs::copy(binary, folder.join("bootstrap"))?;
    Ok(())
}

/// The newest glibc that a binary asks for, from the version names in its dynamic string table.
fn glibc_needed(binary: &[u8]) -> Option<(u32, u32)> {
    const NAME: &[u8] = b"GLIBC_";
    let versions = binary.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME);
    let read = |(at, _): (usize, &[u8])| {
        let rest = binary.get(at + NAME.len()..)?;
        let end = rest.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
        let (major, minor) = std::str::from_utf8(rest.get(..end)?).ok()?.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    };
    versions.filter_map(read).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_that_a_binary_asks_for_is_found() {
        assert_eq!(glibc_needed(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.17\0GLIBC_PRIVATE\0"), Some((2, 34)));
        assert_eq!(glibc_needed(b"static"), None);
    }
}
