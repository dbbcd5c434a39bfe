//! Each mail letter by letter. `UPDATE_GOLDENS=1` writes what is rendered now; read the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use domain::catalogue::Os;
use domain::order::Failure;
use mail_ses::compose;

use crate::samples;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

/// Compares with the golden, or writes it. Returns the difference as a sentence.
fn compare(name: &str, now: &[u8]) -> Option<String> {
    let path = folder().join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, now).unwrap();
        return None;
    }
    match fs::read(&path) {
        Ok(golden) if golden == now => None,
        Ok(_) => Some(format!("{name} differs")),
        Err(error) => Some(format!("{name}: {error}")),
    }
}

#[test]
fn every_mail_reads_as_agreed() {
    let mut cases: Vec<_> =
        samples::all().into_iter().map(|(name, content)| (name, samples::SITE, content)).collect();
    for (name, content) in [
        ("started", samples::started(Os::Linux)),
        ("ready", samples::ready(Os::Linux)),
        ("ready-by-link", samples::ready_by_link(Os::Windows)),
        ("failed", samples::failed(Os::Windows, Failure::DeadlinePassed)),
    ] {
        cases.push((format!("{name}-without-site"), None, content));
    }

    let mut known = BTreeSet::from([".gitattributes".to_owned()]);
    let mut differences = Vec::new();
    for (name, site, content) in &cases {
        let settings = samples::settings(*site);
        let message = compose(&settings, Some(&samples::customer()), content, samples::now()).unwrap();
        let mut parts = vec![
            (format!("{name}.html"), message.html.clone().into_bytes()),
            (format!("{name}.txt"), message.text.clone().into_bytes()),
        ];
        // The raw message once per mail; how systems differ shows in the parts.
        if name.ends_with("-windows") || name.starts_with("alert") {
            parts.push((format!("{name}.eml"), message.mime(&settings).unwrap()));
        }
        for (file, bytes) in parts {
            differences.extend(compare(&file, &bytes));
            known.insert(file);
        }
    }
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if !known.contains(&file) {
            differences.push(format!("{file} belongs to no mail"));
        }
    }
    assert!(differences.is_empty(), "UPDATE_GOLDENS=1 rewrites them:\n{}", differences.join("\n"));
}
