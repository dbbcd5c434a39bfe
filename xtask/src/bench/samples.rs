//! What a function is called with while it is measured: a sample from events/ that it succeeds with over an empty table.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::bootstrap::{Bootstrap, Subject};
use super::outside::Outside;
use super::runtime_api::Reply;
use crate::workspace;

/// What the floor is called with, and a function without samples: an HTTP event of usual size.
const PLAIN: &str = include_str!("request.json");

/// An event and what came of it.
pub(crate) struct Sample {
    /// The name of its file, without the ending.
    pub(crate) name: String,
    /// The event, as JSON in one line.
    pub(crate) event: String,
    /// The answer: a status, `ok` or `error`.
    pub(crate) answer: String,
}

/// The first sample, by name, that the function answers with success; else the first of all.
///
/// # Errors
/// A sample cannot be read or is not JSON, or the function does not start.
pub(crate) fn choose(subject: &Subject, outside: &Outside) -> anyhow::Result<Sample> {
    let process = Bootstrap::start(subject, outside, &[])?;
    let try_with = |name: String, text: &str| -> anyhow::Result<Sample> {
        let value: serde_json::Value =
            serde_json::from_str(text).with_context(|| format!("{name} is not JSON"))?;
        let event = value.to_string();
        let answer = in_short(&process.invoke(&event)?);
        Ok(Sample { name, event, answer })
    };
    let mut first = None;
    for path in files(&subject.name) {
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let sample = try_with(stem(&path), &text)?;
        if sample.answer == "ok" || sample.answer.starts_with('2') {
            return Ok(sample);
        }
        first.get_or_insert(sample);
    }
    first.map_or_else(|| try_with("plain".to_owned(), PLAIN), Ok)
}

/// Those that stand for success, so that every run takes the same one.
fn files(function: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace::root().join("events").join(function));
    let paths = entries.into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| stem(path).starts_with(['2', 'd']))
        .collect();
    paths.sort();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// `200` for an HTTP answer, `ok` for another one, `error` for a refusal.
fn in_short(reply: &Reply) -> String {
    let answer: serde_json::Value = serde_json::from_str(&reply.body).unwrap_or_default();
    match (reply.ok, answer["statusCode"].as_u64()) {
        (false, _) => "error".to_owned(),
        (true, Some(status)) => status.to_string(),
        (true, None) => "ok".to_owned(),
    }
}
