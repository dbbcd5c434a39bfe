//! Files of the repository, by their path from its root.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

pub(crate) fn path(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

pub(crate) fn text(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

pub(crate) fn json(relative: &str) -> Value {
    serde_json::from_str(&text(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The names in a folder, sorted.
pub(crate) fn names(relative: &str) -> Vec<String> {
    let folder = fs::read_dir(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"));
    let mut names: Vec<String> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Holds a generated text against the file that keeps it; with `UPDATE_GOLDENS=1` writes the file instead.
pub(crate) fn golden(relative: &str, generated: &str) {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(path(relative), generated).unwrap();
        return;
    }
    let kept = fs::read_to_string(path(relative)).unwrap_or_default();
    let differs = kept.lines().zip(generated.lines()).position(|(a, b)| a != b);
    assert!(
        kept == generated,
        "{relative} is not what the code says (first at line {:?}); read the change, then run with UPDATE_GOLDENS=1",
        differs.map(|line| line + 1)
    );
}
