//! What a function is called with while it is measured: its sample in events/, or else a request of the HTTP API.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::workspace;

/// What the floor is called with: an HTTP event of usual size.
const PLAIN: &str = include_str!("request.json");

/// The event for a function, as JSON in one line.
///
/// # Errors
/// A sample is there that cannot be read or is not JSON.
pub(crate) fn event_for(function: &str) -> anyhow::Result<String> {
    let Some(path) = first_sample(function) else { return compact(PLAIN).context("request.json") };
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    compact(&text).with_context(|| format!("{} is not JSON", path.display()))
}

/// The first by name, so that every run takes the same one.
fn first_sample(function: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(workspace::root().join("events").join(function)).ok()?;
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).min()
}

fn compact(text: &str) -> anyhow::Result<String> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    Ok(value.to_string())
}
