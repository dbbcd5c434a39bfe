//! The folder that a local stack keeps its files in.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use crate::workspace;

/// One local stack's folder: `.local`, or another for a stack beside it.
#[derive(Clone)]
pub(crate) struct StateDir(PathBuf);

impl StateDir {
    /// The folder that is used when none is named.
    pub(crate) fn usual() -> Self {
        Self(workspace::root().join(".local"))
    }

    /// A folder of one's own; relative to the repository's root.
    pub(crate) fn at(dir: impl AsRef<Path>) -> Self {
        Self(workspace::root().join(dir))
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What other programs read to drive the stack; there while it runs.
    pub(crate) fn stack_json(&self) -> PathBuf {
        self.path("stack.json")
    }

    /// Makes the folder and `sub` in it.
    ///
    /// # Errors
    /// When the disk says no.
    pub(crate) fn make(&self, sub: &str) -> anyhow::Result<PathBuf> {
        let path = self.path(sub);
        fs::create_dir_all(&path).with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(path)
    }

    /// Holds the folder against a second `up` for as long as the answer lives.
    ///
    /// # Errors
    /// When another program holds it.
    pub(crate) fn lock(&self) -> anyhow::Result<fs::File> {
        self.make("")?;
        let file = fs::File::create(self.path("lock")).context("the lock file cannot be written")?;
        file.try_lock().context("another `cargo xtask` is starting or running this local stack")?;
        Ok(file)
    }

    /// Reads a JSON file in it; `Null` when it is not there or makes no sense.
    pub(crate) fn read(&self, name: &str) -> Value {
        fs::read(self.path(name))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or(Value::Null)
    }

    /// Writes a JSON file that only this user may read: stack.json holds passwords.
    ///
    /// # Errors
    /// When the disk says no.
    pub(crate) fn write(&self, name: &str, value: &Value) -> anyhow::Result<()> {
        let path = self.path(name);
        let unfinished = self.path(&format!("{name}.new"));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)
            .with_context(|| format!("{} cannot be written", unfinished.display()))?;
        serde_json::to_writer_pretty(&mut file, value)?;
        io::Write::write_all(&mut file, b"\n")?;
        // Whoever reads it meanwhile finds the old one or the new one, never half of it.
        fs::rename(&unfinished, &path).with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Removes a file or folder in it, if it is there.
    pub(crate) fn remove(&self, name: &str) {
        let path = self.path(name);
        // What cannot be removed is overwritten by the next start.
        drop(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) });
    }
}
