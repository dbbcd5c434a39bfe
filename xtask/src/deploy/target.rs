//! What the functions are built for, and by which linker.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

/// A processor of Lambda's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// As Lambda calls it.
    pub(super) architecture: &'static str,
    /// As Rust calls it.
    pub(super) triple: &'static str,
    /// As a machine of its own calls itself.
    host: &'static str,
    /// The variable by which cargo is told its linker.
    pub(super) linker_variable: &'static str,
    /// The linker of Debian and Ubuntu for it, on other machines.
    pub(super) linker: &'static str,
}

static ARM: Target = Target {
    architecture: "arm64",
    triple: "aarch64-unknown-linux-gnu",
    host: "aarch64",
    linker_variable: "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
    linker: "aarch64-linux-gnu-gcc",
};

static INTEL: Target = Target {
    architecture: "x86_64",
    triple: "x86_64-unknown-linux-gnu",
    host: "x86_64",
    linker_variable: "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
    linker: "x86_64-linux-gnu-gcc",
};

/// How this machine links for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linking {
    /// As cargo is set up: it is this machine's own, or the variable names a linker.
    AsItIs,
    /// By the target's usual linker, once cargo is told so.
    ByItsLinker,
    /// Nothing is known here; cargo's own settings may know.
    Unknown,
}

/// The target that is asked for, or arm64 where it can be built: it costs less and starts faster.
///
/// # Errors
/// There is no such target, or Rust's part of it is not installed.
pub(super) fn choose(
    asked: Option<&str>,
    is_installed: impl Fn(&str) -> bool,
    linking: impl Fn(&Target) -> Linking,
) -> anyhow::Result<&'static Target> {
    let chosen = match asked {
        Some(name) => match [&ARM, &INTEL].into_iter().find(|target| target.architecture == name) {
            Some(target) => target,
            None => bail!("--architecture is arm64 or x86_64, not `{name}`"),
        },
        None if is_installed(ARM.triple) && linking(&ARM) != Linking::Unknown => &ARM,
        None => &INTEL,
    };
    if !is_installed(chosen.triple) {
        bail!("the Rust target {0} is needed: rustup target add {0}", chosen.triple);
    }
    Ok(chosen)
}

/// Whether the standard library for a target is installed.
///
/// # Errors
/// There is no Rust.
pub(super) fn installed() -> anyhow::Result<impl Fn(&str) -> bool> {
    let told = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let sysroot = String::from_utf8_lossy(&told.stdout).trim().to_owned();
    Ok(move |triple: &str| Path::new(&sysroot).join("lib/rustlib").join(triple).join("lib").is_dir())
}

/// How this machine links for `target`.
pub(super) fn linking_here(target: &Target) -> Linking {
    let is_set = std::env::var_os(target.linker_variable).is_some_and(|value| !value.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(target.linker).is_file());
    let is_own = (std::env::consts::OS, std::env::consts::ARCH) == ("linux", target.host);
    linking(is_own || is_set, is_there)
}

fn linking(as_it_is: bool, has_linker: bool) -> Linking {
    match (as_it_is, has_linker) {
        (true, _) => Linking::AsItIs,
        (false, true) => Linking::ByItsLinker,
        (false, false) => Linking::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arm64_is_chosen_where_it_is_installed_and_can_be_linked() {
        let both = |_: &str| true;
        for (known, expected) in
            [(Linking::AsItIs, &ARM), (Linking::ByItsLinker, &ARM), (Linking::Unknown, &INTEL)]
        {
            assert_eq!(choose(None, both, |_| known).expect("both are installed"), expected, "{known:?}");
        }
        let only_intel = |triple: &str| triple == INTEL.triple;
        assert_eq!(choose(None, only_intel, |_| Linking::AsItIs).expect("one"), &INTEL);
    }

    #[test]
    fn what_is_asked_for_is_built_also_where_only_cargo_may_know_a_linker() {
        let unknown = |_: &Target| Linking::Unknown;
        assert_eq!(choose(Some("arm64"), |_| true, unknown).expect("asked"), &ARM);
        assert_eq!(choose(Some("x86_64"), |_| true, |_| Linking::AsItIs).expect("asked"), &INTEL);
        let error = choose(Some("arm64"), |_| false, unknown).expect_err("not installed").to_string();
        assert!(error.contains("rustup target add aarch64-unknown-linux-gnu"), "{error}");
        assert!(choose(Some("riscv"), |_| true, unknown).is_err());
    }

    #[test]
    fn a_linker_that_is_told_goes_before_one_that_is_found() {
        assert_eq!(linking(true, true), Linking::AsItIs);
        assert_eq!(linking(false, true), Linking::ByItsLinker);
        assert_eq!(linking(false, false), Linking::Unknown);
    }
}
