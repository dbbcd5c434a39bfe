//! The Python environment of the local stack, in the repository's own folder at exact versions.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::progress::Progress;
use crate::state::StateDir;
use crate::workspace;

const REQUIREMENTS: &str = "infra/local/requirements.txt";
/// The oldest Python that all requirements run on.
const VERSION_MIN: (u32, u32) = (3, 11);

/// A program of the environment: `python`, `cfn-lint`.
pub(crate) fn program(name: &str) -> PathBuf {
    StateDir::usual().path("venv/bin").join(name)
}

/// Makes the environment, unless it is there with these very requirements.
///
/// # Errors
/// Python is missing or too old, or the packages cannot be fetched.
pub(crate) fn ensure(progress: &mut Progress) -> anyhow::Result<()> {
    let requirements = fs::read_to_string(workspace::root().join(REQUIREMENTS))
        .with_context(|| format!("{REQUIREMENTS} cannot be read"))?;
    let venv = StateDir::usual().path("venv");
    let installed = venv.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == requirements) {
        return Ok(());
    }
    let python = find_python()?;
    // A half-made environment is made anew.
    if venv.exists() {
        fs::remove_dir_all(&venv).with_context(|| format!("{} cannot be removed", venv.display()))?;
    }
    StateDir::usual().make("")?;
    let made = Command::new(&python).args(["-m", "venv"]).arg(&venv).output()?;
    if !made.status.success() {
        bail!("{python} cannot make a virtual environment; on Debian and Ubuntu install python3-venv");
    }
    let log = StateDir::usual().make("logs")?.join("pip.log");
    let mut pip = Command::new(program("python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--retries",
        "2",
        "--log",
    ])
    .arg(&log)
    .args(["--quiet", "-r", REQUIREMENTS])
    .current_dir(workspace::root());
    if progress.run("installing the embedded AWS", &mut pip, "", "lines").is_err() {
        let log = log.display();
        bail!("the embedded AWS cannot be fetched from PyPI: is there a network? (pip's own words: {log})");
    }
    fs::write(installed, requirements)?;
    progress.done("embedded AWS installed into .local/venv");
    Ok(())
}

/// The first Python that is new enough.
fn find_python() -> anyhow::Result<String> {
    let asks = format!("import sys, venv; sys.exit(sys.version_info < {VERSION_MIN:?})");
    let fits = |name: &&str| {
        let probe =
            Command::new(name).args(["-c", &asks]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        probe.is_ok_and(|status| status.success())
    };
    let names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
    match names.iter().find(|name| fits(name)) {
        Some(name) => Ok((*name).to_owned()),
        None => bail!("Python {}.{} or newer with its venv module is needed", VERSION_MIN.0, VERSION_MIN.1),
    }
}
