//! Files of machines, readable by nobody else.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Writes a file with mode 0600; replaces one that is there.
pub(super) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    drop(fs::remove_file(path));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Makes a folder with mode 0700, and those above it.
pub(super) fn make_private_folder(path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make {}", path.display()))
}

/// Where a program of a machine writes what it has to say.
pub(super) fn output(folder: &Path) -> anyhow::Result<fs::File> {
    let path = folder.join("output.log");
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The end of what the programs of a machine had to say, for an error text.
pub(super) fn last_output(folder: &Path) -> String {
    const TAIL_LEN: usize = 400;
    let text = fs::read(folder.join("output.log")).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL_LEN)..]).trim().to_owned()
}
