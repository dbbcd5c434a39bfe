//! What the documents point at exists.

use super::files;

fn documents() -> Vec<String> {
    let mut all: Vec<String> =
        files::names("docs/adr").into_iter().map(|name| format!("docs/adr/{name}")).collect();
    let top = files::names("docs").into_iter().filter(|name| name.ends_with(".md"));
    all.extend(top.map(|name| format!("docs/{name}")));
    all
}

/// The words between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A path of the repository, as documents write it: its folder is one of the rooms.
fn is_path(word: &str) -> bool {
    let rooms = ["docs/", "events/", "functions/", "infra/", "lib/", "tests/", "xtask/"];
    rooms.iter().any(|room| word.starts_with(room)) && !word.contains(['*', '<', '{', ' ', '…'])
}

#[test]
fn every_path_in_a_document_exists() {
    for document in documents() {
        for word in quoted(&files::text(&document)).filter(|word| is_path(word)) {
            assert!(files::path(word).exists(), "{document} speaks of {word}");
        }
    }
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    for document in documents() {
        let folder = document.rsplit_once('/').expect("a folder").0;
        for link in files::text(&document).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().expect("a target");
            let inside = !target.is_empty() && !target.contains(':');
            assert!(
                !inside || files::path(&format!("{folder}/{target}")).exists(),
                "{document} links to {link}"
            );
        }
    }
}

#[test]
fn every_threat_is_covered_by_tests_that_exist() {
    let text = files::text("docs/security.md");
    let threats =
        text.split("## Threats").nth(1).and_then(|rest| rest.split("## ").next()).expect("the threats");
    let rows: Vec<&str> = threats.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 15, "{}", rows.len());
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().expect("a cell");
        let mut source = String::new();
        let mut named = 0;
        for word in quoted(tests) {
            if is_path(word) {
                source = files::text(word);
            } else {
                named += 1;
                assert!(source.contains(&format!("fn {word}(")), "no test {word}: {row}");
            }
        }
        assert!(named > 0, "no test: {row}");
    }
}
