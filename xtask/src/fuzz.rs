//! `cargo xtask fuzz`: the targets of fuzz/ under libFuzzer, on the stable toolchain.
//!
//! libFuzzer comes as source with the crate libfuzzer-sys, and LLVM's coverage counters are an ordinary compiler pass,
//! so neither cargo-fuzz nor a nightly compiler is needed. Without a sanitizer: nothing of ours is `unsafe`.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::progress::Progress;
use crate::workspace;

/// What cargo-fuzz builds with, without its sanitizer.
const RUSTFLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                         -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
                         -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";
/// For one input, in seconds: a hundred pages of a list that never ends take about one.
const INPUT_TIME_LIMIT: u32 = 20;
const MEMORY_MB_MAX: u32 = 2048;

/// What to run, and for how long.
pub(crate) struct Plan {
    /// One target; all of them when absent.
    pub(crate) target: Option<String>,
    /// For each target.
    pub(crate) seconds: u32,
}

impl Plan {
    /// Unless it is said otherwise.
    pub(crate) const SECONDS: u32 = 30;
}

/// Builds the targets and runs one after the other, from its corpus and from what earlier runs found.
///
/// # Errors
/// A compiler is missing, a target does not build, or one does not take an input; the message says where that is.
pub(crate) fn run(plan: &Plan) -> anyhow::Result<()> {
    let names = chosen(plan.target.as_deref(), targets()?)?;
    let cxx = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
    if !Command::new(&cxx)
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        bail!(
            "libFuzzer is built from C++, and `{cxx}` is no compiler here: install g++ or clang, or set CXX"
        );
    }
    let host = host()?;
    let place = workspace::target_dir().join("fuzz");
    let mut build = workspace::cargo();
    build.current_dir(workspace::root().join("fuzz"));
    build.args(["build", "--target", &host, "--target-dir"]).arg(&place);
    if let Some(name) = &plan.target {
        build.args(["--bin", name]);
    }
    build.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", RUSTFLAGS);
    let mut progress = Progress::start();
    progress.run("building the fuzz targets", &mut build, "Compiling", "crates")?;
    progress.done("fuzz targets built");
    for name in names {
        let program = place.join(&host).join("debug").join(&name);
        progress.done(&fuzz(&name, plan.seconds, &program, &place)?);
    }
    Ok(())
}

/// Runs one target; says what came of it.
fn fuzz(name: &str, seconds: u32, program: &Path, place: &Path) -> anyhow::Result<String> {
    let seeds = workspace::root().join("fuzz/corpus").join(name);
    let found = place.join("corpus").join(name);
    let artifacts = workspace::root().join("fuzz/artifacts").join(name);
    for folder in [&found, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let log = place.join(format!("{name}.log"));
    let status = Command::new(program)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_TIME_LIMIT}"))
        .arg(format!("-rss_limit_mb={MEMORY_MB_MAX}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg("-print_final_stats=1")
        .args([&found, &seeds])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log)?)
        .status()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let said = fs::read(&log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    if !status.success() {
        let word = |line: &&str| line.contains("panicked at") || line.contains("ERROR:");
        let what = said.lines().find(word).unwrap_or("it ended by itself");
        let input =
            said.lines().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| path);
        bail!(
            "{name} does not take an input: {what}\n  all of it: {}\n  the input: {}\n  again: {} <input>",
            log.display(),
            input.unwrap_or("none was kept"),
            program.display()
        );
    }
    let figure = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)).map_or("?", str::trim);
    let runs = figure("stat::number_of_executed_units:");
    let rate = figure("stat::average_exec_per_sec:");
    Ok(format!("{name}: {runs} inputs, {rate} a second, nothing found"))
}

/// One target or all.
fn chosen(wanted: Option<&str>, all: Vec<String>) -> anyhow::Result<Vec<String>> {
    match wanted {
        None => Ok(all),
        Some(name) if all.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("there is no fuzz target `{name}`; there are {}", all.join(", ")),
    }
}

/// The names of the programs in fuzz/, in order.
fn targets() -> anyhow::Result<Vec<String>> {
    let folder = workspace::root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        names.extend(entry?.file_name().to_string_lossy().strip_suffix(".rs").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// The compiler's own platform. It is named to cargo, so that build scripts are built without the counters.
fn host() -> anyhow::Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("-vV").output().context("rustc cannot be started")?.stdout;
    let said = String::from_utf8_lossy(&said);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say for which platform it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_does_not_exist_is_named_with_those_that_do() {
        let all = || vec!["a".to_owned(), "b".to_owned()];
        assert!(chosen(None, all()).is_ok_and(|names| names == all()));
        assert!(chosen(Some("b"), all()).is_ok_and(|names| names == ["b"]));
        let error = chosen(Some("c"), all()).map_err(|error| error.to_string());
        assert_eq!(error, Err("there is no fuzz target `c`; there are a, b".to_owned()));
    }
}
